"""`sim sensitivity`: which cited numbers a scenario's answer hangs on."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.effort import ClusterAddress, Jobs, effort, made
from sim.cli.options import Inputs
from sim.cli.run import read
from sim.cli.screen import as_json, hint, note, say, table, wrote

NAME = "sensitivity"


def command(
    file: Annotated[Path, typer.Argument(metavar="SCENARIO.yaml", help="See `sim schema`.")],
    *,
    metric: Annotated[
        str, typer.Option(help="time_to_ready_s, or another one of a run.")
    ] = "time_to_ready_s",
    replications: Annotated[str | None, typer.Option(help="Instead of the file's.")] = None,
    seed: Annotated[str | None, typer.Option(help="Instead of the file's.")] = None,
    budget: Annotated[str, typer.Option(help="Runs for the Sobol indices; 0: none.")] = "8000",
    jobs: Jobs = None,
    cluster: ClusterAddress = None,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results"),
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """Every cited number of a scenario moved over its range: which of them decide the answer?"""
    inputs = Inputs()
    given = effort(inputs, replications=None, seed=seed, jobs=jobs, cluster=cluster)
    asked: dict[str, Any] = {**given, "budget": inputs.integer("budget", budget, 0)}
    if replications is not None:
        asked["replications"] = inputs.integer("replications", replications, 2)
    loaded = read(file, inputs)
    inputs.folder("out", out)
    inputs.check()
    same = {"seed": loaded.file.seed, "replications": loaded.file.replications, **asked}
    return _answer(loaded.scenario, metric, same, out, json)


def _answer(scenario: Any, metric: str, asked: dict[str, Any], out: Path, json: bool) -> int:
    from sim.studies.sensitivity import sensitivity

    found = made(lambda: sensitivity(scenario, metric=metric, **asked))
    files = _write(found, out / scenario.name / "sensitivity") if found.top else []
    if json:
        as_json(found.json())
        note("\n".join(f"wrote {path}" for path in files))
        return 0
    say(found.sentence())
    show(found)
    say(found.assumed_line())
    wrote(*files)
    return 0


def _write(found: Any, folder: Path) -> list[Path]:
    """The tornado, and its table."""
    from sim import plots
    from sim.cli.script import picture
    from sim.studies.sensitivity import words

    unit = " (s)" if found.metric.startswith("time_to_") else ""
    drawn = plots.tornado(found.table(), found.base, xlabel=f"mean {words(found.metric)}{unit}")
    table_of = folder / f"{found.metric}.csv"
    files = [picture(drawn, folder / f"{found.metric}.png"), table_of]
    found.table().to_csv(table_of, index=False, lineterminator="\n")
    return files


def show(found: Any) -> None:
    """The ten that matter most, and what the table does not show."""
    from sim.studies.sensitivity import amount, words

    shares = found.indices is not None
    columns = ["parameter", "standing", "at low", "at high", "swing"]
    if found.top:
        table(
            columns + (["first", "total"] if shares else []),
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
    if shares:
        made = found.indices
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


def _rows(found: Any) -> list[list[str]]:
    shares = {i.key: i for i in found.indices.indices} if found.indices is not None else {}
    rows = []
    for effect in found.top:
        ends = [_number(end) for end in (effect.at_low, effect.at_high, effect.swing)]
        row = [f"{effect.cited.key}\n  {effect.cited.shown()}", effect.cited.standing, *ends]
        row[-1] += "" if effect.told else " ?"
        if effect.cited.key in shares:
            index = shares[effect.cited.key]
            row += [_share(index.first), _share(index.total)]
        rows.append(row)
    return rows


def _number(value: float) -> str:
    return "none" if value != value else f"{value:.4g}"  # noqa: PLR0124 (NaN)


def _share(value: float) -> str:
    return f"{min(1.0, max(0.0, value)):.2f}"
