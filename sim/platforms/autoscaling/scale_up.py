"""Who launches Kubernetes nodes when pods do not fit: Karpenter, or the Cluster Autoscaler."""

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

from simpy import Event

from sim.core.world import World
from sim.platforms.packing.bin_packing import FreeResources, Request, fill, pack
from sim.platforms.scaling.control_loop import ControlLoop, until_next_tick

BATCH_WINDOW, SCAN_INTERVAL = "batch window", "scan interval"


class GrowingNodes(Protocol):
    """The nodes of a cluster, as an autoscaler sees them."""

    def pending(self) -> Mapping[Any, int]:
        """Pods that found no room and would fit on an empty node, by request, largest first."""
        ...

    def coming(self) -> Sequence[FreeResources]:
        """The nodes on their way, empty as they will come."""
        ...

    def empty_nodes(self) -> Sequence[FreeResources]:
        """What an empty node of each kind has, cheapest first."""
        ...

    def grow(self, kind: int, count: int, because: str) -> int:
        """Launch nodes of one kind; returns how many it may."""
        ...


class Planning(NamedTuple):
    """What planning nodes for many pods costs: each is tried on the nodes planned before it."""

    per_pair: float = 0.0
    """Seconds by the square of the pods."""
    most: float = math.inf
    """Seconds after which what is planned is launched."""

    def takes(self, pods: int) -> float:
        """Seconds for so many pods, or until it ends in any case."""
        return min(self.most, self.per_pair * pods * pods)

    def planned(self, pods: Mapping[Request, int]) -> dict[Request, int]:
        """The pods for which nodes are planned by then, in their order."""
        count = sum(pods.values())
        if self.per_pair * count * count > self.most:
            count = int(math.sqrt(self.most / self.per_pair))
        planned = {}
        for request, many in pods.items():
            planned[request] = min(many, count)
            count -= planned[request]
        return planned


class ScaleUp(ABC):
    """Watches one cluster's pods, and only while some found no room."""

    __slots__ = ("_last", "_loop", "_nodes", "_planning", "_world")

    because: ClassVar[str]
    """What a pod waits for before the autoscaler decides."""

    def __init__(self, world: World, nodes: GrowingNodes, planning: Planning) -> None:
        self._world = world
        self._nodes = nodes
        self._planning = planning
        self._last = 0.0
        self._loop = ControlLoop(world.env, lambda: bool(self._short()), self._one_round)

    def notice(self) -> None:
        """One more pod found no room."""
        self._last = self._world.env.now
        self._loop.wake()

    def again(self) -> None:
        """A node has come or gone; pods that still wait have none on its way any more."""
        if not self._loop.awake and self._nodes.pending() and not self._nodes.coming():
            self.notice()

    @abstractmethod
    def _wait(self) -> Generator[Event, Any, None]:
        """Until the autoscaler decides."""

    def _one_round(self) -> Generator[Event, Any, bool]:
        """Launch what is short; where no node may come, sleep until something changes."""
        yield from self._wait()
        short = self._short()
        if (takes := self._planning.takes(sum(short.values()))) > 0.0:
            yield self._world.env.timeout(takes)
        kinds = Counter(pack(self._planning.planned(short), self._nodes.empty_nodes()))
        launched = [self._nodes.grow(kind, kinds[kind], self.because) for kind in sorted(kinds)]
        return any(launched)

    def _short(self) -> dict[Any, int]:
        """Pods that neither fit now nor will fit on the nodes on their way."""
        return fill(self._nodes.coming(), self._nodes.pending())


class BatchedScaleUp(ScaleUp):
    """Karpenter's: pods are gathered in batches.

    Args:
        idle: seconds without a new pod after which a batch is closed.
        most: seconds after which it is closed in any case.
    """

    __slots__ = ("_idle", "_most")
    because = BATCH_WINDOW

    def __init__(
        self, world: World, nodes: GrowingNodes, planning: Planning, *, idle: float, most: float
    ) -> None:
        super().__init__(world, nodes, planning)
        self._idle = idle
        self._most = most

    def _wait(self) -> Generator[Event, Any, None]:
        """Until the batch is closed."""
        env = self._world.env
        closes = env.now + self._most
        while (until := min(self._last + self._idle, closes)) > env.now:
            yield env.timeout(until - env.now)


class PeriodicScaleUp(ScaleUp):
    """The Cluster Autoscaler's: it scans for pods without room.

    Args:
        scan: seconds between two scans.
        phase: when the scans fall, within `scan`.
    """

    __slots__ = ("_phase", "_scan")
    because = SCAN_INTERVAL

    def __init__(
        self, world: World, nodes: GrowingNodes, planning: Planning, *, scan: float, phase: float
    ) -> None:
        super().__init__(world, nodes, planning)
        self._scan = scan
        self._phase = phase

    def _wait(self) -> Generator[Event, Any, None]:
        """Until the next scan."""
        yield self._world.env.timeout(until_next_tick(self._world.env.now, self._phase, self._scan))
