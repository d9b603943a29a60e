"""Hosts by what they have left: those alike are interchangeable, and a fleet has few kinds.

So a placement looks at kinds and not at ten thousand hosts.
"""

from collections.abc import Hashable
from heapq import heappop, heappush
from typing import Generic, TypeVar

Kind = TypeVar("Kind", bound=Hashable)


class Shelf(Generic[Kind]):
    """The hosts of one kind."""

    __slots__ = ("count", "kind", "numbers")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.count = 0
        self.numbers: list[int] = []
        """A heap of theirs, and of hosts that have moved on since."""


class Kinds(Generic[Kind]):
    """Numbers of hosts, on a shelf for each kind."""

    __slots__ = ("_shelf", "_shelves")

    def __init__(self) -> None:
        self._shelves: dict[Kind, Shelf[Kind]] = {}
        """Those that are not empty."""
        self._shelf: dict[int, Shelf[Kind]] = {}
        """Where each host is."""

    def put(self, number: int, kind: Kind) -> None:
        """Host `number` is of that kind from now on, whatever it was."""
        if number in self._shelf:
            self.remove(number)
        shelf = self._shelves.get(kind)
        if shelf is None:
            shelf = self._shelves[kind] = Shelf(kind)
        shelf.count += 1
        heappush(shelf.numbers, number)
        self._shelf[number] = shelf

    def remove(self, number: int) -> None:
        """Take a host away."""
        shelf = self._shelf.pop(number)
        shelf.count -= 1
        if not shelf.count:
            del self._shelves[shelf.kind]

    def of(self, number: int) -> Kind:
        """The kind of a host."""
        return self._shelf[number].kind

    def first(self, kind: Kind) -> int:
        """The lowest number of a kind of which there is a host."""
        shelf = self._shelves[kind]
        while self._shelf.get(shelf.numbers[0]) is not shelf:
            heappop(shelf.numbers)
        return shelf.numbers[0]

    def all(self) -> list[Kind]:
        """Kinds of which there is a host, in the order in which the first one came."""
        return list(self._shelves)

    def counts(self) -> dict[Kind, int]:
        """How many hosts there are of each kind."""
        return {kind: shelf.count for kind, shelf in self._shelves.items()}
