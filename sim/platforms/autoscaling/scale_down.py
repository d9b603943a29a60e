"""The Cluster Autoscaler's scale-down: nodes go that were unneeded for long enough."""

from collections.abc import Collection, Generator, Sequence
from typing import Any, Protocol

from pydantic import PositiveInt
from simpy import Event

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.world import World
from sim.platforms.autoscaling.disruption import ClusterState
from sim.platforms.kubernetes.scheduler import FreeOnNode
from sim.platforms.scaling.control_loop import A_MOMENT, ControlLoop, until_next_tick


@description
class ScaleDown:
    """When nodes of a group go, and how many at once."""

    threshold: Number
    """Fraction of allocatable CPU or memory from which a node counts as needed, once requested."""
    unneeded: Number
    """Seconds for which a node must have been unneeded."""
    after_add: Number
    """Seconds after a scale-up in which no node goes."""
    after_taint: Number
    """Seconds from the taint of a node until it is drained or deleted."""
    drains: PositiveInt
    """Nodes with pods that go at once."""
    deletions: PositiveInt
    """Nodes that go at once, with those that are empty."""


class ScaledDownNodes(Protocol):
    """The nodes that are scaled down, as the controller sees them."""

    grown_at: float
    """Time at which the last node was launched."""

    def state(self) -> ClusterState:
        """Which pods are on which nodes."""
        ...

    def leaving(self) -> tuple[int, int]:
        """Nodes on their way out, and how many of them had pods."""
        ...

    def remove_after(self, pause: float, number: int) -> None:
        """Cordon a node now, and drain it after `pause` seconds."""
        ...


def requested_share(free: FreeOnNode) -> float:
    """The share of a node's allocatable CPU or memory that is requested, whichever is larger.

    What its DaemonSets request counts.
    """
    return max(
        1.0 - free.cpu / max(1, free.whole.cpu), 1.0 - free.memory / max(1, free.whole.memory)
    )


def unneeded(state: ClusterState, threshold: float, before: Collection[int]) -> list[int]:
    """Nodes below the threshold that could all go together.

    Args:
        before: nodes that were unneeded in the last scan; they are tried before others.
    """
    low = [
        state.nodes[number]
        for group in state.known.groups()
        if requested_share(group.free) < threshold
        for number in group.numbers
    ]
    going: list[int] = []
    for node in sorted(low, key=lambda n: (bool(n.pods), n.number not in before, n.number)):
        if not state.left_over([*going, node.number]):
            going.append(node.number)
    return going


class ScalingDown:
    """Scans a group's nodes while one is unneeded, and after something has changed.

    Args:
        scan: seconds between two scans.
        phase: when the scans of this cluster fall, within `scan`.
    """

    __slots__ = ("_changed", "_loop", "_nodes", "_phase", "_policy", "_scan", "_since", "_world")

    def __init__(
        self, policy: ScaleDown, world: World, nodes: ScaledDownNodes, *, scan: float, phase: float
    ) -> None:
        self._policy = policy
        self._world = world
        self._nodes = nodes
        self._scan = scan
        self._phase = phase
        self._changed = False
        self._loop = ControlLoop(world.env, self._has_work, self._one_round)
        self._since: dict[int, float] = {}
        """Since when each node is unneeded."""

    def notice(self) -> None:
        """A node has come or gone, or a pod has left its node."""
        self._changed = True
        self._loop.wake()

    def _has_work(self) -> bool:
        return self._changed or bool(self._since)

    def _one_round(self) -> Generator[Event, Any, bool]:
        """A scan: which nodes are unneeded now, and which have been for long enough."""
        env = self._world.env
        yield env.timeout(until_next_tick(env.now, self._phase, self._scan))
        state = self._nodes.state()
        self._changed = False
        now_unneeded = unneeded(state, plain(self._policy.threshold), self._since)
        self._since = {number: self._since.get(number, env.now) for number in now_unneeded}
        if env.now >= self._nodes.grown_at + plain(self._policy.after_add):
            self._remove(state)
        return True

    def _remove(self, state: ClusterState) -> None:
        """Remove the nodes that were unneeded for long enough, as many as may go at once."""
        long_ago = self._world.env.now - plain(self._policy.unneeded) + A_MOMENT
        ripe = [number for number, since in self._since.items() if since <= long_ago]
        for number in self._at_once(state, ripe):
            del self._since[number]
            self._nodes.remove_after(plain(self._policy.after_taint), number)

    def _at_once(self, state: ClusterState, ripe: Sequence[int]) -> list[int]:
        """Empty nodes first, then those that need to be drained."""
        leaving, draining = self._nodes.leaving()
        empty = [number for number in ripe if not state.nodes[number].pods]
        drain = [number for number in ripe if state.nodes[number].pods]
        drain = drain[: max(0, self._policy.drains - draining)]
        return [*empty, *drain][: max(0, self._policy.deletions - leaving)]
