"""`sim validate`: the model beside real measurements."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.options import BadInput, Inputs
from sim.cli.screen import as_json, hint, note, say, table, wrote

if TYPE_CHECKING:
    from sim.validation import Case, Judgement

NAME = "validate"

LIVE = 50.0
"""Seconds that measuring afresh may take."""


def command(
    *,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="A further file, in a format of the shipped ones; may be repeated."),
    ] = None,
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="More files for --data.")
    ] = None,
    shipped: Annotated[bool, typer.Option(help="Judge the shipped measurements, too.")] = True,
    live: Annotated[
        bool, typer.Option("--live", help="Measure this machine's kernel afresh; up to a minute.")
    ] = False,
    docs: Annotated[
        Path | None, typer.Option(help="Write validation.md and its pictures to this folder.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """Real measurements beside what the model makes of their inputs; 1 if a bar is missed."""
    from sim.validation import BadData, validate

    inputs = Inputs()
    if docs is not None:
        inputs.folder("docs", docs)
    if more and not data:
        inputs.mistakes.append(f"{more[0]}: a file is given with --data FILE")
    inputs.check()
    try:
        judgement = validate([*(data or ()), *(more or ())], shipped=shipped and not live)
    except BadData as error:
        raise BadInput(str(error)) from error
    if live:
        judgement = judgement.plus(_live())
    if docs is not None:
        from sim.validation.report import write

        wrote(*write(judgement, docs))
        return 0
    if json:
        as_json([case.json() for case in judgement.cases])
    else:
        _show(judgement)
    return 1 if judgement.missed else 0


def _live() -> "Judgement":
    """What was measured here and now; nothing, with the reason, where that is not possible."""
    from sim.validation import Judgement
    from sim.validation.live.measure import Unable, measure

    note("measuring this machine's kernel; the other work on it should rest for a minute")
    try:
        return measure(within=LIVE, tell=note)
    except Unable as reason:
        note(f"skipped: {reason}")
        return Judgement((), ())


def _show(judgement: "Judgement") -> None:
    from sim.validation import groups
    from sim.validation.bars import summaries

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


def _cells(case: "Case") -> list[str]:
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


def _reasons(cases: "Sequence[Case]") -> Iterator[str]:
    """Why some have no prediction, each reason once."""
    for reason in dict.fromkeys(case.reason for case in cases if case.reason):
        count = sum(case.reason == reason for case in cases)
        yield f"no prediction ({count}): {reason}"
