"""`.dockerignore`, and the path patterns that COPY has too: `*`, `?`, `[a-z]`, and `**`.

Matching is by path component, in time that grows with pattern times path, whatever the pattern.
"""

import re
from collections.abc import Sequence
from posixpath import normpath

from sim.image.dockerfile.errors import InstructionError, Mistakes

LONGEST = 4096
"""Characters of a pattern; a path has no more."""
MOST_PATTERNS = 1_000
"""Patterns of a file: each path is compared with all of them."""


def as_regex(pattern: str, *, across: bool = False) -> re.Pattern[str]:
    """A pattern of one path component as a regular expression.

    Args:
        across: `*` and `?` take a slash too, as they do in a variable.

    Raises:
        InstructionError: a [ is not closed, or a \\ ends it.
    """
    if len(pattern) > LONGEST:
        raise InstructionError(f"a pattern has more than {LONGEST} characters")
    one = "." if across else "[^/]"
    chunks, place = [""], 0
    while place < len(pattern):
        sign = pattern[place]
        if sign == "*":
            chunks += [""] if chunks[-1] or len(chunks) == 1 else []
            place += 1
            continue
        text, place = _sign(pattern, place, one)
        chunks[-1] += text
    return _joined(chunks, one)


def _sign(pattern: str, place: int, one: str) -> tuple[str, int]:
    sign = pattern[place]
    if sign == "?":
        return one, place + 1
    if sign == "[":
        return _class(pattern, place)
    if sign == "\\":
        if place + 1 == len(pattern):
            raise InstructionError("a pattern ends in \\")
        return re.escape(pattern[place + 1]), place + 2
    return re.escape(sign), place + 1


_IN_CLASS = re.compile(r"([^-](-[^-])?)+")
"""Signs and ranges of them: Go, whose patterns these are, takes a dash between two signs alone."""


def _class(pattern: str, place: int) -> tuple[str, int]:
    end = pattern.find("]", place + 2)
    if end < 0:
        raise InstructionError(f"the [ in {pattern!r} is not closed")
    inner = pattern[place + 1 : end]
    no, inner = ("^", inner[1:]) if inner[0] == "^" else ("", inner)
    escaped = re.sub(r"[\\\[\]^&~|]", lambda match: "\\" + match[0], inner)
    text = f"[{no}{escaped}]"
    try:
        if not _IN_CLASS.fullmatch(inner):
            raise re.error("a dash begins and ends nothing")
        re.compile(text)
    except re.error:
        raise InstructionError(f"[{inner}] in a pattern is no set of characters") from None
    return text, end + 1


def _joined(chunks: list[str], one: str) -> re.Pattern[str]:
    """Chunks with a star between them, as a regular expression that does not backtrack.

    Each chunk but the last is matched at its first place, for good (`(?>...)`). Where anything
    matches, the earliest places do; so no pattern takes exponential time.
    """
    if len(chunks) == 1:
        return re.compile(chunks[0], re.DOTALL)
    first, *middle, last = chunks
    inner = "".join(f"(?>{one}*?{chunk})" for chunk in middle)
    return re.compile(f"{first}{inner}{one}*{last}", re.DOTALL)


class Wildcard:
    """A pattern of a path."""

    __slots__ = ("_parts",)

    def __init__(self, pattern: str, *, deep: bool) -> None:
        """Read it.

        Args:
            deep: whether `**` is any number of folders (in `.dockerignore`); else it is a `*`.
        """
        parts = [part for part in pattern.split("/") if part]
        if deep:
            parts = [piece for part in parts for piece in _without_stars(part)]
            pairs = zip(parts, ["", *parts], strict=False)  # "**" again and again is "**"
            parts = [part for part, before in pairs if not part == before == "**"]
        self._parts = [None if deep and part == "**" else as_regex(part) for part in parts]

    def fits(self, names: Sequence[str], *, below: bool) -> bool:
        """Whether a path of these components is meant.

        Args:
            below: also where a folder above it is.
        """
        here, last = {0}, len(self._parts) - 1
        for number, part in enumerate(self._parts):
            if part is None:
                here = set(range(min(here) + (number == last), len(names) + 1))
            else:
                here = {at + 1 for at in here if at < len(names) and part.fullmatch(names[at])}
            if not here:
                return False
        return max(here) > 0 if below else len(names) in here


def _without_stars(part: str) -> list[str]:
    """`**x` is `**/x`."""
    rest = part.lstrip("*")
    if not part.startswith("**"):
        return [part]
    return ["**", rest] if rest else ["**"]


class Ignore:
    """The patterns of a `.dockerignore`; the last that fits a path decides."""

    __slots__ = ("_patterns", "brings_back")

    def __init__(self, text: str = "", mistakes: Mistakes | None = None) -> None:
        self._patterns: list[tuple[bool, Wildcard]] = []
        for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
            try:
                self._read(line)
            except InstructionError as error:
                if mistakes is None:
                    raise
                mistakes.add(number, str(error), line)
            if len(self._patterns) > MOST_PATTERNS:
                message = f"it has more than {MOST_PATTERNS:,} patterns; no more are read"
                if mistakes is None:
                    raise InstructionError(message)
                mistakes.add(number, message, line)
                break
        self.brings_back = any(not hides for hides, _ in self._patterns)
        """Whether a `!` pattern may bring back files in a folder that is ignored."""

    def _read(self, line: str) -> None:
        pattern = line.strip()
        if line.startswith("#") or not pattern:
            return
        hides = not pattern.startswith("!")
        pattern = pattern if hides else pattern[1:].strip()
        if not pattern:
            raise InstructionError("the pattern ! names nothing")
        self._patterns.append((hides, Wildcard(normpath(pattern).lstrip("/"), deep=True)))

    def hides(self, names: Sequence[str]) -> bool:
        """Whether a path of these components is left out."""
        hidden = False
        for hides, pattern in self._patterns:
            if hides != hidden and pattern.fits(names, below=True):
                hidden = hides
        return hidden
