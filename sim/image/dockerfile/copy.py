"""COPY and ADD: how many bytes they add to a stage, and what is known of its files afterwards."""

import hashlib
from dataclasses import dataclass, field
from posixpath import join, normpath

from sim.image.dockerfile.context import Context, Entry, Source
from sim.image.dockerfile.dockerignore import Wildcard
from sim.image.dockerfile.errors import InstructionError
from sim.image.dockerfile.parser import Heredoc, Instruction
from sim.image.dockerfile.variables import expand

REMOTE = ("http://", "https://", "git://", "ssh://", "git@")
PACKED = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst")


class Tree:
    """Files copied into a stage, by absolute path; those of RUN and of the base are not known."""

    __slots__ = ("_files", "certain")

    def __init__(self, below: "Tree | None" = None) -> None:
        self._files: dict[str, int] = dict(below._files) if below else {}
        self.certain: bool = below.certain if below else True
        """Whether its folders hold nothing else: no RUN and no archive wrote into them."""

    def put(self, sources: list[Source], place: str, *, folder: bool) -> None:
        """Copy sources to a place: into it where it is a folder, as it where it is not."""
        inside = folder or len(sources) > 1 or self._is_folder(place)
        for source in sources:
            for entry in source.entries:
                name = entry.path if source.folder else source.name if inside else ""
                self._files[normpath(join(place, name))] = entry.size

    def bytes_of(self, path: str) -> float | None:
        """Bytes of a file, a folder or a pattern; None where they are not known for sure."""
        plain = normpath(join("/", path.lstrip("/")))
        if plain in self._files:
            return float(self._files[plain])
        if not self.certain:
            return None
        wanted = Wildcard(plain, deep=False)
        sizes = [
            size for name, size in self._files.items() if wanted.fits(_names(name), below=True)
        ]
        return float(sum(sizes)) if sizes else None

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

    size: float = 0.0
    """Unpacked bytes."""
    packed: float = 0.0
    """Bytes of archives that ADD unpacks, still packed."""
    content: list[str] = field(default_factory=list)
    """What goes into the digest of the step."""
    needs: tuple[str, ...] = ()
    """Digests of the stages and images it comes from."""


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
    def ask(self) -> str:
        """How the user gives its bytes where they cannot be seen."""
        flag = f"--copy-size {self.ordinal}=SIZE"
        return f"give it with {flag}, or in a comment above it: # berthsim: size=120MB"


def from_context(
    request: CopyRequest, context: Context, tree: Tree, documents: list[Source]
) -> AddedFiles:
    """Add files of the build context and heredocs, and what ADD downloads or unpacks."""
    added, taken = AddedFiles(), list(documents)
    for name in request.sources:
        if _is_remote(request, name):
            _downloaded(request, name, added, tree)
            continue
        for source in context.take(name, exclude=request.exclude):
            packed = request.unpacks and not source.folder and source.name.endswith(PACKED)
            if request.unpacks and not source.folder and source.name.endswith((".tar", *PACKED)):
                tree.certain = False
            if packed and request.size is None:
                added.packed += source.entries[0].size
                added.content.append(_identity(source))
            else:
                taken.append(source)
    if request.size is not None and not _may_be_told(request):
        raise InstructionError("its size is that of its files; no other can be told")
    _into(tree, taken, request)
    added.content += [_identity(source) for source in taken]
    told = request.size is not None
    added.size = request.size or 0.0 if told else added.size + _bytes(taken)
    return added


def from_stage(request: CopyRequest, tree: Tree | None, unpacked: float, origin: str) -> AddedFiles:
    """Add files of another stage or image.

    Args:
        tree: what is known of the stage's files; None for an image.
        unpacked: bytes of all files of the stage or image.
        origin: the digest of the stage or image.
    """
    added = AddedFiles(request.size or 0.0, content=[origin, f"{request.size}"], needs=(origin,))
    if request.size is not None:
        return added
    for path in request.sources:
        whole = path.strip("/.") == ""
        size = unpacked if whole else tree.bytes_of(path) if tree is not None else None
        if size is None:
            raise InstructionError(
                f"how many bytes {path[:80]!r} has there is not known; {request.ask}"
            )
        added.size += size
    return added


def document(heredoc: Heredoc, values: dict[str, str], escape: str) -> Source:
    """A heredoc as the file that it writes."""
    body = heredoc.body
    if not heredoc.literal:
        body = expand(body, values, escape, quotes=False)
    data = body.encode("utf-8", "surrogatepass")
    entry = Entry("", len(data), hashlib.sha256(data).hexdigest())
    return Source(heredoc.name, False, (entry,))


def _is_remote(request: CopyRequest, name: str) -> bool:
    return request.raw.word == "ADD" and name.startswith(REMOTE)


def _may_be_told(request: CopyRequest) -> bool:
    names = request.sources if request.raw.word == "ADD" else ()
    return any(name.startswith(REMOTE) or name.endswith((".tar", *PACKED)) for name in names)


def _downloaded(request: CopyRequest, name: str, added: AddedFiles, tree: Tree) -> None:
    if request.size is None:
        raise InstructionError(f"how many bytes {name[:80]!r} has is not known; {request.ask}")
    tree.certain = False
    added.content.append(f"{name} {request.size}")


def _into(tree: Tree, taken: list[Source], request: CopyRequest) -> None:
    place, folder = absolute(request.place, "/")
    tree.put(taken, place, folder=folder)


def _bytes(sources: list[Source]) -> float:
    return float(sum(entry.size for source in sources for entry in source.entries))


def _identity(source: Source) -> str:
    digest = hashlib.sha256(f"{source.name!r} {source.folder}".encode("ascii", "backslashreplace"))
    for entry in source.entries:
        line = f"\n{entry.path!r} {entry.size} {entry.identity}"
        digest.update(line.encode("ascii", "backslashreplace"))
    return digest.hexdigest()
