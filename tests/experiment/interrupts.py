"""Ctrl-C at a given line of writing, and what a process leaves that is killed at one."""

import gc
import hashlib
import itertools
import os
import pickle
import random
import re
import shutil
import sys
import types
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from sim.experiment.running import workers
from sim.experiment.running.batch import Batch, Bundle
from sim.experiment.storage.finished_runs import LOCK

WRITING = tuple(
    f"storage/{name}.py"
    for name in (
        "part_files",
        "run_folder",
        "finished_runs",
        "manifest",
        "whole_file",
        "kept_values",
    )
)
OURS = f"{os.sep}sim{os.sep}"
WRITTEN = re.compile(rb'"written": "[^"]*"')
"""The clock of a manifest, the only thing in a folder that is not the same the next time."""
NUMBER = re.compile(r"\.[0-9]+\.writing$")
"""Of a draft, another one each time."""


@cache
def _writes(file: str) -> bool:
    return file.endswith(WRITING)


def at_each_line(act: Callable[[], object], do: Callable[[], object]) -> None:
    """Act, and do something before each line of writing.

    Nothing that an earlier interrupt has left is collected meanwhile: its lines would count, and
    Python swallows what is raised there.
    """

    def each_line(frame: types.FrameType, event: str, arg: Any) -> Any:  # noqa: ARG001
        if event == "line":
            do()
        return each_line

    def each_call(frame: types.FrameType, event: str, arg: Any) -> Any:  # noqa: ARG001
        return each_line if _writes(frame.f_code.co_filename) else None

    before, collects = sys.gettrace(), gc.isenabled()
    gc.disable()
    sys.settrace(each_call)
    try:
        act()
    finally:
        sys.settrace(before)
        if collects:
            gc.enable()


def interrupted_at(line: int, act: Callable[[], object], again: int | None = None) -> bool:
    """Act, with Ctrl-C before the n-th line of writing; whether it came to that line.

    Args:
        again: lines of tidying up after which comes a second one, of somebody in a hurry.
    """
    left = itertools.count(line, -1)
    when = {0} if again is None else {0, -again}

    def interrupt() -> None:
        if next(left) in when:
            raise KeyboardInterrupt

    try:
        at_each_line(act, interrupt)
    except KeyboardInterrupt:
        return True
    return next(left) < 0


def at_line(line: int, do: Callable[[], object], act: Callable[[], object]) -> bool:
    """Act, and do something before the n-th line of writing; whether it came to that line."""
    left = itertools.count(line, -1)
    at_each_line(act, lambda: do() if next(left) == 0 else None)
    return next(left) < 0


def moments(act: Callable[[], object], folder: Path | None = None) -> list[int]:
    """Numbers of the lines of writing that an act comes to; of those that are alike, the first.

    Alike are those with the same lines of ours above them, and with the same on disk.

    Args:
        folder: where it writes; None: whatever is on disk.
    """
    first: dict[object, int] = {}
    number = itertools.count()

    def note() -> None:
        on_disk = state(folder) if folder is not None and folder.exists() else ""
        first.setdefault((on_disk, *_lines_above(sys._getframe(2))), next(number))

    at_each_line(act, note)
    return list(first.values())


def _lines_above(frame: types.FrameType | None) -> Iterator[tuple[str, int]]:
    while frame is not None:
        if OURS in frame.f_code.co_filename:
            yield frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back


def lines(step: int, first: int | None = None) -> Iterator[int]:
    """Numbers of lines from some first one on; where they end, the caller finds out."""
    return itertools.count(random.Random(step).randrange(step) if first is None else first, step)


def state(folder: Path) -> str:
    """A digest of all that a folder holds, and of the locks on it: of two that have the same, one
    command makes the same.
    """
    seen = hashlib.blake2b()
    for path in sorted(folder.rglob("*")):
        name = NUMBER.sub("", str(path.relative_to(folder)))
        seen.update(f"\n{name} {path.lstat().st_mode}".encode())
        if path.is_symlink():
            seen.update(os.fsencode(path.readlink()))
        elif path.name == LOCK:
            seen.update(b"%d" % FileLock(path, is_singleton=True).is_locked)
        elif path.is_file():
            seen.update(WRITTEN.sub(b"", path.read_bytes()))
    return seen.hexdigest()


def left_by_kills(
    act: Callable[[], object], folder: Path, copies: Path, step: int = 1
) -> list[Path]:
    """Act once; copies of all that a `kill -9` before any line of writing would leave of a folder.

    What Python has not handed to the system is lost then, and is not in a copy.

    Args:
        step: look before every so-manieth line only.
    """
    made: dict[str, Path] = {}
    line = itertools.count(1)

    def copy() -> None:
        if next(line) % step == 0 and folder.exists() and (now := state(folder)) not in made:
            made[now] = copies / str(len(made))
            shutil.copytree(folder, made[now], symlinks=True)

    at_each_line(act, copy)
    return list(made.values())


def remember_runs(patch: pytest.MonkeyPatch) -> None:
    """Make each batch of runs once: how they are kept is looked at, not how they are made."""
    perform = workers.perform
    made: dict[bytes, Bundle] = {}

    def remembered(batch: Batch) -> Bundle:
        key = pickle.dumps((batch.runs, batch.scenarios, batch.seed, batch.tables))
        if key not in made:
            made[key] = perform(batch)
        return made[key]

    patch.setattr(workers, "perform", remembered)
