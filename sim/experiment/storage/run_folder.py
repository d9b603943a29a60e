"""Stores for finished runs: memory, or a folder of part files that survives a crash."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from filelock import BaseFileLock, FileLock, Timeout

from sim.core.quantity import shown_bytes
from sim.experiment.running.batch import Bundle, rows_in
from sim.experiment.running.columns import PackedSamples, rows_of, size
from sim.experiment.running.progress import say
from sim.experiment.running.run import RunRow
from sim.experiment.storage.manifest import (
    FILE,
    Manifest,
    check_name,
    read_manifest,
    write_manifest,
)
from sim.experiment.storage.part_files import FOLDERS, PartFiles, unlinked
from sim.experiment.storage.run_tables import LARGE, RunTables
from sim.experiment.storage.tables import TABLES, arranged, chunks, empty_tables
from sim.experiment.storage.whole_file import remove_drafts, write_whole

if TYPE_CHECKING:
    import pyarrow as pa

FLUSH_SECONDS, FLUSH_BYTES = 2.0, 32 * 2**20
"""Seconds of work and bytes that are lost at most when a run is killed."""

BYTES_A_SPAN = 14.0
"""Of a row of spans on disk, as measured."""

MUCH = 1e9
"""Bytes of a run from which their number is said beforehand."""

SAVE_WAITS = 60.0
"""Seconds that a save waits for another process that saves the same."""

SUMMARY = "summary.csv"
LATEST = "latest"
LOCK = ".lock"


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

    def _chunks(self, table: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        for chunk in chunks(self._bundles, table):
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

    def __enter__(self) -> RunFolder:
        """Work in it.

        Raises:
            BlockingIOError: another process does.
            OSError: it cannot be written, or is a link.
        """
        make_folder(self.folder.parent)
        make_folder(self.folder)
        with contextlib.ExitStack() as held:
            held.enter_context(locked(self.folder))
            self._prepare()
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
            self.parts.write(partial(chunks, ours))
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
        make_tables(self.folder)
        remove_drafts(self.folder)
        lost = self.parts.tidy()
        for message in lost:
            say(f"{message}: its runs are made again")
        if lost or not self._is_whole():
            self._there = None
            write_manifest(self.folder, {**self.manifest, "complete": False}, self.described)
        note_latest(self.folder)

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


def complete(
    parts: PartFiles, manifest: Manifest, described: Mapping[str, Any], summary: str
) -> None:
    """Write the summary and, last, the manifest that names the parts; then nothing else is kept."""
    folder, stem = parts.folder, hashlib.blake2b(summary.encode(), digest_size=8).hexdigest()
    write_whole(folder / "summaries" / f"{stem}.csv", summary)
    numbers = [part.number for part in parts.there]
    stored = {"parts": numbers, "summary": stem}
    write_manifest(folder, {**manifest, "complete": True, "stored": stored}, described)
    write_whole(folder / SUMMARY, summary)
    parts.pinned = frozenset(numbers)
    parts.tidy()
    for path in (folder / "summaries").glob("*.csv"):
        if path.stem != stem and len(path.stem) == len(stem):
            path.unlink(missing_ok=True)


def read_summary(folder: Path, manifest: Manifest) -> str:
    """The summary of a finished run as it was written.

    Raises:
        ValueError: it is damaged.
        OSError: it cannot be read.
    """
    stem = str(manifest["stored"]["summary"])
    path = folder / "summaries" / f"{check_name('summary', stem)}.csv"
    with unlinked(path) as file:
        text = file.read()
    if hashlib.blake2b(text, digest_size=8).hexdigest() != stem:
        raise ValueError(f"{path} is damaged; the same command writes it again")
    return text.decode()


def save_whole(
    home: Path,
    manifest: Manifest,
    described: Mapping[str, Any],
    table: Callable[[str], Iterable[pa.Table]],
    summary: str,
) -> Path:
    """Write a finished run into its folder, whole or not at all; one of more replications stays.

    Raises:
        BlockingIOError: another process works in that folder.
        OSError: it cannot be written, or is a link.
    """
    folder = home / str(manifest["run_id"])
    make_folder(home)
    _remove_left_drafts(home)
    if not folder.exists():
        draft = Path(tempfile.mkdtemp(prefix=".writing-", dir=home))
        try:
            draft.chmod(0o755)
            _save(draft, manifest, described, table, summary)
            with contextlib.suppress(OSError):  # another process was quicker
                draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    make_folder(folder)
    _save(folder, manifest, described, table, summary)
    note_latest(folder)
    return folder


def save_answer(
    out: str | os.PathLike[str],
    manifest: Manifest,
    described: Mapping[str, Any],
    columns: Iterable[str],
    summary: Sequence[Mapping[str, Any]],
) -> Path:
    """Write an answer for which nothing was run: a summary beside empty tables.

    Args:
        columns: of its runs.
        summary: rows, whose values that are not known are absent.
    """
    import pyarrow as pa

    tables = {**empty_tables(), "runs": pa.table({name: pa.nulls(0) for name in columns})}
    home = Path(out) / check_name("scenario", manifest["scenario"])
    return save_whole(home, manifest, described, lambda name: [tables[name]], _csv(summary))


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as pandas writes them, but for numbers of which some are not known."""
    file = io.StringIO()
    names = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _save(
    folder: Path,
    manifest: Manifest,
    described: Mapping[str, Any],
    table: Callable[[str], Iterable[pa.Table]],
    summary: str,
) -> None:
    """Keep a finished run in a folder that is there, unless it has as many replications."""
    with locked(folder, waits=SAVE_WAITS):
        there = finished(folder)
        parts = PartFiles(folder, manifest["code"], stored_parts(there))
        make_tables(folder)
        remove_drafts(folder)
        lost = parts.tidy()
        same = there is not None and there["code"] == manifest["code"] and not lost
        if same and replications(there) >= replications(manifest):
            return
        parts.write(table, [part.number for part in parts.there])
        complete(parts, dict(manifest), described, summary)


def _remove_left_drafts(home: Path) -> None:
    """Remove drafts of processes that were killed: nobody holds their lock."""
    for draft in home.glob(".writing-*"):
        if draft.is_symlink() or time.time() - draft.stat().st_mtime < SAVE_WAITS:
            continue
        with contextlib.suppress(OSError), locked(draft):
            shutil.rmtree(draft, ignore_errors=True)


def finished(folder: Path) -> Manifest | None:
    """The manifest of a finished run; None: there is none."""
    try:
        manifest = read_manifest(folder)[0]
    except (OSError, ValueError):
        return None
    return manifest if manifest.get("complete", False) and "stored" in manifest else None


def stored_parts(manifest: Manifest | None) -> tuple[int, ...]:
    """Numbers of the parts that a finished run is read from."""
    return () if manifest is None else tuple(manifest["stored"]["parts"])


def replications(manifest: Manifest | None, code: str | None = None) -> int:
    """Replications of each variant in a finished run of that version of the model; 0: none."""
    if manifest is None or (code is not None and manifest["code"] != code):
        return 0
    return int(manifest.get("replications", 0))


def note_latest(folder: Path) -> None:
    """Note that a run is the latest of its scenario: a link, or its name where links cannot be."""
    latest = folder.parent / LATEST
    draft = latest.with_name(f".{LATEST}.{os.getpid()}.writing")
    try:
        draft.unlink(missing_ok=True)
        draft.symlink_to(folder.name, target_is_directory=True)
        draft.replace(latest)
    except OSError:
        write_whole(latest, folder.name + "\n")
    remove_drafts(folder.parent, older_than=SAVE_WAITS)


def make_tables(folder: Path) -> None:
    """The folders of a run's part files.

    Raises:
        OSError: one of them is a link, or cannot be made.
    """
    for name in (*FOLDERS, "summaries"):
        make_folder(folder / name)


def make_folder(folder: Path) -> None:
    """A folder for results, with those above it.

    Raises:
        OSError: it is a link, or cannot be made; its name is in the message.
    """
    if folder.is_symlink():
        raise NotADirectoryError(
            f"out: {str(folder)!r} is a link, and no results are written through one; remove it, "
            f"or give another --out"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise type(error)(
            f"out: {str(folder)!r} cannot be made ({error.strerror}); a folder that can be written"
        ) from error


@contextlib.contextmanager
def locked(folder: Path, waits: float = 0.0) -> Iterator[None]:
    """A lock on a folder that goes when this process does, however it ends.

    One that this thread has already was left by an interrupt, and is taken over: a notebook keeps
    what was interrupted alive.

    Args:
        waits: seconds to wait for another process.

    Raises:
        BlockingIOError: another process has it.
        OSError: the folder cannot be written.
    """
    path = folder / LOCK
    if path.is_symlink():
        path.unlink()
    lock = FileLock(path, is_singleton=True)
    try:
        _acquire(lock, folder, waits)
        yield
    finally:
        lock.release(force=True)


def _acquire(lock: BaseFileLock, folder: Path, waits: float) -> None:
    try:
        lock.acquire(timeout=waits)
    except Timeout:
        raise BlockingIOError(
            f"{folder}: another process works there; wait for it, or give another --out"
        ) from None
