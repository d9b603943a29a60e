"""Columns of finished runs: numbers and small codes in NumPy arrays, which are cheap to send."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.core.recorder import OUTCOMES, Names, Recorder

UNITS = {
    "cpu": "vCPU",
    "memory": "byte",
    "cache": "byte",
    "hosts": "hosts",
    "copies": "copies",
    "rate": "requests/s",
}


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of words: small integers, and the words they stand for."""

    codes: NDArray[np.int32]
    words: tuple[str, ...]


Column: TypeAlias = NDArray[Any] | Coded
Columns: TypeAlias = dict[str, Column]


def span_columns(record: Recorder, variant: str, run: int) -> Columns:
    """One row a phase of a start, in the order of tasks and time."""
    task = np.asarray(record.span_task)
    hosts = np.asarray(record.task_host)
    order = np.lexsort((np.asarray(record.span_end), np.asarray(record.span_start), task))
    task = task[order]
    return {
        **_run(variant, run, task.size),
        "task": task,
        "host": _coded(hosts[task] if task.size else hosts[:0], record.hosts),
        "phase": _coded(np.asarray(record.span_phase)[order], record.phases),
        "parent": _coded(np.asarray(record.span_parent)[order], record.phases),
        "start_s": np.asarray(record.span_start)[order],
        "end_s": np.asarray(record.span_end)[order],
        "outcome": Coded(np.asarray(record.span_outcome)[order].astype(np.int32), OUTCOMES),
    }


def sample_columns(record: Recorder, variant: str, run: int) -> Columns:
    """One row a reading of a host's resource."""
    resource = _coded(np.asarray(record.sample_resource), record.resources)
    return {
        **_run(variant, run, resource.codes.size),
        "host": _coded(np.asarray(record.sample_host), record.hosts),
        "resource": resource,
        "time_s": np.asarray(record.sample_time),
        "used": np.asarray(record.sample_used),
        "capacity": np.asarray(record.sample_capacity),
        "unit": Coded(resource.codes, tuple(UNITS[name] for name in resource.words)),
    }


def joined(pieces: Sequence[Columns]) -> Columns:
    """The rows of several runs below one another; words get one set of codes."""
    return {name: _stacked([piece[name] for piece in pieces]) for name in pieces[0]}


def size(columns: Columns) -> int:
    """Bytes they take."""
    return sum(c.codes.nbytes if isinstance(c, Coded) else c.nbytes for c in columns.values())


def _run(variant: str, run: int, rows: int) -> Columns:
    return {
        "variant": Coded(np.zeros(rows, dtype=np.int32), (variant,)),
        "run": np.full(rows, run, dtype=np.int64),
    }


def _coded(codes: NDArray[Any], names: Names) -> Coded:
    return Coded(codes.astype(np.int32), tuple(names.all()))


def _stacked(columns: Sequence[Column]) -> Column:
    codes: dict[str, int] = {}
    arrays: list[NDArray[Any]] = []
    for column in columns:
        if isinstance(column, Coded):
            new = [codes.setdefault(word, len(codes)) for word in column.words]
            arrays.append(np.asarray(new, dtype=np.int32)[column.codes])
        else:
            arrays.append(column)
    whole = np.concatenate(arrays)
    return Coded(whole, tuple(codes)) if isinstance(columns[0], Coded) else whole
