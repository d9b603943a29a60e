"""Which nodes can go, and where their pods would: decisions of Karpenter, without a clock."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from math import fsum, inf
from typing import Literal, NamedTuple

from sim.platforms.autoscaling.bin_packing import fill
from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.kubernetes.scheduler import FreeOnNode


class OccupiedNode(NamedTuple):
    """A node that takes pods, with those it has."""

    number: int
    kind: int
    """Which of the pool's kinds it is; the cheapest is 0."""
    usd_per_hour: float
    pods: Mapping[PodRequest, int]
    room: FreeOnNode
    touched: float = 0.0
    """When it came, or a pod last came or went."""


class NodeOffer(NamedTuple):
    """A kind of node that may be launched."""

    usd_per_hour: float
    room: FreeOnNode


class DisruptionCommand(NamedTuple):
    """Nodes that go together, and what is launched before they do."""

    going: tuple[int, ...]
    reason: Literal["Empty", "Underutilized"]
    """Karpenter's word."""
    offer: int | None = None
    """The kind of the one node that replaces them; None: their pods fit on those that stay."""


class ClusterState:
    """Who is where now, and what is free: a scheduling simulation starts here.

    Args:
        nodes: those that take pods.
        claimed: pods that need room anyway: they wait for it, or their node is on its way out.
    """

    __slots__ = ("_claimed", "_free", "nodes")

    def __init__(self, nodes: Sequence[OccupiedNode], claimed: Mapping[PodRequest, int]) -> None:
        self.nodes = {node.number: node for node in nodes}
        self._claimed = claimed
        kinds = set(claimed).union(*(node.pods for node in nodes))
        # Most nodes of a cluster that has grown are full: no simulation need look at them.
        self._free = {n.number: n.room for n in nodes if any(n.room.fits(kind) for kind in kinds)}

    def left_over(self, going: Collection[int]) -> dict[PodRequest, int]:
        """Pods that found no room if these nodes went, first fit, largest first."""
        pods = Counter(self._claimed)
        for number in going:
            pods.update(self.nodes[number].pods)
        rooms = [room for number, room in self._free.items() if number not in going]
        return fill(rooms, largest_first(pods))


def largest_first(pods: Mapping[PodRequest, int]) -> dict[PodRequest, int]:
    """In the order in which they are packed."""
    order = sorted(pods, key=lambda request: (request.cpu, request.memory), reverse=True)
    return {request: pods[request] for request in order}


def next_disruption(
    layout: ClusterState, offers: Sequence[NodeOffer], allowed: int, before: float = inf
) -> DisruptionCommand | None:
    """What Karpenter does next: empty nodes, else several at once, else the first that can go.

    Candidates come by their disruption cost: fewest pods, then the oldest.

    Args:
        offers: kinds that may be launched, cheapest first.
        allowed: nodes that the disruption budget lets go now.
        before: a node that was touched later stays.
    """
    candidates = [node for node in layout.nodes.values() if node.touched <= before]
    order = sorted(candidates, key=lambda node: (sum(node.pods.values()), node.number))
    numbers = [node.number for node in order]
    empty = [node.number for node in order if not node.pods][:allowed]
    if empty:
        return command(layout, empty, offers)
    return _several(layout, numbers[:allowed], offers) or _one(layout, numbers, offers, allowed)


def command(
    layout: ClusterState, going: Sequence[int], offers: Sequence[NodeOffer]
) -> DisruptionCommand | None:
    """How these nodes can go, if they can: one new node at most, and that a cheaper one.

    A replacement of a kind that goes itself would be no better than to keep that one.
    """
    nodes = [layout.nodes[number] for number in going]
    if not any(node.pods for node in nodes):
        return DisruptionCommand(tuple(going), "Empty")
    rest = layout.left_over(going)
    if not rest:
        return DisruptionCommand(tuple(going), "Underutilized")
    holding = (kind for kind, offer in enumerate(offers) if not fill([offer.room], rest))
    kind = next(holding, None)
    if kind is None or kind in {node.kind for node in nodes}:
        return None
    if not offers[kind].usd_per_hour < fsum(node.usd_per_hour for node in nodes):
        return None
    return DisruptionCommand(tuple(going), "Underutilized", kind)


def _several(
    layout: ClusterState, order: Sequence[int], offers: Sequence[NodeOffer]
) -> DisruptionCommand | None:
    """The most nodes that can go together, two at least: Karpenter bisects how many."""
    found, low, high = None, 2, len(order)
    while low <= high:
        middle = (low + high) // 2
        tried = command(layout, order[:middle], offers)
        if tried is None:
            high = middle - 1
        else:
            found, low = tried, middle + 1
    return found


def _one(
    layout: ClusterState, order: Sequence[int], offers: Sequence[NodeOffer], allowed: int
) -> DisruptionCommand | None:
    """The first node that can go by itself."""
    tried = (command(layout, [number], offers) for number in order if allowed > 0)
    return next(filter(None, tried), None)
