"""A lognormal by maximum likelihood, of phases between stamps that are rounded down.

A phase of true length t that begins anywhere within its first stamp's resolution `a` ends at a
stamp `d` later with probability (1/a) [G(d+b) - G(d+b-a) - G(d) + G(d-a)], where G is the integral
of the distribution function and `b` the resolution of the second stamp. Where one stamp is exact,
this is F(d+b) - F(d-a), the chance of an interval; where both are, the density.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.studies.fit.observed import Spell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

EXACT = 0.01
"""Seconds: a finer resolution than this is no matter."""
LEAST_SPREAD = 0.01
"""Of the logarithm; stamps of whole seconds would let it fall to 0."""


class FittedLognormal(NamedTuple):
    """A lognormal with the standard error of the logarithm of its median."""

    median: float
    """Seconds."""
    sigma: float
    """Standard deviation of the logarithm."""
    error: float
    """Standard error of the logarithm of the median."""

    @property
    def spread(self) -> float:
        """Coefficient of variation, as descriptions have it."""
        return math.sqrt(math.expm1(self.sigma**2))

    def points(self, number: int) -> "Array":
        """As many quantiles, in the middles of equal shares; seconds."""
        from scipy.special import ndtri

        shares = (np.arange(number) + 0.5) / number
        values: Array = self.median * np.exp(self.sigma * ndtri(shares))
        return values


def fitted(spells: Sequence[Spell]) -> FittedLognormal:
    """The likeliest lognormal.

    Args:
        spells: at least two.
    """
    rows, counts = np.unique(np.array(spells, dtype=float), axis=0, return_counts=True)
    middle = np.log(np.maximum(rows[:, 0], 0.5 * np.maximum(EXACT, rows[:, 1] + rows[:, 2]) / 2))
    mu = float(np.average(middle, weights=counts))
    sigma = math.sqrt(float(np.average((middle - mu) ** 2, weights=counts)))
    if (rows[:, 0] > 0.0).all() and (rows[:, 1:] <= EXACT).all():
        error = sigma / math.sqrt(len(spells))
        return FittedLognormal(math.exp(mu), max(sigma, LEAST_SPREAD), error)
    return _searched(rows, counts, mu, max(sigma, 0.1))


def _searched(rows: "Array", counts: Any, mu: float, sigma: float) -> FittedLognormal:
    from scipy.optimize import minimize

    def loss(at: Any) -> float:
        return -float(counts @ _log_likelihood(rows, at[0], math.exp(at[1])))

    low, high = math.log(LEAST_SPREAD), math.log(5.0)
    found = minimize(
        loss,
        x0=(mu, min(math.log(sigma), high)),
        method="Nelder-Mead",
        bounds=((mu - 8.0, mu + 8.0), (low, high)),
        options={"xatol": 1e-6, "fatol": 1e-8, "maxiter": 600},
    )
    best_mu, best_sigma = float(found.x[0]), math.exp(float(found.x[1]))
    return FittedLognormal(math.exp(best_mu), best_sigma, _error(loss, found.x))


def _error(loss: Any, at: Any) -> float:
    """Standard error of the first parameter: from the inverse of the curvature at the minimum."""
    step = 1e-3
    here = loss(at)

    def moved(i: int, j: int) -> float:
        one, two = np.zeros(2), np.zeros(2)
        one[i] += step
        two[j] += step
        ahead, across = loss(at + one + two), loss(at + one - two)
        back, behind = loss(at - one + two), loss(at - one - two)
        return float(ahead - across - back + behind) / (4.0 * step * step)

    a, b, d = moved(0, 0), moved(0, 1), moved(1, 1)
    inside = a * d - b * b
    if not (math.isfinite(here) and inside > 0.0 and d > 0.0):
        return math.inf
    return math.sqrt(d / inside)


def _log_likelihood(rows: "Array", mu: float, sigma: float) -> "Array":
    """Of each row: seconds, and the resolutions of both stamps."""
    seconds, before, after = rows[:, 0], rows[:, 1], rows[:, 2]
    chance = np.empty(len(rows))
    coarse = np.minimum(before, after) > EXACT
    exact = (np.maximum(before, after) <= EXACT) & (seconds > 0.0)
    interval = ~coarse & ~exact
    chance[exact] = _density(seconds[exact], mu, sigma)
    low, high = seconds[interval] - before[interval], seconds[interval] + after[interval]
    chance[interval] = _below(high, mu, sigma) - _below(low, mu, sigma)
    d, a, b = seconds[coarse], before[coarse], after[coarse]
    ends = (_integral(d + b, mu, sigma), _integral(d + b - a, mu, sigma))
    begins = (_integral(d, mu, sigma), _integral(d - a, mu, sigma))
    chance[coarse] = (ends[0] - ends[1] - begins[0] + begins[1]) / a
    likelihood: Array = np.log(np.maximum(chance, 1e-300))
    return likelihood


def _standard(x: "Array", mu: float, sigma: float) -> "Array":
    with np.errstate(divide="ignore"):
        logs: Array = np.log(np.maximum(x, 0.0))
    return (logs - mu) / sigma


def _density(x: "Array", mu: float, sigma: float) -> "Array":
    z = _standard(x, mu, sigma)
    density: Array = np.exp(-0.5 * z * z) / (x * sigma * math.sqrt(2.0 * math.pi))
    return density


def _below(x: "Array", mu: float, sigma: float) -> "Array":
    """The distribution function F."""
    from scipy.special import ndtr

    share: Array = ndtr(_standard(x, mu, sigma))
    return share


def _integral(x: "Array", mu: float, sigma: float) -> "Array":
    """G(x), the integral of F from 0: x F(x) less what is expected below x."""
    from scipy.special import ndtr

    z = _standard(x, mu, sigma)
    part: Array = math.exp(mu + 0.5 * sigma * sigma) * ndtr(z - sigma)
    return np.where(x > 0.0, x * ndtr(z) - part, 0.0)
