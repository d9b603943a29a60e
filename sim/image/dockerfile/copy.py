"""COPY and ADD: how many bytes they add to a stage, and what is known of its files afterwards."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import join, normpath

from sim.core.cited import Number
from sim.image.dockerfile.archive import Unpacked, unpacked
from sim.image.dockerfile.context import Context, Entry, Source
from sim.image.dockerfile.dockerignore import Wildcard
from sim.image.dockerfile.errors import InstructionError
from sim.image.dockerfile.parser import Heredoc, Instruction
from sim.image.dockerfile.shrinking import FileInLayer, ratio_of
from sim.image.image import Layer

REMOTE = ("http://", "https://", "git://", "ssh://", "git@")
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst")


class Tree:
    """Files copied into a stage, by absolute path; those of RUN and of the base are not known."""

    __slots__ = ("_files", "_shared", "certain")

    def __init__(self, below: "Tree | None" = None) -> None:
        self._files: dict[str, tuple[int, Number]] = below._files if below else {}
        self._shared: bool = below is not None
        self.certain: bool = below.certain if below else True
        """Whether its folders hold nothing else: no RUN wrote into them."""

    def put(self, sources: list[Source], place: str, ratio: Number, *, folder: bool) -> None:
        """Copy sources to a place: into it where it is a folder, as it where it is not.

        Args:
            ratio: how far they shrink on the wire.
        """
        inside = folder or len(sources) > 1 or self._is_folder(place)
        if self._shared and sources:
            self._files, self._shared = dict(self._files), False
        for source in sources:
            for entry in source.entries:
                name = entry.path if source.folder else source.name if inside else ""
                self._files[normpath(join(place, name))] = (entry.size, ratio)

    def found(self, path: str) -> list[tuple[float, Number]] | None:
        """Bytes and ratios of a file, a folder or a pattern; None where they are not known."""
        plain = normpath(join("/", path.lstrip("/")))
        if plain in self._files:
            size, ratio = self._files[plain]
            return [(float(size), ratio)]
        if not self.certain:
            return None
        wanted = Wildcard(plain, deep=False)
        sized = [
            (float(size), ratio)
            for name, (size, ratio) in self._files.items()
            if wanted.fits(_names(name), below=True)
        ]
        return sized or None

    def _is_folder(self, place: str) -> bool:
        start = place.rstrip("/") + "/"
        return any(name.startswith(start) for name in self._files)


def absolute(path: str, workdir: str) -> tuple[str, bool]:
    """A destination from the root, and whether it is written as a folder."""
    folder = path.endswith("/") or path.rsplit("/", maxsplit=1)[-1] in (".", "..")
    place = normpath(join(workdir, path or "."))
    return "/" + place.lstrip("/"), folder


def _names(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


@dataclass(slots=True)
class AddedFiles:
    """What one instruction adds to a stage."""

    parts: list[tuple[float, Number | None]] = field(default_factory=list)
    """Unpacked bytes of each lot, and how far it shrinks on the wire; None: not known."""
    content: list[str] = field(default_factory=list)
    """What goes into the digest of the step."""
    needs: tuple[str, ...] = ()
    """Digests of the stages and images it comes from."""
    count: int | None = None
    """How many files; None: not known."""

    @property
    def size(self) -> float:
        """Unpacked bytes."""
        return sum(size for size, _ in self.parts)


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """A COPY or ADD with its variables expanded."""

    raw: Instruction
    sources: tuple[str, ...]
    place: str
    exclude: tuple[str, ...]
    unpacks: bool
    size: float | None
    """Unpacked bytes that the caller or an annotation gives."""
    ordinal: int
    """Its number among the COPY and ADD of the file, from 1."""

    @property
    def key(self) -> str:
        """Key of the figure that says how far its files shrink."""
        return f"image.line_{self.raw.line}.unpack_ratio"

    @property
    def ask(self) -> str:
        """How the user gives its bytes where they cannot be seen."""
        flag = f"--copy-size {self.ordinal}=SIZE"
        return f"give it with {flag}, or in a comment above it: # berthsim: size=120MB"


def from_context(
    request: CopyRequest, context: Context, tree: Tree, documents: list[Source]
) -> AddedFiles:
    """Add files of the build context and heredocs, and what ADD downloads or unpacks."""
    added, taken, unpacked_files = AddedFiles(), list(documents), 0
    place, folder = absolute(request.place, "/")
    for name in request.sources:
        if _is_remote(request, name):
            _downloaded(request, name, added, tree)
            continue
        for source in context.take(name, exclude=request.exclude):
            held = _unpacked(request, source, tree)
            if held is None:
                taken.append(source)
                continue
            added.content.append(_identity(source))
            if request.size is None:
                files = tuple(Entry(inner, size, "") for inner, size in held.files)
                unpacked_files += len(files)
                added.parts.append((sum(size for _, size in held.files), held.ratio))
                tree.put([Source("", True, files)], place, held.ratio, folder=True)
    if request.size is not None and not _may_be_told(request):
        raise InstructionError("its size is that of its files; no other can be told")
    has_size = request.size is not None
    ratio = 1.0 if has_size else _ratio(taken, request.key)
    tree.put(taken, place, ratio, folder=folder)
    added.content += [_identity(source) for source in taken]
    added.parts.append((_bytes(taken), ratio))
    if request.size is not None:
        added.parts = [(request.size, None)]
    else:
        added.count = unpacked_files + sum(len(source.entries) for source in taken)
    return added


def _unpacked(request: CopyRequest, source: Source, tree: Tree) -> Unpacked | None:
    """What the archive that ADD unpacks holds; None where the source is copied as it is."""
    data = None if source.folder else source.entries[0].data
    if not request.unpacks or not isinstance(data, Path):
        return None
    if request.size is None:
        try:
            return unpacked(data, request.key, request.ask)
        except OSError as error:
            raise InstructionError(f"the source cannot be read: {error.strerror}") from None
    if not source.name.endswith(ARCHIVES):
        return None
    tree.certain = False
    return Unpacked((), 1.0)


def _ratio(sources: list[Source], key: str) -> Number:
    """How far copied files shrink on the wire."""
    files = [
        FileInLayer(entry.path or source.name, entry.size, entry.data)
        for source in sources
        for entry in source.entries
    ]
    try:
        return ratio_of(files, key)
    except OSError as error:
        raise InstructionError(f"the source cannot be read: {error.strerror}") from None


def from_stage(
    request: CopyRequest, tree: Tree | None, layers: Sequence[Layer], origin: str
) -> AddedFiles:
    """Add files of another stage or image.

    Args:
        tree: what is known of the stage's files; None for an image.
        layers: of the stage or image.
        origin: the digest of the stage or image.
    """
    added = AddedFiles(content=[origin, f"{request.size}"], needs=(origin,))
    if request.size is not None:
        added.parts.append((request.size, None))
        return added
    for path in request.sources:
        whole = path.strip("/.") == ""
        found = tree.found(path) if tree is not None and not whole else None
        if whole:
            found = [(layer.unpacked, layer.ratio) for layer in layers]
        if found is None:
            raise InstructionError(
                f"how many bytes {path[:80]!r} has there is not known; {request.ask}"
            )
        added.parts += found
    return added


def document(heredoc: Heredoc, body: str) -> Source:
    """A heredoc as the file that it writes."""
    data = body.encode("utf-8", "surrogatepass")
    entry = Entry("", len(data), hashlib.sha256(data).hexdigest(), data)
    return Source(heredoc.name, False, (entry,))


def _is_remote(request: CopyRequest, name: str) -> bool:
    return request.raw.word == "ADD" and name.startswith(REMOTE)


def _may_be_told(request: CopyRequest) -> bool:
    names = request.sources if request.raw.word == "ADD" else ()
    return any(name.startswith(REMOTE) or name.endswith(ARCHIVES) for name in names)


def _downloaded(request: CopyRequest, name: str, added: AddedFiles, tree: Tree) -> None:
    if request.size is None:
        raise InstructionError(f"how many bytes {name[:80]!r} has is not known; {request.ask}")
    tree.certain = False
    added.content.append(f"{name} {request.size}")


def _bytes(sources: list[Source]) -> float:
    return float(sum(entry.size for source in sources for entry in source.entries))


def _identity(source: Source) -> str:
    digest = hashlib.sha256(f"{source.name!r} {source.folder}".encode("ascii", "backslashreplace"))
    for entry in source.entries:
        line = f"\n{entry.path!r} {entry.size} {entry.identity}"
        digest.update(line.encode("ascii", "backslashreplace"))
    return digest.hexdigest()
