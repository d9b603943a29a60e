"""Folders of runs that are almost right: a driver that damages them as disks and people do."""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

Damage: TypeAlias = Callable[[Path, Path, random.Random], None]
"""Of one file of a folder."""

VALUES: tuple[Any, ...] = (
    *(None, -1, 10**30, "x" * 100_000, [], {}, [1], {"a": 1}, True, 1.5, "../x", "9.9.9"),
)


def _gone(_: Path, file: Path, __: random.Random) -> None:
    file.unlink()


def _changed(_: Path, file: Path, draw: random.Random) -> None:
    data = bytearray(file.read_bytes() or b"x")
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    file.write_bytes(data[: draw.choice((len(data), draw.randrange(len(data))))])


def _other(folder: Path, file: Path, draw: random.Random) -> None:
    """Another file of the folder, or what is none of it at all."""
    others = [path.read_bytes() for path in sorted(folder.rglob("*.*")) if path.is_file()]
    file.write_bytes(draw.choice((*others, b"", draw.randbytes(5000), b"\xff\xfe{}")))


def _large(_: Path, file: Path, __: random.Random) -> None:
    """A file of nothing, which takes no room on the disk."""
    with file.open("wb") as opened:
        opened.truncate(2**31)


def _no_file(_: Path, file: Path, draw: random.Random) -> None:
    file.unlink()
    draw.choice((file.mkdir, lambda: file.symlink_to(file.name), lambda: os.mkfifo(file)))()


def _linked(_: Path, file: Path, draw: random.Random) -> None:
    file.unlink()
    file.symlink_to(draw.choice(("/dev/zero", "/etc/passwd", "nowhere")))


def _value(folder: Path, _: Path, draw: random.Random) -> None:
    """Something else in the manifest."""
    path = folder / "manifest.json"
    data = json.loads(path.read_text())
    boxes = [data, *(inner for inner in data.values() if isinstance(inner, dict) and inner)]
    box = draw.choice(boxes)
    box[draw.choice(list(box))] = draw.choice(VALUES)
    path.write_text(json.dumps(data))


def _more(folder: Path, file: Path, draw: random.Random) -> None:
    """A part that nobody wrote, and a folder that is none of ours."""
    (folder / draw.choice(("runs", "commits")) / "part-00009.parquet").write_bytes(
        file.read_bytes()
    )
    (folder / "mine").mkdir()


def _half(folder: Path, _: Path, draw: random.Random) -> None:
    inner = draw.choice([each for each in sorted(folder.iterdir()) if each.is_dir()])
    shutil.rmtree(inner)
    if draw.random() < 0.5:
        inner.symlink_to("/etc")


DAMAGES: tuple[Damage, ...] = (
    *(_gone, _changed, _changed, _other, _large, _no_file, _linked, _value, _value, _more, _half),
)


def damaged(good: Path, into: Path, seed: int) -> str:
    """A copy of a run's folder with one damage, which is named."""
    draw = random.Random(f"folders/{seed}")
    shutil.copytree(good, into, symlinks=True)
    files = [path for path in sorted(into.rglob("*.*")) if path.is_file() and path.name != ".lock"]
    damage, file = draw.choice(DAMAGES), draw.choice(files)
    damage(into, file, draw)
    return f"{damage.__name__} {file.relative_to(into)} (seed {seed})"
