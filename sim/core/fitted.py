"""Figures fitted to records of one's own, which stand in for the catalogue's.

Either in one description (`with_fitted`), or in all that is made while something is asked
(`standing_in`). A spread that was fitted belongs to the distribution whose median was.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

from sim.core.cited import Cited
from sim.core.description import mapped
from sim.core.randomness import Lognormal

P = ParamSpec("P")
T = TypeVar("T")

SPREAD = ".spread"
"""What follows the key of a median in the key of its spread."""


@dataclass(frozen=True, slots=True)
class FittedFigure(Cited):
    """A figure that was fitted to somebody's own records."""

    n: int = 1
    """Starts, or readings, that it was fitted to."""
    was: str = ""
    """What it stands in for, in words: `assumed 15 s (8 to 30)`; empty: nothing."""

    def told(self) -> str:
        """What it is, what it was fitted to, and what it was before."""
        return f"{self.key} {self.shown()}, {self.whence()}"

    def whence(self) -> str:
        """What it was fitted to, and what it was before."""
        before = f"; was {self.was}" if self.was else ""
        return f"fitted from {self.n} {'start' if self.n == 1 else 'starts'}{before}"


class StandIns:
    """The figures that stand in for others, and which of them were taken."""

    def __init__(self, figures: Iterable[FittedFigure]) -> None:
        self.by_key = {figure.key: figure for figure in figures}
        self.taken: set[str] = set()

    def take(self, key: str) -> None:
        """Remember that a figure was asked for."""
        if key in self.by_key:
            self.taken.add(key)


_NONE = StandIns(())
_NOW: ContextVar[StandIns] = ContextVar("stand-ins", default=_NONE)


def stand_ins() -> StandIns:
    """Those of what is asked now; none unless some are given."""
    return _NOW.get()


@contextmanager
def standing_in(figures: Iterable[FittedFigure]) -> Iterator[StandIns]:
    """Let figures stand in for the catalogue's in all that is made within."""
    within = StandIns(figures)
    before = _NOW.set(within)
    try:
        yield within
    finally:
        _NOW.reset(before)


def remembered(function: Callable[P, T]) -> Callable[P, T]:
    """As `functools.cache`, for what is made of figures: anew where others stand in for them."""

    @cache
    def known(_: StandIns, *args: Hashable) -> T:
        return function(*args)  # type: ignore[arg-type, call-arg]

    @wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:  # noqa: ARG001 (none has keywords)
        return known(stand_ins(), *args)

    return asked


def with_fitted(node: T, figures: Mapping[str, Cited]) -> T:
    """A copy of a description with the figures that it has, by key; others are left out.

    Raises:
        ValueError: one of them cannot have that value there.
    """

    def change(part: Any) -> Any:
        if isinstance(part, Cited):
            return figures.get(part.key, part)
        if isinstance(part, Lognormal) and isinstance(part.median, Cited):
            spread = figures.get(part.median.key + SPREAD)
            return part if spread is None else replace(part, spread=spread)
        return part

    return mapped(node, change)
