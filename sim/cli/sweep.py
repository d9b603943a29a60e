"""`sim sweep`: a scenario file at many points of its parameter space."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from sim.cli.effort import ClusterAddress, Jobs, Replications, effort, how_many, made
from sim.cli.options import Inputs
from sim.cli.run import ended, of_file, read
from sim.cli.screen import as_json, note, say, table, wrote

if TYPE_CHECKING:
    from sim.experiment.design import Design

NAME = "sweep"
SPREADS = ("sobol", "latin-hypercube")
NOT_SWEPT = {"name": "it names the results", "seed": "see --seed", "replications": "see its option"}
MOST_ROWS, MOST_LINES = 60, 7


def command(
    file: Annotated[Path, typer.Argument(metavar="SCENARIO.yaml", help="See `sim schema`.")],
    *,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=A,B,...",
            help="A field of the file and its values, such as host.instance=m5.large,m5.xlarge; "
            "again for another field: every combination is run.",
        ),
    ] = None,
    between: Annotated[
        list[str] | None,
        typer.Option(
            "--range",
            metavar="FIELD=LOW:HIGH",
            help="Instead: a field and its range, such as image.mib=100:2000, over all of which "
            "points are spread.",
        ),
    ] = None,
    points: Annotated[str, typer.Option(help="How many points in the ranges.")] = "16",
    spread: Annotated[str, typer.Option(help="sobol or latin-hypercube.")] = "sobol",
    replications: Replications = None,
    seed: Annotated[str | None, typer.Option(help="Instead of the file's.")] = None,
    jobs: Jobs = None,
    cluster: ClusterAddress = None,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results"),
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """Run a scenario file at many points; runs that are there already are not made again."""
    inputs = Inputs()
    asked = effort(inputs, replications=replications, seed=seed, jobs=jobs, cluster=cluster)
    loaded = read(file, inputs)
    design = _design(inputs, grid or [], between or [], points, spread)
    inputs.folder("out", out)
    inputs.check()
    from sim.experiment import sweep

    same = of_file(loaded, asked, out)
    results = made(lambda: sweep(loaded.at, design, **same))
    files = [results.folder, *_drawn(results)]
    if json:
        as_json(results.json())
        note("\n".join(f"wrote {file}" for file in files))
    else:
        show(results)
        wrote(*files)
    return ended(results)


def show(results: Any) -> None:
    """A row a point, in the order of the design."""
    say(results.sentence())
    if how_many(results):
        say(how_many(results))
    fields = list(results.points.columns[1:])
    rows = [
        [*(_cell(row[field]) for field in fields), *_outcome(row)]
        for row in results.summary.to_dict("records")
    ]
    columns = [*fields, "ready", "refused", "killed", "time to ready", "95 % interval", "n"]
    table(
        columns,
        rows[:MOST_ROWS],
        title="per run: starts by outcome, and their mean time to ready",
        right="l" * len(fields) + "rrrrrr",
    )
    if len(rows) > MOST_ROWS:
        say(f"  and {len(rows) - MOST_ROWS} more points, in summary.csv")


def _drawn(results: Any) -> list[Path]:
    """A picture, where the points are those of one field, or of two in few lines."""
    summary, fields = results.summary, list(results.points.columns[1:])
    numbers = [field for field in fields if summary[field].dtype.kind in "fi"]
    x = (numbers or fields)[-1]
    others = [field for field in fields if field != x]
    known = "time_to_ready_s" in summary and summary["time_to_ready_s"].notna().any()
    if not known or len(others) > 1 or any(summary[o].nunique() > MOST_LINES for o in others):
        return []
    from sim import plots
    from sim.cli.script import picture

    lines = plots.sweep_lines(summary, x, *others)
    return [picture(lines, results.folder / "sweep.png")]


def _outcome(row: dict[str, Any]) -> list[str]:
    counts = [f"{row[name]:.4g}" for name in ("ready", "refused", "killed")]
    mean, low, high = (row.get(name) for name in ("time_to_ready_s", "low_s", "high_s"))
    known = mean is not None and mean == mean  # noqa: PLR0124 (NaN)
    interval = known and low is not None and low == low  # noqa: PLR0124 (NaN)
    return [
        *counts,
        f"{mean:.2f} s" if known else "-",
        f"{low:.2f} to {high:.2f} s" if interval else "-",
        str(row["replications"]),
    ]


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _design(
    inputs: Inputs, grid: Sequence[str], between: Sequence[str], points: str, spread: str
) -> "Design":
    """The points that were typed; mistakes are collected."""
    count = inputs.integer("points", points, 2)
    kind = inputs.choice("spread", spread, SPREADS)
    if grid and between:
        inputs.mistakes.append("grid: not allowed beside --range; give one or the other")
    if not grid and not between:
        inputs.mistakes.append(
            "grid: give --grid FIELD=A,B,... or --range FIELD=LOW:HIGH, at least once"
        )
    values = _fields(inputs, "grid", grid, ",")
    ranges = _fields(inputs, "range", between, ":")
    for path, ends in ranges.items():
        if len(ends) != 2 or not all(isinstance(end, int | float) for end in ends):
            inputs.mistakes.append(f"range: {path} needs two numbers, such as {path}=100:2000")
    if inputs.mistakes or not ranges:
        return values
    from sim.experiment import LatinHypercube, Sobol

    made_of = {path: (low, high) for path, (low, high) in ranges.items()}
    kinds: dict[str, type[Sobol | LatinHypercube]] = {
        "sobol": Sobol,
        "latin-hypercube": LatinHypercube,
    }
    return inputs.read("range", spread, lambda _: kinds[kind](made_of, count=count)) or values


def _fields(
    inputs: Inputs, option: str, typed: Sequence[str], separator: str
) -> dict[str, list[Any]]:
    """Values by path, read as YAML reads them."""
    found: dict[str, list[Any]] = {}
    for text in typed:
        path, _, values = text.partition("=")
        parts = [part.strip() for part in values.split(separator)]
        if not path or not all(parts):
            inputs.mistakes.append(f"{option}: {text!r} is not allowed; such as image.mib=100,500")
        elif path in NOT_SWEPT:
            inputs.mistakes.append(f"{option}: {path} cannot be swept; {NOT_SWEPT[path]}")
        elif path in found:
            inputs.mistakes.append(f"{option}: {path} is given twice; give all values at once")
        else:
            found[path] = list(dict.fromkeys(map(yaml.safe_load, parts)))
    return found
