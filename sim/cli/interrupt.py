"""Ctrl-C while modules are read, and memory that is at its end: no traceback, and the right code.

It imports nothing that takes time, and is imported before all that does.
"""

import contextlib
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


NO_MEMORY = (
    *("annot allocate memory", "failed to map segment", "launch worker thread"),
    *("can't start new thread", "can't allocate lock", "MemoryError"),
)
"""What the system says of it, in the words of whoever was imported."""


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether the system gave no more memory."""
    while error is not None:
        if isinstance(error, MemoryError) or any(sign in str(error) for sign in NO_MEMORY):
            return True
        error = error.__cause__ or error.__context__
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


def hurry() -> None:
    """From now on Ctrl-C ends it at once: it ends already, and somebody cannot wait.

    What was said is said whole, unless its reader does not read on, for whom nobody waits either.
    """
    import signal

    signal.signal(signal.SIGINT, lambda *_: os._exit(STOPPED))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # Python tries once more
            stream.flush()


def hurry_at_the_end() -> None:
    """The same once Python ends, from before it waits for others' threads."""
    import atexit
    import threading

    getattr(threading, "_register_atexit", atexit.register)(hurry)


_before = sys.excepthook


def _quietly(kind, error, trace):  # type: ignore[no-untyped-def]
    code = STOPPED  # Python itself would say that a signal killed it
    if is_out_of_memory(error):
        code = 2
        print(
            "error: there is too little memory for this, or too few threads; see ulimit -v and -u, "
            "or the limits of the container",
            file=sys.stderr,
        )
    elif not is_one(error):
        _before(kind, error, trace)
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def guard() -> None:
    """From now on, until all modules are read."""
    sys.excepthook = _quietly


def all_is_read() -> None:
    """What comes now ends as Python and whoever wrote it have it."""
    if sys.excepthook is _quietly:
        sys.excepthook = _before
