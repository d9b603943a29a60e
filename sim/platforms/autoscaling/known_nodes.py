"""The nodes that take pods, as a controller knows them: those that are alike stand together.

A cluster that has grown has thousands of nodes, most of them full of the same pods. Its controller
looks every few seconds, and is told what has changed since.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from heapq import merge
from typing import NamedTuple

from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.kubernetes.scheduler import FreeOnNode


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


class AlikeNodes:
    """Nodes that differ in their numbers only."""

    __slots__ = ("free", "key", "kind", "numbers", "pods", "usd_per_hour")

    def __init__(self, key: Hashable, like: OccupiedNode) -> None:
        self.key = key
        self.kind, self.usd_per_hour = like.kind, like.usd_per_hour
        self.pods, self.free = like.pods, like.free
        self.numbers: list[int] = []
        """In order."""

    @property
    def count(self) -> int:
        """Pods of each."""
        return sum(self.pods.values())


class KnownNodes:
    """The nodes of a cluster; each stands for itself until it is put anew or removed."""

    __slots__ = ("_groups", "_late", "alike", "nodes")

    def __init__(self, nodes: Iterable[OccupiedNode] = ()) -> None:
        self.nodes: dict[int, OccupiedNode] = {}
        self._groups: dict[Hashable, AlikeNodes] = {}
        self.alike: dict[int, AlikeNodes] = {}
        """Those that each node is like, itself included."""
        self._late: set[int] = set()
        """Those that may have been touched after the time that was asked for last."""
        for node in nodes:
            self.put(node)

    def put(self, node: OccupiedNode) -> None:
        """A node is like that from now on."""
        self.remove(node.number)
        # What is left is one object for all that have the same, and pods count in the order in
        # which they came, for that is how they are packed elsewhere.
        key = node.kind, node.usd_per_hour, id(node.free), tuple(node.pods.items())
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = AlikeNodes(key, node)
        insort(group.numbers, node.number)
        self.alike[node.number] = group
        self.nodes[node.number] = node
        self._late.add(node.number)

    def remove(self, number: int) -> None:
        """A node takes no pods any more, if it did."""
        group = self.alike.pop(number, None)
        if group is None:
            return
        del self.nodes[number]
        del group.numbers[bisect_left(group.numbers, number)]
        if not group.numbers:
            del self._groups[group.key]

    def groups(self) -> Collection[AlikeNodes]:
        """All nodes, those that are alike together."""
        return self._groups.values()

    def touched_after(self, time: float) -> Collection[int]:
        """Nodes that came, or that a pod came to or left, after `time`, which never goes back."""
        there = self.nodes
        self._late = {n for n in self._late if n in there and there[n].touched > time}
        return self._late

    def fewest_pods_first(self) -> Iterator[int]:
        """The numbers of all nodes; of those with as many pods the oldest first."""
        by_count: dict[int, list[list[int]]] = {}
        for group in self._groups.values():
            by_count.setdefault(group.count, []).append(group.numbers)
        for count in sorted(by_count):
            yield from merge(*by_count[count])
