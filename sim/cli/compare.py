"""`sim compare`: what changed between two runs, and what that did."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.options import BadInput, Inputs
from sim.cli.screen import as_json, hint, note, say, table, wrote

NAME = "compare"
MOST = 25
"""Differing inputs that are shown; `--json` has them all."""


def command(
    a: Annotated[str, typer.Argument(metavar="RUN_A", help="A run's folder or id; RUN:variant.")],
    b: Annotated[str, typer.Argument(metavar="RUN_B", help="The run that is held against it.")],
    out: Annotated[Path, typer.Option(help="Folder for the picture.")] = Path("results"),
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """How two runs differ: their inputs, then every metric with a 95 % interval."""
    inputs = Inputs()
    inputs.folder("out", out)
    inputs.check()
    from sim import plots
    from sim.cli.script import picture
    from sim.studies.compare import folder_name, two_runs

    try:
        found = two_runs(a, b)
    except ValueError as error:
        raise BadInput(str(error)) from error
    drawn = picture(plots.forest(found.table()), out / folder_name(found) / "forest.png")
    if json:
        as_json(found.json())
        note(f"wrote {drawn}")
        return 0
    say(sentence(found))
    for differs in found.differs:
        hint(f"{differs.path}: {differs.a} in A, {differs.b} in B")
    for pair in found.pairs:
        _show(pair)
    wrote(drawn)
    return 0


def sentence(found: Any) -> str:
    """What changed most, in one sentence."""
    told = [d for d in found.differences() if d.told and d.metric == "time_to_ready_s"]
    if not told and found.none_ready:
        return f"No time to ready can be compared. {'. '.join(dict.fromkeys(found.none_ready))}."
    if not told:
        return f"{found.b} against {found.a}: no difference in the mean time to ready can be told."
    largest = max(told, key=lambda d: abs(d.estimate.value))
    where = f"{largest.variant}: " if largest.variant else ""
    word = "sooner" if largest.estimate.value < 0.0 else "later"
    size, low, high = (
        abs(x) for x in (largest.estimate.value, largest.estimate.low, largest.estimate.high)
    )
    return (
        f"{where}{found.b} is ready {size:.2f} s {word} than {found.a} in the mean "
        f"({min(low, high):.2f} to {max(low, high):.2f} s, 95 %)."
    )


def _inputs(name: str, differs: Any) -> None:
    if not differs:
        return
    rows = [[row.path, row.a, row.b] for row in differs[:MOST]]
    table(["input", "A", "B"], rows, title=f"{name}: how the inputs differ")
    if len(differs) > MOST:
        hint(f"{len(differs) - MOST} more differ; --json has them all.")


def _show(pair: Any) -> None:
    _inputs(pair.name, pair.differs)
    found = pair.comparison
    how = "paired by replication" if not found.why_not_paired else "Welch"
    if found.differences:
        table(
            ["metric", "A", "B", "B - A", "95 % interval", "of A", "correlation"],
            [_cells(difference) for difference in found.differences],
            title=f"{pair.name}: means over replications, {how}",
            right="lrrrrrr",
        )
    if found.why_not_paired:
        hint(f"Not paired: {found.why_not_paired}; the runs are taken as independent.")
    if found.same:
        hint(f"The same in every run: {', '.join(found.same)}.")
    for metric, why in found.refused.items():
        hint(f"{metric} is not compared: {why}.")


def _cells(found: Any) -> list[str]:
    low, high = found.estimate.low, found.estimate.high
    return [
        found.metric,
        f"{found.a:.4g}",
        f"{found.b:.4g}",
        f"{found.estimate.value:+.3g}",
        f"{low:+.3g} to {high:+.3g}",
        "-" if found.relative is None else f"{found.relative:+.1%}",
        "-" if found.correlation is None else f"{found.correlation:.2f}",
    ]
