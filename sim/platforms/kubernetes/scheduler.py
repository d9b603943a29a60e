"""The Kubernetes scheduler: which nodes a pod fits on, and which of them it goes to.

Filters NodePorts and NodeResourcesFit, and the latter's score, without its integer truncation;
of equals the first node. Left out: image locality, spreading over zones, preemption.
"""

from collections import Counter
from typing import Literal, NamedTuple, TypeAlias

from sim.platforms.kubernetes.allocatable import Allocatable
from sim.platforms.kubernetes.node import Node
from sim.platforms.kubernetes.node_limits import REFUSALS
from sim.platforms.kubernetes.pod import Claim
from sim.platforms.scaling.host_index import Kinds

Scoring: TypeAlias = Literal["LeastAllocated", "MostAllocated"]


class Room(NamedTuple):
    """What a node has left; two with the same are interchangeable."""

    cpu: int
    memory: int
    pods: int
    ports: frozenset[int]
    of: Allocatable

    def lacks(self, claim: Claim) -> str | None:
        """Kubernetes' word for the first thing it has too little of."""
        return None if self.fits(claim) else self.words(claim)[0]

    def words(self, claim: Claim) -> tuple[str, ...]:
        """Kubernetes' words for all it has too little of; ports are looked at first."""
        if claim.port is not None and claim.port in self.ports:
            return (REFUSALS["host ports"],)
        lacking = (
            ("pod slots", self.pods < 1),
            ("vCPU", claim.cpu > max(0, self.cpu)),
            ("memory", claim.memory > max(0, self.memory)),
        )
        return tuple(REFUSALS[limit] for limit, lacks in lacking if lacks)

    def fits(self, claim: Claim) -> bool:
        """Whether it lacks nothing."""
        return (
            self.pods > 0
            and (claim.cpu <= self.cpu or claim.cpu == 0)
            and (claim.memory <= self.memory or claim.memory == 0)
            and (claim.port is None or claim.port not in self.ports)
        )

    def allocated(self, claim: Claim) -> float:
        """Mean share of its CPU and memory that is asked for with this pod on it."""
        cpu = (self.cpu - claim.cpu) / max(1, self.of.cpu)
        memory = (self.memory - claim.memory) / max(1, self.of.memory)
        return 1.0 - (cpu + memory) / 2.0

    def less(self, claim: Claim) -> "Room":
        """After one more pod."""
        ports = self.ports if claim.port is None else self.ports | {claim.port}
        return Room(self.cpu - claim.cpu, self.memory - claim.memory, self.pods - 1, ports, self.of)

    def more(self, claim: Claim) -> "Room":
        """After one pod less."""
        ports = self.ports if claim.port is None else self.ports - {claim.port}
        return Room(self.cpu + claim.cpu, self.memory + claim.memory, self.pods + 1, ports, self.of)


class Scheduler:
    """The live scheduler and its view of the nodes."""

    __slots__ = ("_kinds", "_most", "nodes")

    def __init__(self, scoring: Scoring) -> None:
        self.nodes: dict[int, Node] = {}
        """Nodes that may take pods, by number."""
        self._kinds: Kinds[Room] = Kinds()
        self._most = scoring == "MostAllocated"

    def add(self, node: Node, room: Allocatable, whole: Allocatable) -> None:
        """A node that is ready."""
        self.nodes[node.number] = node
        self._kinds.put(node.number, Room(room.cpu, room.memory, room.pods, frozenset(), whole))

    def remove(self, node: Node) -> None:
        """A node takes no pods any more (cordoned, or gone); idempotent."""
        if self.nodes.pop(node.number, None) is not None:
            self._kinds.remove(node.number)

    def room(self, node: Node) -> Room:
        """What a node has left."""
        return self._kinds.of(node.number)

    def take(self, claim: Claim) -> Node | None:
        """Reserve for one pod on the best node, if it fits on any."""
        fitting = [room for room in self._kinds.all() if room.fits(claim)]
        if not fitting:
            return None
        number = self._best(fitting, claim)
        self._kinds.put(number, self._kinds.of(number).less(claim))
        return self.nodes[number]

    def _best(self, fitting: list[Room], claim: Claim) -> int:
        """Of the rooms with the best score the first node."""
        if len(fitting) == 1:
            return self._kinds.first(fitting[0])
        sign = -1.0 if self._most else 1.0
        scores = [sign * room.allocated(claim) for room in fitting]
        best = min(scores)
        return min(
            self._kinds.first(room)
            for room, score in zip(fitting, scores, strict=True)
            if score == best
        )

    def give_back(self, node: Node, claim: Claim) -> None:
        """Free what one pod had reserved, if the node still counts."""
        if node.number in self.nodes:
            self._kinds.put(node.number, self._kinds.of(node.number).more(claim))

    def refusal(self, claim: Claim) -> str:
        """Why it fits on no node, in Kubernetes' words."""
        reasons: Counter[str] = Counter()
        for room, nodes in self._kinds.counts().items():
            reasons.update({word: nodes for word in room.words(claim)})
        total = len(self.nodes)
        if not total:
            return "no nodes available to schedule pods"
        told = ", ".join(sorted(f"{nodes} {word}" for word, nodes in reasons.items()))
        return f"0/{total} nodes are available: {told}."
