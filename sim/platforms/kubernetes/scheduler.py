"""The Kubernetes scheduler: which nodes a pod fits on, and which of them it goes to.

Filters NodePorts and NodeResourcesFit, and the latter's score, without its integer truncation;
of equals the first node. Left out: image locality, spreading over zones, preemption.
"""

from collections import Counter
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from sim.host import Machine
from sim.platforms.kubernetes.allocatable import Allocatable, NodeConfig
from sim.platforms.kubernetes.node import Node
from sim.platforms.kubernetes.node_limits import REFUSALS
from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.scaling.host_index import HostIndex

Scoring: TypeAlias = Literal["LeastAllocated", "MostAllocated"]


class FreeOnNode(NamedTuple):
    """What a node has left for pods; two with the same are interchangeable."""

    cpu: int
    """Thousandths of a vCPU."""
    memory: int
    """Bytes."""
    pods: int
    ports: frozenset[int]
    """Host ports in use."""
    whole: Allocatable
    """All that pods and DaemonSets share: what the score is a fraction of."""
    gpus: int = 0
    branches: int = 0
    """Branch interfaces for pods with security groups of their own."""

    def lacks(self, request: PodRequest) -> str | None:
        """Kubernetes' word for the first thing it has too little of."""
        return None if self.fits(request) else self.words(request)[0]

    def words(self, request: PodRequest) -> tuple[str, ...]:
        """Kubernetes' words for all it has too little of; ports are looked at first."""
        if not self.ports.isdisjoint(request.ports):
            return (REFUSALS["host ports"],)
        lacking = (
            ("pod slots", self.pods < 1),
            ("vCPU", request.cpu > max(0, self.cpu)),
            ("memory", request.memory > max(0, self.memory)),
            ("GPU", request.gpus > self.gpus),
            ("branch interfaces", request.branches > self.branches),
        )
        return tuple(REFUSALS[limit] for limit, lacks in lacking if lacks)

    def fits(self, request: PodRequest) -> bool:
        """Whether it lacks nothing."""
        return (
            self.pods > 0
            and (request.cpu <= self.cpu or request.cpu == 0)
            and (request.memory <= self.memory or request.memory == 0)
            and request.gpus <= self.gpus
            and request.branches <= self.branches
            and (not request.ports or self.ports.isdisjoint(request.ports))
        )

    def amounts(self) -> dict[str, float]:
        """What is left of each resource, by the name of its limit."""
        return {
            "vCPU": self.cpu / 1000.0,
            "memory": float(self.memory),
            "pod slots": float(self.pods),
            "GPU": float(self.gpus),
        }

    def allocated(self, request: PodRequest) -> float:
        """Mean share of its CPU and memory that is requested with this pod on it."""
        whole = self.whole
        cpu = (self.cpu - request.cpu) / (whole.cpu if whole.cpu > 1 else 1)
        memory = (self.memory - request.memory) / (whole.memory if whole.memory > 1 else 1)
        return 1.0 - (cpu + memory) / 2.0

    def less(self, request: PodRequest) -> "FreeOnNode":
        """What is left after one more pod."""
        cpu, memory, pods, ports, whole, gpus, branches = self
        if request.ports:
            ports |= set(request.ports)
        cpu, memory, gpus = cpu - request.cpu, memory - request.memory, gpus - request.gpus
        return FreeOnNode(cpu, memory, pods - 1, ports, whole, gpus, branches - request.branches)

    def more(self, request: PodRequest) -> "FreeOnNode":
        """What is left after one pod less."""
        cpu, memory, pods, ports, whole, gpus, branches = self
        if request.ports:
            ports -= set(request.ports)
        cpu, memory, gpus = cpu + request.cpu, memory + request.memory, gpus + request.gpus
        return FreeOnNode(cpu, memory, pods + 1, ports, whole, gpus, branches + request.branches)


def empty_node(config: NodeConfig, machine: Machine) -> FreeOnNode:
    """What a node has for pods when it joins; its DaemonSets run already."""
    cpu, memory, pods = config.for_pods(machine)
    return FreeOnNode(
        cpu,
        memory,
        pods,
        frozenset(),
        config.allocatable(machine),
        machine.gpus or 0,
        config.branch_interfaces,
    )


def score(scoring: Scoring) -> Callable[[FreeOnNode, PodRequest], float]:
    """What is smallest of the node that a pod goes to."""
    sign = -1.0 if scoring == "MostAllocated" else 1.0
    return lambda free, request: sign * free.allocated(request)


class Scheduler:
    """The live scheduler and its view of the nodes."""

    __slots__ = ("_hosts", "changed", "nodes")

    def __init__(self, scoring: Scoring) -> None:
        self.nodes: dict[int, Node] = {}
        """Nodes that may take pods, by number."""
        self.changed: set[int] = set()
        """Numbers of nodes that have changed; an autoscaler empties it when it has looked."""
        self._hosts: HostIndex[FreeOnNode, PodRequest] = HostIndex(score(scoring))

    def add(self, node: Node, free: FreeOnNode) -> None:
        """A node is ready for pods."""
        self.nodes[node.number] = node
        self._hosts.put(node.number, free)
        self.changed.add(node.number)

    def remove(self, node: Node) -> None:
        """A node takes no pods any more (cordoned, or gone); idempotent."""
        if self.nodes.pop(node.number, None) is not None:
            self._hosts.remove(node.number)
            self.changed.add(node.number)

    def free(self, node: Node) -> FreeOnNode:
        """What a node has left."""
        return self._hosts.kind(node.number)

    def take(self, request: PodRequest) -> Node | None:
        """Reserve for one pod on the best node, if it fits on any."""
        number = self._hosts.best(request)
        if number is None:
            return None
        self._hosts.take(number, request)
        self.changed.add(number)
        return self.nodes[number]

    def give_back(self, node: Node, request: PodRequest) -> None:
        """Free what one pod had reserved, if the node still counts."""
        if node.number in self.nodes:
            self._hosts.give_back(node.number, request)
            self.changed.add(node.number)

    def refusal(self, request: PodRequest) -> str:
        """Why it fits on no node, in Kubernetes' words."""
        reasons: Counter[str] = Counter()
        for free, nodes in self._hosts.counts().items():
            reasons.update({word: nodes for word in free.words(request)})
        total = len(self.nodes)
        if not total:
            return "no nodes available to schedule pods"
        reported = ", ".join(sorted(f"{nodes} {word}" for word, nodes in reasons.items()))
        return f"0/{total} nodes are available: {reported}."
