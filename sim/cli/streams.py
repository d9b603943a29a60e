"""Standard streams that take whatever is said, whatever the shell and the terminal make of it."""

import io
import os
import re
import sys
from contextlib import suppress

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal obeys instead of showing it; files of others may have it in a name."""

_SIZE = re.compile("[1-9][0-9]{0,4}")


def make_ready() -> None:
    """Open what the shell has closed, and let nothing fail that the encoding has no sign for."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # `sim density >&-`
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for name in ("COLUMNS", "LINES"):
        if not _SIZE.fullmatch(os.environ.get(name, "80")):
            del os.environ[name]  # a terminal of no width, in which nothing can be folded


def cannot_be_said(error: OSError) -> int:
    """What ends a program whose output goes nowhere: a sentence if there is somewhere, and 2."""
    with suppress(OSError):
        sys.stderr.write(f"error: {error.strerror or error}\n")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nor is the rest
    return 2


def takes_all_signs() -> bool:
    """Whether standard output is in UTF-8."""
    return (sys.stdout.encoding or "utf-8").lower().replace("-", "") == "utf8"


def visible(text: str) -> str:
    """A text in which nothing is left that a terminal would obey; lines still end."""
    return _HIDDEN.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def visible_in_json(text: str) -> str:
    """The same for JSON, which stays the same value."""
    return _HIDDEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)
