"""Hosts in the order in which they are preferred: most copies are at home on one of the first."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import inf
from typing import Any, NamedTuple, TypeAlias

from sim.platforms.packing.host import Copy, PackedHost
from sim.platforms.packing.placing import first_fit

_Place: TypeAlias = tuple[float, int]
"""How a host ranks for the request that all are ordered by, and its number."""


class Taker(NamedTuple):
    """A host that takes a copy; the least is preferred."""

    there: int
    """Copies of the part that are on it, where they spread."""
    rank: float
    number: int


class HostsInOrder:
    """Hosts, the one first that is preferred whatever is asked for, but for rounding.

    A platform prefers the same of two hosts of a kind for every request (`Placing.wobble`): whoever
    looks for the preferred one is done soon behind the first that takes it.

    Args:
        hosts: whoever replaces one there says so (`changed`).
        request: by which they are ordered; any.
    """

    __slots__ = ("_begin", "_hosts", "_keys", "_order", "_request", "_wobble", "looks")

    def __init__(self, hosts: Sequence[PackedHost], request: Any) -> None:
        self._hosts = hosts
        self._request = request
        self._wobble = _wobble(hosts)
        self._keys = [self._key(host) for host in hosts]
        self._order = sorted((key, number) for number, key in enumerate(self._keys))
        self._begin: dict[object, int] = {}
        """By what is asked for, before which place in the order nobody has room for it."""
        self.looks = 0
        """Hosts that were looked at so far."""

    def changed(self, number: int) -> None:
        """Another host stands there now, which has taken something."""
        order = self._order
        del order[bisect_left(order, (self._keys[number], number))]
        self._keys[number] = self._key(self._hosts[number])
        insort(order, (self._keys[number], number))
        self._begin.clear()

    def best(
        self, copy: Copy, instead: Mapping[int, PackedHost] | None = None, dead: int = -1
    ) -> int | None:
        """The number of the host that is preferred for a copy; None where none takes it.

        Args:
            instead: hosts that are to stand where others do, by number.
            dead: number of a host that takes nothing.
        """
        instead = instead or {}
        found = self._preferred(copy, self._places(copy, {dead, *instead}), self._hosts)
        if instead:
            theirs = sorted((self._key(host), number) for number, host in instead.items())
            other = self._preferred(copy, theirs, instead)
            found = other if found is None or (other is not None and other < found) else found
        return None if found is None else found.number

    def _key(self, host: PackedHost) -> float:
        return host.kind.placing.rank(host.left, self._request)

    def _places(self, copy: Copy, without: set[int]) -> Iterator[_Place]:
        """The order, without some hosts, from the first on that has room for what is asked for."""
        order, hosts, request = self._order, self._hosts, copy.request
        begin = self._begin.get(request, 0)
        for _, number in islice(order, begin, None):
            if hosts[number].left.fits(request):
                break
            begin += 1
            self.looks += 1
        self._begin[request] = begin
        return (place for place in islice(order, begin, None) if place[1] not in without)

    def _preferred(
        self,
        copy: Copy,
        places: Iterable[_Place],
        hosts: Mapping[int, PackedHost] | Sequence[PackedHost],
    ) -> Taker | None:
        """Of hosts in order the preferred one; those as full as one that takes it come after it."""
        best, last, seen = None, inf, None
        for key, number in places:
            if key > last:
                break
            self.looks += 1
            host = hosts[number]
            if host.left == seen or not host.takes(copy):
                continue
            there = host.parts.get(copy.part, 0) if copy.spread else 0
            taker = Taker(there, host.kind.placing.rank(host.left, copy.request), number)
            best = taker if best is None else min(best, taker)
            if not there:
                last, seen = min(last, key + self._wobble), host.left
                if not self._wobble:
                    break
        return best


def _wobble(hosts: Sequence[PackedHost]) -> float:
    """That of their kind; of several kinds nobody knows which is preferred for another request."""
    kinds = {id(host.kind): host.kind.placing for host in hosts}
    if len(kinds) != 1:
        return inf
    (placing,) = kinds.values()
    return 0.0 if placing.rank is first_fit else placing.wobble
