"""ECS managed scaling: a capacity provider over an Auto Scaling group."""

import math
from collections.abc import Callable, Generator
from typing import Any, Protocol

from pydantic import NonNegativeInt, PositiveInt
from simpy import Event

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.world import World
from sim.platforms.fleet import Fleet
from sim.platforms.scaling.control_loop import A_MOMENT, ControlLoop, until_next_tick
from sim.platforms.scaling.instance_launch import InstanceLaunch

METRIC_PERIOD, WARM_UP = "metric period", "instance warm-up"


@description
class CapacityProvider:
    """Container instances that come when tasks wait for them.

    CapacityProviderReservation = 100 M / N, with N instances in the group and M those that the
    tasks need; the group grows until it is at the target (ECS developer guide, cluster auto
    scaling).
    """

    fleet: Fleet
    """What one instance is; `count` of them are up at the beginning."""
    begin_empty: bool = False
    """Whether no instance is up at the beginning, whatever the fleet's count."""
    launch: InstanceLaunch
    metric_period: Number
    """Seconds between two points of the metric."""
    target: Number = 1.0
    """Share of the instances that tasks should need."""
    warm_up: Number
    """Seconds after a step in which no other step is made."""
    smallest_step: PositiveInt = 1
    largest_step: PositiveInt = 10_000
    from_zero: PositiveInt
    """Instances of the first step from none: the metric is 200 then, however many tasks wait."""
    provisioning: PositiveInt
    """Tasks of a cluster that may be in PROVISIONING; a service's further tasks wait before it."""
    scale_in_points: PositiveInt
    """Points below the target before the group shrinks."""
    most: PositiveInt
    """Instances a cluster may have."""
    least: NonNegativeInt = 0
    """Instances that stay."""

    def scale(
        self, world: World, group: "ScaledInstances", waits: Callable[[], bool]
    ) -> "ManagedScaling":
        """Who grows and shrinks the group of a live cluster."""
        return ManagedScaling(self, world, group, waits)


class ScaledInstances(Protocol):
    """The instances that are scaled, as the capacity provider sees them."""

    @property
    def size(self) -> int:
        """Instances, those on their way included."""
        ...

    def needed(self) -> int:
        """Instances that the tasks need, running and waiting: M."""
        ...

    def idle(self) -> int:
        """Instances without a task."""
        ...

    def grow(self, count: int, because: str) -> None:
        """Launch instances."""
        ...

    def shrink(self, count: int) -> None:
        """Terminate idle instances."""
        ...


class ManagedScaling:
    """Watches a group at the points of its metric, while there is something to decide."""

    __slots__ = ("_below", "_group", "_loop", "_phase", "_provider", "_waits", "_warm_at", "_world")

    def __init__(
        self,
        provider: CapacityProvider,
        world: World,
        group: ScaledInstances,
        waits: Callable[[], bool],
    ) -> None:
        period = plain(provider.metric_period)
        self._phase = float(world.random.generator("ecs/metric phase").uniform(0.0, period))
        self._provider = provider
        self._world = world
        self._group = group
        self._waits = waits
        self._warm_at = 0.0
        self._below = 0
        """Points in a row at which the metric was below the target."""
        self._loop = ControlLoop(world.env, self._has_work, self._one_round)

    def notice(self) -> None:
        """Something changed: a task waits, or an instance may be idle."""
        if not self._loop.awake and self._has_work():
            self._below = 0
            self._loop.wake()

    def _has_work(self) -> bool:
        return self._above() or self._spare() > 0

    def _one_round(self) -> Generator[Event, Any, bool]:
        """The next point of the metric: grow at once, or shrink once it was low for long enough."""
        yield self._world.env.timeout(self._to_next_point())
        if self._above():
            self._below = 0
            self._step_out()
        elif self._spare() > 0:
            self._below += 1
            if self._below >= self._provider.scale_in_points:
                self._step_in()
        return True

    def _step_out(self) -> None:
        """Launch what is missing, unless the instances of the last step still warm up."""
        group, provider, now = self._group, self._provider, self._world.env.now
        if now < self._warm_at - A_MOMENT:
            return
        because = WARM_UP if self._warm_at > 0.0 else METRIC_PERIOD
        wanted = provider.from_zero if group.size == 0 else self._wanted()
        room = provider.most - group.size
        step = min(max(wanted - group.size, provider.smallest_step), provider.largest_step, room)
        if wanted > group.size and step > 0:
            group.grow(step, because)
            self._warm_at = now + plain(provider.warm_up)

    def _step_in(self) -> None:
        """Terminate idle instances: at most half of the group at each point."""
        self._group.shrink(min(self._spare(), max(1, self._group.size // 2)))

    def _wanted(self) -> int:
        """Instances at which the group is at its target."""
        return math.ceil(self._group.needed() / plain(self._provider.target))

    def _above(self) -> bool:
        """Whether tasks wait, or the metric is above its target and the group may grow."""
        return self._waits() or self._group.size < min(self._wanted(), self._provider.most)

    def _spare(self) -> int:
        """Idle instances that the target does not need."""
        kept = max(self._wanted(), self._provider.least)
        return min(self._group.idle(), self._group.size - kept)

    def _to_next_point(self) -> float:
        """Seconds to the next point of the metric."""
        return until_next_tick(
            self._world.env.now, self._phase, plain(self._provider.metric_period)
        )
