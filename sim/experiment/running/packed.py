"""Readings of meters, packed: hosts at rest read what they have read before.

Most of the readings of a large run say nothing new: packed they take a byte or less, and not the 32
of their columns, so hosts may be read as often as somebody likes.
"""

import zlib
from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.recorder import Recorder

BLOCK = 2**16
"""Readings from which they are packed."""

LEVEL = 1
"""Of zlib: the quickest; what repeats itself is as small with any."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Some readings: the type code of each column, and what is packed of it."""

    rows: int
    columns: tuple[tuple[str, bytes], ...]

    def unpacked(self) -> list[NDArray[Any]]:
        """Host, resource, time, use and capacity, to the last bit."""
        return [_summed(np.frombuffer(zlib.decompress(c), code)) for code, c in self.columns]


def pack_samples(record: Recorder) -> None:
    """Pack the readings so far, once they are many: a run may have hundreds of millions."""
    rows = len(record.sample_time)
    if rows < BLOCK:
        return
    columns: tuple[array[Any], ...] = (
        record.sample_host,
        record.sample_resource,
        record.sample_time,
        record.sample_used,
        record.sample_capacity,
    )
    packed = tuple((each.typecode, zlib.compress(_steps(each), LEVEL)) for each in columns)
    record.packed_samples.append(Packed(rows, packed))
    for column in columns:
        del column[:]


def _steps(column: "array[Any]") -> bytes:
    """Of integers the differences, which repeat themselves more."""
    values = np.asarray(column)
    if values.dtype.kind == "i":
        values = np.diff(values, prepend=values.dtype.type(0))
    return values.tobytes()


def _summed(values: NDArray[Any]) -> NDArray[Any]:
    return np.cumsum(values, dtype=values.dtype) if values.dtype.kind == "i" else values
