"""How far files shrink on the wire: a sample of the layer's tar, compressed as Docker would."""

import math
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from tarfile import BLOCKSIZE, USTAR_FORMAT, TarInfo
from typing import NamedTuple

from sim.core.cited import Cited, Number
from sim.image.image import ends_of

WINDOW = 128 * 1024
"""Bytes of one piece of a sample; gzip looks back 32 KiB, so most of a piece has its past."""
WINDOWS = 64
"""Pieces of a sample at most: 8 MiB are compressed, in a third of a second."""

_GRADES = ("A", "B", "C", "D", "assumed")


class FileInLayer(NamedTuple):
    """A file of a layer, by what it takes to see its bytes."""

    name: str
    size: int
    data: Path | bytes | None
    """Where they are; None: nowhere, as for a link."""


class Shrunk(NamedTuple):
    """What a sample of a tar became."""

    share: float
    """Compressed over uncompressed bytes."""
    error: float
    """Two standard errors of the share; 0 where all of it was compressed."""
    seen: int
    """Bytes that were compressed."""

    def ratio(self, files: float, tar: float, key: str) -> Cited:
        """Bytes of files over those of their compressed tar."""
        low, high = (self._of(files, tar, end) for end in (self.error, -self.error))
        whole = "all of it" if self.error == 0.0 else f"{self.seen / 1e6:.1f} of {tar / 1e6:.1f} MB"
        return Cited(
            key=key,
            value=self._of(files, tar, 0.0),
            unit="unpacked/compressed",
            grade="A",
            source=f"the files of the layer: gzip -6 of {whole}",
            as_of="this build",
            low=None if self.error == 0.0 else low,
            high=None if self.error == 0.0 else high,
        )

    def _of(self, files: float, tar: float, more: float) -> float:
        return files / (tar * max(self.share + more, 0.2 * self.share))


def ratio_of(files: Sequence[FileInLayer], key: str) -> Number:
    """How far a layer of these files shrinks, with the range that its sample leaves.

    The tar has its headers, so many small files shrink less than their bytes alone. Deterministic.

    Raises:
        OSError: a file cannot be read.
    """
    size = sum(file.size for file in files)
    if size == 0:
        return 1.0
    ends = list(accumulate(tar_size(file.size) for file in files))
    pieces = (_piece(files, ends, begin) for begin in windows_of(ends[-1]))
    return shrunk(pieces, ends[-1]).ratio(size, ends[-1], key)


def tar_size(size: int) -> int:
    """Bytes of a file in a tar: a header, and whole blocks."""
    return BLOCKSIZE * (1 + -(-size // BLOCKSIZE))


def windows_of(total: int) -> Iterator[int]:
    """Where the pieces of a sample begin, evenly spread: all of a small tar."""
    if total <= WINDOW * WINDOWS:
        yield from range(0, total, WINDOW)
        return
    for number in range(WINDOWS):
        yield number * (total - WINDOW) // (WINDOWS - 1) // BLOCKSIZE * BLOCKSIZE


def shrunk(pieces: Iterable[bytes], total: int) -> Shrunk:
    """Compress the pieces of a sample of `total` bytes."""
    packer, sizes, shares = zlib.compressobj(6), list[int](), list[float]()
    out = 0
    for piece in pieces:
        made = len(packer.compress(piece)) + len(packer.flush(zlib.Z_SYNC_FLUSH))
        sizes.append(len(piece))
        shares.append(made / len(piece))
        out += made
    seen = sum(sizes)
    share = out / seen
    if seen >= total or len(sizes) < 2:
        return Shrunk(share, 0.0, seen)
    spread = sum((each - share) ** 2 for each in shares) / (len(shares) - 1)
    return Shrunk(share, 2.0 * math.sqrt(spread / len(shares) * (1.0 - seen / total)), seen)


def together(parts: Iterable[tuple[float, Number]], key: str) -> Number:
    """The ratio of several lots of files in one layer; of one kind, that kind's own."""
    parts = [(size, ratio) for size, ratio in parts if size > 0.0]
    kinds = list(dict.fromkeys(ratio for _, ratio in parts))
    if len(kinds) <= 1:
        return kinds[0] if kinds else 1.0
    size = math.fsum(size for size, _ in parts)
    cited = [ratio for ratio in kinds if isinstance(ratio, Cited)]
    return Cited(
        key=key,
        value=size / math.fsum(part / max(float(ratio), 1e-3) for part, ratio in parts),
        unit="unpacked/compressed",
        grade=max((ratio.grade for ratio in cited), key=_GRADES.index, default="A"),
        source="; ".join(dict.fromkeys(ratio.source for ratio in cited)),
        as_of="this build",
        low=size / math.fsum(part / max(ends_of(ratio)[0], 1e-3) for part, ratio in parts),
        high=size / math.fsum(part / max(ends_of(ratio)[1], 1e-3) for part, ratio in parts),
    )


def _piece(files: Sequence[FileInLayer], ends: list[int], begin: int) -> bytes:
    """A piece of the tar from a place on."""
    made, end = bytearray(), min(begin + WINDOW, ends[-1])
    place = bisect_right(ends, begin)
    while begin + len(made) < end:
        file, start = files[place], ends[place - 1] if place else 0
        skip = begin + len(made) - start
        wanted = min(end, ends[place]) - begin - len(made)
        made += _in_tar(file, skip, wanted)
        place += 1
    return bytes(made)


def _in_tar(file: FileInLayer, skip: int, wanted: int) -> bytes:
    """Bytes of one file in its tar: of its header, its content, and what fills the last block."""
    header = b""
    if skip < BLOCKSIZE:
        about = TarInfo(file.name[-90:].encode("ascii", "replace").decode())
        about.size, about.mode = min(file.size, 8**11 - 1), 0o644
        header = about.tobuf(USTAR_FORMAT)[skip : skip + wanted]
    data, left = b"", wanted - len(header)
    if left > 0:
        at = max(0, skip - BLOCKSIZE)
        if isinstance(file.data, Path):
            with file.data.open("rb") as opened:
                opened.seek(at)
                data = opened.read(left)
        elif file.data is not None:
            data = file.data[at : at + left]
    return (header + data).ljust(wanted, b"\0")
