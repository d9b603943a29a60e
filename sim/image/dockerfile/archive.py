"""The archive that ADD unpacks: which files it holds, and how far they shrink; nothing is written.

Docker knows an archive by its content: what begins as a tar, plain or by gzip, bzip2 or xz.
"""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from tarfile import BLOCKSIZE, TarError, TarFile
from typing import Any, NamedTuple

from sim.core.cited import Number
from sim.image.dockerfile.errors import InstructionError
from sim.image.dockerfile.shrinking import WINDOW, WINDOWS, shrunk, windows_of

LARGEST = 2 * 2**30
"""Bytes of a compressed archive, unpacked, that are read to know what it holds."""
MOST_MEMBERS = 500_000
LARGEST_HEADER = 2**20
"""Bytes that one header may ask for."""

_OPENERS: tuple[tuple[bytes, Callable[[Path], Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\0", lzma.open),
)
_ZSTD = b"\x28\xb5\x2f\xfd"
_BROKEN = (TarError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)


class Unpacked(NamedTuple):
    """What an archive holds."""

    files: tuple[tuple[str, int], ...]
    """Paths inside it, and bytes."""
    ratio: Number
    """How far a layer of them shrinks."""


class TooLarge(InstructionError):  # noqa: N818 (it is what was found)
    """More than is read to know what an archive holds."""


def unpacked(path: Path, key: str, ask: str) -> Unpacked | None:
    """What an archive holds; None where the file is none, so that ADD copies it as it is.

    Args:
        key: of the figure that its ratio is.
        ask: how the user gives the size instead.

    Raises:
        InstructionError: it is damaged, or too large to be read.
    """
    with path.open("rb") as file:
        head = file.read(BLOCKSIZE)
    if head.startswith(_ZSTD):
        raise InstructionError(f"what a zstd archive holds is not read; {ask}")
    opener = next((opener for magic, opener in _OPENERS if head.startswith(magic)), None)
    with path.open("rb") if opener is None else opener(path) as raw:
        stream = _Stream(raw, packed=opener is not None, ask=ask)
        archive = _archive(stream, path, ask)
        if archive is None:
            return None
        files = _read(archive, stream, ask)
    pieces, total = stream.pieces, stream.at
    if opener is None:
        total = path.stat().st_size
        pieces = _pieces(path, total)
    size = sum(files.values())
    ratio: Number = shrunk(pieces, total).ratio(size, total, key) if size else 1.0
    return Unpacked(tuple(files.items()), ratio)


def _archive(stream: "_Stream", path: Path, ask: str) -> TarFile | None:
    """The tar in a stream; None where it begins as none, and is not called one."""
    try:
        return TarFile(fileobj=stream)  # type: ignore[arg-type]
    except TooLarge:
        raise
    except _BROKEN as error:
        if any(part in (".tar", ".tgz", ".tbz2", ".txz") for part in path.suffixes[-2:]):
            raise _damaged(error, ask) from None
        return None


def _read(archive: TarFile, stream: "_Stream", ask: str) -> dict[str, int]:
    """The files of an archive that is read to its end."""
    try:
        files = _files(archive, ask)
        stream.rest()
    except TooLarge:
        raise
    except _BROKEN as error:
        raise _damaged(error, ask) from None
    if stream.last.strip(b"\0"):
        raise _damaged("a header in the middle is none", ask)
    return files


def _files(archive: TarFile, ask: str) -> dict[str, int]:
    """Regular files by path; one that stands there twice is the later one."""
    files: dict[str, int] = {}
    members = 0
    while (member := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined]
        members += 1
        if members > MOST_MEMBERS:
            raise TooLarge(f"the archive has more than {MOST_MEMBERS:,} files; {ask}")
        name = member.name.strip("/")
        files.pop(name, None)
        if member.isreg():
            files[name] = member.size
    return files


def _pieces(path: Path, total: int) -> list[bytes]:
    pieces = []
    with path.open("rb") as file:
        for begin in windows_of(total):
            file.seek(begin)
            pieces.append(file.read(WINDOW))
    return [piece for piece in pieces if piece]


def _damaged(why: object, ask: str) -> InstructionError:
    return InstructionError(f"the archive is damaged ({why}); mend it, or {ask}")


class _Stream:
    """A tar as it is read, forwards only: bounded, and with a sample of what went by."""

    def __init__(self, raw: Any, *, packed: bool, ask: str) -> None:
        self._raw = raw
        self._packed = packed
        self._ask = ask
        self.at = 0
        self.last = b""
        """The header that was read last; of zeros at the end of a sound archive."""
        self.pieces: list[bytes] = []
        self._stride = 1
        """Each so many windows, one is kept; doubled when there are too many."""
        self._window = bytearray()
        self._number = 0

    def tell(self) -> int:
        return self.at

    def read(self, size: int) -> bytes:
        if size > LARGEST_HEADER:
            raise ValueError("a header is longer than 1 MiB")
        data: bytes = self._raw.read(size)
        self._passed(data)
        if size == BLOCKSIZE:
            self.last = data
        return data

    def seek(self, to: int) -> None:
        if to < self.at:
            raise ValueError("a size is below 0")
        if not self._packed:
            self._raw.seek(to)
            self.at = to
            return
        while self.at < to:
            data = self._raw.read(min(to - self.at, LARGEST_HEADER))
            if not data:
                raise EOFError("it ends too early")
            self._passed(data)

    def rest(self) -> None:
        """Read a compressed archive to its end, where its checksum is."""
        while self._packed and (data := self._raw.read(LARGEST_HEADER)):
            self._passed(data)
        if self._window and self._number % self._stride == 0:
            self.pieces.append(bytes(self._window))

    def _passed(self, data: bytes) -> None:
        self.at += len(data)
        if not self._packed:
            return
        if self.at > LARGEST:
            raise TooLarge(
                f"the archive unpacks to more than {LARGEST / 2**30:g} GiB, which is not read to "
                f"the end; {self._ask}"
            )
        self._window += data
        while len(self._window) >= WINDOW:
            if self._number % self._stride == 0:
                self.pieces.append(bytes(self._window[:WINDOW]))
            del self._window[:WINDOW]
            self._number += 1
            if len(self.pieces) > WINDOWS:
                del self.pieces[1::2]
                self._stride *= 2
