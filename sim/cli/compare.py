"""`sim compare`: what changed between two runs, and what that did."""

from collections.abc import Sequence
from typing import Annotated

from sim.cli.script import picture
from sim import plots
from sim.cli.options import Files, refusals
from sim.cli.screen import IN_JSON, as_json, hint, lead, note, table, wrote
from sim.core.description import description
from sim.core.quantity import shown_change, shown_number
from sim.core.question import Typed
from sim.experiment.diff import Differs, shortest
from sim.experiment.statistics.paired import Difference
from sim.studies.compare import Pair, folder_name, two_runs


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
        answer = two_runs(question.a, question.b)
    drawn = picture(
        plots.forest(answer.table(), names=answer.names),
        to.out / folder_name(answer) / "forest.png",
    )
    if to.json:
        as_json(answer.json())
        note(f"wrote {drawn}")
        return 0
    lead(answer.sentence())
    for differs in answer.differs:
        hint(f"{differs.path}: {differs.a} in A, {differs.b} in B")
    for pair in answer.pairs:
        a, b = answer.names
        _show(pair, pair.name if len(answer.pairs) > 1 else f"{a} (A) and {b} (B)")
    wrote(drawn)
    return 0


def _inputs(name: str, differs: Sequence[Differs]) -> None:
    if not differs:
        return
    ends = shortest([row.path for row in differs])
    rows = [[end, row.a, row.b] for end, row in zip(ends, differs, strict=True)]
    table(["input", "A", "B"], rows, title=f"{name}: how the inputs differ", rest=IN_JSON)


def _show(pair: Pair, name: str) -> None:
    _inputs(name, pair.differs)
    comparison = pair.comparison
    how = "paired by replication" if not comparison.why_not_paired else "Welch"
    if comparison.differences:
        table(
            ["metric", "A", "B", "B - A", "95% interval", "of A", "correlation"],
            [_cells(difference) for difference in comparison.differences],
            title=f"{name}: means over replications, {how}",
            right="lrrrrrr",
        )
    if comparison.why_not_paired:
        hint(f"Not paired: {comparison.why_not_paired}; the runs are taken as independent.")
    if comparison.same:
        hint(f"The same in every run: {', '.join(comparison.same)}.")
    for metric, why in comparison.refused.items():
        hint(f"{metric} is not compared: {why}.")


def _cells(difference: Difference) -> list[str]:
    ends = [end for end in (difference.estimate.low, difference.estimate.high) if end is not None]
    return [
        difference.metric,
        shown_number(difference.a),
        shown_number(difference.b),
        shown_change(difference.estimate.value),
        " to ".join(map(shown_change, ends)) or "-",
        "-" if difference.relative is None else f"{difference.relative:+.1%}",
        "-" if difference.correlation is None else f"{difference.correlation:.2f}",
    ]
