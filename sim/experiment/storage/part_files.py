"""Part files: finished runs on disk, in numbered files that are whole or not there.

Part 7 is `runs/part-00007.parquet`, the same in `spans` and `samples`, and, written last,
`commits/part-00007.json`: with this one the part is there. It holds the digest of each file, how
many runs they have, of which version of the model, and the numbers of the parts that it replaces.
Whatever is left of a part that was cut short is removed by the next process that works in the
folder; files of other names are never touched, and no link is followed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BufferedReader
from itertools import accumulate, chain
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.storage.whole_file import (
    NO_FILE,
    remove_drafts,
    unlinked,
    whole_file,
    write_whole,
)

if TYPE_CHECKING:
    import pyarrow as pa

SMALL, MERGED = 500_000, 1_000_000
"""Rows below which a part is merged with others, and up to which (100 MB in memory)."""

MANY = 32
"""Small parts from which some are merged: a minute of work has fewer, and writes each row once."""

TABLES = ("runs", "spans", "samples")
COMMITS = "commits"
FOLDERS = (*TABLES, COMMITS)

LARGEST_COMMIT = 2**20
"""Bytes of a commit; a few hundred are usual."""

PARQUET = b"PAR1"
"""What a file of Parquet begins and ends with."""

_OURS = re.compile(r"part-([0-9]{5,9})\.(?:parquet|json)")


class Damaged(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """A part file is not what was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFile:
    """One part that is there."""

    number: int
    code: str
    """Fingerprint of the model that made its runs."""
    runs: int
    rows: int
    """Spans and samples."""
    replaces: tuple[int, ...]
    digests: dict[str, str]
    """Of each table's file."""


def _is_whole(file: BufferedReader) -> bool:
    """Whether it begins and ends as Parquet does: a file of nothing may have any size, and takes as
    long to be summed up as to be read."""
    begin = file.read(len(PARQUET))
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - len(PARQUET)))
    both = begin == file.read() == PARQUET
    file.seek(0)
    return both


class OpenParts:
    """Files of parts that stay open: whoever replaces them does not disturb."""

    def __init__(self, paths: Mapping[str, Iterable[Path]]) -> None:
        self._files = {table: [*map(_opened, those)] for table, those in paths.items()}

    def __call__(
        self, table: str, columns: Sequence[str] | None = None, *, coded: bool = False
    ) -> Iterator[pa.Table]:
        """The rows of a table, or some of its columns, some rows at a time."""
        for path, file in self._files[table]:
            yield from _chunks(path, file, columns, _words(table) if coded else ())


class PartFiles:
    """The part files of one folder.

    Args:
        code: fingerprint of the model whose runs count; None: whichever model's.
        pinned: numbers of parts that stay although others replace them: a finished run is read
            from them until another one is finished.
    """

    def __init__(self, folder: Path, code: str | None = None, pinned: Collection[int] = ()) -> None:
        self.folder = folder
        self.pinned = frozenset(pinned)
        self.there: list[PartFile] = []
        """Those that count, as far as `find` or `tidy` has seen or `write` has made them."""
        self.check_ours: Callable[[], None] = lambda: None
        """Raises where the folder is not ours any more: before anything there counts or goes."""
        self._code = code
        self._sure = True
        """Whether `there` is what is on disk: not after a write that was interrupted."""

    def path(self, folder: str, number: int) -> Path:
        """The path of one file of a part."""
        suffix = "json" if folder == COMMITS else "parquet"
        return self.folder / folder / f"part-{number:05d}.{suffix}"

    def numbers(self) -> list[int]:
        """Numbers of the parts that are there, replaced ones included."""
        return sorted(number for _, number in self._files(COMMITS))

    def next_number(self) -> int:
        """Number of the next part."""
        return max(self.numbers(), default=-1) + 1

    def is_there(self, number: int) -> bool:
        """Whether a part was written to its end."""
        return self.path(COMMITS, number).exists()

    def check(self, number: int) -> PartFile:
        """A part, if its files are as they were written.

        Raises:
            Damaged: one of them is not; the message names it.
            OSError: one of them cannot be read now, which is no reason to make it again.
        """
        part = self._commit(number)
        for table in TABLES:
            path = self.path(table, number)
            with to_read(path) as file:
                if not _is_whole(file):
                    raise Damaged(f"{path} is damaged")
                digest = hashlib.file_digest(file, "blake2b").hexdigest()
            if digest != part.digests[table]:
                raise Damaged(f"{path} is damaged")
        return part

    def find(self) -> list[str]:
        """See what is there; the messages name what is damaged."""
        whole, damaged = [], []
        for number in self.numbers():
            try:
                whole.append(self.check(number))
            except Damaged as error:
                damaged.append(str(error))
        self._count([part for part in whole if self._code in (None, part.code)])
        self._sure = True
        return [*damaged, *self._drop_repeated()]

    def use(self, numbers: Iterable[int]) -> None:
        """Count exactly these parts, as a finished run's manifest names them.

        Raises:
            Damaged: one of them is not as it was written, or has runs of another.
        """
        self.there = [self.check(number) for number in numbers]
        repeated = self._drop_repeated()
        if repeated:
            raise Damaged("\n".join(repeated))

    def read(self, table: str, parts: Iterable[PartFile] | None = None) -> pa.Table:
        """One table of some parts, or of all, with every checksum looked at.

        Raises:
            Damaged: a file is not as it was written.
        """
        from sim.experiment.storage.tables import combined, empty_tables

        some = self.there if parts is None else parts
        pieces = [self._read(self.path(table, part.number)) for part in some]
        return combined([empty_tables()[table], *pieces]).replace_schema_metadata(None)

    def opened(self) -> OpenParts:
        """The tables of all parts, to be read later."""
        numbers = [part.number for part in self.there]
        return OpenParts({name: [self.path(name, n) for n in numbers] for name in TABLES})

    def write(
        self, table: Callable[[str], Iterable[pa.Table]], replaces: Collection[int] = ()
    ) -> None:
        """A new part; it is there when this returns, and not before.

        Args:
            table: gives each table by name, some rows at a time, of which few are in memory.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        self.check_ours()
        if not self._sure:
            self.find()
        self._sure = False
        number = self.next_number()
        rows, digests = {}, {}
        for name in reversed(TABLES):
            rows[name], digests[name] = self._write(self.path(name, number), table(name))
        part = PartFile(
            number=number,
            code=self._code or "",
            runs=rows["runs"],
            rows=rows["spans"] + rows["samples"],
            replaces=tuple(sorted({*replaces, *self._outlived(replaces)})),
            digests=digests,
        )
        self.check_ours()
        write_whole(self.path(COMMITS, number), _sealed(part))
        self._count([*self.there, part])
        for old in replaces:
            self.remove(old)
        self._sure = True

    def merge(self, many: int = MANY) -> None:
        """Make one part of the smallest, where there are too many."""
        small = sorted((part for part in self.there if part.rows < SMALL), key=lambda p: p.rows)
        if len(small) < many:
            return
        total = accumulate(part.rows for part in small)
        some = [part for part, rows in zip(small, total, strict=True) if rows <= MERGED]
        self.write(lambda table: [self.read(table, some)], [part.number for part in some])

    def remove(self, number: int) -> None:
        """Its files, unless it is pinned; the one that makes it count goes first."""
        if number not in self.pinned:
            for folder in reversed(FOLDERS):
                self.path(folder, number).unlink(missing_ok=True)

    def tidy(self) -> list[str]:
        """Remove what was cut short, replaced or damaged; the messages name what was damaged."""
        lost = self.find()
        self._remove_all_but(self.pinned | {part.number for part in self.there})
        return lost

    def pin(self, numbers: Collection[int]) -> None:
        """A finished run is read from these parts now; all others go."""
        self.pinned = frozenset(numbers)
        self._remove_all_but(self.pinned)

    def _remove_all_but(self, kept: Collection[int]) -> None:
        for folder in reversed(FOLDERS):
            for path, number in list(self._files(folder)):
                if number not in kept:
                    self.check_ours()
                    path.unlink(missing_ok=True)
            remove_drafts(self.folder / folder, alone=True)

    def _files(self, folder: str) -> Iterator[tuple[Path, int]]:
        """Files of a folder that a part may have, with their numbers."""
        for path in (self.folder / folder).glob("part-*"):
            match = _OURS.fullmatch(path.name)
            if match is not None and path == self.path(folder, int(match[1])):
                yield path, int(match[1])

    def _commit(self, number: int) -> PartFile:
        path = self.path(COMMITS, number)
        with to_read(path) as file:
            text = file.read(LARGEST_COMMIT)
        try:
            part = _unsealed(text)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Damaged(f"{path} is damaged") from None
        if part.number != number:
            raise Damaged(f"{path} is a copy of part {part.number}")
        return part

    def _count(self, parts: Collection[PartFile]) -> None:
        replaced = {number for part in parts for number in part.replaces}
        self.there = [part for part in parts if part.number not in replaced]

    def _outlived(self, replaced: Collection[int]) -> Iterator[int]:
        """Pinned parts that these have replaced, and that are there longer than they are."""
        for part in self.there:
            if part.number in replaced:
                yield from self.pinned.intersection(part.replaces)

    def _drop_repeated(self) -> list[str]:
        """Count no part that has a run of another part; the messages name those left out."""
        if len(self.there) == 1 and not self.there[0].runs:
            return []
        seen: set[tuple[str, int]] = set()
        single, repeated = [], []
        for part in self.there:
            runs = self.read("runs", [part])
            names = zip(runs["variant"].to_pylist(), runs["run"].to_pylist(), strict=True)
            keys = list(names)
            if len(set(keys)) < len(keys) or not seen.isdisjoint(keys):
                repeated.append(f"{self.path('runs', part.number)} has runs that are there twice")
                continue
            seen.update(keys)
            single.append(part)
        self.there = single
        return repeated

    def _read(self, path: Path) -> pa.Table:
        """A table of a file, whose bytes Arrow has in memory of its own.

        Its workers let go of a Python file after the read has returned; where Python ends in that
        moment, they abort it or hang (apache/arrow#33975, #34314, #50482).
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        with to_read(path) as file:
            held = pa.allocate_buffer(os.fstat(file.fileno()).st_size)
            file.readinto(held)
        try:
            return pq.ParquetFile(pa.BufferReader(held), page_checksum_verification=True).read()
        except (OSError, ValueError, pa.ArrowException) as error:
            raise _unread(path, error) from error

    def _write(self, path: Path, tables: Iterable[pa.Table]) -> tuple[int, str]:
        """Write a file, and return how many rows it has, and its digest."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from sim.experiment.storage.tables import even

        rows, pieces = 0, even(tables)
        first = next(pieces)
        kinds = zip(first.schema.names, first.schema.types, strict=True)
        few = [name for name, kind in kinds if not pa.types.is_floating(kind)]
        with whole_file(path) as file:
            with pq.ParquetWriter(
                file,
                first.schema,
                use_dictionary=few,
                write_page_checksum=True,
                store_schema=False,  # words are words, whether they come as such or as codes
                write_statistics=False,  # nobody looks at them, and they are a quarter of the time
            ) as writer:
                for piece in chain([first], pieces):
                    writer.write_table(piece)
                    rows += piece.num_rows
            file.flush()
            with Path(file.name).open("rb") as written:
                digest = hashlib.file_digest(written, "blake2b").hexdigest()
            self.check_ours()
        return rows, digest


@contextmanager
def to_read(path: Path) -> Iterator[BufferedReader]:
    """A file of a run.

    Raises:
        Damaged: it is missing, or no file.
        OSError: it cannot be read now.
    """
    try:
        with unlinked(path) as file:
            yield file
    except FileNotFoundError:
        raise Damaged(f"{path} is missing") from None
    except OSError as error:
        if error.errno not in NO_FILE:
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        raise Damaged(f"{path} is damaged") from None


def _opened(path: Path) -> tuple[Path, pa.OSFile]:
    """A file that is no link, open in Arrow itself: its workers must not hold a Python file."""
    import pyarrow as pa

    with unlinked(path):
        return path, pa.OSFile(os.fspath(path))


def _words(table: str) -> list[str]:
    """Columns of a table that are words."""
    import pyarrow as pa

    from sim.experiment.storage.tables import empty_tables

    return [each.name for each in empty_tables()[table].schema if pa.types.is_string(each.type)]


def _chunks(
    path: Path, file: pa.OSFile, columns: Sequence[str] | None, coded: Sequence[str]
) -> Iterator[pa.Table]:
    """The rows of an open file, some at a time.

    Args:
        coded: columns of words that are left as codes.

    Raises:
        Damaged: it is not as it was written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sim.experiment.storage.tables import ROWS

    try:
        table = pq.ParquetFile(file, page_checksum_verification=True, read_dictionary=[*coded])
        for batch in table.iter_batches(ROWS, columns=columns):
            yield pa.Table.from_batches([batch])
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _unread(path, error) from error


def _unread(path: Path, error: Exception) -> Exception:
    """What is wrong with a file that Arrow cannot read: it is damaged, unless the system is short
    of memory or of threads, for which Arrow has no other word than an unknown error.
    """
    import pyarrow as pa

    if isinstance(error, MemoryError) or type(error) is pa.ArrowException:
        return OSError(f"{path}: it cannot be read now ({error})")
    return Damaged(f"{path} is damaged")


def _sealed(part: PartFile) -> str:
    """A commit as text, with a digest of itself."""
    held = asdict(part)
    return json.dumps(held | {"digest": _digest(held)}, indent=1) + "\n"


def _unsealed(text: bytes) -> PartFile:
    """A commit, if it is what was written.

    Raises:
        ValueError, KeyError, TypeError, RecursionError: it is not.
    """
    held = json.loads(text)
    if held.pop("digest") != _digest(held):
        raise ValueError("digest")
    return PartFile(**held | {"replaces": tuple(held["replaces"])})


def _digest(held: object) -> str:
    text = json.dumps(held, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
