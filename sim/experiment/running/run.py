"""One replication: whatever a description makes of a seed and a number, and what came of it."""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.core.recorder import DONE, Recorder

RunRow: TypeAlias = dict[str, Any]
"""Metrics of one replication by name, with its `variant` and `run`."""


class Runnable(Protocol):
    """A description that can be run: a `Scenario`, or a story of its own.

    It is frozen and picklable, and its run depends on nothing but it, the seed and the number.
    """

    @property
    def name(self) -> str:
        """Name of the folder that its results are in."""
        ...

    def run(self, seed: int, replication: int) -> Recorder:
        """Make one run, and return its record; `metrics` of it become columns of `runs`."""
        ...


class UnderWay:
    """The run that this process makes, for whoever asks how far it is."""

    record: ClassVar[Recorder | None] = None

    @classmethod
    def told(cls) -> str:
        """How far it is, in words; empty: nobody knows."""
        record = cls.record
        if record is None or not record.task_outcome:
            return ""
        began, ready = len(record.task_outcome), record.ready
        return f"{ready:,} of {began:,} starts ready, {record.env.now:,.0f} s on its clock"


def run(description: Runnable, seed: int, replication: int) -> Recorder:
    """Run one replication, and return its record with whatever was open censored."""
    with _without_garbage_collection():
        try:
            record = description.run(seed, replication)
        finally:
            UnderWay.record = None
        record.close()
        return record


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A run makes no cycles worth collecting, and looking for them costs a tenth of its time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def run_row(record: Recorder, variant: str, run: int) -> RunRow:
    """Counts of outcomes, mean times of ready starts, slow-downs, and the run's own metrics."""
    outcomes = Counter(outcome.split(":")[0] or "censored" for outcome in record.task_outcome)
    reasons = Counter(o.split(": ", 1)[1] for o in record.task_outcome if ": " in o)
    ready = np.asarray([outcome == "ready" for outcome in record.task_outcome], dtype=bool)
    hosts = Counter(np.asarray(record.task_host, dtype=int)[ready].tolist())
    return {
        "variant": variant,
        "run": run,
        "tasks": len(record.task_outcome),
        **{name: outcomes[name] for name in ("ready", "refused", "killed", "censored")},
        "reasons": "; ".join(f"{reason} x{n}" for reason, n in sorted(reasons.items())),
        "tasks_per_host": max(hosts.values(), default=0),
        "requests": len(record.request_task),
        **_times(record, ready),
        **_slowdowns(record),
        **record.metrics,
    }


def _times(record: Recorder, ready: NDArray[np.bool_]) -> dict[str, float]:
    """Mean time to running and to ready; time to ready of the tasks of each service, too."""
    begin, end = np.asarray(record.task_begin), np.asarray(record.task_end)
    service = np.asarray(record.task_service)
    means = _all_times(record, begin)
    for code, name in enumerate(record.services.all()):
        mine = ready & (service == code)
        if mine.any():
            means[f"time_to_ready_s_{name}"] = float(np.mean(end[mine] - begin[mine]))
    return means


def _all_times(record: Recorder, begin: NDArray[np.float64]) -> dict[str, float]:
    """Mean times of all starts that became ready, whatever became of them later."""
    if "app" not in record.phases.all():
        return {}
    filed = record.filed
    tiles = np.asarray(filed.parent) == record.phases.code("")
    app = tiles & (np.asarray(filed.phase) == record.phases.code("app"))
    app &= np.asarray(filed.outcome) == DONE
    if not app.any():
        return {}
    since = begin[np.asarray(filed.task)[app]]
    return {
        "time_to_running_s": float(np.mean(np.asarray(filed.start)[app] - since)),
        "time_to_ready_s": float(np.mean(np.asarray(filed.end)[app] - since)),
    }


def _slowdowns(record: Recorder) -> dict[str, float]:
    """p95 slow-down of the requests of each service."""
    task = np.asarray(record.request_task)
    if task.size == 0:
        return {}
    service = np.asarray(record.task_service)[task]
    slowdown = np.asarray(record.request_slowdown)
    return {
        f"slowdown_p95_{name}": float(np.quantile(slowdown[service == code], 0.95))
        for code, name in enumerate(record.services.all())
        if (service == code).any()
    }
