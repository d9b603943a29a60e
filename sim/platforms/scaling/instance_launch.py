"""Instances that are launched on request: EC2's quotas, then boot, then registration."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from math import fsum
from typing import Any

from pydantic import PositiveInt
from simpy import Event

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.randomness import Varying
from sim.core.recorder import Recorder
from sim.core.token_bucket import Quota
from sim.core.world import World


@description
class InstanceLaunch:
    """The way of an instance into a cluster, from the decision until it takes tasks."""

    decided: Varying
    """Seconds from an autoscaler's decision to the call: alarms, Auto Scaling groups."""
    calls: Quota
    """Calls an account may make."""
    instances: Quota
    """Instances an account may ask for."""
    per_call: PositiveInt
    """Instances one call asks for at most."""
    stages: tuple[Varying, ...]
    """Seconds of each stage from the call until the instance has joined and takes tasks."""
    network: Quota | None = None
    """Calls to EC2 that all instances of an account may make; None: any number."""
    network_calls: Number = 0.0
    """Such calls of one instance before it takes tasks: its addresses."""


@dataclass(slots=True)
class LaunchedInstance:
    """One instance on its way."""

    decided_at: float
    because: str
    """What the autoscaler waited for before it decided."""
    asked_at: float = 0.0
    """Time at which EC2 was asked for it."""
    called_at: float = 0.0
    """Time at which the account's quotas let it through."""
    booted_at: float = 0.0
    """Time at which all but its calls for addresses was done."""
    joined_at: float = 0.0

    def waits(self) -> tuple[tuple[str, float], ...]:
        """What a start that got this instance waited for, one after the other, and until when."""
        return (
            (self.because, self.decided_at),
            ("scaling group", self.asked_at),
            ("launch quota", self.called_at),
            ("instance boot", self.booted_at),
            ("network calls", self.joined_at),
        )


def record_waits(
    record: Recorder, task: int, since: float, launched: LaunchedInstance | None
) -> None:
    """Record, as parts of placement, what a start that waited for its instance has waited for.

    Args:
        since: when it began to wait.
        launched: the instance it got; None: one that was there from the beginning.
    """
    if launched is None:
        return
    for part, until in launched.waits():
        if until > since:
            record.spent(task, part, "placement", since, until)
            since = until


class InstanceLauncher:
    """Launches instances in a running world."""

    __slots__ = (
        "_calls",
        "_decided",
        "_instances",
        "_network",
        "_network_calls",
        "_per_call",
        "_stages",
        "_world",
    )

    def __init__(self, launch: InstanceLaunch, world: World) -> None:
        draw = world.random.sampler
        self._decided = draw("instances/decided", launch.decided)
        self._stages = [
            draw(f"instances/stage {number}", stage) for number, stage in enumerate(launch.stages)
        ]
        self._calls = launch.calls.deploy(world.env)
        self._instances = launch.instances.deploy(world.env)
        self._network = None if launch.network is None else launch.network.deploy(world.env)
        self._network_calls = plain(launch.network_calls)
        self._per_call = launch.per_call
        self._world = world

    def launch(self, count: int, because: str, joined: Callable[[LaunchedInstance], None]) -> None:
        """Ask for `count` instances, as many a call as may be.

        Args:
            because: what the autoscaler waited for before it decided.
            joined: called with each instance when it takes tasks.
        """
        env, wait = self._world.env, self._decided()
        for first in range(0, count, self._per_call):
            batch = min(self._per_call, count - first)
            instances = [LaunchedInstance(env.now, because) for _ in range(batch)]
            env.process(self._call(instances, wait, joined))

    def _call(
        self, batch: list[LaunchedInstance], wait: float, joined: Callable[[LaunchedInstance], None]
    ) -> Generator[Event, Any, None]:
        env = self._world.env
        yield env.timeout(wait)
        asked_at = env.now
        yield self._calls.take()
        yield self._instances.take(len(batch))
        for instance in batch:
            instance.asked_at, instance.called_at = asked_at, env.now
            env.process(self._join(instance, joined))

    def _join(
        self, instance: LaunchedInstance, joined: Callable[[LaunchedInstance], None]
    ) -> Generator[Event, Any, None]:
        yield self._world.env.timeout(fsum(stage() for stage in self._stages))
        instance.booted_at = self._world.env.now
        if self._network is not None and not self._network.try_take(self._network_calls):
            yield self._network.take(self._network_calls)
        instance.joined_at = self._world.env.now
        joined(instance)
