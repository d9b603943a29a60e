"""Nodes that come when pods find no room, and go when their pods fit elsewhere."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field, NonNegativeInt, PositiveInt
from simpy import Event

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.world import World
from sim.host import Machine
from sim.platforms.autoscaling.autoscaler import Autoscaler
from sim.platforms.autoscaling.consolidation import CONSOLIDATION
from sim.platforms.autoscaling.disruption import ClusterState, NodeOffer, largest_first
from sim.platforms.autoscaling.draining import Draining
from sim.platforms.autoscaling.known_nodes import KnownNodes, OccupiedNode
from sim.platforms.fleet import Fleet
from sim.platforms.kubernetes.allocatable import NodeConfig
from sim.platforms.kubernetes.cluster import NodeCluster
from sim.platforms.kubernetes.live_pod import Pod
from sim.platforms.kubernetes.node import Node
from sim.platforms.kubernetes.node_limits import node_ceilings
from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.kubernetes.pods_on_nodes import PodsOnNodes
from sim.platforms.kubernetes.scheduler import FreeOnNode, empty_node
from sim.platforms.packing.bin_packing import fill
from sim.platforms.scaling.instance_launch import InstanceLaunch, InstanceLauncher, LaunchedInstance
from sim.start import Start
from sim.units import MiB
from sim.workload import Service


@description
class NodeKind:
    """A kind of node that may come."""

    fleet: Fleet
    """What one node is; its `count` is not used."""
    node: NodeConfig

    def offer(self, machine: Machine | None = None) -> NodeOffer:
        """Its resources and its price; a kind of unknown price replaces nothing.

        Args:
            machine: what it is taken for; None: what it is.
        """
        own = self.fleet.machine
        price = float("inf") if own.usd_per_hour is None else plain(own.usd_per_hour)
        return NodeOffer(price, empty_node(self.node, own if machine is None else machine))


@description
class NodePool:
    """Kinds of nodes, and the autoscaler that adds and removes them."""

    kinds: tuple[NodeKind, ...] = Field(min_length=1)
    """Cheapest first."""
    autoscaler: Autoscaler
    launch: InstanceLaunch
    termination: Number
    """Seconds from a pod's eviction until it has ended."""
    begin: NonNegativeInt = 0
    """Nodes of the first kind that are up at the beginning."""
    most: PositiveInt | None = None
    """Nodes there may be; None: any number."""

    def planned(self) -> list[NodeOffer]:
        """What nodes of each kind are taken for at first; those that are there are known."""
        known = self.kinds[: 1 if self.begin else 0]
        rest = self.kinds[len(known) :]
        assumed = [kind.offer(self.autoscaler.assumes(kind.fleet.machine)) for kind in rest]
        return [*(kind.offer() for kind in known), *assumed]

    def lacks(self, request: PodRequest) -> tuple[str, ...]:
        """Kubernetes' words for what an empty node has too little of, as nodes are planned; none
        where a kind fits."""
        empty = [offer.free for offer in self.planned()]
        if any(node.fits(request) for node in empty):
            return ()
        return tuple(dict.fromkeys(word for node in empty for word in node.words(request)))

    def not_planned(self, request: PodRequest) -> str:
        """Why no node is launched for a pod that would fit on one; empty where none would."""
        for kind, planned in zip(self.kinds, self.planned(), strict=True):
            true = kind.offer().free
            if true.fits(request) and not planned.free.fits(request):
                return (
                    f"{kind.fleet.machine.name} has {true.memory / MiB:,.0f} MiB for pods, but "
                    f"Karpenter counts {planned.free.memory / MiB:,.0f} MiB until it has seen a "
                    f"node of that type (vmMemoryOverheadPercent, "
                    f"karpenter.vm_memory_overhead): it launches none, and the pod stays pending"
                )
        return ""


class LiveNodePool:
    """A live node pool over a cluster's nodes."""

    __slots__ = (
        "_cluster",
        "_coming",
        "_draining",
        "_kind",
        "_known",
        "_launcher",
        "_offers",
        "_pool",
        "_unseen",
        "_world",
        "grown_at",
    )

    def __init__(self, pool: NodePool, world: World, cluster: NodeCluster) -> None:
        self._pool = pool
        self._world = world
        self._cluster = cluster
        self._offers = pool.planned()
        self._unseen = set(range(len(self._offers)))
        """Kinds of which no node has come."""
        self._coming: Counter[int] = Counter()
        self._kind: dict[int, int] = {}
        """The kind of each node that came; those of the beginning are of the first."""
        self._known = KnownNodes()
        self._launcher = InstanceLauncher(pool.launch, world)
        self._draining = Draining(cluster, plain(pool.termination))
        self.grown_at = -float("inf")
        grows, shrinks = pool.autoscaler.deploy(world, self)
        cluster.on_pending.append(grows.notice)
        cluster.on_change += [shrinks.notice, grows.again]
        for _ in range(pool.begin):
            cluster.join(pool.kinds[0].fleet, pool.kinds[0].node)

    def pending(self) -> Mapping[PodRequest, int]:
        """Pods that wait and would fit on an empty node, by request, largest first."""
        waiting = self._cluster.unschedulable.counts()
        fitting = {
            request: count
            for request, count in waiting.items()
            if any(offer.free.fits(request) for offer in self._offers)
        }
        return largest_first(fitting)

    def coming(self) -> Sequence[FreeOnNode]:
        """The nodes on their way, empty as they will come."""
        return [self._offers[kind].free for kind in self._coming.elements()]

    def empty_nodes(self) -> Sequence[FreeOnNode]:
        """What an empty node of each kind has, cheapest first."""
        return [offer.free for offer in self._offers]

    def grow(self, kind: int, count: int, because: str) -> int:
        """Launch nodes of one kind, as many as there may be; returns how many."""
        allowed = int(min(count, self._allowed()))
        if allowed > 0:
            self.grown_at = self._world.env.now
        self._launch(kind, allowed, because)
        return allowed

    def state(self) -> ClusterState:
        """Which pods are on which nodes; pods that wait go to the nodes on their way first."""
        self._look()
        unplaced = self._draining.held() + Counter(self.pending())
        return ClusterState(self._known, fill(self.coming(), largest_first(unplaced)))

    def count(self) -> tuple[int, int]:
        """Nodes in the cluster, and how many of them are on their way out."""
        return len(self._cluster.nodes), len(self._draining.going)

    def leaving(self) -> tuple[int, int]:
        """Nodes on their way out, and how many of them had pods."""
        return len(self._draining.going), sum(self._draining.going.values())

    def launchable(self) -> Sequence[NodeOffer]:
        """Kinds of which one more may be launched, cheapest first."""
        return self._offers if self._allowed() > 0 else ()

    def remove(self, going: Sequence[int], replacement: int | None) -> None:
        """Cordon nodes now; drain them once their replacement, if any, is ready."""
        there = self._cluster.nodes
        nodes = [there[number] for number in going if number in there]
        self._draining.cordon(nodes)

        def drain() -> None:
            for node in nodes:
                self._world.env.process(self._draining.drain(node))

        if replacement is None:
            drain()
        else:
            self._launch(replacement, 1, CONSOLIDATION, drain)

    def remove_after(self, pause: float, number: int) -> None:
        """Cordon a node now, and drain it after `pause` seconds."""
        node = self._cluster.nodes[number]
        self._draining.cordon([node])
        self._world.env.process(self._drain_after(pause, node))

    def _drain_after(self, pause: float, node: Node) -> Generator[Event, Any, None]:
        yield self._world.env.timeout(pause)
        yield from self._draining.drain(node)

    def _see(self, kind: int) -> None:
        """A node of a kind has come: from now on it is known, or at least not taken for more.

        Who does not discover it would launch the same node over and over for a pod that does not
        fit: that loop is left out.
        """
        self._unseen.discard(kind)
        true = self._pool.kinds[kind].offer()
        if self._pool.autoscaler.discovers or true.free.memory < self._offers[kind].free.memory:
            self._offers[kind] = true

    def _look(self) -> None:
        """Know again the nodes that have changed."""
        scheduler = self._cluster.scheduler
        for number in scheduler.changed:
            if number in scheduler.nodes:
                self._known.put(self._occupied(scheduler.nodes[number]))
            else:
                self._known.remove(number)
        scheduler.changed.clear()

    def _occupied(self, node: Node) -> OccupiedNode:
        kind = self._kind.get(node.number, 0)
        free, price = self._cluster.scheduler.free(node), self._offers[kind].usd_per_hour
        return OccupiedNode(node.number, kind, price, node.requests, free, node.touched)

    def _allowed(self) -> float:
        """Nodes that may still be launched; infinite where there may be any number."""
        there = len(self._cluster.nodes) + self._coming.total()
        return float("inf") if self._pool.most is None else self._pool.most - there

    def _launch(
        self, kind: int, count: int, because: str, ready: Callable[[], None] | None = None
    ) -> None:
        """Launch nodes; `ready` is called with each that has joined."""
        self._coming[kind] += count

        def joined(launched: LaunchedInstance) -> None:
            self._join(kind, launched)
            if ready is not None:
                ready()

        self._launcher.launch(count, because, joined)

    def _join(self, kind: int, launched: LaunchedInstance) -> None:
        self._coming[kind] -= 1
        which = self._pool.kinds[kind]
        if kind in self._unseen:
            self._see(kind)
        node = self._cluster.join(which.fleet, which.node, launched)
        self._kind[node.number] = kind


@dataclass(frozen=True, slots=True)
class PodsOnNodePool(PodsOnNodes):
    """What nodes that come and go offer to pods: the arithmetic is that of the cheapest kind."""

    pool: NodePool

    def lacks(self, service: Service) -> str:
        """Kubernetes' words where no kind of node holds the service: its pods wait for ever."""
        request = self.terms.pod.request(service)
        words = ", ".join(self.pool.lacks(request))
        why = self.pool.not_planned(request) if words else ""
        return f"{words}: {why}" if why else words

    def planned(self, service: Service) -> int:
        """Pods that one node of the cheapest kind is planned for."""
        taken_for = self.machine
        if not self.pool.begin:
            taken_for = self.pool.autoscaler.assumes(taken_for)
        return node_ceilings(self.node, taken_for, self.terms.pod.request(service))[0].allows

    def deploy(self, world: World, evicted: Callable[[Start, Pod], None]) -> NodeCluster:
        """The nodes of the beginning, and who adds others."""
        cluster = self.cluster(world, evicted)
        LiveNodePool(self.pool, world, cluster)
        return cluster
