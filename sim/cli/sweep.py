"""`sim sweep`: a scenario file at many points of its parameter space."""

from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Annotated, Any

from pydantic import PlainValidator

from sim.cli.script import picture
from sim import plots
from sim.cli.effort import Runs, ScenarioPath, effort, how_many, remark_on
from sim.cli.options import Simulated, WorkerOptions, refusals
from sim.cli.run import ended
from sim.cli.screen import as_json, lead, note, say, table, wrote
from sim.core.description import description
from sim.core.question import Mistake, Question, Typed, without_effect
from sim.experiment import LatinHypercube, Results, Sobol, sweep
from sim.experiment.design import MOST_POINTS, Design
from sim.files.text.yaml_values import scalar
from sim.studies.kinds import NAME, among, whole

SPREADS: Mapping[str, type[Sobol | LatinHypercube]] = {
    "sobol": Sobol,
    "latin-hypercube": LatinHypercube,
}
NOT_SWEPT = {"name": "it names the results", "seed": "see --seed", "replications": "see its option"}
FARTHEST = 1e18
"""A number beyond it is a slip."""
MOST_LINES = 7

Values = dict[str, list[Any]]
"""Values of fields of the file, by path."""


def _fields(separator: str) -> PlainValidator:
    """Values by path, read as YAML reads them."""

    def read(texts: Sequence[str] | None) -> Values | None:
        by_path: Values = {}
        wrong = []
        for text in texts or ():
            path, parts = _parts(text, separator)
            if reason := _not_swept(text, path, parts, separator):
                wrong.append(reason)
            elif path in by_path:
                wrong.append(f"{path} is given twice; give all values at once")
            else:
                by_path[path] = parts
        if wrong:
            raise ValueError("\n".join(wrong))
        return by_path or None

    return PlainValidator(read)


def _parts(text: str, separator: str) -> tuple[str, list[Any]]:
    path, _, values = text.partition("=")
    typed = [part.strip() for part in values.split(separator)]
    return path, list(dict.fromkeys(map(scalar, typed))) if all(typed) else []


def _not_swept(text: str, path: str, parts: Sequence[Any], separator: str) -> str:
    """What is wrong with the values of a field; empty where nothing is."""
    if not path or not parts:
        return f"{text!r} is not allowed; such as image.mib=100,500"
    if path in NOT_SWEPT:
        return f"{path} cannot be swept; {NOT_SWEPT[path]}"
    if separator == ":" and not _two_numbers(parts):
        return (
            f"{path} needs two plain numbers, such as image.mib=100:2000; values with units are "
            f"listed with --grid, such as service.memory=512MiB,1GiB"
        )
    return ""


def _two_numbers(values: Sequence[Any]) -> bool:
    return len(values) == 2 and all(
        isinstance(value, int | float) and abs(value) < FARTHEST for value in values
    )


@description
class SweepQuestion(Question):
    """What comes of a scenario file at many points of its parameter space?"""

    file: ScenarioPath
    """See `sim schema`."""
    grid: Annotated[Values | None, _fields(","), Typed(repeats=True, shape="FIELD=A,B,...")] = None
    """A field of the file and its values, such as host.instance=m5.large,m5.xlarge; again for
    another field: every combination is run."""
    between: Annotated[
        Values | None, _fields(":"), Typed(name="range", repeats=True, shape="FIELD=LOW:HIGH")
    ] = None
    """Instead: a field and its range, such as image.mib=100:2000, over all of which points are
    spread."""
    points: Annotated[int, whole(2, MOST_POINTS), Typed(shape="<integer>")] = 16
    """How many points in the ranges."""
    spread: Annotated[str, among("spread", tuple(SPREADS)), NAME] = "sobol"
    """sobol or latin-hypercube."""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """Both kinds of points or none, and ranges that cannot be filled."""
        if self.grid and self.between:
            yield Mistake(("grid", "between"), "not allowed beside --range; give one or the other")
        elif not self.grid and not self.between:
            words = "give --grid FIELD=A,B,... or --range FIELD=LOW:HIGH, at least once"
            yield Mistake(("grid", "between"), words)
        if self.grid:
            yield from without_effect(given, ("points", "spread"), "grid", "beside --grid")
        try:
            self.design()
        except ValueError as error:
            yield Mistake(("between", "points"), str(error))

    def design(self) -> Design:
        """The points."""
        if not self.between:
            return self.grid or {}
        ranges = {path: (low, high) for path, (low, high) in self.between.items()}
        return SPREADS[self.spread](ranges, count=self.points)


def command(question: SweepQuestion, runs: Runs, workers: WorkerOptions, to: Simulated) -> int:
    """Run it at every point, and draw what can be drawn."""
    if "service.app" not in (question.grid or {}):
        remark_on(question.file)
    how = effort(question.file, runs, workers, to.out)
    with refusals():
        results = sweep(question.file.at, question.design(), **how)
    folder = results.folder or to.out
    files = [folder, *_drawn(results, folder)]
    if to.json:
        as_json(results.json())
        note("\n".join(f"wrote {file}" for file in files))
    else:
        show(results)
        wrote(*files)
    return ended(results)


def show(results: Results) -> None:
    """A row a point, in the order of the design."""
    lead(results.sentence())
    if how_many(results):
        say(how_many(results))
    fields = list(results.points.columns[1:])
    rows = [
        [*(_cell(row[field]) for field in fields), *_outcome(row)]
        for row in results.summary.to_dict("records")
    ]
    columns = [*fields, "ready", "refused", "killed", "time to ready", "95% interval", "n"]
    table(
        columns,
        rows,
        title="per run: starts by outcome, and their mean time to ready",
        right="l" * len(fields) + "rrrrrr",
        rest="summary.csv has all",
    )


def _drawn(results: Results, folder: Path) -> list[Path]:
    """A picture, where the points are those of one field, or of two in few lines."""
    summary, fields = results.summary, list(results.points.columns[1:])
    numbers = [field for field in fields if summary[field].dtype.kind in "fi"]
    x = (numbers or fields)[-1]
    others = [field for field in fields if field != x]
    known = "time_to_ready_s" in summary and summary["time_to_ready_s"].notna().any()
    if not known or len(others) > 1 or any(summary[o].nunique() > MOST_LINES for o in others):
        return []
    lines = plots.sweep_lines(summary, x, others[0] if others else None)
    return [picture(lines, folder / "sweep.png")]


def _outcome(row: Mapping[Any, Any]) -> list[str]:
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
