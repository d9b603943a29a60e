"""Karpenter's consolidation: nodes go whose pods fit elsewhere, or on one cheaper node."""

import math
from collections.abc import Generator, Sequence
from typing import Any, Protocol

from simpy import Event

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.world import World
from sim.platforms.autoscaling.disruption import (
    ClusterState,
    DisruptionCommand,
    NodeOffer,
    command,
    next_disruption,
)
from sim.platforms.scaling.control_loop import ControlLoop, until_next_tick

CONSOLIDATION = "consolidation"
"""What a pod waited for that got a replacement: see `LaunchedInstance.because`."""


@description
class Consolidation:
    """`consolidationPolicy: WhenEmptyOrUnderutilized`."""

    after: Number
    """`consolidateAfter`: seconds since a pod came to a node or left it."""
    poll: Number
    """Seconds between two polls."""
    validation: Number
    """Seconds after which a command must still hold to be carried out."""
    budget: Number
    """Fraction of the nodes that may be on their way out at once; rounded up."""


class ConsolidatedNodes(Protocol):
    """The nodes that are consolidated, as the controller sees them."""

    def state(self) -> ClusterState:
        """Which pods are on which nodes."""
        ...

    def count(self) -> tuple[int, int]:
        """Nodes in the cluster, and how many of them are on their way out."""
        ...

    def launchable(self) -> Sequence[NodeOffer]:
        """Kinds of which one more may be launched, cheapest first."""
        ...

    def remove(self, going: Sequence[int], replacement: int | None) -> None:
        """Cordon nodes now; drain them once their replacement, if any, is ready."""
        ...


class Consolidating:
    """Karpenter's disruption controller: it looks at a pool's nodes after something has changed."""

    __slots__ = ("_changed", "_loop", "_nodes", "_policy", "_polled", "_world")

    def __init__(self, policy: Consolidation, world: World, nodes: ConsolidatedNodes) -> None:
        self._policy = policy
        self._world = world
        self._nodes = nodes
        self._changed = False
        self._loop = ControlLoop(world.env, lambda: self._changed, self._one_round)
        phase = world.random.generator("eks/consolidation phase")
        self._polled = float(phase.uniform(0.0, plain(policy.poll)))

    def notice(self) -> None:
        """A node has come or gone, or a pod has left its node."""
        self._changed = True
        self._loop.wake()

    def _one_round(self) -> Generator[Event, Any, bool]:
        """Disrupt nodes one command after the other, until none is found or one does not hold."""
        env = self._world.env
        yield env.timeout(until_next_tick(env.now, self._polled, plain(self._policy.poll)))
        while (disruption := self._find()) is not None:
            yield env.timeout(plain(self._policy.validation))
            if not self._holds(disruption):
                self._changed = True
                break
            self._nodes.remove(disruption.going, disruption.replacement)
        self._polled = env.now
        return True

    def _find(self) -> DisruptionCommand | None:
        state, before = self._nodes.state(), self._before()
        self._changed = bool(state.known.touched_after(before))
        return next_disruption(state, self._nodes.launchable(), self._allowed(), before)

    def _holds(self, disruption: DisruptionCommand) -> bool:
        """Whether the same command would be given now."""
        state, before = self._nodes.state(), self._before()
        still = [
            n for n in disruption.going if n in state.nodes and state.nodes[n].touched <= before
        ]
        if len(still) < len(disruption.going) or len(still) > self._allowed():
            return False
        return command(state, disruption.going, self._nodes.launchable()) == disruption

    def _before(self) -> float:
        """Time since which a node must not have been touched."""
        return self._world.env.now - plain(self._policy.after)

    def _allowed(self) -> int:
        """Nodes that the disruption budget lets go now."""
        there, going = self._nodes.count()
        # 10% of 30 are three: a product of floats may lie a bit above a whole number.
        return max(0, math.ceil(there * plain(self._policy.budget) * (1.0 - 1e-12)) - going)
