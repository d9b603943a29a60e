"""`sim validate`: the model beside real measurements."""

import math
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import Annotated

from sim.cli.options import Json, refusals
from sim.cli.screen import as_json, hint, note, say, table, wrote
from sim.core.description import description
from sim.core.question import BadInput, Mistake, Question, Typed
from sim.studies.kinds import Folder
from sim.validation import Case, Judgement, groups, validate
from sim.validation.bars import summaries

LIVE = 50.0
"""Seconds that measuring afresh may take."""


@description
class ValidateQuestion(Question):
    """How near is the model to real measurements?"""

    data: Annotated[tuple[Path, ...], Typed(repeats=True, shape="<path>")] = ()
    """A further file, in a format of the shipped ones; may be repeated."""
    more: Annotated[tuple[Path, ...], Typed(repeats=True, argument=True, shape="[FILE]...")] = ()
    """More files for `data`."""
    shipped: bool = True
    """Judge the shipped measurements, too."""
    live: bool = False
    """Measure this machine's kernel afresh; up to a minute."""
    docs: Folder | None = None
    """Write validation.md and its pictures to this folder."""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """A file without `data`, and what is idle beside `live`."""
        if self.more and not self.data:
            yield Mistake((), f"{self.more[0]}: a file is given with --data FILE")
        if not (self.shipped or self.data or self.live):
            yield Mistake(("shipped",), "nothing is left to judge; give --data FILE")
        if self.live and "shipped" in given:
            words = "not allowed beside --live, which judges what it measures alone"
            yield Mistake(("shipped", "live"), words)


def command(question: ValidateQuestion, to: Json) -> int:
    """Judge what was measured; 1 if a bar is missed."""
    if question.docs is not None and to.json:
        raise BadInput("json: not allowed beside --docs, which writes files instead")
    with refusals():
        files = [*question.data, *question.more]
        judgement = validate(files, shipped=question.shipped and not question.live)
    if question.live:
        judgement = judgement.plus(_live())
    if question.docs is not None:
        from sim.validation.report import write

        wrote(*write(judgement, question.docs))
        return 0
    if to.json:
        as_json([case.json() for case in judgement.cases])
    else:
        _show(judgement)
    return 1 if judgement.missed else 0


def _live() -> Judgement:
    """What was measured here and now; nothing, with the reason, where that is not possible."""
    from sim.validation.live.measure import Unable, measure

    note("measuring this machine's kernel; the other work on it should rest for a minute")
    try:
        return measure(within=LIVE, tell=note)
    except Unable as reason:
        note(f"skipped: {reason}")
        return Judgement((), ())


def _show(judgement: Judgement) -> None:
    for group, cases in groups(judgement.cases):
        table(
            ["case", "measured", "predicted", "error", "split", "bar", ""],
            [_cells(case) for case in cases],
            title=group,
            right="lrrrlrl",
        )
        for line in _reasons(cases):
            hint(line)
        for summary in summaries(cases):
            hint(str(summary))
    for verdict in judgement.verdicts:
        say(str(verdict))
    if judgement.cases:
        held = len(judgement.verdicts) - len(judgement.missed)
        say(f"{held} of {len(judgement.verdicts)} bars are held.")


def _cells(case: Case) -> list[str]:
    error = case.error_pct
    state = {True: "inside", False: "OUTSIDE", None: "no bar" if error is not None else "-"}
    return [
        case.case,
        f"{_short(case.measured)} {case.unit}",
        "-" if case.predicted is None else f"{_short(case.predicted)} {case.unit}",
        "-" if error is None else f"{error:+.1f} %",
        case.split,
        "none" if case.bar_pct is None else f"{case.bar_pct:g} %",
        state[case.inside],
    ]


def _short(value: float) -> str:
    """Three digits that count."""
    digits = 2 - math.floor(math.log10(value)) if value > 0.0 else 0
    return f"{value:.{max(0, digits)}f}"


def _reasons(cases: Sequence[Case]) -> Iterator[str]:
    """Why some have no prediction, each reason once."""
    for reason in dict.fromkeys(case.reason for case in cases if case.reason):
        count = sum(case.reason == reason for case in cases)
        yield f"no prediction ({count}): {reason}"
