"""The build context: the files that COPY and ADD can take, by their real sizes.

Nothing outside its folder is read, also not through a symbolic link: a link inside a folder is
copied as the link it is, and a source that leads out is a mistake.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from posixpath import normpath

from sim.image.dockerfile.dockerignore import Ignore, Wildcard
from sim.image.dockerfile.errors import InstructionError, Mistakes, printable

LARGEST_IGNORE_FILE = 10**6
"""Bytes of a `.dockerignore`."""
EDGE = 1024 * 1024
"""Bytes: a file is known by its size, its first and its last MiB; what lies between is not read,
so that a context of many GB is known in seconds. A change there alone goes unnoticed."""
MOST_FILES = 500_000
"""Files that one instruction may take."""
MOST_TAKEN = 2_000_000
"""Files that all instructions of a file may take."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that an instruction takes."""

    path: str
    """Where it lies inside the source; empty where it is the source itself."""
    size: int
    identity: str
    """Digest of its content."""
    data: Path | bytes | None = None
    """Where its bytes are; None: it has none, as a link."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file or folder that a COPY names."""

    name: str
    folder: bool
    entries: tuple[Entry, ...]


class Context:
    """A folder and what its `.dockerignore` leaves of it.

    Args:
        changed: a file or folder in it that counts as edited since the last build.
        outside: a folder in it that is not part of it.
    """

    __slots__ = (
        *("_changed", "_ignore", "_known", "_outgoing", "_outside", "_root", "_taken"),
        "used_changed",
    )

    def __init__(
        self,
        root: Path,
        ignore: Ignore,
        changed: Path | None = None,
        outside: Path | None = None,
    ) -> None:
        self._root = root.resolve()
        self._outside = None if outside is None else str(outside.resolve())
        self._ignore = ignore
        self._changed = changed
        self._outgoing: dict[str, None] = {}
        self._known: dict[Path, Entry] = {}
        """What was read, so that it is read once however many instructions take it."""
        self._taken = 0
        self.used_changed = False
        """Whether an instruction has taken the file or folder that is changed."""

    def take(self, pattern: str, *, exclude: tuple[str, ...] = ()) -> list[Source]:
        """The files and folders that a source of COPY or ADD names.

        Args:
            exclude: patterns of `--exclude`.

        Raises:
            InstructionError: there are none, or they are outside the context.
        """
        inner = normpath(pattern.replace("\0", "?").lstrip("/") or ".")
        if inner == ".." or inner.startswith("../"):
            raise InstructionError("the source is outside the context")
        names = [] if inner == "." else inner.split("/")
        hidden = Ignore("\n".join(exclude))
        try:
            named = list(self._named(names))
            taken = [self._source(path, real, hidden) for path, real in sorted(named)]
        except OSError as error:
            raise InstructionError(
                f"the source cannot be read: {error.strerror or error}"
            ) from None
        if not taken:
            raise InstructionError("the source is not in the context")
        return taken

    def outgoing_links(self) -> list[str]:
        """Links that were copied as links and lead out of the context."""
        return sorted(self._outgoing)

    def _named(self, names: list[str]) -> Iterator[tuple[tuple[str, ...], Path]]:
        """Paths that fit, with what they are once links are followed; ignored ones are an error."""
        plain = not any(sign in name for name in names for sign in "*?[\\")
        if plain:
            real = self._real(names)
            if (
                names
                and self._ignore.hides(names)
                and not (self._ignore.brings_back and real.is_dir())
            ):
                raise InstructionError("the source is left out by .dockerignore")
            yield tuple(names), real
            return
        for path in self._expanded(names):
            if not self._ignore.hides(path):
                yield path, self._real(list(path))

    def _expanded(self, names: list[str]) -> list[tuple[str, ...]]:
        here: list[tuple[str, ...]] = [()]
        for name in names:
            wanted = Wildcard(name, deep=False)
            there = []
            for path in here:
                folder = self._real(list(path))
                items = sorted(os.listdir(folder)) if folder.is_dir() else []
                there += [(*path, item) for item in items if wanted.fits([item], below=False)]
            here = there
        return here

    def _real(self, names: list[str]) -> Path:
        path = self._root.joinpath(*names)
        try:
            real = path.resolve(strict=True)
        except RuntimeError:
            raise InstructionError("the source is a link in a circle") from None
        except (FileNotFoundError, NotADirectoryError):
            if not self._inside(path):
                raise InstructionError("the source is a link out of the context") from None
            raise InstructionError("the source is not in the context") from None
        if not real.is_relative_to(self._root):
            raise InstructionError("the source is a link out of the context")
        return real

    def _inside(self, path: Path) -> bool:
        try:
            return path.resolve().is_relative_to(self._root)
        except (RuntimeError, OSError):
            return True

    def _source(self, names: tuple[str, ...], real: Path, hidden: Ignore) -> Source:
        name = names[-1] if names else ""
        if not real.is_dir():
            return Source(name, False, (self._entry(real, ""),))
        entries = []
        for path, item in self._walk(real, real.relative_to(self._root).parts):
            inner = path[len(real.relative_to(self._root).parts) :]
            if not hidden.hides(inner):
                entries.append(self._entry(Path(item.path), "/".join(inner)))
            if len(entries) > MOST_FILES:
                raise InstructionError(f"the source has more than {MOST_FILES:,} files")
        return Source(name, True, tuple(sorted(entries, key=lambda entry: entry.path)))

    def _entry(self, real: Path, path: str) -> Entry:
        entry = replace(self._read_once(real), path=path)
        if entry.identity.startswith("link ") and not self._inside(real):
            self._outgoing[printable("/".join(real.relative_to(self._root).parts))] = None
        if self._changed is not None and real.is_relative_to(self._changed):
            self.used_changed = True
            return replace(entry, identity=f"changed {entry.identity}")
        return entry

    def _read_once(self, real: Path) -> Entry:
        self._taken += 1
        if self._taken > MOST_TAKEN:
            raise InstructionError(f"more than {MOST_TAKEN:,} files are copied in all")
        if real not in self._known:
            self._known[real] = _entry(real)
        return self._known[real]

    def _walk(
        self, folder: Path, names: tuple[str, ...]
    ) -> Iterator[tuple[tuple[str, ...], "os.DirEntry[str]"]]:
        """All files below a folder, with their path components; links are not followed."""
        left = [(folder, names)]
        while left:
            here, path = left.pop()
            with os.scandir(here) as items:
                for item in items:
                    inner = (*path, item.name)
                    hidden = self._ignore.hides(inner)
                    if item.is_dir(follow_symlinks=False):
                        if item.path == self._outside:
                            continue
                        if not hidden or self._ignore.brings_back:
                            left.append((Path(item.path), inner))
                    elif not hidden:
                        yield inner, item


def _entry(real: Path) -> Entry:
    status = real.lstat()
    if stat.S_ISLNK(status.st_mode):
        target = os.readlink(real)
        return Entry("", 0, f"link {printable(target)}")
    if not stat.S_ISREG(status.st_mode):
        return Entry("", 0, f"special {stat.S_IFMT(status.st_mode)}")
    mode = status.st_mode & 0o111
    digest = hashlib.sha256()
    with real.open("rb") as file:
        digest.update(file.read(EDGE))
        if status.st_size > EDGE:
            file.seek(max(EDGE, status.st_size - EDGE))
            digest.update(file.read(EDGE))
    return Entry("", status.st_size, f"{mode} {digest.hexdigest()}", real)


def context_of(
    dockerfile: Path,
    folder: Path,
    mistakes: Mistakes,
    changed: str | None = None,
    outside: Path | None = None,
) -> Context:
    """The context of a folder; `NAME.dockerignore` beside the Dockerfile goes before its own.

    Args:
        changed: a path inside it that counts as edited since the last build.
        outside: a folder that is not part of it, wherever it is.
    """
    try:
        if not folder.is_dir():
            mistakes.add(1, f"the context {printable(str(folder))} is no folder", "")
            return Context(folder, Ignore())
        edited = None if changed is None else _inside(folder, changed, mistakes)
        beside = dockerfile.parent / f"{dockerfile.name}.dockerignore"
        ignore_file = beside if beside.is_file() else folder / ".dockerignore"
        if not ignore_file.is_file():
            return Context(folder, Ignore(), edited, outside)
        return Context(
            folder, _read(ignore_file, mistakes.beside(str(ignore_file))), edited, outside
        )
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
        data = file.read(LARGEST_IGNORE_FILE + 1)
    if len(data) > LARGEST_IGNORE_FILE:
        mistakes.add(1, "it is larger than 1 MB", "")
        return Ignore()
    try:
        return Ignore(data.decode("utf-8"), mistakes)
    except UnicodeDecodeError as error:
        mistakes.add(1, f"it is not UTF-8 text (byte {error.start})", "")
        return Ignore()
