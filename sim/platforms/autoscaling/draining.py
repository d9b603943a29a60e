"""Nodes on their way out: cordoned, their pods evicted and made anew elsewhere, then gone."""

from collections import Counter
from collections.abc import Generator, Iterable
from typing import Any

from simpy import Event

from sim.platforms.kubernetes.cluster import EVICTED, NodeCluster
from sim.platforms.kubernetes.node import Node
from sim.platforms.kubernetes.pod import PodRequest


class Draining:
    """Empties the nodes of one cluster.

    Args:
        termination: seconds from a pod's eviction until it has ended, and its node is free of it.
    """

    __slots__ = ("_cluster", "_held", "_termination", "going")

    def __init__(self, cluster: NodeCluster, termination: float) -> None:
        self.going: dict[Node, bool] = {}
        """Nodes on their way out that are not gone yet, and whether they had pods."""
        self._held: dict[Node, None] = {}
        """Cordoned nodes whose pods are not evicted yet."""
        self._cluster = cluster
        self._termination = termination

    def cordon(self, nodes: Iterable[Node]) -> None:
        """Mark nodes that are to go: no new pods come, and those that are there stay for now."""
        for node in nodes:
            self._cluster.cordon(node)
            self.going[node] = bool(node.pods)
            self._held[node] = None

    def held(self) -> Counter[PodRequest]:
        """Pods that still need room elsewhere."""
        held: Counter[PodRequest] = Counter()
        for node in self._held:
            held.update(node.requests)
        return held

    def drain(self, node: Node) -> Generator[Event, Any, None]:
        """Evict the pods of a cordoned node; it goes with the last of them.

        The controller of an evicted pod makes another at once: while the old one terminates, the
        new one is on its way.
        """
        del self._held[node]
        for start, pod in list(node.pods.items()):
            self._cluster.evict(start, pod)
        if node.pods:
            yield self._cluster.world.env.timeout(self._termination)
        del self.going[node]
        self._cluster.leave(node, EVICTED)
