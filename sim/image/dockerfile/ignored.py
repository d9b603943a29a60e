"""Where a build's context and its `.dockerignore` are."""

from pathlib import Path

from sim.image.dockerfile.context import Context
from sim.image.dockerfile.dockerignore import Ignore
from sim.image.dockerfile.errors import Mistakes, printable

LARGEST = 10**6
"""Bytes of a `.dockerignore`."""


def context_of(
    dockerfile: Path,
    folder: Path,
    mistakes: Mistakes,
    changed: str | None = None,
    apart: Path | None = None,
) -> Context:
    """The context of a folder; `NAME.dockerignore` beside the Dockerfile goes before its own.

    Args:
        changed: a path inside it that is taken as other than it is.
        apart: a folder that is not part of it, wherever it is.
    """
    try:
        if not folder.is_dir():
            mistakes.add(1, f"the context {printable(str(folder))} is no folder", "")
            return Context(folder, Ignore())
        edited = None if changed is None else _inside(folder, changed, mistakes)
        beside = dockerfile.parent / f"{dockerfile.name}.dockerignore"
        found = beside if beside.is_file() else folder / ".dockerignore"
        if not found.is_file():
            return Context(folder, Ignore(), edited, apart)
        return Context(folder, _read(found, mistakes.beside(str(found))), edited, apart)
    except (OSError, ValueError, RuntimeError) as error:
        mistakes.add(1, f"the context cannot be read: {error}", "")
        return Context(Path(), Ignore("*"))


def _inside(folder: Path, changed: str, mistakes: Mistakes) -> Path | None:
    path = (folder / changed).resolve()
    if not path.exists() or not path.is_relative_to(folder.resolve()):
        mistakes.add(1, f"--change {printable(changed)}: it is not in the context", "")
        return None
    return path


def _read(path: Path, mistakes: Mistakes) -> Ignore:
    if not path.resolve().is_relative_to(path.parent.resolve()):
        mistakes.add(1, "it is a link out of the context", "")
        return Ignore()
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        mistakes.add(1, "it is larger than 1 MB", "")
        return Ignore()
    try:
        return Ignore(data.decode("utf-8"), mistakes)
    except UnicodeDecodeError as error:
        mistakes.add(1, f"it is not UTF-8 text (byte {error.start})", "")
        return Ignore()
