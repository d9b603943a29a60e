"""Means of the steady state: the warm-up of each replication is found and deleted (MSER-5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.core.names import shown
from sim.experiment.running.stopping import RunningMean
from sim.experiment.statistics.estimate import Estimate, TooFew, mean

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

BATCH = 5
"""Values whose mean is one point of the series: the 5 of MSER-5."""
LEAST = 10
"""Batches below which no warm-up is looked for."""


class NotSteady(TooFew):
    """The series is still settling when it ends."""


@dataclass(frozen=True, slots=True)
class Steady:
    """A mean of the steady state, and what was deleted to get it."""

    estimate: Estimate
    deleted: int
    """Values deleted from the beginning of each replication."""
    lengths: tuple[int, ...]
    """Values there were in each."""

    def __str__(self) -> str:
        return f"{self.estimate}; warm-up: the first {self.deleted} of {min(self.lengths)} values"


def mser5(series: ArrayLike) -> int:
    """How many values at the beginning of a series are warm-up.

    Of the means z of batches of five, the first d are deleted for which the marginal standard
    error sum((z - mean(z))^2) / (n - d)^2 of the n - d others is least: K. P. White, *An effective
    truncation heuristic for bias reduction in simulation output*, Simulation 69(6), 1997, in
    batches of five as in W. W. Franklin and K. P. White, *Stationarity tests and MSER-5*, Winter
    Simulation Conference 2008. Only the first half is searched: further on few batches are left,
    and their spread is low by chance. A rest of less than five values belongs to no batch.

    Raises:
        TooFew: fewer than 50 values.
        NotSteady: the least is where the search ends.
    """
    values = np.asarray(series, dtype=float)
    batches = values[: len(values) // BATCH * BATCH].reshape(-1, BATCH).mean(axis=1)
    if len(batches) < LEAST:
        raise TooFew(f"warm-up of {len(values)} values: at least {BATCH * LEAST} are needed")
    last = len(batches) // 2
    first = int(np.argmin(_marginal_errors(batches)[: last + 1]))
    if first == last:
        raise NotSteady(
            f"warm-up of {len(values)} values: it lasts for half of them or more; run longer"
        )
    return first * BATCH


def steady_mean(name: str, replications: Sequence[ArrayLike]) -> Steady:
    """Mean of the steady state with its t interval over replications.

    The warm-up is looked for in the mean of all replications, value by value, and is the same in
    each: a cut chosen for one of them alone would depend on its own luck, and biases its mean
    (K. Hoad, S. Robinson, R. Davies, *Automating warm-up length estimation*, J. Oper. Res. Soc. 61,
    2010).

    Raises:
        TooFew: the replications are too short, or still settling when they end.
    """
    runs = [np.asarray(values, dtype=float) for values in replications]
    shortest = min(map(len, runs), default=0)
    try:
        deleted = mser5(np.mean([values[:shortest] for values in runs], axis=0))
    except TooFew as error:
        raise type(error)(f"{name}: {error}") from error
    means = [values[deleted:].mean() for values in runs]
    return Steady(mean(f"{name}, steady", means), deleted, tuple(map(len, runs)))


def series(
    starts: pd.DataFrame, samples: pd.DataFrame, metric: str, variant: str
) -> list[np.ndarray]:
    """The values of a metric in each replication, in its order.

    Args:
        starts: one row a start that became ready, as `Results.starts` gives them.
        samples: one row a reading of a host's resource.
        metric: a time of `starts`, in the order of arrival; or a resource of `samples`, its use
            on all hosts together, in the order of time.

    Raises:
        ValueError: there is no such metric.
    """
    times = [name for name in map(str, starts) if name.endswith("_s")]
    if metric in times:
        return _by_run(starts[starts["variant"] == variant].sort_values(["run", "task"]), metric)
    known = samples["resource"].unique().tolist()
    if metric not in known:
        raise ValueError(f"metric: {shown(metric)} is not known; known: {', '.join(times + known)}")
    rows = samples[(samples["variant"] == variant) & (samples["resource"] == metric)]
    return _by_run(rows.groupby(["run", "time_s"])["used"].sum().reset_index(), "used")


def _by_run(table: pd.DataFrame, column: str) -> list[np.ndarray]:
    return [np.asarray(of_run[column]) for _, of_run in table.groupby("run")]


def _marginal_errors(batches: np.ndarray) -> np.ndarray:
    """Marginal standard error, squared, of the batches from each one to the last."""
    errors, rest = np.empty(len(batches)), RunningMean()
    for at in range(len(batches) - 1, -1, -1):
        rest.add(batches[at])
        errors[at] = rest.squares / rest.n**2
    return errors
