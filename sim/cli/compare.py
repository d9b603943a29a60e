"""`sim compare`: what changed between two runs, and what that did."""

from collections.abc import Sequence
from typing import Annotated

from sim import plots
from sim.cli.options import Files, refusals
from sim.cli.screen import as_json, hint, note, say, table, wrote
from sim.cli.script import picture
from sim.core.description import description
from sim.core.question import Typed
from sim.experiment.diff import Differs
from sim.experiment.statistics.paired import Difference
from sim.studies.compare import Pair, folder_name, two_runs

MOST = 25
"""Differing inputs that are shown; `--json` has them all."""


@description
class CompareQuestion:
    """How do two runs differ?"""

    a: Annotated[str, Typed(argument=True, shape="RUN_A")]
    """A run's folder or id; RUN:variant."""
    b: Annotated[str, Typed(argument=True, shape="RUN_B")]
    """The run that is held against it."""


def command(question: CompareQuestion, to: Files) -> int:
    """Show how inputs and metrics differ, and draw the metrics."""
    with refusals():
        found = two_runs(question.a, question.b)
    drawn = picture(plots.forest(found.table()), to.out / folder_name(found) / "forest.png")
    if to.json:
        as_json(found.json())
        note(f"wrote {drawn}")
        return 0
    say(found.sentence())
    for differs in found.differs:
        hint(f"{differs.path}: {differs.a} in A, {differs.b} in B")
    for pair in found.pairs:
        _show(pair)
    wrote(drawn)
    return 0


def _inputs(name: str, differs: Sequence[Differs]) -> None:
    if not differs:
        return
    rows = [[row.path, row.a, row.b] for row in differs[:MOST]]
    table(["input", "A", "B"], rows, title=f"{name}: how the inputs differ")
    if len(differs) > MOST:
        hint(f"{len(differs) - MOST} more differ; --json has them all.")


def _show(pair: Pair) -> None:
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


def _cells(found: Difference) -> list[str]:
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
