"""Hosts grouped by what they have left: those alike are interchangeable, and a fleet has few kinds.

So a placement looks at kinds and not at ten thousand hosts.
"""

import math
import sys
from collections.abc import Callable, Hashable
from heapq import heappop, heappush
from typing import Final, Generic, TypeVar

Kind = TypeVar("Kind", bound=Hashable)
Request = TypeVar("Request")

SPARE: Final = 64
"""Numbers of hosts that have moved on, which a heap may always hold."""


class EqualHosts(Generic[Kind]):
    """The hosts of one kind."""

    __slots__ = ("count", "kind", "numbers")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.count = 0
        self.numbers: list[int] = []
        """A heap of their numbers; those of hosts that have moved on go when they surface, or when
        they are the most of it."""


class HostIndex(Generic[Kind]):
    """Hosts by number, grouped by kind."""

    __slots__ = ("_by_kind", "_by_number")

    def __init__(self) -> None:
        self._by_kind: dict[Kind, EqualHosts[Kind]] = {}
        """Groups that are not empty."""
        self._by_number: dict[int, EqualHosts[Kind]] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._by_number

    def put(self, number: int, kind: Kind) -> None:
        """Host `number` is of that kind from now on, whatever it was."""
        if number in self._by_number:
            self.remove(number)
        equals = self._by_kind.get(kind)
        if equals is None:
            equals = self._by_kind[kind] = EqualHosts(kind)
        equals.count += 1
        self._by_number[number] = equals
        heappush(equals.numbers, number)
        if len(equals.numbers) > SPARE + 2 * equals.count:  # hosts that came back stand there twice
            there = {n for n in equals.numbers if self._by_number.get(n) is equals}
            equals.numbers = sorted(there)

    def remove(self, number: int) -> None:
        """Take a host away."""
        equals = self._by_number.pop(number)
        equals.count -= 1
        if not equals.count:
            del self._by_kind[equals.kind]

    def kind(self, number: int) -> Kind:
        """The kind of a host."""
        return self._by_number[number].kind

    def count(self, kind: Kind) -> int:
        """The number of hosts of a kind."""
        equals = self._by_kind.get(kind)
        return 0 if equals is None else equals.count

    def first(self, kind: Kind) -> int:
        """The lowest number among the hosts of a kind."""
        equals = self._by_kind[kind]
        while self._by_number.get(equals.numbers[0]) is not equals:
            heappop(equals.numbers)
        return equals.numbers[0]

    def best(
        self, fitting: list[Kind], rank: Callable[[Kind, Request], float], request: Request
    ) -> int:
        """The lowest number among the hosts of the kinds that rank lowest.

        Args:
            fitting: kinds to choose from, at least one.
        """
        if len(fitting) == 1:
            return self.first(fitting[0])
        least, lowest = math.inf, sys.maxsize
        for kind in fitting:
            at = rank(kind, request)
            if at <= least:
                first = self.first(kind)
                if at < least or first < lowest:
                    least, lowest = at, first
        return lowest

    def kinds(self) -> list[Kind]:
        """Kinds of which there is a host, in the order in which the first one came."""
        return list(self._by_kind)

    def counts(self) -> dict[Kind, int]:
        """The number of hosts of each kind."""
        return {kind: equals.count for kind, equals in self._by_kind.items()}
