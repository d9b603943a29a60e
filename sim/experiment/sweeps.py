"""Sweeps: one scenario at many points of its parameter space, on the same random numbers."""

from collections.abc import Callable
from typing import TypeAlias, Unpack

from sim.core.description import with_figure, with_value
from sim.experiment.design import Design, Point, label, points_of
from sim.experiment.replication import Effort, compare
from sim.experiment.results import Results
from sim.experiment.running.scenario import Scenario

FIGURES = "figures."
"""Before the key of a cited figure, which is replaced wherever it stands."""

Maker: TypeAlias = Callable[..., Scenario]

MOST_MISTAKES = 10


def sweep(scenario: Scenario | Maker, design: Design, **effort: Unpack[Effort]) -> Results:
    """Run a scenario at every point of a design; each point is a variant.

    Args:
        scenario: one whose fields are replaced, or a function that makes it from a point's values.
        design: values by dotted path (`arrivals[0].tasks`, `figures.fargate.provision`, or the
            names of the function's arguments), of which every combination is run;
            `LatinHypercube`; or `Sobol`.
        effort: as of `compare`.

    Returns:
        Results whose `points` has the parameters of each variant, and whose summary is a row a
        point.

    Raises:
        ValueError: a path or a value is not allowed; all of them are named.
    """
    points: dict[str, Point] = {}
    for point in points_of(design):
        name = label(point)
        points[name if name not in points else f"{name} #{len(points)}"] = point
    return compare(_scenarios(scenario, points), points=points, **effort)


def _scenarios(scenario: Scenario | Maker, points: dict[str, Point]) -> dict[str, Scenario]:
    made: dict[str, Scenario] = {}
    mistakes: dict[str, None] = {}
    for variant, point in points.items():
        try:
            made[variant] = _moved(scenario, point)
        except ValueError as error:
            mistakes |= dict.fromkeys(str(error).splitlines())
    if mistakes:
        shown = list(mistakes)[:MOST_MISTAKES]
        more = len(mistakes) - len(shown)
        raise ValueError("\n".join(shown + ([f"and {more} more"] if more else [])))
    return made


def _moved(scenario: Scenario | Maker, point: Point) -> Scenario:
    if not isinstance(scenario, Scenario):
        return scenario(**point)
    for path, value in point.items():
        if path.startswith(FIGURES):
            scenario = with_figure(scenario, path.removeprefix(FIGURES), value)
        else:
            scenario = with_value(scenario, path, value)
    return scenario
