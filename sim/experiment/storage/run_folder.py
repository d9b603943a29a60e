"""Stores for finished runs: memory, or a folder of part files that survives a crash."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sim.core.quantity import shown_bytes
from sim.experiment.running.batch import Bundle, rows_in
from sim.experiment.running.columns import PackedSamples, rows_of, size
from sim.experiment.running.progress import say
from sim.experiment.running.run import RunRow
from sim.experiment.storage.finished_runs import (
    complete,
    finished,
    latest_of,
    locked,
    make_folder,
    make_ready,
    note_latest,
    remove_begun,
    replications,
    stored_parts,
)
from sim.experiment.storage.manifest import (
    FILE,
    Manifest,
    read_manifest,
    write_manifest,
)
from sim.experiment.storage.part_files import TABLES, PartFiles
from sim.experiment.storage.run_tables import LARGE, RunTables
from sim.experiment.storage.tables import arranged, chunks

if TYPE_CHECKING:
    import pyarrow as pa

FLUSH_SECONDS, FLUSH_BYTES = 2.0, 32 * 2**20
"""Seconds of work and bytes that are lost at most when a run is killed."""

BYTES_A_SPAN = 14.0
"""Of a row of spans on disk, as measured."""

MUCH = 1e9
"""Bytes of a run from which their number is said beforehand."""


def _on_disk(bundle: Bundle) -> float:
    """About so many bytes it will take; what is packed is much the same size in Parquet."""
    packed = sum(size(b) if isinstance(b, PackedSamples) else rows_of(b) for b in bundle.samples)
    return BYTES_A_SPAN * rows_of(bundle.spans) + packed


class InMemory:
    """Runs that are kept in this process only."""

    def __init__(self) -> None:
        self._bundles: list[Bundle] = []

    def add(self, bundle: Bundle) -> None:
        """Keep the runs of a bundle."""
        self._bundles.append(bundle)

    def rows(self) -> Iterable[RunRow]:
        """No rows: it starts empty."""
        return ()

    def tables(self, order: Iterable[str], below: int | None = None) -> RunTables:
        """All runs, in the order of variants and runs."""
        rows = sum(map(rows_in, self._bundles))
        return RunTables(self._chunks, rows, order, below)

    def _chunks(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        coded: bool = False,
    ) -> Iterator[pa.Table]:
        for chunk in chunks(self._bundles, table, coded=coded):
            yield chunk if columns is None else chunk.select(columns)


class RunFolder:
    """A run's folder while one process works in it.

    Args:
        home: folder of the scenario; the run's own folder is in it.
        manifest: of the run as it is asked for now.
        described: the scenario.
    """

    def __init__(self, home: Path, manifest: Manifest, described: Mapping[str, Any]) -> None:
        self.folder = home / str(manifest["run_id"])
        self.manifest = manifest
        self.described = described
        self._buffer: list[Bundle] = []
        self._since = time.monotonic()
        self._there: Manifest | None = None
        """Manifest of the finished run that is there already; it counts until ours is finished."""
        self.parts = PartFiles(self.folder, manifest["code"])
        self.wanted: Callable[[], int] | None = None
        """How many runs it will have; None: that is not known, or was told already."""
        self._held = contextlib.ExitStack()
        self._made: list[Path] = []
        """Folders above it that were not there before."""
        self._latest_before: str | None = None

    def __enter__(self) -> RunFolder:
        """Work in it.

        Raises:
            BlockingIOError: another process does.
            OSError: it cannot be written, or is a link.
        """
        home = self.folder.parent
        self._made = [above for above in (home, *home.parents) if not above.exists()]
        make_folder(home)
        make_folder(self.folder)
        with contextlib.ExitStack() as held:
            self.parts.check_ours = held.enter_context(locked(self.folder))
            try:
                self._prepare()
            except OSError:
                self.parts.check_ours()
                raise
            self._held = held.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if not isinstance(error, OSError):
                self.flush()
                if isinstance(error, Exception) and not self._holds_runs:
                    remove_begun(self.parts, self._made, self._latest_before)
        finally:
            self._held.close()

    def add(self, bundle: Bundle) -> None:
        """Keep the runs of a bundle; they are on disk a few seconds later."""
        self._buffer.append(bundle)
        held = sum(size(b.spans) + sum(map(size, b.samples)) for b in self._buffer)
        if held > FLUSH_BYTES or time.monotonic() - self._since > FLUSH_SECONDS:
            self.flush()

    def rows(self) -> Iterable[RunRow]:
        """Rows of the runs that are on disk already."""
        runs = self.parts.read("runs")
        return (
            {name: value for name, value in row.items() if value is not None}
            for batch in runs.to_batches(max_chunksize=1000)
            for row in batch.to_pylist()
        )

    def flush(self) -> None:
        """Write what is in memory as a part.

        Bundles leave the buffer before they are written, and come back only where no part came of
        it: an interrupt may lose them, which makes them again, but never keeps them twice.
        """
        if not self._buffer:
            return
        number = self.parts.next_number()
        ours, self._buffer = self._buffer, []
        if self.wanted is not None and sum(len(b.rows) for b in ours) >= self.wanted():
            self._say_size(sum(map(_on_disk, ours)))
        try:
            self.parts.write(partial(chunks, ours, coded=True))
        except BaseException:
            if not self.parts.is_there(number):
                self._buffer = ours
            raise
        self._tell_size(number)
        self.parts.merge()
        self._since = time.monotonic()

    def _tell_size(self, number: int) -> None:
        """Say once, after the first part, how much will be written, where that is much."""
        part = next((each for each in self.parts.there if each.number == number), None)
        if self.wanted is None or part is None or not part.runs:
            return
        files = (self.parts.path(name, number) for name in TABLES)
        whole = sum(file.stat().st_size for file in files) / part.runs * self.wanted()
        self._say_size(whole)

    def _say_size(self, whole: float) -> None:
        free = shutil.disk_usage(self.folder).free
        self.wanted = None
        if whole > min(MUCH, free / 2):
            say(
                f"{self.folder}: about {shown_bytes(whole)} will be written; "
                f"{shown_bytes(free)} are free"
            )

    def tables(self, order: Iterable[str], below: int | None = None) -> RunTables:
        """All runs, in the order of variants and runs.

        They are on disk in that order, too, and in one part, where there are few rows.
        """
        self.flush()
        rows = sum(part.rows for part in self.parts.there)
        if rows <= LARGE:
            self._put_in_order()
        return RunTables(self.parts.opened(), rows, order, below)

    def _put_in_order(self) -> None:
        kept = {name: self.parts.read(name) for name in TABLES}
        tables = {name: arranged(table, self.described) for name, table in kept.items()}
        if len(self.parts.there) > 1 or any(tables[name] is not kept[name] for name in TABLES):
            numbers = [part.number for part in self.parts.there]
            self.parts.write(lambda name: [tables[name]], numbers)

    @property
    def kept(self) -> int:
        """Runs on disk."""
        return sum(part.runs for part in self.parts.there)

    def finish(self, summary: str) -> None:
        """Write the summary; with the manifest, which comes last, the run is complete.

        A finished run of more replications stays as it is.
        """
        there, ours = replications(self._there, self.manifest["code"]), replications(self.manifest)
        if there > ours:
            say(f"{self.folder}: the {there} replications that are there are kept")
            return
        self.manifest["written"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        complete(self.parts, self.manifest, self.described, summary)

    def _prepare(self) -> None:
        """Keep what earlier calls of the same command have left, as far as it can be used."""
        self._there = finished(self.folder)
        self.parts.pinned = frozenset(stored_parts(self._there))
        self._say_if_of_other_code()
        make_ready(self.parts, self._there)
        lost = self.parts.tidy()
        for message in lost:
            say(f"{message}: its runs are made again")
        if lost or not self._is_whole():
            self._there = None
            self.parts.check_ours()
            write_manifest(self.folder, {**self.manifest, "complete": False}, self.described)
        self._latest_before = latest_of(self.folder.parent)
        note_latest(self.folder)

    @property
    def _holds_runs(self) -> bool:
        """Whether it has runs, or a finished run of another model."""
        return bool(self.kept) or self._there is not None

    def _is_whole(self) -> bool:
        """Whether the finished run that is there has all of its runs; another model's has."""
        there = self._there
        if there is None or there["code"] != self.manifest["code"]:
            return there is not None
        runs = sum(part.runs for part in self.parts.there if part.number in self.parts.pinned)
        return runs >= replications(there) * len(self.described)

    def _say_if_of_other_code(self) -> None:
        """Runs of another model do not go into one table with ours."""
        if not (self.folder / FILE).is_file():
            return
        try:
            code = read_manifest(self.folder)[0]["code"]
        except ValueError:
            code = None
        if code != self.manifest["code"] and any((self.folder / "runs").glob("part-*")):
            say(f"{self.folder}: its runs are of another version of the model; made again")
