"""`sim sensitivity`: which cited numbers a scenario's answer hangs on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from sim.cli.script import picture
from sim import plots
from sim.cli.effort import ScenarioPath, remark_on
from sim.cli.options import Caveats, Simulated, WorkerOptions, refusals
from sim.cli.screen import as_json, aside, hint, lead, note, say, table, wrote
from sim.core.description import description
from sim.core.quantity import shown_number
from sim.core.question import Typed
from sim.experiment.storage.finished_runs import make_folder
from sim.experiment.storage.whole_file import write_whole
from sim.studies.kinds import CountOrNone, whole
from sim.studies.sensitivity import Sensitivity, amount, folder_of, sensitivity, words


@description
class SensitivityQuestion:
    """Which of the cited numbers does an answer hang on?"""

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


WIDEST = 30
"""Characters of a figure beyond which its range has a line of its own: the table fits 80."""


def command(
    question: SensitivityQuestion, caveats: Caveats, workers: WorkerOptions, to: Simulated
) -> int:
    """Move every number over its range, and show which of them matter."""
    remark_on(question.file)
    file, scenario = question.file.file, question.file.scenario
    with refusals():
        answer = sensitivity(
            scenario,
            metric=question.metric,
            replications=question.replications or file.replications,
            seed=file.seed if question.seed is None else question.seed,
            budget=question.budget,
            jobs=workers.jobs,
            cluster=workers.cluster,
            out=to.out,
        )
    files = _write(answer, folder_of(to.out, scenario)) if answer.top else []
    if to.json:
        as_json(answer.json())
        note("\n".join(f"wrote {path}" for path in files))
        return 0
    lead(answer.sentence())
    show(answer)
    say(answer.assumed_line())
    if caveats.explain:
        for line in _caveats(answer):
            hint(line)
    else:
        aside("--explain says what was moved, and how.")
    wrote(*files)
    return 0


def _write(answer: Sensitivity, folder: Path) -> list[Path]:
    """The tornado, and its table."""
    unit = " (s)" if answer.metric.startswith("time_to_") else ""
    drawn = plots.tornado(answer.table(), answer.base, xlabel=f"mean {words(answer.metric)}{unit}")
    make_folder(folder)
    table_of = folder / f"{answer.metric}.csv"
    files = [picture(drawn, folder / f"{answer.metric}.png"), table_of]
    write_whole(table_of, answer.table().to_csv(index=False, lineterminator="\n"))
    return files


def show(answer: Sensitivity) -> None:
    """The ten that matter most, and what the table does not show."""
    indices = answer.indices
    columns = ["parameter", "standing", "at low", "at high", "swing"]
    if answer.top:
        table(
            columns + (["first", "total"] if indices is not None else []),
            _rows(answer),
            title=f"mean {words(answer.metric)} of {answer.replications} replications, "
            "one figure moved at a time",
            right="llrrrrrr",
            spare=["first"],
        )
    if not all(effect.beyond_chance for effect in answer.top):
        hint("?: with so few replications the two ends cannot be told apart.")
    if indices is not None:
        hint("first, total: the share of the variance that it explains alone, and with others.")
    elif answer.refused:
        hint(f"No Sobol indices: {answer.refused}.")


def _caveats(answer: Sensitivity) -> Iterator[str]:
    """What was moved and how, and what the table leaves out."""
    more, still = len(answer.moved) - len(answer.top), len(answer.effects) - len(answer.moved)
    yield (
        f"{more} more figures move it less, {still} do not move it; {len(answer.without_range)} "
        "have no range and were left as they are."
    )
    indices = answer.indices
    if indices is None:
        return
    largest = indices.indices[0]
    low, high = (_share(end) for end in largest.total_interval)
    yield (
        f"first and total are Sobol indices with these {len(answer.top)} figures uniform over "
        f"their ranges: {indices.points:,} points with {indices.replications} replications each, "
        f"{indices.points * indices.replications:,} runs. The total of {largest.key} lies between "
        f"{low} and {high} (95%)."
    )
    yield (
        f"Over all these points the mean {words(answer.metric)} lies between "
        f"{amount(answer.metric, indices.low)} and {amount(answer.metric, indices.high)} (90%)."
    )


def _rows(answer: Sensitivity) -> list[list[str]]:
    shares = {i.key: i for i in answer.indices.indices} if answer.indices is not None else {}
    rows = []
    for effect in answer.top:
        ends = [shown_number(end) for end in (effect.at_low, effect.at_high, effect.swing)]
        shown = effect.cited.shown()
        if len(shown) > WIDEST:
            shown = shown.replace(" (", "\n  (")
        row = [f"{effect.cited.key}\n  {shown}", effect.cited.standing, *ends]
        row[-1] += "" if effect.beyond_chance else "?"
        if effect.cited.key in shares:
            index = shares[effect.cited.key]
            row += [_share(index.first), _share(index.total)]
        rows.append(row)
    return rows


def _share(value: float) -> str:
    return f"{min(1.0, max(0.0, value)):.2f}"
