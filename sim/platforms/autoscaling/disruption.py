"""Karpenter's disruption: which nodes can go, and where their pods would; without a clock."""

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from math import fsum, inf
from typing import Literal, NamedTuple

from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.kubernetes.scheduler import FreeOnNode
from sim.platforms.packing.bin_packing import fill


class OccupiedNode(NamedTuple):
    """A node that takes pods, with the pods it has."""

    number: int
    kind: int
    """Number of its kind in the pool; the cheapest is 0."""
    usd_per_hour: float
    pods: Mapping[PodRequest, int]
    free: FreeOnNode
    touched: float = 0.0
    """Time at which it came, or a pod last came or went."""


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
        nodes: nodes that take pods.
        unplaced: pods that need room anyway: they wait for it, or their node is on its way out.
    """

    __slots__ = ("_free", "_unplaced", "nodes")

    def __init__(self, nodes: Sequence[OccupiedNode], unplaced: Mapping[PodRequest, int]) -> None:
        self.nodes = {node.number: node for node in nodes}
        self._unplaced = unplaced
        kinds = set(unplaced).union(*(node.pods for node in nodes))
        # Most nodes of a cluster that has grown are full: no simulation need look at them. What
        # they have left is one object for all that have the same.
        left = {id(node.free): node.free for node in nodes}
        roomy = {key for key, free in left.items() if any(free.fits(kind) for kind in kinds)}
        self._free = {node.number: node.free for node in nodes if id(node.free) in roomy}

    def alike(self, number: int) -> Hashable:
        """What all full nodes have in common that can go or have to stay for the same reason; None
        of one with room, without which the others have less."""
        if number in self._free:
            return None
        node = self.nodes[number]
        return node.kind, node.usd_per_hour, frozenset(node.pods.items())

    def left_over(self, going: Collection[int]) -> dict[PodRequest, int]:
        """Pods that would find no room if these nodes went, first fit, largest first."""
        pods = Counter(self._unplaced)
        for number in going:
            pods.update(self.nodes[number].pods)
        nodes = [free for number, free in self._free.items() if number not in going]
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
    candidates = [node for node in state.nodes.values() if node.touched <= before]
    order = sorted(candidates, key=lambda node: (sum(node.pods.values()), node.number))
    numbers = [node.number for node in order]
    empty = [node.number for node in order if not node.pods][:allowed]
    if empty:
        return command(state, empty, offers)
    return _several(state, numbers[:allowed], offers) or _one(state, numbers, offers, allowed)


def command(
    state: ClusterState, going: Sequence[int], offers: Sequence[NodeOffer]
) -> DisruptionCommand | None:
    """How these nodes can go, if they can: with one new node at most, which must be cheaper.

    A replacement of the same kind as a node that goes would be no better than to keep that node.
    """
    nodes = [state.nodes[number] for number in going]
    if not any(node.pods for node in nodes):
        return DisruptionCommand(tuple(going), "Empty")
    rest = state.left_over(going)
    if not rest:
        return DisruptionCommand(tuple(going), "Underutilized")
    holding = (kind for kind, offer in enumerate(offers) if not fill([offer.free], rest))
    kind = next(holding, None)
    if kind is None or kind in {node.kind for node in nodes}:
        return None
    if not offers[kind].usd_per_hour < fsum(node.usd_per_hour for node in nodes):
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
    """The first node that can go by itself; full nodes that are alike are tried once."""
    if allowed <= 0:
        return None
    stay: set[Hashable] = set()
    for number in order:
        alike = state.alike(number)
        if alike in stay:
            continue
        if (found := command(state, [number], offers)) is not None:
            return found
        if alike is not None:
            stay.add(alike)
    return None
