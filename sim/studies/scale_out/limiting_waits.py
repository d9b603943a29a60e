"""What limited each stretch of a scale-out: which wait grew between its ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.names import SPOKEN

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

ENDS = (0.10, 0.50, 0.90)
"""Shares of the tasks at which stretches meet."""
AROUND = 0.02
"""Share of the tasks, around an end, over which waits are averaged."""

NAMED = 0.25
"""Share of a stretch below which a wait is not named beside the largest."""

PARENTS = ("request", "placement")
"""Phases whose parts are told apart."""

WORDS = {
    "service scheduler": "the rate of the service scheduler",
    "PROVISIONING cap": "the cap on tasks in PROVISIONING",
    "launch quota": "the launch quota",
    "metric period": "the metric's period",
    "instance warm-up": "the warm-up between two steps",
    "batch window": "the batch window",
    "gathering tasks": "ECS's look at the tasks that wait",
    "scan interval": "the scan interval",
    "consolidation": "Karpenter's consolidation",
    "scaling group": "the scaling group's reaction",
    "instance boot": "instances booting",
    "network calls": "calls to EC2 for addresses",
    "scheduler": "the rate at which the scheduler writes",
    "provision": "Fargate's provisioning",
    "controller": "the rate at which pods are made",
    "pull": "the pull",
}
"""Waits as one says them, where a start's phases are not said as ever."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the curve, and the wait that made it as long as it is."""

    begin: float
    """Share of the tasks at which it begins."""
    end: float
    seconds: float
    limits: tuple[tuple[str, float], ...]
    """Waits that grew, largest first, each with its share of all that grew."""

    def json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "from": self.begin,
            "to": self.end,
            "seconds": self.seconds,
            "limits": [{"limit": limit, "share": share} for limit, share in self.limits],
        }

    def __str__(self) -> str:
        said = SPOKEN | WORDS
        parts = ", ".join(f"{said.get(name, name)} ({share:.0%})" for name, share in self.limits)
        return f"{self.begin:.0%} to {self.end:.0%} in {self.seconds:.0f} s: {parts}"


def stretches(spans: pd.DataFrame) -> list[Stretch]:
    """The stretches of one variant, over all its runs.

    All tasks are asked for at once, so the time between two ends of a stretch is the sum of what
    each wait is longer for the tasks at its end than for those at its beginning.

    Args:
        spans: the spans of one variant.
    """
    waits = _waits(spans)
    total = waits.sum(axis=1)
    by_run = total.groupby(level="run")
    rank, tasks = by_run.rank(method="first"), by_run.transform("size")
    stretched = []
    before, begin = waits.iloc[0] * 0.0, 0.0
    for end in _apart(int(tasks.min())):
        around = (rank / tasks - end).abs() <= AROUND
        near = waits[around | (rank == np.ceil((end * tasks).round(9)))].mean()
        grown = (near - before).sort_values(ascending=False)
        seconds = float(near.sum() - before.sum())
        if seconds > 0.0:
            shares = grown / grown[grown > 0.0].sum()
            largest = shares[(shares >= NAMED) | (shares == shares.iloc[0])]
            limits = tuple((str(name), float(share)) for name, share in largest.items())
            stretched.append(Stretch(begin, end, seconds, limits))
        before, begin = near, end
    return stretched


def _apart(tasks: int) -> list[float]:
    """The ends that are at different tasks of so many; of those at one task the last."""
    ends = (*ENDS, 1.0)
    return list({math.ceil(round(end * tasks, 9)): end for end in ends}.values())


def _waits(spans: pd.DataFrame) -> pd.DataFrame:
    """Seconds of each wait of each task: the tiling phases, some of them in their parts."""
    done = spans[(spans["outcome"] == "done").to_numpy()]
    parent = done["parent"]
    table = _by_phase(done[(parent == "").to_numpy()])
    for name in PARENTS:
        mine = done[(parent == name).to_numpy()]
        if name in table and len(mine):
            inner = _by_phase(mine).reindex(table.index, fill_value=0.0)
            table[name] = table[name] - inner.sum(axis=1)
            table = table.add(inner, fill_value=0.0)
    return table


def _by_phase(spans: pd.DataFrame) -> pd.DataFrame:
    """Seconds of each phase, in the order of their names, of each task.

    Rows and columns are found by counting: pandas would sort all spans by each key.
    """
    import pandas as pd

    task = spans["task"].to_numpy()
    tasks = int(task.max()) + 1
    start, starts = _in_order(spans["run"].to_numpy() * tasks + task)
    phases = spans["phase"].astype("category").cat
    phase, used = _in_order(phases.codes.to_numpy())
    names = phases.categories[used]
    seconds = spans["end_s"] - spans["start_s"]
    total = seconds.groupby(start * len(used) + phase, sort=False).sum()
    wide = np.zeros((len(starts), len(used)))
    wide.flat[total.index] = total
    index = pd.MultiIndex.from_arrays(
        [starts // tasks, (starts % tasks).astype(task.dtype)], names=["run", "task"]
    )
    order = names.argsort()
    return pd.DataFrame(wide[:, order], index, names[order].astype(str))


def _in_order(numbers: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The place of each number among those that there are, and these in order; they are small."""
    there = np.bincount(numbers) > 0
    return (np.cumsum(there) - 1)[numbers], np.flatnonzero(there)
