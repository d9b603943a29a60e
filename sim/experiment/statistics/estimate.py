"""Estimates with intervals, refused where the sample cannot support them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike


class TooFew(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """The sample is too small for the statistic that was asked for."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A point estimate and, where the sample supports one, its 95% interval."""

    name: str
    value: float
    n: int
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        interval = "-" if self.low is None else f"{self.low:.4g} to {self.high:.4g}"
        return f"{self.name} = {self.value:.4g}  (95% interval {interval}, n = {self.n})"


def needed(quantile: float) -> int:
    """The least sample from which a quantile is given: n (1 - q) >= 1 on the farther side."""
    return math.ceil(round(1.0 / min(quantile, 1.0 - quantile), 9))


def quantile(values: ArrayLike, q: float) -> float:
    """The q-quantile, an order statistic of the sample.

    Raises:
        TooFew: the sample is smaller than 1 / (1 - q).
    """
    sample = np.asarray(values, dtype=float)
    if sample.size < needed(q):
        raise TooFew(f"p{100 * q:g} of {sample.size} starts: at least {needed(q)} are needed")
    return float(np.quantile(sample, q, method="inverted_cdf"))


def t_quantile(q: float, freedom: float) -> float:
    """The q-quantile of Student's t; `scipy.stats` says the same and takes a second to import."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, q))


def mean(name: str, values: ArrayLike) -> Estimate:
    """Mean of independent values with its t interval (from two values on)."""
    sample = np.asarray(values, dtype=float)
    if sample.size == 0:
        raise TooFew(f"{name}: there is no value to take the mean of")
    value = float(sample.mean())
    if sample.size < 2:
        return Estimate(name, value, sample.size)
    error = float(sample.std(ddof=1)) / math.sqrt(sample.size)
    reach = t_quantile(0.975, sample.size - 1) * error
    return Estimate(name, value, sample.size, value - reach, value + reach)


def independent_quantile(name: str, values: ArrayLike, q: float) -> Estimate:
    """A quantile of independent values with the distribution-free interval of order statistics.

    The interval is given where the sample has one (p95: from 59 values on).
    """
    sample = np.sort(np.asarray(values, dtype=float))
    value = quantile(sample, q)
    ranks = order_ranks(sample.size, q)
    if ranks is None:
        return Estimate(name, value, sample.size)
    low, high = (float(sample[rank - 1]) for rank in ranks)
    return Estimate(name, value, sample.size, low, high)


@cache
def order_ranks(n: int, q: float) -> tuple[int, int] | None:
    """Ranks, from 1, of two of n values between which the q-quantile lies with at least 95%.

    The number of values up to the quantile is binomial (W. J. Conover, *Practical Nonparametric
    Statistics*, 3rd ed. 1999, section 3.2). Each side may miss with 2.5%; where the largest or
    the least value misses more often, the other side is left what remains of 5%. None: even the
    whole sample misses more often. `scipy.stats.quantile_test` has the case of equal sides only.
    """
    above, below = q**n, (1.0 - q) ** n
    if above + below > 0.05:
        return None
    up = max(min(0.025, 0.05 - below), above)
    down = max(min(0.025, 0.05 - above), below)
    up_to, beyond = _binomial(n, q)
    low = int(np.searchsorted(up_to, down))  # the least number with that much up to it
    high = int(np.searchsorted(-beyond, -up))  # and with no more than that beyond it
    return max(1, low), min(n, high + 1)


def _binomial(n: int, q: float) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of up to 0 to n hits of n, and of more; without `scipy.stats`, as above."""
    from scipy.special import bdtr, bdtrc

    hits = np.arange(n + 1.0)
    return bdtr(hits, n, q), bdtrc(hits, n, q)


def quantile_over_runs(name: str, values: pd.Series[float], q: float) -> Estimate:
    """A quantile of values of which several belong to one run; such values are not independent.

    Where every run has enough values, its own quantile is one value a run; those are independent,
    and the middle one has a distribution-free interval. Else it is the quantile of all values
    together, without an interval.

    Args:
        values: indexed by run.
    """
    runs = values.groupby(level=0, sort=False)
    if len(values) == runs.ngroups:
        return independent_quantile(name, values, q)
    if int(runs.size().min()) < needed(q) or runs.ngroups < 2:
        return Estimate(name, quantile(values, q), len(values))
    own = [quantile(of_run, q) for _, of_run in runs]
    return independent_quantile(f"{name} of a run, in the middle run", own, 0.5)
