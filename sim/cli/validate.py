"""`sim validate`: the model beside real measurements."""

import math
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import Annotated

from sim.cli.columns import stops
from sim.cli.options import Json, refusals
from sim.cli.screen import again, as_json, aside, hint, lead, note, say, table, wrote
from sim.core.description import description
from sim.core.question import BadInput, Mistake, Question, Typed
from sim.studies.kinds import Folder
from sim.validation import Case, Judgement, groups, validate
from sim.validation.bars import ALL, Summary, summaries

LIVE = 50.0
"""Seconds that measuring afresh may take."""


@description
class ValidateQuestion(Question):
    """How near is the model to real measurements?"""

    data: Annotated[tuple[Path, ...], Typed(repeats=True, shape="<path>")] = ()
    """Another file in the format of a shipped one; may be repeated."""
    more: Annotated[tuple[Path, ...], Typed(repeats=True, argument=True, shape="FILE")] = ()
    """More files for `data`."""
    shipped: bool = True
    """Judge the shipped measurements, too."""
    live: bool = False
    """Measure the kernel of this machine, in up to a minute."""
    cases: bool = False
    """List every case and every bar, not only the groups."""
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
        _show(judgement, cases=question.cases)
    return 1 if judgement.missed else 0


def _live() -> Judgement:
    """What was measured here and now; nothing, with the reason, where that is not possible."""
    from sim.validation.live.measure import Unable, measure

    note("measuring the kernel of this machine for up to a minute; please keep it idle")
    try:
        return measure(within=LIVE, tell=note)
    except Unable as reason:
        note(f"skipped: {reason}")
        return Judgement((), ())


def _show(judgement: Judgement, *, cases: bool) -> None:
    lead(_sentence(judgement))
    if cases:
        _show_cases(judgement)
    else:
        _show_groups(judgement)
        aside("--cases lists each measurement beside its prediction, and each bar.")
    again()


def _sentence(judgement: Judgement) -> str:
    """How far it is off, and whether the bars are held."""
    medians = {v.bar.of: v for v in judgement.verdicts if v.group == ALL and v.bar.what == "median"}
    told = [
        f"{medians[of].found_pct:.1f}% in the median on {medians[of].cases} {words}"
        for of, words in (("calibrated", "that it was fitted to"), ("held out", "others"))
        if of in medians
    ]
    count = len(judgement.verdicts)
    held = count - len(judgement.missed)
    bars = f"{'All' if held == count else f'{held} of'} {count} bars are met."
    if not told:
        return bars if count else "Nothing was measured that the model could be compared with."
    off = f"Against real measurements the model is off by {' and by '.join(told)}."
    return f"{off} {bars}"


def _show_groups(judgement: Judgement) -> None:
    rows = [
        _group(name, summary)
        for name, cases in groups(judgement.cases)
        for summary in summaries(cases)
    ]
    table(
        ["group", "split", "cases", "median", "worst", "bias", "outside"],
        rows,
        title="errors by group; outside: cases beyond their own bar",
        right="llrrrrr",
        spare=["bias"],
    )
    for verdict in judgement.missed:
        say(str(verdict))
    for case in judgement.cases:
        if case.inside is False:
            cells = _cells(case)
            hint(f"outside: {case.case}: {cells[1]} measured, {cells[2]} predicted ({cells[3]})")


def _group(name: str, summary: Summary) -> list[str]:
    return [
        name,
        summary.split,
        str(summary.cases),
        f"{summary.median_pct:.1f}%",
        f"{summary.worst_pct:+.1f}%",
        f"{summary.bias_pct:+.1f}%",
        stops(summary.outside) if summary.outside else "0",
    ]


def _show_cases(judgement: Judgement) -> None:
    for group, cases in groups(judgement.cases):
        table(
            ["case", "measured", "predicted", "error", "split", "bar", ""],
            [_cells(case) for case in cases],
            title=group,
            right="lrrrlrl",
            spare=["bar", "split"],
        )
        for line in _reasons(cases):
            hint(line)
        for summary in summaries(cases):
            hint(str(summary))
    for verdict in judgement.verdicts:
        say(str(verdict))


def _cells(case: Case) -> list[str]:
    error = case.error_pct
    state = {
        True: "inside",
        False: "OUTSIDE",
        None: "no bar" if error is not None else "not predicted",
    }
    return [
        case.case,
        f"{_short(case.measured)} {case.unit}",
        "none" if case.predicted is None else f"{_short(case.predicted)} {case.unit}",
        "none" if error is None else f"{error:+.1f}%",
        case.split,
        "none" if case.bar_pct is None else f"{case.bar_pct:g}%",
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
