"""Who launches Kubernetes nodes when pods do not fit: Karpenter, or the Cluster Autoscaler."""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from simpy import Event

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.world import World
from sim.platforms.autoscaling.bin_packing import FreeResources, fill, pack
from sim.platforms.autoscaling.consolidation import Consolidation
from sim.platforms.autoscaling.scale_down import ScaleDown
from sim.platforms.scaling.control_loop import until_next_tick

BATCH_WINDOW, SCAN_INTERVAL = "batch window", "scan interval"


@description
class Karpenter:
    """Launches nodes for each batch of pods that found no room."""

    batch_idle: Number
    """Seconds without a new pod after which a batch is closed."""
    batch_most: Number
    """Seconds after which it is closed in any case."""
    consolidation: Consolidation


@description
class ClusterAutoscaler:
    """Looks for pods that found no room, again and again, and grows a node group."""

    scan: Number
    """Seconds between two looks."""
    scale_down: ScaleDown


Autoscaler: TypeAlias = Karpenter | ClusterAutoscaler


class Nodes(Protocol):
    """The nodes that are scaled, as an autoscaler sees them."""

    def pending(self) -> Mapping[Any, int]:
        """Pods that found no room and would fit on an empty node, by request, largest first."""
        ...

    def coming(self) -> Sequence[FreeResources]:
        """The nodes on their way, empty as they will come."""
        ...

    def offers(self) -> Sequence[FreeResources]:
        """What an empty node of each kind has, cheapest first."""
        ...

    def grow(self, offer: int, count: int, because: str) -> int:
        """Launch nodes of one kind; returns how many it may."""
        ...


class ScalingUp:
    """Watches one cluster's pods, and only while some found no room.

    Args:
        phase: when the looks of the Cluster Autoscaler fall, within its `scan`.
    """

    __slots__ = ("_awake", "_kind", "_last", "_nodes", "_phase", "_world")

    def __init__(self, kind: Autoscaler, world: World, nodes: Nodes, phase: float) -> None:
        self._kind = kind
        self._world = world
        self._nodes = nodes
        self._awake = False
        self._last = 0.0
        self._phase = phase

    def notice(self) -> None:
        """One more pod found no room."""
        self._last = self._world.env.now
        if not self._awake:
            self._awake = True
            self._world.env.process(self._watch())

    def again(self) -> None:
        """A node has come or gone: no node is on its way any more for pods that still wait."""
        if not self._awake and self._nodes.pending() and not self._nodes.coming():
            self.notice()

    def _watch(self) -> Generator[Event, Any, None]:
        """Decide while pods wait that no node on its way has room for."""
        while self._short():
            if isinstance(self._kind, Karpenter):
                yield from self._batch(plain(self._kind.batch_idle), plain(self._kind.batch_most))
                because = BATCH_WINDOW
            else:
                now, scan = self._world.env.now, plain(self._kind.scan)
                yield self._world.env.timeout(until_next_tick(now, self._phase, scan))
                because = SCAN_INTERVAL
            if not self._grow(because):
                break
        self._awake = False

    def _batch(self, idle: float, most: float) -> Generator[Event, Any, None]:
        """Until no pod has come for `idle` seconds, or `most` are over."""
        env = self._world.env
        closes = env.now + most
        while (until := min(self._last + idle, closes)) > env.now:
            yield env.timeout(until - env.now)

    def _short(self) -> dict[Any, int]:
        """Pods that neither fit now nor will fit on the nodes on their way."""
        return fill(self._nodes.coming(), self._nodes.pending())

    def _grow(self, because: str) -> int:
        """Launch what is short; returns how many nodes may come."""
        offers = self._nodes.offers()
        kinds = Counter(pack(self._short(), offers))
        return sum(self._nodes.grow(offer, kinds[offer], because) for offer in sorted(kinds))
