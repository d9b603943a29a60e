"""Stores for finished runs: memory, or a folder of part files that survives a crash."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout
from tqdm import tqdm

from sim.experiment.running.batch import Bundle
from sim.experiment.running.columns import size
from sim.experiment.running.run import RunRow
from sim.experiment.storage.manifest import (
    FILE,
    Manifest,
    read_manifest,
    write_manifest,
    write_whole,
)
from sim.experiment.storage.part_files import PartFiles
from sim.experiment.storage.tables import TABLES, Tables, arranged, tables_of

FLUSH_SECONDS, FLUSH_BYTES = 2.0, 32 * 2**20
"""Seconds of work and bytes that are lost at most when a run is killed."""


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

    def tables(self) -> Tables:
        """All runs."""
        return tables_of(self._bundles)


class RunFolder:
    """A run's folder while one process works in it.

    Args:
        home: folder of the scenario; the run's own folder is in it.
        manifest: of the run as it is asked for now.
        described: the scenario.

    Raises:
        BlockingIOError: another process works in it.
        OSError: it cannot be written.
    """

    def __init__(self, home: Path, manifest: Manifest, described: Mapping[str, Any]) -> None:
        self.folder = home / str(manifest["run_id"])
        self.manifest = manifest
        self.described = described
        self.parts = PartFiles(self.folder)
        self._finished: Manifest | None = None
        """Manifest of the finished run that is there already; it counts until ours is finished."""
        self._buffer: list[Bundle] = []
        self._since = time.monotonic()
        make_folder(self.folder)
        self._lock = locked(self.folder)

    def __enter__(self) -> RunFolder:
        try:
            self._prepare()
        except BaseException:
            self._lock.release()
            raise
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
            self._lock.release()

    def add(self, bundle: Bundle) -> None:
        """Keep the runs of a bundle; they are on disk a few seconds later."""
        self._buffer.append(bundle)
        held = sum(size(b.spans) + size(b.samples) for b in self._buffer)
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
        """Write what is in memory as a part."""
        if not self._buffer:
            return
        self.parts.write(tables_of(self._buffer).__getitem__)
        self._buffer = []
        self.parts.merge()
        self._since = time.monotonic()

    def tables(self) -> Tables:
        """All runs, in the order of variants and runs; they are on disk in that order, too."""
        self.flush()
        kept = {name: self.parts.read(name) for name in TABLES}
        tables = {name: arranged(table, self.described) for name, table in kept.items()}
        if len(self.parts.there) > 1 or any(tables[name] is not kept[name] for name in TABLES):
            numbers = [part.number for part in self.parts.there]
            self.parts.write(lambda name: tables[name].combine_chunks(), numbers)
        return tables

    @property
    def kept(self) -> int:
        """Runs on disk."""
        return sum(part.runs for part in self.parts.there)

    def finish(self, summary: str) -> None:
        """Write the summary; with the manifest, which comes last, the run is complete.

        A finished run of more replications stays as it is.
        """
        there, ours = replications(self._finished), replications(self.manifest)
        if there > ours:
            say(f"{self.folder}: the {there} replications that are there are kept")
            return
        self._mark_unfinished()
        write_whole(self.folder / "summary.csv", summary)
        self.manifest["written"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        write_manifest(self.folder, self.manifest, self.described)

    def _prepare(self) -> None:
        """Keep what earlier calls of the same command have left, as far as it can be used."""
        self._discard_other_code()
        for table in TABLES:
            (self.folder / table).mkdir(exist_ok=True)
        lost = self.parts.tidy()
        for message in lost:
            say(f"{message}: its runs are made again")
        self._finished = None if lost else finished(self.folder, self.manifest["code"])
        if self._finished is None:
            self._mark_unfinished()
        write_whole(self.folder.parent / "latest", self.folder.name + "\n")

    def _mark_unfinished(self) -> None:
        write_manifest(self.folder, {**self.manifest, "complete": False}, self.described)

    def _discard_other_code(self) -> None:
        """Runs of another model do not go into one table with ours."""
        if not (self.folder / FILE).is_file():
            return
        try:
            code = read_manifest(self.folder)[0].get("code")
        except ValueError:
            code = None
        if code != self.manifest["code"]:
            if any((self.folder / "runs").glob("part-*")):
                say(f"{self.folder}: its runs are of another version of the model; made again")
            for table in TABLES:
                shutil.rmtree(self.folder / table, ignore_errors=True)


def finished(folder: Path, code: str) -> Manifest | None:
    """The manifest of a finished run of that version of the model; None: there is none."""
    try:
        manifest = read_manifest(folder)[0]
    except (OSError, ValueError):
        return None
    whole = manifest.get("complete", True) and (folder / "summary.csv").is_file()
    return manifest if whole and manifest.get("code") == code else None


def replications(manifest: Manifest | None) -> int:
    """Replications of each variant in a finished run; 0: not known."""
    return int((manifest or {}).get("replications", 0))


def make_folder(folder: Path) -> None:
    """A folder for results, with those above it.

    Raises:
        OSError: it cannot be made; its name is in the message.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise type(error)(
            f"out: {str(folder)!r} cannot be made ({error.strerror}); a folder that can be written"
        ) from error


def locked(folder: Path) -> FileLock:
    """A lock on a folder that goes when this process does, however it ends.

    Raises:
        BlockingIOError: another process has it.
        OSError: the folder cannot be written.
    """
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BlockingIOError(
            f"{folder}: another process works there; wait for it, or give another --out"
        ) from None
    return lock


def say(text: str) -> None:
    """A remark on standard error, clear of the progress bar."""
    tqdm.write(text, file=sys.stderr)
