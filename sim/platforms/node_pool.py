"""Nodes that come when pods find no room, and go when nothing runs there."""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from pydantic import NonNegativeInt, PositiveInt
from simpy import Event

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.world import World
from sim.platforms.autoscalers import Autoscaler, Scaling
from sim.platforms.eks_cluster import NodeCluster
from sim.platforms.fleet import Fleet
from sim.platforms.launching import InstanceLaunch, Launched, Launcher
from sim.platforms.node import Node
from sim.platforms.node_config import NodeConfig
from sim.platforms.pod import Claim
from sim.platforms.scheduler import Room


@description
class NodeKind:
    """A kind of node that may come."""

    fleet: Fleet
    """What one is; its `count` says nothing here."""
    node: NodeConfig

    def room(self) -> Room:
        """What it has for pods when it comes."""
        whole, left = self.node.allocatable(self.fleet.machine), self.node.room(self.fleet.machine)
        return Room(left.cpu, left.memory, left.pods, frozenset(), whole)


@description
class NodePool:
    """Who adds nodes when pods find no room, and of which kinds."""

    kinds: tuple[NodeKind, ...]
    """Cheapest first."""
    autoscaler: Autoscaler
    launch: InstanceLaunch
    empty: Number
    """Seconds after which a node without a pod goes."""
    begin: NonNegativeInt = 0
    """Nodes of the first kind that are up at the beginning."""
    most: PositiveInt | None = None
    """Nodes there may be; None: any number."""


class GrowingNodes:
    """A live node pool over a cluster's nodes."""

    __slots__ = ("_cluster", "_coming", "_launcher", "_pool", "_rooms", "_scaling", "_world")

    def __init__(self, pool: NodePool, world: World, cluster: NodeCluster) -> None:
        self._pool = pool
        self._world = world
        self._cluster = cluster
        self._rooms = [kind.room() for kind in pool.kinds]
        self._coming: Counter[int] = Counter()
        self._launcher = Launcher(pool.launch, world)
        self._scaling = Scaling(pool.autoscaler, world, self)
        cluster.noticed.append(self._scaling.notice)
        cluster.emptied.append(self._emptied)
        for _ in range(pool.begin):
            cluster.join(pool.kinds[0].fleet, pool.kinds[0].node)

    def pending(self) -> Mapping[Claim, int]:
        """Pods that wait and would fit on an empty node, by claim, largest first."""
        waiting = self._cluster.unschedulable.kinds()
        fitting = [claim for claim in waiting if any(room.fits(claim) for room in self._rooms)]
        fitting.sort(key=lambda claim: (claim.cpu, claim.memory), reverse=True)
        return {claim: waiting[claim] for claim in fitting}

    def coming(self) -> Sequence[Room]:
        """The nodes on their way, empty as they will come."""
        return [self._rooms[kind] for kind in self._coming.elements()]

    def offers(self) -> Sequence[Room]:
        """What an empty node of each kind has, cheapest first."""
        return self._rooms

    def grow(self, offer: int, count: int, because: str) -> int:
        """Launch nodes of one kind, as many as there may be; returns how many."""
        there = len(self._cluster.nodes) + self._coming.total()
        most = self._pool.most
        allowed = count if most is None else min(count, most - there)
        self._coming[offer] += allowed
        self._launcher.launch(allowed, because, lambda launched: self._join(offer, launched))
        return allowed

    def _join(self, offer: int, launched: Launched) -> None:
        kind = self._pool.kinds[offer]
        self._coming[offer] -= 1
        node = self._cluster.join(kind.fleet, kind.node, launched)
        if not node.pods:
            self._emptied(node)

    def _emptied(self, node: Node) -> None:
        self._world.env.process(self._remove_if_still_empty(node))

    def _remove_if_still_empty(self, node: Node) -> Generator[Event, Any, None]:
        """A node that was empty all the time goes; one that had a pod meanwhile is told of anew."""
        visits = node.visits
        yield self._world.env.timeout(plain(self._pool.empty))
        if node.visits == visits and node.number in self._cluster.nodes:
            self._cluster.leave(node)
