"""Estimates with intervals, refused where the sample cannot support them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike


class TooFew(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """The sample is too small for the statistic that was asked for."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A point estimate and, where the sample supports one, its 95 % interval."""

    name: str
    value: float
    n: int
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        interval = "-" if self.low is None else f"{self.low:.4g} to {self.high:.4g}"
        return f"{self.name} = {self.value:.4g}  (95 % interval {interval}, n = {self.n})"


def needed(quantile: float) -> int:
    """The least sample from which a quantile is given: n (1 - q) >= 1 on the farther side."""
    tail = min(quantile, 1.0 - quantile) if quantile < 0.5 else 1.0 - quantile
    return math.ceil(round(1.0 / tail, 9))


def quantile(values: ArrayLike, q: float) -> float:
    """The q-quantile, an order statistic of the sample.

    Raises:
        TooFew: the sample is smaller than 1 / (1 - q).
    """
    sample = np.asarray(values, dtype=float)
    if sample.size < needed(q):
        raise TooFew(f"p{100 * q:g} of {sample.size} starts: at least {needed(q)} are needed")
    return float(np.quantile(sample, q, method="inverted_cdf"))


def mean(name: str, values: ArrayLike) -> Estimate:
    """Mean of independent values with its t interval (from two values on)."""
    sample = np.asarray(values, dtype=float)
    if sample.size == 0:
        raise TooFew(f"{name}: there is no value to take the mean of")
    value = float(sample.mean())
    if sample.size < 2:
        return Estimate(name, value, sample.size)
    from scipy import stats

    error = float(sample.std(ddof=1)) / math.sqrt(sample.size)
    reach = float(stats.t.ppf(0.975, sample.size - 1)) * error
    return Estimate(name, value, sample.size, value - reach, value + reach)


def independent_quantile(name: str, values: ArrayLike, q: float) -> Estimate:
    """A quantile of independent values with the distribution-free interval of order statistics.

    The interval is given where the sample has one (p95: from 59 values on); W. J. Conover,
    *Practical Nonparametric Statistics*, 3rd ed. 1999, section 3.2.
    """
    sample = np.sort(np.asarray(values, dtype=float))
    value = quantile(sample, q)
    from scipy import stats

    low = int(stats.binom.ppf(0.025, sample.size, q))
    high = int(stats.binom.ppf(0.975, sample.size, q))
    covered = stats.binom.cdf(high, sample.size, q) - stats.binom.cdf(low - 1, sample.size, q)
    if high >= sample.size:
        # One-sided at the top: the largest value bounds it from above with 1 - q^n.
        high, covered = sample.size - 1, 1.0 - q**sample.size
    if covered < 0.95 or low < 1:
        return Estimate(name, value, sample.size)
    return Estimate(name, value, sample.size, float(sample[low - 1]), float(sample[high]))


def phase_table(spans: pd.DataFrame, q: float) -> dict[str, float]:
    """Mean phases of the ready starts around their q-quantile: they sum to its total.

    Around means between the quantiles q - 0.01 and q + 0.01, or the nearest one. `running` is
    the sum of all phases but `app`, `total` the sum of all.

    Args:
        spans: tiling spans (no children) of starts that became ready.

    Raises:
        TooFew: there are too few starts for that quantile.
    """
    wide = spans.assign(length=spans["end_s"] - spans["start_s"]).pivot_table(
        index=["variant", "run", "task"], columns="phase", values="length", sort=False
    )
    total = wide.sum(axis=1)
    middle = quantile(total, q)
    low, high = (float(np.quantile(total, p)) for p in (max(0.0, q - 0.01), min(1.0, q + 0.01)))
    around = wide[(total >= low) & (total <= high)] if len(total) >= 100 else wide[:0]
    if around.empty:
        around = wide.loc[[(total - middle).abs().idxmin()]]
    phases = {str(phase): float(value) for phase, value in around.mean().items()}
    phases["running"] = sum(value for phase, value in phases.items() if phase != "app")
    phases["total"] = phases["running"] + phases.get("app", 0.0)
    return phases
