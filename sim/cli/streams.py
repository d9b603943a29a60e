"""Standard streams that take whatever is said, whatever the shell and the terminal make of it."""

import io
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn, TextIO

BEGUN = time.monotonic()
"""Since when somebody looks at the screen."""

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal obeys instead of showing it; files of others may have it in a name."""

_SIZE = re.compile("[1-9][0-9]{0,4}")


SIGPIPE = 141
"""What a shell makes of a program whose reader has gone; 1 would be a requirement not met."""

ANSWERS = (0, 1, 3)
"""Exit codes that say something of what was printed."""


def make_ready() -> None:
    """Open what the shell has closed, and let nothing fail that the encoding has no sign for."""
    _open_the_closed()
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is None:  # `sim density >&-`
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for name in ("COLUMNS", "LINES"):
        if not _SIZE.fullmatch(os.environ.get(name, "80")):
            del os.environ[name]  # a terminal of no width, in which nothing can be folded


def _open_the_closed() -> None:
    """Let the numbers that the shell has closed lead nowhere, here and in worker processes.

    A file of results would get one of them, and be written to by whoever complains.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:  # the lowest that is free, so this one
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def lead_nowhere(stream: TextIO | None) -> None:
    """Let nothing complain that is said there, or is still buffered."""
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def reader_has_gone() -> NoReturn:
    """End quietly."""
    lead_nowhere(sys.stdout)
    raise SystemExit(SIGPIPE)


@contextmanager
def reader_may_go() -> Iterator[None]:
    """Within the block it is no error when nobody reads any more."""
    try:
        yield
    except BrokenPipeError:
        reader_has_gone()


def cannot_be_said(error: OSError) -> int:
    """What ends a program whose output goes nowhere: a sentence if there is somewhere, and 2."""
    with suppress(OSError):
        sys.stderr.write(f"error: {error.strerror or error}\n")
    lead_nowhere(sys.stdout)  # nor is the rest
    return 2


def all_is_said(code: int) -> int:
    """The exit code, once nothing is left to be said: what cannot be written any more as Python
    ends would be told in its own words, and end in 120.

    Args:
        code: as it would be; where it is of an answer, and the answer went nowhere, it is another.
    """
    for stream in (sys.stderr, sys.stdout):
        try:
            if stream is not None:
                stream.flush()
        except OSError as error:
            lead_nowhere(stream)
            if stream is sys.stdout and code in ANSWERS:
                gone = isinstance(error, BrokenPipeError)
                code = SIGPIPE if gone else cannot_be_said(error)
    return code


def takes_all_signs() -> bool:
    """Whether standard output is in UTF-8."""
    return (sys.stdout.encoding or "utf-8").lower().replace("-", "") == "utf8"


def visible(text: str) -> str:
    """A text in which nothing is left that a terminal would obey; lines still end."""
    return _HIDDEN.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def visible_in_json(text: str) -> str:
    """The same for JSON, which stays the same value."""
    return _HIDDEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)
