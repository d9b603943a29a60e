"""How far a long answer is, on standard error: a bar where someone looks on, else lines."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Protocol

PATIENCE = 1.0
"""Seconds for which somebody looks at nothing."""

_SINCE: ContextVar[float | None] = ContextVar("since", default=None)
"""Since when somebody waits, on the monotonic clock; None: since the work itself began."""

EVERY = 10.0
"""Seconds from a line to the next one, where standard error is a file or a pipe."""


class Progress(Protocol):
    """What is told of work that goes on."""

    total: float | None

    def update(self, n: int = 1) -> object:
        """So much more of it is done."""
        ...


class _Unseen:
    """Nobody looks on."""

    total: float | None = None

    def update(self, n: int = 1) -> None:
        """Nothing is told."""


UNSEEN: Progress = _Unseen()
"""Where nobody looks on."""


class Lines:
    """A line now and then: a bar that is drawn again and again makes a file nobody can read."""

    def __init__(self, what: str, unit: str, total: float | None, done: int) -> None:
        self.total = total
        self._what, self._unit, self._done, self._before = what, unit, done, done
        self._begun = self._told = time.monotonic()

    def update(self, n: int = 1) -> None:
        """Write the line, if it is time to."""
        self._done += n
        now = time.monotonic()
        if now - self._told < EVERY:
            return
        self._told = now
        of = "" if self.total is None else f" of {self.total:,.0f}"
        took = f"{now - self._begun:.0f} s"
        _tell(f"{self._what}: {self._done:,}{of} {self._unit}s in {took}{self._left(now)}")

    def _left(self, now: float) -> str:
        """How long it takes yet, if what is left takes as long as what was done."""
        made = self._done - self._before
        if self.total is None or made <= 0 or self._done >= self.total:
            return ""
        seconds = (now - self._begun) / made * (self.total - self._done)
        return f", about {seconds:.0f} s left"


@contextmanager
def progress(
    what: str, unit: str, *, total: float | None = None, done: int = 0
) -> Iterator[Progress]:
    """Tell how far it is, to whoever has waited for a second; tqdm is imported for a bar alone.

    Args:
        unit: one of what is counted, such as `run`.
        done: what was done before.
    """
    # A notebook's kernel has this; whoever only talks to kernels has ipykernel, too.
    if not (sys.stderr.isatty() or "ipykernel.kernelapp" in sys.modules):
        yield Lines(what, unit, total, done)
        return
    from tqdm.auto import tqdm

    columns, rows = _size()
    with tqdm(
        desc=what,
        unit=unit,
        total=total,
        initial=done,
        delay=_patience_left(),
        leave=False,
        smoothing=0.0,  # variants take turns, and the last few runs say nothing of the next ones
        ncols=columns,
        nrows=rows,
    ) as bar:
        yield bar


@contextmanager
def waiting_since(moment: float) -> Iterator[None]:
    """Somebody waits since that moment of the monotonic clock: bars within count from then on."""
    before = _SINCE.set(moment)
    try:
        yield
    finally:
        _SINCE.reset(before)


def _patience_left() -> float:
    """Seconds from now until something has to be seen."""
    since = _SINCE.get()
    return PATIENCE if since is None else max(0.0, PATIENCE - (time.monotonic() - since))


def _size() -> tuple[int, int] | tuple[None, None]:
    """A terminal that does not say how large it is, as a container's, has 80 columns of 24 rows.

    Of one that does, tqdm finds it out.
    """
    try:
        known = os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return None, None
    return (None, None) if known else (80, 24)


def say(text: str) -> None:
    """A remark on standard error, clear of a bar."""
    if "tqdm" in sys.modules:
        from tqdm import tqdm

        tqdm.write(text, file=sys.stderr)
    else:
        _tell(text)


def _tell(text: str) -> None:
    """Say it; hours of runs do not hang on whether anybody reads it (`2>&1 | head -1`)."""
    with suppress(BrokenPipeError):
        print(text, file=sys.stderr, flush=True)
