"""Columns of finished runs: numbers and small codes in NumPy arrays, which are cheap to send."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from sim.core.recorder import OUTCOMES, Names, Recorder
from sim.experiment.running.packed import Packed

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
    filed = record.filed
    task = np.asarray(filed.task)
    hosts = np.asarray(record.task_host)
    order = np.lexsort((np.asarray(filed.end), np.asarray(filed.start), task))
    task = task[order]
    return {
        **_run(variant, run, task.size),
        "task": task,
        "host": _coded(hosts[task] if task.size else hosts[:0], record.hosts),
        "phase": _coded(np.asarray(filed.phase)[order], record.phases),
        "parent": _coded(np.asarray(filed.parent)[order], record.phases),
        "start_s": np.asarray(filed.start)[order],
        "end_s": np.asarray(filed.end)[order],
        "outcome": Coded(np.asarray(filed.outcome)[order].astype(np.int32), OUTCOMES),
    }


def sample_columns(record: Recorder, variant: str, run: int) -> Columns:
    """One row a reading of a host's resource, those that are packed left out."""
    return _samples(
        variant,
        run,
        (tuple(record.hosts.all()), tuple(record.resources.all())),
        np.asarray(record.sample_host),
        np.asarray(record.sample_resource),
        np.asarray(record.sample_time),
        np.asarray(record.sample_used),
        np.asarray(record.sample_capacity),
    )


@dataclass(frozen=True, slots=True)
class PackedSamples:
    """Some readings of a run, as its record has packed them."""

    variant: str
    run: int
    words: tuple[tuple[str, ...], tuple[str, ...]]
    """Of the codes of hosts and of resources."""
    block: Packed

    def columns(self) -> Columns:
        """The readings."""
        return _samples(self.variant, self.run, self.words, *self.block.unpacked())


Piece: TypeAlias = Columns | PackedSamples


def sample_pieces(record: Recorder, variant: str, run: int) -> list[Piece]:
    """All readings of a run, in the order of time."""
    words = tuple(record.hosts.all()), tuple(record.resources.all())
    packed = [
        PackedSamples(variant, run, words, block)
        for block in record.packed_samples
        if isinstance(block, Packed)
    ]
    return [*packed, sample_columns(record, variant, run)]


def joined_pieces(pieces: Iterable[Piece]) -> list[Piece]:
    """The same rows; what is not packed is one piece wherever it stands together."""
    made: list[Piece] = []
    plain: list[Columns] = []
    for piece in pieces:
        if isinstance(piece, PackedSamples):
            made += [joined(plain), piece] if plain else [piece]
            plain = []
        else:
            plain.append(piece)
    return [*made, joined(plain)] if plain else made


def joined(pieces: Sequence[Columns]) -> Columns:
    """The rows of several runs below one another; words get one set of codes."""
    return {name: _stacked([piece[name] for piece in pieces]) for name in pieces[0]}


def size(piece: Piece) -> int:
    """Bytes it takes."""
    if isinstance(piece, PackedSamples):
        return sum(len(column) for _, column in piece.block.columns)
    return sum(c.codes.nbytes if isinstance(c, Coded) else c.nbytes for c in piece.values())


def rows_of(piece: Piece) -> int:
    """How many rows it has."""
    if isinstance(piece, PackedSamples):
        return piece.block.rows
    return len(cast("NDArray[Any]", piece["run"]))


def sliced(columns: Columns, begin: int, end: int) -> Columns:
    """Some of the rows."""
    return {
        name: Coded(c.codes[begin:end], c.words) if isinstance(c, Coded) else c[begin:end]
        for name, c in columns.items()
    }


def _samples(
    variant: str,
    run: int,
    words: tuple[tuple[str, ...], tuple[str, ...]],
    host: NDArray[Any],
    resource: NDArray[Any],
    *values: NDArray[Any],
) -> Columns:
    hosts, resources = words
    codes = resource.astype(np.int32)
    time, used, capacity = values
    return {
        **_run(variant, run, codes.size),
        "host": Coded(host.astype(np.int32), hosts),
        "resource": Coded(codes, resources),
        "time_s": time,
        "used": used,
        "capacity": capacity,
        "unit": Coded(codes, tuple(UNITS[name] for name in resources)),
    }


def _run(variant: str, run: int, rows: int) -> Columns:
    return {
        "variant": Coded(np.zeros(rows, dtype=np.int32), (variant,)),
        "run": np.full(rows, run, dtype=np.int64),
    }


def _coded(codes: NDArray[Any], names: Names) -> Coded:
    return Coded(codes.astype(np.int32), tuple(names.all()))


def _stacked(columns: Sequence[Column]) -> Column:
    if len(columns) == 1:
        return columns[0]
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
