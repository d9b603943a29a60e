"""Hosts by what they have left: those alike are interchangeable, and a fleet has few kinds.

So a placement looks at kinds and not at ten thousand hosts.
"""

from collections.abc import Hashable
from heapq import heappop, heappush
from typing import Generic, TypeVar

Kind = TypeVar("Kind", bound=Hashable)


class Kinds(Generic[Kind]):
    """Numbers of hosts, on a shelf for each kind."""

    __slots__ = ("_shelves", "of")

    def __init__(self) -> None:
        self._shelves: dict[Kind, list[int]] = {}
        self.of: dict[int, Kind] = {}
        """The kind of each host now."""

    def put(self, number: int, kind: Kind) -> None:
        """Host `number` is of that kind from now on, whatever it was."""
        self.of[number] = kind
        heappush(self._shelves.setdefault(kind, []), number)

    def remove(self, number: int) -> None:
        """Take a host away."""
        del self.of[number]

    def first(self, kind: Kind) -> int:
        """The lowest number of a kind that `all` has just named."""
        return self._shelves[kind][0]

    def all(self) -> list[Kind]:
        """Kinds of which there is a host; what has moved on is cleared away first."""
        for kind in list(self._shelves):
            shelf = self._shelves[kind]
            while shelf and self.of.get(shelf[0]) != kind:
                heappop(shelf)
            if not shelf:
                del self._shelves[kind]
        return list(self._shelves)
