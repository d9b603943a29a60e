"""`sim sensitivity`: which cited numbers a scenario's answer hangs on."""

from pathlib import Path
from typing import Annotated

from sim import plots
from sim.cli.effort import ScenarioPath
from sim.cli.options import Files, WorkerOptions, refusals
from sim.cli.screen import as_json, hint, note, say, table, wrote
from sim.cli.script import picture
from sim.core.description import description
from sim.core.quantity import shown_number
from sim.core.question import Typed
from sim.studies.kinds import CountOrNone, whole
from sim.studies.sensitivity import Sensitivity, amount, sensitivity, words


@description
class SensitivityQuestion:
    """Which cited numbers decide what comes of a scenario?"""

    file: ScenarioPath
    """See `sim schema`."""
    metric: Annotated[str, Typed(shape="<name>")] = "time_to_ready_s"
    """time_to_ready_s, or another one of a run."""
    replications: Annotated[int, whole(2), Typed(shape="<integer>")] | None = None
    """Instead of the file's."""
    seed: CountOrNone | None = None
    """Instead of the file's."""
    budget: CountOrNone = 8000
    """Runs for the Sobol indices; 0: none."""


def command(question: SensitivityQuestion, workers: WorkerOptions, to: Files) -> int:
    """Move every number over its range, and show which of them matter."""
    file, scenario = question.file.file, question.file.scenario
    with refusals():
        found = sensitivity(
            scenario,
            metric=question.metric,
            replications=question.replications or file.replications,
            seed=file.seed if question.seed is None else question.seed,
            budget=question.budget,
            jobs=workers.jobs,
            cluster=workers.cluster,
        )
    files = _write(found, to.out / scenario.name / "sensitivity") if found.top else []
    if to.json:
        as_json(found.json())
        note("\n".join(f"wrote {path}" for path in files))
        return 0
    say(found.sentence())
    show(found)
    say(found.assumed_line())
    wrote(*files)
    return 0


def _write(found: Sensitivity, folder: Path) -> list[Path]:
    """The tornado, and its table."""
    unit = " (s)" if found.metric.startswith("time_to_") else ""
    drawn = plots.tornado(found.table(), found.base, xlabel=f"mean {words(found.metric)}{unit}")
    table_of = folder / f"{found.metric}.csv"
    files = [picture(drawn, folder / f"{found.metric}.png"), table_of]
    found.table().to_csv(table_of, index=False, lineterminator="\n")
    return files


def show(found: Sensitivity) -> None:
    """The ten that matter most, and what the table does not show."""
    made = found.indices
    columns = ["parameter", "standing", "at low", "at high", "swing"]
    if found.top:
        table(
            columns + (["first", "total"] if made is not None else []),
            _rows(found),
            title=f"mean {words(found.metric)} of {found.replications} replications, "
            "one figure moved at a time",
            right="llrrrrrr",
        )
    more = len(found.moved) - len(found.top)
    hint(
        f"{more} more figures move it less, {len(found.effects) - len(found.moved)} not at all; "
        f"{len(found.without_range)} have no range and were not moved."
    )
    if not all(effect.told for effect in found.top):
        hint("?: low and high end cannot be told apart with so few replications.")
    if made is not None:
        largest = made.indices[0]
        low, high = (_share(end) for end in largest.total_interval)
        hint(
            f"First and total: Sobol indices with these {len(found.top)} uniform over their ranges "
            f"({made.points:,} points of {made.replications} replications: "
            f"{made.points * made.replications:,} runs; the total of {largest.key} is known to "
            f"{low} to {high}, 95 %). Over all of them the mean "
            f"{words(found.metric)} lies between {amount(found.metric, made.low)} and "
            f"{amount(found.metric, made.high)} (90 %)."
        )
    elif found.refused:
        hint(f"No Sobol indices: {found.refused}.")


def _rows(found: Sensitivity) -> list[list[str]]:
    shares = {i.key: i for i in found.indices.indices} if found.indices is not None else {}
    rows = []
    for effect in found.top:
        ends = [shown_number(end) for end in (effect.at_low, effect.at_high, effect.swing)]
        row = [f"{effect.cited.key}\n  {effect.cited.shown()}", effect.cited.standing, *ends]
        row[-1] += "" if effect.told else " ?"
        if effect.cited.key in shares:
            index = shares[effect.cited.key]
            row += [_share(index.first), _share(index.total)]
        rows.append(row)
    return rows


def _share(value: float) -> str:
    return f"{min(1.0, max(0.0, value)):.2f}"
