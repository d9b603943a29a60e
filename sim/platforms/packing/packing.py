"""As few hosts as a platform's own placement needs, and how far that is from the bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, permutations
from math import factorial, inf, isfinite
from operator import attrgetter
from random import Random
from typing import Any, NamedTuple

from sim.platforms.packing.bin_packing import pack
from sim.platforms.packing.bounds import hosts_filled, least_hosts, resource_bounds
from sim.platforms.packing.host import (
    APART,
    PORTS,
    Copy,
    DoesNotFit,
    HostKind,
    PackedHost,
    kept_off,
)
from sim.platforms.packing.offers import place, placed, survives
from sim.platforms.packing.placing import ROUNDING, Room

MOST = 5_000
"""Hosts of one application; ECS and EKS draw their own lines near it."""

ORDERS = 40
"""In which services come to a scheduler that takes them as chance has it, and all have to fit."""

MOST_COPIES = 8_000
"""In all orders of copies that are tried: of many copies one order is like any other."""


@dataclass(frozen=True, slots=True)
class PackedHosts:
    """An application on whole hosts."""

    hosts: tuple[PackedHost, ...]
    lower_bound: int
    """Hosts that no placement does without."""
    filled: float
    """Hosts' worth of the scarcest resource that is taken; of mixed kinds, of the largest."""
    stopped_by: str
    """What one host fewer would have too little of; of one host, what is fullest."""
    then: str
    """What else is fullest."""
    for_any_order: bool = False
    """Whether one host is there only because chance decides which service comes first."""

    @property
    def gap(self) -> int:
        """Hosts above the lower bound."""
        return len(self.hosts) - self.lower_bound

    @property
    def kinds(self) -> dict[str, int]:
        """How many hosts of each kind."""
        return dict(Counter(host.kind.name for host in self.hosts))

    @property
    def usd_per_hour(self) -> float | None:
        """Price of the hosts; None where one is not known."""
        prices = [host.kind.usd_per_hour for host in self.hosts]
        known = [price for price in prices if price is not None]
        return sum(known) if len(known) == len(prices) else None

    @property
    def disk_short(self) -> float:
        """Bytes of disk that the fullest host lacks for images and what is written; 0: none."""
        return max(0.0, -min((host.disk for host in self.hosts), default=0.0))


def _nobody() -> None:
    """Looks on."""


def fewest(
    kind: HostKind,
    copies: Sequence[Copy],
    *,
    spare: int = 0,
    most: int = MOST,
    tried: Callable[[], object] = _nobody,
    orders: int = 0,
    budget: float = inf,
) -> PackedHosts:
    """The smallest number of hosts of one kind on which placement refuses no copy.

    It is looked for from the bound on, in steps that double, and closed in on by halves.

    Args:
        spare: hosts that may die at once without one copy being left over, where all came in the
            order in which they are asked for.
        most: hosts there may be.
        tried: called before each number of hosts is tried.
        orders: that are tried, too, where chance decides which service comes first: small copies
            that come first and are spread out leave no host with room for a large one.
        budget: USD an hour; hosts that cost more are not looked for.

    Raises:
        DoesNotFit: a copy fits on no empty host, or as many hosts as there may be do not hold all.
    """
    for copy in {copy.part: copy for copy in copies}.values():
        if lacking := PackedHost(kind).lacks(copy):
            raise DoesNotFit(copy.part, lacking, kind.name)
    if kind.usd_per_hour:
        most = int(min(most, budget / kind.usd_per_hour * (1.0 + ROUNDING)))
    bound = max(1, lower_bound(kind.empty, copies) + spare)
    lost: _LeftOver | None = None
    some = _orders(copies, orders if kind.placing.in_any_order else 0)
    failed, enough, step = bound - 1, most + 1, 1
    while failed < most:
        number = min(failed + step, (failed + enough + 1) // 2, most)
        tried()
        hosts, over = _in_all(some, copies, kind, number, spare)
        if not hosts:
            failed, lost, step = number, over, 2 * step
        elif number == failed + 1:
            found = _packing(hosts, bound, copies, kind.empty, lost and lost.order)
            one_fewer = (_fit(each, kind, failed, spare) for each in reversed(some))
            chance = lost is not None and any(one_fewer)
            return replace(found, for_any_order=chance)
        else:
            enough = number
    if lost is not None:
        lacking = _refusals([kind] * most, lost.order)
        raise DoesNotFit(lost.copy.part, lacking, _hosts(most, kind.name))
    raise DoesNotFit(
        "the whole application", [_scarcest(kind.empty, copies)], _hosts(most, kind.name)
    )


class _LeftOver(NamedTuple):
    """The first copy that found no room, and the order in which all came."""

    order: Sequence[Copy]
    copy: Copy


def _orders(copies: Sequence[Copy], number: int) -> list[Sequence[Copy]]:
    """Orders in which services may come, each with all its copies: as they are asked for, and all
    others, or where those are too many drawn ones, which are the same each time."""
    services = [list(group) for _, group in groupby(copies, attrgetter("part"))]
    more = min(number, MOST_COPIES // max(1, len(copies)))
    if factorial(len(services)) <= more:
        drawn = [order for order in permutations(services) if order != tuple(services)]
    else:
        draw = Random(1)
        drawn = [tuple(draw.sample(services, len(services))) for _ in range(more)]
    return [copies, *(list(chain.from_iterable(order)) for order in drawn)]


def _in_all(
    orders: list[Sequence[Copy]], copies: Sequence[Copy], kind: HostKind, number: int, spare: int
) -> tuple[list[PackedHost], _LeftOver | None]:
    """So many hosts with copies that came as they are asked for; none where an order leaves one
    out, with that copy, or where no host could be spared.

    The order that fails is tried first the next time: it is likely to fail again.
    """
    found: list[PackedHost] = []
    for place_of, order in enumerate(orders):
        hosts = [PackedHost(kind) for _ in range(number)]
        over = next(place(hosts, order), None)
        if over is not None:
            orders.insert(0, orders.pop(place_of))
            return [], _LeftOver(order, over)
        if order is copies:
            found = hosts
            if not survives(hosts, spare):
                return [], None
    return found, None


def _fit(order: Sequence[Copy], kind: HostKind, number: int, spare: int) -> bool:
    """Whether so many hosts take all copies in an order."""
    return bool(_in_all([order], order, kind, number, spare)[0])


def grown(kinds: Sequence[HostKind], copies: Sequence[Copy], *, spare: int = 0) -> PackedHosts:
    """Hosts as an autoscaler brings them that may choose: largest copies first, cheapest kinds.

    Args:
        kinds: that it may bring, cheapest first.

    Raises:
        DoesNotFit: a copy fits on no kind.
    """
    ordered = sorted(copies, key=_largest_first)
    pods = {_CopyRequest(copy): 0 for copy in ordered}
    for copy in ordered:
        pods[_CopyRequest(copy)] += 1
    for request in pods:
        lacking = [PackedHost(kind).lacks(request.copy) for kind in kinds]
        if all(lacking):
            words = [word for each in lacking for word in each]
            raise DoesNotFit(request.copy.part, words, " or ".join(k.name for k in kinds[:3]))
    offers = [_Growing(kind, kind.empty, Counter()) for kind in kinds]
    chosen = [kinds[number] for number in pack(pods, offers)]
    hosts = _first_fit(chosen, ordered)
    largest = max(chosen, key=lambda kind: kind.usd_per_hour or 0.0)
    while not survives(hosts, spare):
        hosts.append(PackedHost(largest))
    empty = [kind.empty for kind in kinds]
    bound = max(1, spare + min(lower_bound(each, copies) for each in empty))
    return _packing(hosts, min(bound, len(hosts)), copies, largest.empty)


def largest_first(empty: Room, copies: Sequence[Copy]) -> list[Copy]:
    """As an operator places them who knows all of them: those first that take the largest share of
    a host, so that machines do not depend on what services are called."""
    whole = {limit: amount for limit, amount in empty.amounts().items() if 0.0 < amount < inf}

    def share(copy: Copy) -> float:
        left = empty.less(copy.request).amounts()
        return max((1.0 - left[limit] / amount for limit, amount in whole.items()), default=0.0)

    shares = {copy.part: share(copy) for copy in {copy.part: copy for copy in copies}.values()}
    return sorted(copies, key=lambda copy: -shares[copy.part])


def lower_bound(empty: Room, copies: Sequence[Copy]) -> int:
    """Hosts that no placement does without: of each resource, and for copies that stay apart."""
    bounds = [least_hosts(empty, Counter(copy.request for copy in copies))]
    parts = Counter(copy.part for copy in copies)
    apart = {copy.part: copy.most_per_host for copy in copies if isfinite(copy.most_per_host)}
    bounds += [-(-parts[part] // int(most)) for part, most in apart.items()]
    return max(bounds)


def _scarcest(empty: Room, copies: Sequence[Copy]) -> str:
    """The resource of which it takes most hosts' worth, or what keeps copies apart."""
    bounds = resource_bounds(empty, Counter(copy.request for copy in copies))
    return _bound_by(empty, copies, max(bounds, key=lambda limit: bounds[limit]))


def _first_fit(kinds: Sequence[HostKind], copies: Sequence[Copy]) -> list[PackedHost]:
    hosts = [PackedHost(kind) for kind in kinds]
    for copy in copies:
        next(host for host in hosts if host.takes(copy)).put(copy)
    return hosts


def _packing(
    hosts: Sequence[PackedHost],
    bound: int,
    copies: Sequence[Copy],
    empty: Room,
    refused: Sequence[Copy] | None = None,
) -> PackedHosts:
    """The packing, and what stopped it.

    Args:
        refused: the copies in an order in which one was refused on one host fewer; None: in none.
    """
    order = sorted(_shares(hosts).items(), key=lambda item: -item[1])
    fullest = [limit for limit, _ in order]
    stopped = fullest[0]
    if refused is not None:
        stopped = _refusals([host.kind for host in hosts[1:]], refused)[0]
    elif len(hosts) > 1:
        stopped = _bound_by(hosts[0].kind.empty, copies, fullest[0])
    then = next((limit for limit in fullest if limit != stopped), "")
    filled = hosts_filled(empty, Counter(copy.request for copy in copies))
    return PackedHosts(tuple(hosts), bound, filled, stopped, then)


def _bound_by(empty: Room, copies: Sequence[Copy], fullest: str) -> str:
    """Whether copies that stay apart make it so many hosts, fixed ports, or a resource."""
    requests = Counter(copy.request for copy in copies)
    together = least_hosts(empty, requests)
    if lower_bound(empty, copies) > together:
        return APART
    return PORTS if together > max([1, *resource_bounds(empty, requests).values()]) else fullest


def _refusals(kinds: Sequence[HostKind], copies: Sequence[Copy]) -> list[str]:
    """What stops the first copy that is left over, on most hosts first."""
    hosts, over = placed(kinds, copies)
    words = Counter(word for host in hosts for word in host.lacks(over[0])) if over else Counter()
    return [word for word, _ in words.most_common()] or [""]


def _shares(hosts: Sequence[PackedHost]) -> dict[str, float]:
    """Share of each resource that is taken, of all hosts together."""
    whole: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for host in hosts:
        whole.update(host.kind.empty.amounts())
        left.update(host.left.amounts())
    return {
        limit: 1.0 - left[limit] / amount
        for limit, amount in whole.items()
        if amount > 0.0 and isfinite(amount)
    }


def _hosts(count: int, name: str) -> str:
    return name if count == 1 else f"{count} {name}"


class _CopyRequest:
    """Copies of one part, as the packing of nodes asks for them."""

    __slots__ = ("copy",)

    def __init__(self, copy: Copy) -> None:
        self.copy = copy

    def __hash__(self) -> int:
        return hash(self.copy.part)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _CopyRequest) and other.copy.part == self.copy.part


class _Growing:
    """A host as the packing of nodes sees it: each copy makes a new one."""

    __slots__ = ("_kind", "_left", "_parts")

    def __init__(self, kind: HostKind, left: Room, parts: Counter[str]) -> None:
        self._kind = kind
        self._left = left
        self._parts = parts

    def fits(self, request: _CopyRequest, /) -> bool:
        copy = request.copy
        return self._left.fits(copy.request) and not kept_off(self._kind, self._parts, copy)

    def less(self, request: _CopyRequest, /) -> _Growing:
        copy, parts = request.copy, self._parts
        if copy.keeps_off:
            parts = Counter(parts)
            parts[copy.part] += 1
        return _Growing(self._kind, self._left.less(copy.request), parts)


def _largest_first(copy: Copy) -> tuple[Any, ...]:
    """Karpenter's order: by CPU, then by memory."""
    return -copy.request.cpu, -copy.request.memory
