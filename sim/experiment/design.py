"""Sweeps: which points of the parameter space are run, on the same random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from sim.core.description import with_figure, with_value
from sim.core.names import shown
from sim.core.quantity import number_in
from sim.experiment.replication import Effort, compare
from sim.experiment.results import Results
from sim.experiment.running.progress import progress
from sim.experiment.running.scenario import Scenario

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Point: TypeAlias = dict[str, Any]
"""Values by dotted path."""

Grid: TypeAlias = Mapping[str, Sequence[Any]]
"""Every combination of these values; the last path varies quickest."""


FIGURES = "figures."
"""Before the key of a cited figure, which is replaced wherever it stands."""

Maker: TypeAlias = Callable[..., Scenario]

MOST_MISTAKES = 10
MOST_POINTS = 100_000
"""Of a design: each is a variant, that is described before the first is run."""


@dataclass(frozen=True)
class _Sampled:
    """Points spread over ranges.

    Args:
        ranges: lowest and highest value by path; whole numbers where both are.
        count: how many points.
        seed: of the points, not of the runs.

    Raises:
        ValueError: a range is empty, or the number of points is not allowed.
    """

    ranges: Mapping[str, tuple[float, float]]
    _: KW_ONLY
    count: int = 16
    seed: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.ranges, Mapping):
            raise ValueError(
                f"ranges: {shown(self.ranges)} is not allowed; lowest and highest value by path, "
                f"such as {{'image.mib': (100, 500)}}"
            )
        for path, ends in self.ranges.items():
            _check_range(path, ends)
        for field, value, low in (("points", self.count, 2), ("seed", self.seed, 0)):
            whole = number_in(value)
            if whole is None or whole < low or whole % 1.0:
                raise ValueError(
                    f"{field}: {shown(value)} is not allowed; an integer of at least {low}"
                )
        if self.count > MOST_POINTS:
            raise _too_many(self.count)

    def points(self) -> list[Point]:
        """The values at each point."""
        return [
            {
                path: _between(low, high, share)
                for (path, (low, high)), share in zip(self.ranges.items(), shares, strict=True)
            }
            for shares in self._unit_cube().tolist()
        ]

    def _unit_cube(self) -> NDArray[np.float64]:
        raise NotImplementedError


def _too_many(points: int) -> ValueError:
    return ValueError(f"points: {points:,} are not allowed; at most {MOST_POINTS:,}")


def _check_range(path: str, ends: Any) -> None:
    pair = ends if isinstance(ends, Sequence) and len(ends) == 2 else None
    if pair is None or not all(isinstance(end, int | float) for end in pair):
        raise ValueError(f"{path}: {shown(ends)} is not a range; two numbers such as (100, 500)")
    if not pair[0] < pair[1]:
        raise ValueError(f"{path}: {pair[0]!r} to {pair[1]!r} is not a range")


class LatinHypercube(_Sampled):
    """One point in each of `count` slices of every range.

    M. D. McKay, R. J. Beckman, W. J. Conover, Technometrics 21 (1979) 239-245.
    """

    def _unit_cube(self) -> NDArray[np.float64]:
        from scipy.stats import qmc

        return qmc.LatinHypercube(d=len(self.ranges), rng=self.seed).random(self.count)


class Sobol(_Sampled):
    """A scrambled Sobol sequence: even in every range and every pair of ranges.

    I. M. Sobol, USSR Comput. Math. Math. Phys. 7 (1967) 86-112; its balance needs a power of two.
    """

    def _unit_cube(self) -> NDArray[np.float64]:
        from scipy.stats import qmc

        if self.count & (self.count - 1):
            raise ValueError(
                f"points: {shown(self.count)} is not allowed; a power of two for Sobol"
            )
        return qmc.Sobol(d=len(self.ranges), rng=self.seed).random(self.count)


Design: TypeAlias = Grid | LatinHypercube | Sobol


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
    scenarios: dict[str, Scenario] = {}
    mistakes: dict[str, None] = {}
    with progress("preparing", "point", total=len(points)) as bar:
        for variant, point in points.items():
            try:
                scenarios[variant] = _moved(scenario, point)
            except ValueError as error:
                mistakes |= dict.fromkeys(str(error).splitlines())
            bar.update(1)
    if mistakes:
        told = list(mistakes)[:MOST_MISTAKES]
        more = len(mistakes) - len(told)
        raise ValueError("\n".join(told + ([f"and {more} more"] if more else [])))
    return scenarios


def _moved(scenario: Scenario | Maker, point: Point) -> Scenario:
    if not isinstance(scenario, Scenario):
        return scenario(**point)
    for path, value in point.items():
        if path.startswith(FIGURES):
            scenario = with_figure(scenario, path.removeprefix(FIGURES), value)
        else:
            scenario = with_value(scenario, path, value)
    return scenario


def points_of(design: Design) -> list[Point]:
    """The points of a design.

    Raises:
        ValueError: there is none.
    """
    if isinstance(design, _Sampled):
        points = design.points()
    else:
        if not isinstance(design, Mapping):
            raise ValueError(
                f"design: {shown(design)} is not allowed; a mapping of paths to lists of values"
            )
        for path, values in design.items():
            if isinstance(values, str) or not isinstance(values, Sequence):
                raise ValueError(f"{path}: {shown(values)} is not allowed; a list of values")
        if (count := prod(map(len, design.values()))) > MOST_POINTS:
            raise _too_many(count)
        points = [dict(zip(design, values, strict=True)) for values in product(*design.values())]
    if not points or not points[0]:
        raise ValueError("design: there is no point in it; each path needs at least one value")
    return points


def label(point: Point) -> str:
    """A point in words, such as `host.instance=m5.large image.mib=100`."""
    return " ".join(
        f"{path}={value:.6g}" if isinstance(value, float) else f"{path}={value}"
        for path, value in point.items()
    )


def _between(low: float, high: float, share: float) -> float:
    if isinstance(low, int) and isinstance(high, int):
        return low + int(share * (high - low + 1))
    return low + share * (high - low)
