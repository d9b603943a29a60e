"""Karpenter's disruption: which nodes can go, and where their pods would; without a clock."""

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import islice
from math import fsum, inf
from typing import Literal, NamedTuple

from sim.platforms.autoscaling.known_nodes import KnownNodes, OccupiedNode
from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.kubernetes.scheduler import FreeOnNode
from sim.platforms.packing.bin_packing import fill


class NodeOffer(NamedTuple):
    """A kind of node that may be launched."""

    usd_per_hour: float
    free: FreeOnNode


class DisruptionCommand(NamedTuple):
    """Nodes that go together, and what is launched before they do."""

    going: tuple[int, ...]
    reason: Literal["Empty", "Underutilized"]
    """Karpenter's word."""
    replacement: int | None = None
    """The kind of the one node that replaces them; None: their pods fit on those that stay."""


class ClusterState:
    """Which pods are on which nodes, and what is free: a scheduling simulation starts here.

    Args:
        known: nodes that take pods.
        unplaced: pods that need room anyway: they wait for it, or their node is on its way out.
    """

    __slots__ = ("_free", "_full", "_roomy", "_unplaced", "known")

    def __init__(self, known: KnownNodes, unplaced: Mapping[PodRequest, int]) -> None:
        self.known = known
        self._unplaced = unplaced
        groups = known.groups()
        kinds = set(unplaced).union(*(group.pods for group in groups))
        # Most nodes of a cluster that has grown are full: no simulation need look at them.
        left = {id(group.free): group.free for group in groups}
        roomy = {key for key, free in left.items() if any(free.fits(kind) for kind in kinds)}
        self._full = [group for group in groups if id(group.free) not in roomy]
        self._roomy = sorted(
            number for group in groups if id(group.free) in roomy for number in group.numbers
        )
        self._free = {number: known.nodes[number].free for number in self._roomy}

    @property
    def nodes(self) -> Mapping[int, OccupiedNode]:
        """The nodes that take pods, by number."""
        return self.known.nodes

    def to_try(self, late: Collection[int]) -> list[int]:
        """Nodes of which one may go by itself, fewest pods first, then the oldest.

        Of full nodes that are alike it is the first: the others can go or have to stay for the same
        reason. Without one with room the others have less.

        Args:
            late: nodes that stay.
        """
        found = [number for number in self._roomy if number not in late]
        firsts: dict[Hashable, int] = {}
        for group in self._full:
            first = next((number for number in group.numbers if number not in late), None)
            if first is not None:
                alike = group.kind, group.usd_per_hour, frozenset(group.pods.items())
                firsts[alike] = min(first, firsts.get(alike, first))
        return sorted(
            [*found, *firsts.values()], key=lambda number: (self.known.alike[number].count, number)
        )

    def left_over(self, going: Collection[int]) -> dict[PodRequest, int]:
        """Pods that would find no room if these nodes went, first fit, largest first."""
        pods, gone = Counter(self._unplaced), set(going)
        for group, many in Counter(map(self.known.alike.__getitem__, going)).items():
            for request, count in group.pods.items():
                pods[request] += many * count
        nodes = [free for number, free in self._free.items() if number not in gone]
        return fill(nodes, largest_first(pods))


def largest_first(pods: Mapping[PodRequest, int]) -> dict[PodRequest, int]:
    """The pods in the order in which they are packed."""
    order = sorted(pods, key=lambda request: (request.cpu, request.memory), reverse=True)
    return {request: pods[request] for request in order}


def next_disruption(
    state: ClusterState, offers: Sequence[NodeOffer], allowed: int, before: float = inf
) -> DisruptionCommand | None:
    """The next command: empty nodes, else several nodes at once, else the first that can go.

    Candidates come by their disruption cost: fewest pods, then the oldest.

    Args:
        offers: kinds that may be launched, cheapest first.
        allowed: nodes that the disruption budget lets go now.
        before: a node that was touched later stays.
    """
    known = state.known
    late = known.touched_after(before)
    empty = sorted(n for group in known.groups() if not group.pods for n in group.numbers)
    if going := [number for number in empty if number not in late][:allowed]:
        return command(state, going, offers)
    order = (number for number in known.fewest_pods_first() if number not in late)
    return _several(state, list(islice(order, allowed)), offers) or _one(
        state, state.to_try(late), offers, allowed
    )


def command(
    state: ClusterState, going: Sequence[int], offers: Sequence[NodeOffer]
) -> DisruptionCommand | None:
    """How these nodes can go, if they can: with one new node at most, which must be cheaper.

    A replacement of the same kind as a node that goes would be no better than to keep that node.
    """
    groups = set(map(state.known.alike.__getitem__, going))
    if not any(group.pods for group in groups):
        return DisruptionCommand(tuple(going), "Empty")
    rest = state.left_over(going)
    if not rest:
        return DisruptionCommand(tuple(going), "Underutilized")
    holding = (kind for kind, offer in enumerate(offers) if not fill([offer.free], rest))
    kind = next(holding, None)
    if kind is None or kind in {group.kind for group in groups}:
        return None
    if not offers[kind].usd_per_hour < fsum(state.nodes[n].usd_per_hour for n in going):
        return None
    return DisruptionCommand(tuple(going), "Underutilized", kind)


def _several(
    state: ClusterState, order: Sequence[int], offers: Sequence[NodeOffer]
) -> DisruptionCommand | None:
    """The most nodes that can go together, two at least: Karpenter bisects how many."""
    found, low, high = None, 2, len(order)
    while low <= high:
        middle = (low + high) // 2
        tried = command(state, order[:middle], offers)
        if tried is None:
            high = middle - 1
        else:
            found, low = tried, middle + 1
    return found


def _one(
    state: ClusterState, order: Sequence[int], offers: Sequence[NodeOffer], allowed: int
) -> DisruptionCommand | None:
    """The first node that can go by itself."""
    if allowed <= 0:
        return None
    tried = (command(state, [number], offers) for number in order)
    return next(filter(None, tried), None)
