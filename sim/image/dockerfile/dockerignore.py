"""`.dockerignore`: which files of the context are not sent to the build."""

from collections.abc import Sequence
from posixpath import normpath

from sim.image.dockerfile.errors import BadWord, Mistakes
from sim.image.dockerfile.wildcards import Wildcard


class Ignore:
    """The patterns of a `.dockerignore`; the last that fits a path decides."""

    __slots__ = ("_patterns", "brings_back")

    def __init__(self, text: str = "", mistakes: Mistakes | None = None) -> None:
        self._patterns: list[tuple[bool, Wildcard]] = []
        for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
            try:
                self._read(line)
            except BadWord as error:
                if mistakes is None:
                    raise
                mistakes.add(number, str(error), line)
        self.brings_back = any(not hides for hides, _ in self._patterns)
        """Whether files in a folder that is ignored may be wanted after all."""

    def _read(self, line: str) -> None:
        pattern = line.strip()
        if line.startswith("#") or not pattern:
            return
        hides = not pattern.startswith("!")
        pattern = pattern if hides else pattern[1:].strip()
        if not pattern:
            raise BadWord("the pattern ! names nothing")
        self._patterns.append((hides, Wildcard(normpath(pattern).lstrip("/"), deep=True)))

    def hides(self, names: Sequence[str]) -> bool:
        """Whether a path of these components is left out."""
        hidden = False
        for hides, pattern in self._patterns:
            if hides != hidden and pattern.fits(names, below=True):
                hidden = hides
        return hidden
