"""What is known of the files in a stage: those that came from the build context."""

from posixpath import join, normpath

from sim.image.dockerfile.context import Source
from sim.image.dockerfile.wildcards import Wildcard


class Tree:
    """Files by absolute path, with their bytes; what a RUN or a base image made is not known."""

    __slots__ = ("_files", "certain")

    def __init__(self, below: "Tree | None" = None) -> None:
        self._files: dict[str, int] = dict(below._files) if below else {}
        self.certain: bool = below.certain if below else True
        """Whether its folders hold nothing else: no RUN, no archive wrote into them."""

    def put(self, sources: list[Source], place: str, *, folder: bool) -> None:
        """Copy sources to a place, which is a folder or becomes a file."""
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
