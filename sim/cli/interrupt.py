"""Ctrl-C while modules are still read: no traceback, and the code that a shell makes of it.

It imports nothing that takes time, and is imported before all that does.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

STOPPED = 130
"""What a shell makes of a program that Ctrl-C has ended."""


def is_one(error: BaseException | None) -> bool:
    """Whether it is Ctrl-C, or what a library made of it that was being imported."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt) or "KeyboardInterrupt" in str(error):
            return True
        error = error.__cause__
    return False


def words(error: BaseException) -> str:
    """What is kept and how to go on, where whoever was interrupted says it."""
    return str(error) if isinstance(error, KeyboardInterrupt) and str(error) else "stopped"


def end() -> "NoReturn":
    """End with that code, and not by the signal: so CPython ends once an `exec` was interrupted,
    as in the making of a dataclass, until another one has run.
    """
    exec("")
    raise SystemExit(STOPPED)


_before = sys.excepthook


def _quietly(kind, error, trace):  # type: ignore[no-untyped-def]
    if not is_one(error):
        _before(kind, error, trace)
        return
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(STOPPED)  # Python itself would say that a signal killed it


def guard() -> None:
    """From now on, until all modules are read."""
    sys.excepthook = _quietly


def all_is_read() -> None:
    """What comes now ends as Python and whoever wrote it have it."""
    if sys.excepthook is _quietly:
        sys.excepthook = _before
