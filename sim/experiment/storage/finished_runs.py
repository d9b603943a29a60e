"""Finished runs on disk: a folder is filled whole or not at all, by one process at a time."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import re
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from filelock import BaseFileLock, FileLock, Timeout

from sim.experiment.storage.manifest import (
    FILE,
    Manifest,
    check_name,
    read_manifest,
    write_manifest,
)
from sim.experiment.storage.part_files import FOLDERS, Damaged, PartFiles, to_read
from sim.experiment.storage.whole_file import (
    draft_of,
    in_words,
    is_left,
    remove_drafts,
    text_of,
    write_whole,
)

if TYPE_CHECKING:
    import pyarrow as pa

Table: TypeAlias = "Callable[[str], Iterable[pa.Table]]"
"""Gives each table of the runs by name, some rows at a time."""

SAVE_WAITS = 60.0
"""Seconds that a save waits for another process that saves the same."""

SUMMARY, SUMMARIES = "summary.csv", "summaries"
_OF_SUMMARY = re.compile("[0-9a-f]{16}")
LATEST = "latest"
LOCK = ".lock"


def complete(
    parts: PartFiles, manifest: Manifest, described: Mapping[str, Any], summary: str
) -> None:
    """Write the summary and, last, the manifest that names the parts; then nothing else is kept."""
    folder, stem = parts.folder, hashlib.blake2b(summary.encode(), digest_size=8).hexdigest()
    write_whole(folder / SUMMARIES / f"{stem}.csv", summary)
    numbers = [part.number for part in parts.there]
    stored = {"parts": numbers, "summary": stem}
    parts.check_ours()
    write_manifest(folder, {**manifest, "complete": True, "stored": stored}, described)
    write_whole(folder / SUMMARY, summary)
    parts.pin(numbers)
    _tidy_summaries(folder, stem)


def read_summary(folder: Path, manifest: Manifest) -> str:
    """The summary of a finished run as it was written.

    Raises:
        Damaged: it is.
        OSError: it cannot be read.
    """
    stem = str(manifest["stored"]["summary"])
    path = folder / SUMMARIES / f"{check_name('summary', stem)}.csv"
    try:
        with to_read(path) as file:
            text = text_of(file)
        if hashlib.blake2b(text, digest_size=8).hexdigest() != stem:
            raise ValueError
    except ValueError as error:
        told = error if isinstance(error, Damaged) else f"{path} is damaged"
        raise Damaged(f"{told}; the same command writes it again") from None
    return text.decode()


def save_whole(
    home: Path,
    manifest: Manifest,
    described: Mapping[str, Any],
    table: Table | None,
    summary: str,
) -> Path:
    """Write a finished run into its folder, whole or not at all; one of more replications stays.

    Args:
        table: of its runs; None where nothing was run, which has no parts.

    Raises:
        BlockingIOError: another process works in that folder.
        OSError: it cannot be written, or is a link.
    """
    folder = home / str(manifest["run_id"])
    make_folder(home)
    _remove_left_drafts(home)
    if not folder.exists():
        draft = home / f".writing-{os.urandom(6).hex()}"
        draft.mkdir()
        try:
            _save(draft, manifest, described, table, summary)
            with contextlib.suppress(OSError):  # another process was quicker
                draft.rename(folder)
        except OSError as error:
            if error.filename and Path(error.filename).is_relative_to(draft):
                error.filename = os.fspath(folder / Path(error.filename).relative_to(draft))
            raise
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
    summary: Sequence[Mapping[str, Any]],
) -> Path:
    """Write an answer for which nothing was run.

    Args:
        summary: rows, whose values that are not known are absent.
    """
    home = Path(out) / check_name("scenario", manifest["scenario"])
    return save_whole(home, manifest, described, None, _csv(summary))


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
    table: Table | None,
    summary: str,
) -> None:
    """Keep a finished run in a folder that is there, unless it has as many replications."""
    with locked(folder, waits=SAVE_WAITS) as check_ours:
        there = finished(folder)
        parts = PartFiles(folder, manifest["code"], stored_parts(there))
        parts.check_ours = check_ours
        make_ready(parts, there)
        lost = parts.tidy()
        if there is not None and there["code"] == manifest["code"] and not lost:
            enough = replications(there) >= replications(manifest)
            if enough and _summary_is_shown(folder, there):
                return
        if table is not None:
            parts.write(table, [part.number for part in parts.there])
        complete(parts, dict(manifest), described, summary)


def _summary_is_shown(folder: Path, there: Manifest) -> bool:
    """See that people find the summary of a finished run; false where it is damaged."""
    try:
        text = read_summary(folder, there)
    except (OSError, ValueError, LookupError):
        return False
    shown = folder / SUMMARY
    if not shown.is_file() or shown.read_bytes() != text.encode():
        write_whole(shown, text)
    return True


def _remove_left_drafts(home: Path) -> None:
    """Remove drafts of processes that were killed: nobody holds their lock."""
    for draft in home.glob(".writing-*"):
        with contextlib.suppress(OSError):  # its own process was quicker, or has not ended
            if not draft.is_symlink() and is_left(draft):
                with locked(draft):
                    shutil.rmtree(draft, ignore_errors=True)


def finished(folder: Path) -> Manifest | None:
    """The manifest of a finished run; None: there is none.

    Raises:
        OSError: it cannot be read now.
    """
    try:
        manifest = read_manifest(folder)[0]
    except (FileNotFoundError, ValueError):
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
    draft = draft_of(latest)
    try:
        draft.symlink_to(folder.name, target_is_directory=True)
        draft.replace(latest)
    except OSError:
        write_whole(latest, folder.name + "\n")
    finally:
        with contextlib.suppress(OSError):  # what is wrong was said
            draft.unlink(missing_ok=True)
    remove_drafts(folder.parent)


def make_ready(parts: PartFiles, there: Manifest | None) -> None:
    """The folders of a run's files, without what writers left in them that were killed.

    Args:
        parts: of the run.
        there: manifest of the finished run that is there.

    Raises:
        OSError: one of them is a link, or cannot be made.
    """
    for name in (*FOLDERS, SUMMARIES):
        make_folder(parts.folder / name)
    parts.check_ours()
    remove_drafts(parts.folder, alone=True)
    _tidy_summaries(parts.folder, None if there is None else there["stored"].get("summary"))


def latest_of(home: Path) -> str | None:
    """Name of the folder that was noted as the latest; None: none was."""
    noted = home / LATEST
    with contextlib.suppress(OSError, ValueError):
        name = noted.readlink().name if noted.is_symlink() else noted.read_text().strip()
        return check_name(LATEST, name)
    return None


def remove_begun(parts: PartFiles, made: Iterable[Path], latest: str | None) -> None:
    """Remove the folder of a run that cannot be made, and of which nothing is kept.

    What is not ours stays, and the folder with it.

    Args:
        made: folders above it that were made for it, the innermost first.
        latest: the run that was the latest before; None: there was none.
    """
    folder = parts.folder
    with contextlib.suppress(OSError):
        parts.check_ours()
        if latest_of(folder.parent) == folder.name != latest:
            if latest is not None and (folder.parent / latest).is_dir():
                note_latest(folder.parent / latest)
            else:
                (folder.parent / LATEST).unlink()
        for name in (*FOLDERS, SUMMARIES):
            (folder / name).rmdir()
        (folder / FILE).unlink(missing_ok=True)
        (folder / LOCK).unlink(missing_ok=True)
        for each in (folder, *made):
            each.rmdir()


def _tidy_summaries(folder: Path, counts: str | None) -> None:
    """Remove all but the one that counts."""
    remove_drafts(folder / SUMMARIES, alone=True)
    for path in (folder / SUMMARIES).glob("*.csv"):
        if path.stem != counts and _OF_SUMMARY.fullmatch(path.stem):
            path.unlink(missing_ok=True)


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


class Gone(OSError):  # noqa: N818 (it is what happened, in the user's words)
    """A folder that was removed, or begun anew by another process, while this one worked there."""


@contextlib.contextmanager
def locked(folder: Path, waits: float = 0.0) -> Iterator[Callable[[], None]]:
    """A lock on a folder that goes when this process does, however it ends.

    One that this thread has already was left by an interrupt, and is taken over: a notebook keeps
    what was interrupted alive.

    Args:
        waits: seconds to wait for another process.

    Yields:
        What raises `Gone` once the lock is on a folder that is no longer there: whoever makes a new
        one of that name has the lock on that.

    Raises:
        BlockingIOError: another process has it.
        OSError: the folder cannot be written, or its file system knows no locks.
    """
    path = folder / LOCK
    if path.is_symlink():
        path.unlink()
    lock = FileLock(path, is_singleton=True)
    try:
        _acquire(lock, folder, waits)
        yield partial(_check_ours, path, path.stat())
    finally:
        lock.release(force=True)


def _check_ours(path: Path, ours: os.stat_result) -> None:
    """Raise `Gone` unless that file is the one there; its number is not given again while it is
    open.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if os.path.samestat(path.lstat(), ours):
            return
    raise Gone(
        f"{path.parent}: this folder or its lock was removed while its runs were made, and another "
        f"process may have begun it anew; this one writes nothing more there, and the same command "
        f"makes what is missing"
    )


def _acquire(lock: BaseFileLock, folder: Path, waits: float) -> None:
    try:
        with warnings.catch_warnings(action="ignore"):  # where a file has to do for a lock
            lock.acquire(timeout=waits)
    except Timeout:
        raise BlockingIOError(
            f"{folder}: another process works there; wait for it, or give another --out"
        ) from None
    except (OSError, NotImplementedError) as error:
        if getattr(error, "filename", None):
            raise
        raise OSError(
            f"{folder}: its file system locks no files ({in_words(error)}), so two processes could "
            f"write there at once; give another --out"
        ) from error
