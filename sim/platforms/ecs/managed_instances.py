"""ECS Managed Instances: AWS launches an instance for tasks that wait, and ends one left idle."""

from collections.abc import Callable, Generator
from typing import Any

from pydantic import PositiveInt
from simpy import Event

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.world import World
from sim.platforms.ecs.capacity_provider import ScaledInstances
from sim.platforms.fleet import Fleet
from sim.platforms.scaling.control_loop import A_MOMENT, ControlLoop
from sim.platforms.scaling.instance_launch import InstanceLaunch

WAITING_TASKS = "gathering tasks"


@description
class ManagedInstances:
    """Instances that AWS brings, several tasks on one, and takes away once nothing runs there.

    Underused instances, which AWS drains as well, stay here until they are empty: it gives no rule.
    """

    fleet: Fleet
    """What one instance is; `count` of them are up at the beginning."""
    begin_empty: bool = False
    """Whether no instance is up at the beginning, whatever the fleet's count."""
    launch: InstanceLaunch
    gathers: Number
    """Seconds in which waiting tasks are looked at together before instances are asked for."""
    idle: Number
    """Seconds without a task after which an instance is gone (`scaleInAfter` and the way out)."""
    provisioning: PositiveInt
    """Tasks of a cluster that may be in PROVISIONING."""
    most: PositiveInt
    """Instances a cluster may have."""

    def scale(
        self, world: World, group: ScaledInstances, waits: Callable[[], bool]
    ) -> "InstanceManager":
        """Who brings and ends the instances of a live cluster."""
        return InstanceManager(self, world, group, waits)


class InstanceManager:
    """Launches what the waiting tasks need, and ends instances that have been idle for long."""

    __slots__ = ("_group", "_grows", "_idle_since", "_managed", "_shrinks", "_waits", "_world")

    def __init__(
        self,
        managed: ManagedInstances,
        world: World,
        group: ScaledInstances,
        waits: Callable[[], bool],
    ) -> None:
        self._managed = managed
        self._world = world
        self._group = group
        self._waits = waits
        self._idle_since: list[float] = []
        """When each of the instances that are idle now became so, the oldest first."""
        self._grows = ControlLoop(world.env, self._lacks, self._grow)
        self._shrinks = ControlLoop(world.env, lambda: bool(self._idle_since), self._shrink)

    def notice(self) -> None:
        """Something changed: a task waits, or an instance is idle, or is idle no more."""
        if self._lacks():
            self._grows.wake()
        idle, now = self._group.idle(), self._world.env.now
        self._idle_since += [now] * (idle - len(self._idle_since))
        # A task goes where one was idle: the youngest time is forgotten, so that none goes early.
        del self._idle_since[idle:]
        if idle:
            self._shrinks.wake()

    def _lacks(self) -> bool:
        """Whether tasks wait for instances that are not on their way, and that may come."""
        return self._waits() and self._missing() > 0

    def _missing(self) -> int:
        group = self._group
        return min(group.needed(), self._managed.most) - group.size

    def _grow(self) -> Generator[Event, Any, bool]:
        yield self._world.env.timeout(plain(self._managed.gathers))
        if self._missing() > 0:
            self._group.grow(self._missing(), WAITING_TASKS)
        return True

    def _shrink(self) -> Generator[Event, Any, bool]:
        env, wait = self._world.env, plain(self._managed.idle)
        yield env.timeout(max(0.0, self._idle_since[0] + wait - env.now))
        gone = sum(since + wait <= env.now + A_MOMENT for since in self._idle_since)
        if gone:
            del self._idle_since[:gone]
            self._group.shrink(gone)
        return True
