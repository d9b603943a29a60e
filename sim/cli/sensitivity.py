"""`sim sensitivity`: which cited numbers a scenario's answer hangs on."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.effort import ClusterAddress, Jobs
from sim.cli.inputs import BadInput, Inputs
from sim.cli.screen import as_json, hint, note, say, table, wrote

NAME = "sensitivity"


def command(  # noqa: PLR0917 (options by name; typer hands over nothing else)
    file: Annotated[Path, typer.Argument(metavar="SCENARIO.yaml", help="See `sim schema`.")],
    metric: Annotated[
        str, typer.Option(help="time_to_ready_s, or another one of a run.")
    ] = "time_to_ready_s",
    seed: Annotated[str | None, typer.Option(help="Instead of the file's.")] = None,
    replications: Annotated[str | None, typer.Option(help="Instead of the file's.")] = None,
    budget: Annotated[str, typer.Option(help="Runs for the Sobol indices; 0: none.")] = "8000",
    jobs: Jobs = None,
    cluster: ClusterAddress = None,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results"),
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """Every cited number of a scenario moved over its range: which of them decide the answer?"""
    from sim.files import BadFile, load_scenario

    inputs = Inputs()
    given = {
        "seed": None if seed is None else inputs.integer("seed", seed, 0),
        "replications": None
        if replications is None
        else inputs.integer("replications", replications, 2),
        "budget": inputs.integer("budget", budget, 0),
    }
    workers = None if jobs is None else inputs.integer("jobs", jobs, 1)
    inputs.folder("out", out)
    try:
        loaded = load_scenario(file)
    except BadFile as error:
        raise BadInput("\n".join([*inputs.mistakes, str(error)])) from error
    inputs.check()
    asked = {"seed": loaded.file.seed, "replications": loaded.file.replications}
    asked |= {name: value for name, value in given.items() if value is not None}
    from sim.experiment.workers import using

    with using(workers, cluster):
        return _answer(loaded.scenario, metric, asked, out, json)


def _answer(scenario: Any, metric: str, asked: dict[str, Any], out: Path, json: bool) -> int:
    from sim.answers.sensitivity import sensitivity, words
    from sim.cli.script import picture

    try:
        found = sensitivity(scenario, metric=metric, **asked)
    except ValueError as error:
        raise BadInput(str(error)) from error
    files = []
    if found.top:
        from sim import plots

        unit = " (s)" if metric.startswith("time_to_") else ""
        drawn = plots.tornado(found.table(), found.base, xlabel=f"mean {words(metric)}{unit}")
        folder = out / scenario.name / "sensitivity"
        files = [picture(drawn, folder / f"{metric}.png"), folder / f"{metric}.csv"]
        found.table().to_csv(files[1], index=False, lineterminator="\n")
    if json:
        as_json(found.json())
        note("\n".join(f"wrote {path}" for path in files))
        return 0
    say(found.sentence())
    show(found)
    say(found.assumed_line())
    wrote(*files)
    return 0


def show(found: Any) -> None:
    """The ten that matter most, and what the table does not show."""
    from sim.answers.sensitivity import amount, words

    shares = found.indices is not None
    columns = ["parameter", "standing", "at low", "at high", "swing"]
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
