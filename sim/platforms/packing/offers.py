"""Which host each copy goes to: the one that its platform prefers of those that take it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from copy import copy as shallow
from functools import partial
from heapq import heappop, heappush
from typing import TypeAlias

from sim.platforms.packing.host import Copy, HostKind, PackedHost, kept_off


def placed(
    kinds: Sequence[HostKind], copies: Sequence[Copy]
) -> tuple[list[PackedHost], list[Copy]]:
    """The platform's own placement on hosts that are up, and the copies that are refused."""
    hosts = [PackedHost(kind) for kind in kinds]
    return hosts, list(place(hosts, copies))


def place(
    hosts: list[PackedHost], copies: Sequence[Copy], offered: Offering | None = None
) -> Iterator[Copy]:
    """Each copy in turn onto the host that is preferred of those that take it; yields the others.

    Copies that ask for the same are offered the same hosts: only those that have changed since
    the last one asked are looked at again.

    Args:
        hosts: one that takes a copy is replaced there; itself it stays as it is.
        offered: what a copy is offered before any of them has changed; None: it is looked for.
    """
    offers: dict[object, _Offers] = {}
    changed: list[int] = []
    to_come = Counter(map(_asked, copies))
    for copy in copies:
        asked = _asked(copy)
        to_come[asked] -= 1
        mine = offers.pop(asked, None)
        if mine is None and offered is None and not to_come[asked]:
            number = _preferred(copy, hosts)
        else:
            mine = mine or (offered or _Offers)(copy, hosts, changed)
            number = mine.best()
            if to_come[asked]:
                offers[asked] = mine
        if number is None:
            yield copy
        else:
            hosts[number] = hosts[number].plus(copy)
            changed.append(number)


def _preferred(copy: Copy, hosts: Sequence[PackedHost]) -> int | None:
    """The number of the host that is preferred for a copy; None where none takes it."""
    best = min(_offered(copy, hosts, range(len(hosts))), default=None)
    return None if best is None else best[-1]


def _offered(
    copy: Copy, hosts: Sequence[PackedHost], numbers: Iterable[int]
) -> Iterator[tuple[int, float, int]]:
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
            yield there, kind.placing.rank(left, request), number


def _asked(copy: Copy) -> object:
    """What decides where a copy goes: its part does where it matters which parts are there."""
    if copy.spread or copy.keeps_off:
        return copy.part, copy.request, copy.most_per_host, copy.apart, copy.architectures
    return copy.request, copy.architectures


Offering: TypeAlias = "Callable[[Copy, Sequence[PackedHost], Sequence[int]], _Offers]"
"""What a copy is offered of some hosts, and of those among them that have changed."""


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
        self._known: dict[int, tuple[int, float, int]] = {}
        self._ranked: list[tuple[int, float, int]] = []
        """A heap of all that was ever known of them; what is known no more is left out later."""
        self._look(range(len(hosts)))

    def best(self) -> int | None:
        """The number of the preferred host; None where none takes the copy."""
        if self._seen < len(self._changed):
            self._look(set(self._changed[self._seen :]))
        ranked = self._ranked
        while ranked and self._known.get(ranked[0][-1]) != ranked[0]:
            heappop(ranked)
        return ranked[0][-1] if ranked else None

    def without(self, dead: int, hosts: Sequence[PackedHost], changed: Sequence[int]) -> _Offers:
        """What they are where one of the hosts is gone, and nothing has changed on the others."""
        left = shallow(self)
        left._hosts, left._changed, left._seen = hosts, changed, 0
        left._known, left._ranked = {**self._known}, [*self._ranked]
        left._known.pop(dead, None)
        return left

    def _look(self, numbers: Collection[int]) -> None:
        """See whether, and how gladly, some hosts would take it now."""
        self._seen = len(self._changed)
        taking = {each[-1]: each for each in _offered(self._copy, self._hosts, numbers)}
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
    alike = {
        (id(host.kind), tuple(sorted(host.parts.items()))): number
        for number, host in enumerate(hosts)
    }
    first: dict[object, _Offers] = {}

    def offered(
        dead: int, copy: Copy, left: Sequence[PackedHost], changed: Sequence[int]
    ) -> _Offers:
        asked = _asked(copy)
        if asked not in first:
            first[asked] = _Offers(copy, hosts, ())
        return first[asked].without(dead, left, changed)

    return all(
        _survives_without(dead, hosts, spare, partial(offered, dead)) for dead in alike.values()
    )


def _survives_without(
    dead: int, hosts: Sequence[PackedHost], spare: int, offered: Offering
) -> bool:
    left = [*hosts]
    if next(place(left, hosts[dead].on, offered), None) is not None:
        return False
    return survives([*left[:dead], *left[dead + 1 :]], spare - 1)
