"""Which host each copy goes to: the one that its platform prefers of those that take it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import heappop, heappush

from sim.platforms.packing.host import Copy, HostKind, PackedHost, kept_off
from sim.platforms.packing.in_order import HostsInOrder, Taker

KEPT = 8
"""Looks at a host that cost as much as to keep what it offers."""


def placed(
    kinds: Sequence[HostKind], copies: Sequence[Copy]
) -> tuple[list[PackedHost], list[Copy]]:
    """The platform's own placement on hosts that are up, and the copies that are refused."""
    hosts = [PackedHost(kind) for kind in kinds]
    return hosts, list(place(hosts, copies))


def place(hosts: list[PackedHost], copies: Sequence[Copy]) -> Iterator[Copy]:
    """Each copy in turn onto the host that is preferred of those that take it; yields the others.

    Hosts are gone through in order for each copy, until that has taken many looks for copies that
    ask for the same: then it is kept what each host offers those, and only hosts that have changed
    since the last one asked are looked at again.

    Args:
        hosts: one that takes a copy is replaced there; itself it stays as it is.
    """
    offers: dict[object, _Offers] = {}
    looks: Counter[object] = Counter()
    changed: list[int] = []
    in_order = HostsInOrder(hosts, copies[0].request) if copies else None
    for copy in copies:
        asked = _asked(copy)
        if in_order is None or looks[asked] > KEPT * len(hosts):
            mine = offers.get(asked) or _Offers(copy, hosts, changed)
            offers[asked], number = mine, mine.best()
        else:
            before = in_order.looks
            number = in_order.best(copy)
            looks[asked] += in_order.looks - before
        if number is None:
            yield copy
            continue
        hosts[number] = hosts[number].plus(copy)
        changed.append(number)
        if in_order is not None:
            in_order.changed(number)


def _offered(copy: Copy, hosts: Sequence[PackedHost], numbers: Iterable[int]) -> Iterator[Taker]:
    """Hosts that take a copy now, with how gladly: the least is preferred.

    What spreads goes where there are fewest of it; then as the platform ranks its hosts.
    """
    request, spread, loose = copy.request, copy.spread, not copy.keeps_off
    for number in numbers:
        host = hosts[number]
        left, kind = host.left, host.kind
        if left.fits(request) and (
            kind.architecture in copy.architectures
            if loose
            else not kept_off(kind, host.parts, copy)
        ):
            there = host.parts.get(copy.part, 0) if spread else 0
            yield Taker(there, kind.placing.rank(left, request), number)


def _asked(copy: Copy) -> object:
    """What decides where a copy goes: its part does where it matters which parts are there."""
    if copy.spread or copy.keeps_off:
        return copy.part, copy.request, copy.most_per_host, copy.apart, copy.architectures
    return copy.request, copy.architectures


class _Offers:
    """Hosts that take what a copy asks for, the preferred one first.

    Args:
        changed: numbers of the hosts that have taken something, in order; it grows.
    """

    __slots__ = ("_changed", "_copy", "_hosts", "_known", "_ranked", "_seen")

    def __init__(self, copy: Copy, hosts: Sequence[PackedHost], changed: Sequence[int]) -> None:
        self._hosts = hosts
        self._copy = copy
        self._changed = changed
        self._known: dict[int, Taker] = {}
        self._ranked: list[Taker] = []
        """A heap of all that was ever known of them; what is known no more is left out later."""
        self._look(range(len(hosts)))

    def best(self) -> int | None:
        """The number of the preferred host; None where none takes the copy."""
        if self._seen < len(self._changed):
            self._look(set(self._changed[self._seen :]))
        ranked = self._ranked
        while ranked and self._known.get(ranked[0].number) != ranked[0]:
            heappop(ranked)
        return ranked[0].number if ranked else None

    def _look(self, numbers: Collection[int]) -> None:
        """See whether, and how gladly, some hosts would take it now."""
        self._seen = len(self._changed)
        taking = {each.number: each for each in _offered(self._copy, self._hosts, numbers)}
        for number in numbers:
            if number not in taking:
                self._known.pop(number, None)
        self._known |= taking
        for each in taking.values():
            heappush(self._ranked, each)


def survives(hosts: Sequence[PackedHost], spare: int) -> bool:
    """Whether what is on any one host finds room on the others."""
    if not spare:
        return True
    on = next((host.on for host in hosts if host.on), None)
    if on is None:
        return True
    in_order = HostsInOrder(hosts, on[0].request)
    alike = {
        (id(host.kind), tuple(sorted(host.parts.items()))): number
        for number, host in enumerate(hosts)
    }
    return all(_survives_without(dead, hosts, spare, in_order) for dead in alike.values())


def _survives_without(
    dead: int, hosts: Sequence[PackedHost], spare: int, in_order: HostsInOrder
) -> bool:
    instead: dict[int, PackedHost] = {}
    for copy in hosts[dead].on:
        number = in_order.best(copy, instead, dead)
        if number is None:
            return False
        instead[number] = instead.get(number, hosts[number]).plus(copy)
    left = [instead.get(number, host) for number, host in enumerate(hosts) if number != dead]
    return survives(left, spare - 1)
