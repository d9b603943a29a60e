"""What a run of a call graph says, in numbers: quantiles by entry, and whose the time is."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core.recorder import DONE, Recorder
from sim.experiment.statistics import estimate
from sim.workload.traffic.journal import KINDS, WIDTH, Journal

Floats = NDArray[np.float64]

QUANTILES = {"p50_s": 0.50, "p95_s": 0.95, "p99_s": 0.99}
AROUND = 0.01
"""Requests that far below and above a quantile make its row."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Requests that came after the warm-up and before the end."""

    entry: NDArray[np.int64]
    took: Floats
    """Seconds from request to answer."""
    failed: NDArray[np.bool_]
    parts: Floats
    """Seconds of each request in each part: the row of a request sums to what it took."""
    number: NDArray[np.int64]
    """Of each request in the journal."""


def tally(journal: Journal, parts: int, begin: float, end: float) -> Tally:
    """The requests that were made between two times."""
    times, answered = np.asarray(journal.times), np.asarray(journal.answered)
    number = np.flatnonzero((times >= begin) & (times < end))
    number = number[np.argsort(times[number], kind="stable")]
    whose = _parts(journal, parts)
    return Tally(
        entry=np.asarray(journal.entries, dtype=np.int64)[number],
        took=(answered - times)[number],
        failed=np.asarray(journal.failed, dtype=bool)[number],
        parts=whose[number],
        number=number,
    )


def _parts(journal: Journal, parts: int) -> Floats:
    first = np.asarray(journal.first, dtype=np.int64)
    length, _ = _steps(journal)
    counts = np.diff(np.append(first, len(journal.path_times)))
    request = np.repeat(np.arange(len(first)), counts)
    cell = request * parts + np.asarray(journal.path_codes, dtype=np.int64) // WIDTH
    table = np.zeros(len(first) * parts)
    np.add.at(table, cell, length)
    return table.reshape(len(first), parts)


def _steps(journal: Journal) -> tuple[Floats, Floats]:
    """Length and beginning of each step."""
    began = np.asarray(journal.path_times)
    ends = np.empty_like(began)
    ends[:-1] = began[1:]
    last = np.append(np.asarray(journal.first, dtype=np.int64)[1:], len(began)) - 1
    ends[last] = np.asarray(journal.answered)
    return ends - began, began


def around(took: Floats, q: float) -> NDArray[np.int64]:
    """The requests around a quantile: the ranks between 1% below and above, or the nearest."""
    order = np.argsort(took, kind="stable")
    low = math.ceil((q - AROUND) * len(order)) - 1
    high = math.floor((q + AROUND) * len(order))
    nearest = min(len(order) - 1, max(0, math.ceil(q * len(order)) - 1))
    return order[low:high] if high > low >= 0 else order[nearest : nearest + 1]


def enough(took: Floats, q: float) -> bool:
    """Whether there are requests enough for a quantile."""
    return took.size >= estimate.needed(q)


def of_entry(took: Floats) -> dict[str, float]:
    """Mean and quantiles; a quantile that the sample cannot support is absent."""
    if took.size == 0:
        return {}
    found = {"mean_s": float(took.mean())}
    for key, q in QUANTILES.items():
        if enough(took, q):
            found[key] = float(np.quantile(took, q, method="inverted_cdf"))
    return found


def file_waterfall(record: Recorder, journal: Journal, number: int, names: list[str]) -> None:
    """The steps of one request as the phases of a task, so that they are kept with the run."""
    task = record.task("request around p95")
    first = journal.first[number]
    last = journal.first[number + 1] if number + 1 < len(journal.first) else len(journal.path_times)
    ends = [*journal.path_times[first + 1 : last], journal.answered[number]]
    for since, until, code in zip(
        journal.path_times[first:last], ends, journal.path_codes[first:last], strict=True
    ):
        phase = f"{names[code // WIDTH]}: {KINDS[code % WIDTH]}"
        record.file(task, record.phases[phase], 0, since, until, DONE)
    record.task_begin[task], record.task_end[task] = journal.times[number], journal.answered[number]
    record.task_outcome[task] = "answered"
