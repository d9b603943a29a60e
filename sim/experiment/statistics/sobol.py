"""Sobol indices: which share of an answer's uncertainty is whose, with all figures moving at once.

Each figure is uniform over its range, independently of the others; every point is simulated on
the same random numbers, so that the answer is a function of the figures alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from sim.core.cited import Cited
from sim.core.description import with_figures
from sim.experiment.statistics.one_at_a_time import Answers

T = TypeVar("T")

LEAST = 16
"""Base points below which an index says nothing."""
RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class Index:
    """Shares of the variance of the answer that go with one figure, each with a 95% interval."""

    key: str
    first: float
    """By itself."""
    first_interval: tuple[float, float]
    total: float
    """With all it does together with others."""
    total_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Indices:
    """The indices of some figures, largest total first, and what they cost."""

    indices: tuple[Index, ...]
    points: int
    """Points at which the answer was simulated: n (d + 2)."""
    replications: int
    """Runs a point."""
    low: float
    """5% of all points have a smaller answer."""
    high: float
    """5% have a larger one."""


def base_points(figures: int, replications: int, budget: int) -> int:
    """The largest power of two whose points stay within a budget of runs; 0 below the least.

    Args:
        figures: that move.
        replications: runs a point.
        budget: runs in all.
    """
    afford = budget // ((figures + 2) * replications)
    return 2 ** int(math.log2(afford)) if afford >= LEAST else 0


def sobol(
    node: T, cited: Sequence[Cited], answers: Answers[T], *, n: int, replications: int, seed: int
) -> Indices:
    """First and total indices; the same seed gives the same indices and intervals.

    Args:
        cited: at least one figure that moves the answer.
        n: base points, a power of two; n (d + 2) are simulated for d figures.
        replications: columns of `answers`, whose mean is the answer.

    Raises:
        ValueError: at some point there is no answer.
    """
    from scipy import stats

    seen: list[np.ndarray] = []

    def means(at: np.ndarray) -> np.ndarray:
        keys = [c.key for c in cited]
        moved = [with_figures(node, dict(zip(keys, map(float, x), strict=True))) for x in at.T]
        values = np.asarray(answers(moved), dtype=float).reshape(len(moved), -1).mean(axis=1)
        if not np.isfinite(values).all():
            gone = int((~np.isfinite(values)).sum())
            raise ValueError(f"at {gone} of {len(values)} points there is no answer")
        seen.append(values)
        return np.array([values, values])  # twice: scipy squeezes one answer of one figure away

    ranges: list[Any] = [
        stats.uniform(c.low or 0.0, (c.high or 0.0) - (c.low or 0.0)) for c in cited
    ]
    rng = np.random.default_rng(seed)
    evaluations: list[np.ndarray] = []  # at A, B and AB, about their mean

    def method(f_A: np.ndarray, f_B: np.ndarray, f_AB: np.ndarray) -> Any:  # noqa: N803 (SciPy's)
        evaluations[:] = f_A, f_B, f_AB
        return _saltelli_2010(f_A, f_B, f_AB)

    indices = stats.sobol_indices(func=means, n=n, dists=ranges, method=method, rng=rng)
    # The result's own bootstrap() takes no generator: every call would give another interval.
    spread: Any = stats.bootstrap(
        [np.arange(n)],
        lambda some: _saltelli_2010(*(values[..., some] for values in evaluations)),
        method="BCa",
        n_resamples=RESAMPLES,
        rng=rng,
    ).confidence_interval
    rows = zip(
        [c.key for c in cited],
        *(part.reshape(2, -1)[0] for part in (indices.first_order, spread.low[0], spread.high[0])),
        *(part.reshape(2, -1)[0] for part in (indices.total_order, spread.low[1], spread.high[1])),
        strict=True,
    )
    shares = [
        Index(key, float(one), (float(a), float(b)), float(all_), (float(c), float(d)))
        for key, one, a, b, all_, c, d in rows
    ]
    box = np.concatenate(seen[:2])
    low, high = (float(np.quantile(box, q)) for q in (0.05, 0.95))
    points = sum(map(len, seen))
    return Indices(tuple(sorted(shares, key=lambda i: -i.total)), points, replications, low, high)


def _saltelli_2010(
    at_a: np.ndarray, at_b: np.ndarray, at_ab: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First and total indices: A. Saltelli et al., Comput. Phys. Commun. 181, 2010, 259-270."""
    variance = np.var([at_a, at_b], axis=(0, -1))
    first = np.mean(at_b * (at_ab - at_a), axis=-1) / variance
    total = 0.5 * np.mean((at_a - at_ab) ** 2, axis=-1) / variance
    return first.T, total.T
