"""Part files: finished runs on disk, in numbered Parquet files that are whole or not there.

Part 7 is `spans/part-00007.parquet`, `samples/part-00007.parquet` and, written last,
`runs/part-00007.parquet`: with this one the part is there. It holds the sizes of the others, and
the numbers of smaller parts that it replaces. Whatever is left of a part that was cut short is
removed by the next process that works in the folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.storage.manifest import whole_file
from sim.experiment.storage.tables import TABLES, combined, empty_tables

if TYPE_CHECKING:
    import pyarrow as pa

SMALL, MERGED = 500_000, 1_000_000
"""Rows below which a part is merged with others, and up to which (100 MB in memory)."""

MANY = 10
"""Small parts from which some are merged."""

KEY = b"berthsim"


class Damaged(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """A part file is not what was written."""


@dataclass(frozen=True, slots=True)
class PartFile:
    """One part that is there."""

    number: int
    runs: int
    rows: int
    """Spans and samples."""
    replaces: tuple[int, ...]


class PartFiles:
    """The part files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.there: list[PartFile] = []
        """Those that count, as far as `find` or `tidy` has seen or `write` has made them."""

    def path(self, table: str, number: int) -> Path:
        """The path of one file."""
        return self.folder / table / f"part-{number:05d}.parquet"

    def numbers(self) -> list[int]:
        """Numbers of the parts that are there, replaced ones included."""
        files = (self.folder / "runs").glob("part-*.parquet")
        return sorted(int(path.stem.removeprefix("part-")) for path in files)

    def check(self, number: int) -> PartFile:
        """A part, if its files are as they were written.

        Raises:
            Damaged: one of them is not; the message names it.
        """
        import pyarrow.parquet as pq

        path = self.path("runs", number)
        try:
            kept = json.loads(pq.read_schema(path).metadata[KEY])
            runs = pq.read_table(path, columns=["run"], page_checksum_verification=True).num_rows
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{path} is damaged") from error
        for table, size in kept["sizes"].items():
            other = self.path(table, number)
            left = other.stat().st_size if other.is_file() else None
            if left != size:
                words = "is missing" if left is None else f"has {left} of {size} bytes"
                raise Damaged(f"{other} {words}")
        return PartFile(number, runs, kept["rows"], tuple(kept["replaces"]))

    def find(self) -> list[str]:
        """See what is there; the messages name what is damaged."""
        whole, damaged = [], []
        for number in self.numbers():
            try:
                whole.append(self.check(number))
            except Damaged as error:
                damaged.append(str(error))
        self._count(whole)
        return damaged

    def _count(self, parts: Collection[PartFile]) -> None:
        replaced = {number for part in parts for number in part.replaces}
        self.there = [part for part in parts if part.number not in replaced]

    def read(self, table: str, parts: Iterable[PartFile] | None = None) -> pa.Table:
        """One table of some parts, or of all, with every checksum looked at.

        Raises:
            Damaged: a file is not as it was written.
        """
        import pyarrow.parquet as pq

        pieces = [empty_tables()[table]]
        for part in self.there if parts is None else parts:
            path = self.path(table, part.number)
            try:
                pieces.append(pq.read_table(path, page_checksum_verification=True))
            except (OSError, ValueError) as error:
                raise Damaged(f"{path} is damaged") from error
        return combined(pieces).replace_schema_metadata(None)

    def write(self, table: Callable[[str], pa.Table], replaces: Collection[int] = ()) -> None:
        """A new part; it is there when this returns, and not before.

        Args:
            table: gives each table by name; only one of them is in memory at a time.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        number = max(self.numbers(), default=-1) + 1
        sizes, rows = {}, 0
        for name in ("spans", "samples"):
            whole = table(name)
            rows += whole.num_rows
            self._write(self.path(name, number), whole)
            sizes[name] = self.path(name, number).stat().st_size
        kept = json.dumps({"rows": rows, "sizes": sizes, "replaces": sorted(replaces)})
        runs = table("runs").replace_schema_metadata({KEY: kept.encode()})
        self._write(self.path("runs", number), runs)
        self._count([*self.there, self.check(number)])
        for old in replaces:
            self.remove(old)

    def merge(self, many: int = MANY) -> None:
        """Make one part of the smallest, where there are too many."""
        small = sorted((part for part in self.there if part.rows < SMALL), key=lambda p: p.rows)
        if len(small) < many:
            return
        total = accumulate(part.rows for part in small)
        some = [part for part, rows in zip(small, total, strict=True) if rows <= MERGED]
        self.write(lambda table: self.read(table, some), [part.number for part in some])

    def remove(self, number: int) -> None:
        """Its files; the one that makes it count goes first."""
        for table in TABLES:
            self.path(table, number).unlink(missing_ok=True)

    def tidy(self) -> list[str]:
        """Remove what was cut short, replaced or damaged; the messages name what was damaged."""
        lost = self.find()
        kept = {part.number for part in self.there}
        for number in set(self.numbers()) - kept:
            self.remove(number)
        names = {self.path("runs", number).name for number in kept}
        for table in TABLES:
            for path in (self.folder / table).iterdir():
                if path.name not in names:
                    path.unlink()
        return lost

    def _write(self, path: Path, table: Any) -> None:
        import pyarrow.parquet as pq

        with whole_file(path) as file:
            pq.write_table(table, file, write_page_checksum=True)
