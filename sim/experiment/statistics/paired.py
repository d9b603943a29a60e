"""Two results compared, metric by metric, in pairs where their replications share their numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.statistics.estimate import (
    Estimate,
    TooFew,
    mean,
    needed,
    quantile,
    t_quantile,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from sim.experiment.results import Results


TIMES = ("time_to_running_s", "time_to_ready_s")
P95 = "time_to_ready_s_p95"
INPUTS = ("variant", "run", "tasks")
"""Columns of `runs` that say what was asked, not what came of it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """B minus A in one metric, in its unit."""

    metric: str
    a: float
    b: float
    estimate: Estimate
    correlation: float | None = None
    """Correlation of A and B over replications; None where not paired, or one never varies."""
    variant: str = ""

    @property
    def relative(self) -> float | None:
        """In units of A's mean; None where that is 0."""
        return self.estimate.value / abs(self.a) if self.a else None

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves out 0."""
        low, high = self.estimate.low, self.estimate.high
        return low is not None and high is not None and not low <= 0.0 <= high

    def json(self) -> dict[str, Any]:
        """Plain data; what is not known is absent."""
        data = {"variant": self.variant, "metric": self.metric, "a": self.a, "b": self.b}
        data |= {"difference": self.estimate.value, "n": self.estimate.n}
        data |= {"low": self.estimate.low, "high": self.estimate.high}
        data |= {"relative": self.relative, "correlation": self.correlation}
        return {name: value for name, value in data.items() if value not in (None, "")}


def paired(metric: str, a: ArrayLike, b: ArrayLike) -> Difference:
    """The mean of b - a with its t interval; the two belong together value by value.

    Raises:
        TooFew: fewer than two pairs.
    """
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    _at_least_two(metric, first)
    varies = first.std() > 0.0 and second.std() > 0.0
    correlation = float(np.corrcoef(first, second)[0, 1]) if varies else None
    change = mean(metric, second - first)
    return Difference(metric, float(first.mean()), float(second.mean()), change, correlation)


def welch(metric: str, a: ArrayLike, b: ArrayLike) -> Difference:
    """The difference of two means of independent samples, with Welch's t interval.

    B. L. Welch, *Biometrika* 34, 1947, 28-35.

    Raises:
        TooFew: a sample has fewer than two values.
    """
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    for sample in (first, second):
        _at_least_two(metric, sample)
    value = float(second.mean() - first.mean())
    squared = np.asarray([sample.var(ddof=1) / sample.size for sample in (first, second)])
    reach = 0.0
    if squared.sum() > 0.0:
        share = squared / squared.sum()
        freedom = 1.0 / (share**2 / (first.size - 1, second.size - 1)).sum()
        reach = t_quantile(0.975, freedom) * math.sqrt(squared.sum())
    change = Estimate(metric, value, min(first.size, second.size), value - reach, value + reach)
    return Difference(metric, float(first.mean()), float(second.mean()), change)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences of two results, and what has to be said about them."""

    differences: tuple[Difference, ...]
    why_not_paired: str
    """Empty where they are paired."""
    same: tuple[str, ...]
    """Metrics that are the same number in every run of both."""
    refused: Mapping[str, str]
    """Metrics that cannot be compared, and why."""


def compare_results(a: Results, b: Results, variant_a: str, variant_b: str) -> Comparison:
    """B against A in every metric they share.

    In pairs, replication by replication, where seed and workload are equal: then task k of
    replication r is the same task in both. Else by Welch, which takes them as independent.

    Raises:
        ValueError: they share no metric, or a run has fewer than two replications.
    """
    first, second = per_run(a, variant_a), per_run(b, variant_b)
    for results, table in ((a, first), (b, second)):
        if len(table) < 2:
            raise TooFew(f"replications: {results.name} has {len(table)}; at least 2 are needed")
    metrics = [name for name in map(str, first) if name in second]
    if not metrics:
        raise ValueError(f"{a.name} and {b.name} have no metric in common")
    why = why_not_paired(a, b, variant_a, variant_b)
    if not why:
        both = first.index.intersection(second.index)
        first, second = first.loc[both], second.loc[both]
    return _compare(first, second, metrics, why)


def per_run(results: Results, variant: str) -> pd.DataFrame:
    """A row a replication, a column a metric.

    Times are means over the starts of a replication that became ready (absent: NaN); their p95
    is there where every replication has 20 of them.

    Raises:
        ValueError: the rows of `runs` are no replications.
    """
    runs = results.runs[results.runs["variant"] == variant]
    if runs["run"].duplicated().any() or "ready" not in runs:
        raise ValueError(f"{results.name}: its runs are no replications of a scenario")
    table = runs.set_index("run").select_dtypes("number")
    results_of = [name for name in map(str, table) if name not in (*INPUTS, *TIMES)]
    table = table.reindex(columns=[*TIMES, *results_of])
    services = [name for name in map(str, table) if name.startswith(f"{TIMES[1]}_")]
    if len(services) == 1:  # the same as over all starts
        table = table.drop(columns=services)
    starts = results.starts()
    ready = starts[starts["variant"] == variant].groupby("run")[TIMES[1]]
    if ready.ngroups == len(table) and int(ready.size().min()) >= needed(0.95):
        table.insert(len(TIMES), P95, [quantile(of_run, 0.95) for _, of_run in ready])
    return table


def _compare(
    a: pd.DataFrame, b: pd.DataFrame, metrics: Sequence[str], why_not_paired: str
) -> Comparison:
    gone = {name: _gone(a[name], b[name]) for name in metrics}
    for name in sorted(map(str, set(a) ^ set(b))):
        gone[name] = f"only {'A' if name in a else 'B'} has it"
    there = [name for name in metrics if not gone[name]]
    same = [name for name in there if _constant(a[name], b[name])]
    compared = welch if why_not_paired else paired
    return Comparison(
        tuple(compared(name, a[name], b[name]) for name in there if name not in same),
        why_not_paired,
        tuple(f"{name} = {a[name].iloc[0]:g}" for name in same),
        {name: reason for name, reason in gone.items() if reason},
    )


def _gone(a: pd.Series[float], b: pd.Series[float]) -> str:
    """Why a metric cannot be compared; empty where it can."""
    missing = int(a.isna().sum()), int(b.isna().sum())
    return f"there is none in {missing[0]} runs of A and {missing[1]} of B" if any(missing) else ""


def _constant(a: pd.Series[float], b: pd.Series[float]) -> bool:
    """Whether it is one and the same number in every run of both."""
    return bool((a == a.iloc[0]).all() and (b == a.iloc[0]).all())


def why_not_paired(a: Results, b: Results, variant_a: str, variant_b: str) -> str:
    """Why replication r of A and of B do not do the same work; empty where they do."""
    seeds = a.manifest["seed"], b.manifest["seed"]
    if seeds[0] != seeds[1]:
        return f"their seeds differ ({seeds[0]} and {seeds[1]})"
    if workload(a.scenario[variant_a]) != workload(b.scenario[variant_b]):
        return "their workloads differ"
    return ""


def workload(described: Mapping[str, Any]) -> str:
    """What is drawn for the workload: arrivals without their images, and how long they serve."""
    plain = {"arrivals": described.get("arrivals"), "serve": described.get("serve")}
    return json.dumps(_without(plain, "image"), sort_keys=True)


def _without(node: Any, name: str) -> Any:
    if isinstance(node, dict):
        return {key: _without(value, name) for key, value in node.items() if key != name}
    return [_without(item, name) for item in node] if isinstance(node, list) else node


def _at_least_two(metric: str, sample: np.ndarray) -> None:
    if sample.size < 2:
        raise TooFew(f"{metric}: {sample.size} replications; at least 2 are needed")
