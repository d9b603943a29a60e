"""Hosts grouped by what they have left: those alike are interchangeable, and a fleet has few kinds.

So a placement looks at kinds and not at ten thousand hosts.
"""

from collections.abc import Callable, Hashable
from heapq import heappop, heappush
from typing import Any, Final, Generic, Protocol, Self, TypeVar

SPARE: Final = 64
"""Numbers of hosts that have moved on, which a heap may always hold."""


class HostRoom(Hashable, Protocol):
    """What a host has left."""

    def fits(self, request: Any, /) -> bool:
        """Whether it lacks nothing that a request asks for."""
        ...

    def less(self, request: Any, /) -> Self:
        """What is left once it is taken."""
        ...

    def more(self, request: Any, /) -> Self:
        """What is left once it is given back."""
        ...


Kind = TypeVar("Kind", bound=HostRoom)
Request = TypeVar("Request", bound=Hashable)


class EqualHosts(Generic[Kind, Request]):
    """The hosts of one kind.

    What follows from a request is kept until another one comes: most are for the same service.
    """

    __slots__ = (
        "asked",
        "at",
        "count",
        "fits",
        "kind",
        "less",
        "more",
        "numbers",
        "returned",
    )

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.count = 0
        self.numbers: list[int] = []
        """A heap of their numbers; those of hosts that have moved on go when they surface, or when
        they are the most of it."""
        self.asked: Request | None = None
        """The request that was asked for last,"""
        self.fits = False
        """whether it fits,"""
        self.at = 0.0
        """how it ranks,"""
        self.less: EqualHosts[Kind, Request] | None = None
        """and where a host goes that takes it."""
        self.returned: Request | None = None
        """The request that was given back last,"""
        self.more: EqualHosts[Kind, Request] | None = None
        """and where a host goes to which it is."""

    def ask(self, request: Request, rank: Callable[[Kind, Request], float]) -> bool:
        """Whether a request fits."""
        if self.asked is not request:
            self.asked, self.less = request, None
            self.fits = self.kind.fits(request)
            self.at = rank(self.kind, request)
        return self.fits


class HostIndex(Generic[Kind, Request]):
    """Hosts by number, grouped by kind.

    Args:
        rank: what is smallest of the kind whose hosts take a request.
    """

    __slots__ = ("_by_kind", "_by_number", "_rank")

    def __init__(self, rank: Callable[[Kind, Request], float]) -> None:
        self._rank = rank
        self._by_kind: dict[Kind, EqualHosts[Kind, Request]] = {}
        """Groups that are not empty."""
        self._by_number: list[EqualHosts[Kind, Request] | None] = []

    def __contains__(self, number: int) -> bool:
        return number < len(self._by_number) and self._by_number[number] is not None

    def put(self, number: int, kind: Kind) -> None:
        """Host `number` is of that kind from now on, whatever it was."""
        while number >= len(self._by_number):
            self._by_number.append(None)
        self.remove(number)
        equals = self._by_kind.get(kind)
        self._join(number, EqualHosts(kind) if equals is None else equals)

    def remove(self, number: int) -> None:
        """Take a host away."""
        equals = self._by_number[number]
        if equals is not None:
            self._by_number[number] = None
            equals.count -= 1
            if not equals.count:
                del self._by_kind[equals.kind]

    def take(self, number: int, request: Request) -> Kind:
        """A host takes a request, which fits; what it has left then."""
        before = self._of(number)
        after = before.less if before.asked is request else None
        if after is None or not after.count:  # else it is a kind that is there by now
            self.put(number, before.kind.less(request))
            after = self._of(number)
            if before.asked is request:
                before.less = after
        else:
            self._move(number, before, after)
        return after.kind

    def give_back(self, number: int, request: Request) -> Kind:
        """What a host had taken is given back; what it has left then."""
        before = self._of(number)
        after = before.more if before.returned is request else None
        if after is None or not after.count:
            self.put(number, before.kind.more(request))
            after = self._of(number)
            before.returned, before.more = request, after
        else:
            self._move(number, before, after)
        return after.kind

    def kind(self, number: int) -> Kind:
        """The kind of a host."""
        return self._of(number).kind

    def count(self, kind: Kind) -> int:
        """The number of hosts of a kind."""
        equals = self._by_kind.get(kind)
        return 0 if equals is None else equals.count

    def best(self, request: Request) -> int | None:
        """The lowest number among the hosts of the kinds that rank lowest of those it fits on."""
        least, lowest = 0.0, -1
        for equals in self._by_kind.values():
            if equals.ask(request, self._rank) and (lowest < 0 or equals.at <= least):
                first = self.first(equals)
                if lowest < 0 or equals.at < least or first < lowest:
                    least, lowest = equals.at, first
        return None if lowest < 0 else lowest

    def first(self, equals: EqualHosts[Kind, Request]) -> int:
        """The lowest number among the hosts of a kind."""
        numbers = equals.numbers
        while self._by_number[numbers[0]] is not equals:
            heappop(numbers)
        return numbers[0]

    def kinds(self) -> list[Kind]:
        """Kinds of which there is a host, in the order in which the first one came."""
        return list(self._by_kind)

    def counts(self) -> dict[Kind, int]:
        """The number of hosts of each kind."""
        return {kind: equals.count for kind, equals in self._by_kind.items()}

    def _of(self, number: int) -> EqualHosts[Kind, Request]:
        equals = self._by_number[number]
        if equals is None:
            raise KeyError(number)
        return equals

    def _move(
        self, number: int, before: EqualHosts[Kind, Request], after: EqualHosts[Kind, Request]
    ) -> None:
        before.count -= 1
        if not before.count:
            del self._by_kind[before.kind]
        self._join(number, after)

    def _join(self, number: int, equals: EqualHosts[Kind, Request]) -> None:
        if not equals.count:
            self._by_kind[equals.kind] = equals
        equals.count += 1
        self._by_number[number] = equals
        heappush(equals.numbers, number)
        if len(equals.numbers) > SPARE + 2 * equals.count:
            self._tidy(equals)

    def _tidy(self, equals: EqualHosts[Kind, Request]) -> None:
        """Forget the numbers of hosts that have moved on: who came back stands there twice."""
        there = {n for n in equals.numbers if self._by_number[n] is equals}
        equals.numbers = sorted(there)
