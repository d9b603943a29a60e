"""A live ECS cluster: RunTask and the service scheduler, in front of its capacity."""

from collections.abc import Generator, Sequence
from functools import partial
from typing import Any

from simpy import Event, Interrupt

from sim.core.token_bucket import Bucket, Quota
from sim.core.world import World
from sim.host import Kernel
from sim.platforms.deployment import BareDeployment, record_wait
from sim.platforms.ecs.container_instance import task_demand
from sim.platforms.ecs.instance_limits import ControlPlane
from sim.platforms.ecs.tasks_on_capacity import TaskHosting
from sim.sandbox import Container
from sim.start import Ready, Start, StartGate, Story
from sim.workload import PerService, Service

TASK_STATES = {
    "": "PROVISIONING",
    "request": "PROVISIONING",
    "placement": "PROVISIONING",
    "network": "PROVISIONING",
    "provision": "PROVISIONING",
    "pull": "PENDING",
    "create": "PENDING",
    "start": "ACTIVATING",
    "app": "RUNNING",
}
"""ECS's word for a task in each phase of its start; PENDING while its containers wait."""


class LiveECS(BareDeployment):
    """A live cluster and its RunTask call.

    Args:
        rate: tasks a second that the service scheduler starts of one service; None: RunTask.
    """

    def __init__(
        self, world: World, hosting: TaskHosting, control: ControlPlane, rate: Quota | None
    ) -> None:
        super().__init__(world)
        self._batch = control.tasks_per_call
        self._call = world.random.sampler("ecs/call", control.call)
        self._rates = PerService(lambda _: None if rate is None else rate.deploy(world.env))
        self._demands = PerService(lambda service: task_demand(world, hosting.runs(service)))
        self.capacity = hosting.deploy(world)

    def launch(
        self, service: Service, count: int = 1, gate: StartGate | None = None
    ) -> Sequence[Start]:
        """RunTask, ten tasks a call, one call after the other; or the service scheduler."""
        demand, batch = self._demands.of(service), self._batch
        rate = self._rates.of(service)
        if rate is not None:
            batch = 1
        accepted = [self.world.env.event() for _ in range(-(-count // batch))]
        calls = self._run_task(accepted) if rate is None else self._schedule(accepted, rate)
        self.world.env.process(calls)
        stories = [partial(self._story, call) for call in accepted]
        return [Start(self.world, demand, stories[n // batch], gate) for n in range(count)]

    def settle(self, service: Service, count: int) -> list[Container]:
        """`count` tasks on one instance that are up already."""
        return self.capacity.settle(service, count)

    def hosts(self) -> Sequence[Kernel]:
        """The kernels of its instances or microVMs."""
        return self.capacity.kernels

    def lose(self, kernel: Kernel) -> None:
        """An instance or a microVM has died."""
        self.capacity.lose(kernel)

    def add_host(self) -> None:
        """The group of instances has brought one more."""
        self.capacity.add_host()

    def state(self, start: Start) -> str:
        """The task's state in ECS's words."""
        if start.triggered and not isinstance(start.value, Ready):
            return "STOPPED"
        if start.sandbox is not None and not start.sandbox.alive:
            return "STOPPED"
        return TASK_STATES.get(start.state, "PENDING")

    def _again(self, start: Start) -> Start:
        """The service scheduler starts it, at its rate."""
        accepted, rate = self.world.env.event(), self._rates.of(start.service)
        if rate is None:
            accepted.succeed()
        else:
            self.world.env.process(self._schedule([accepted], rate))
        demand, story = self._demands.of(start.service), partial(self._story, accepted)
        return Start(self.world, demand, story, anew=True)

    def _run_task(self, calls: Sequence[Event]) -> Generator[Event, Any, None]:
        for call in calls:
            yield self.world.env.timeout(self._call())
            call.succeed()

    def _schedule(self, tasks: Sequence[Event], bucket: Bucket) -> Generator[Event, Any, None]:
        """The service scheduler: task by task at its rate, while the cluster lets it."""
        blocked = 0.0
        for task in tasks:
            if not task.callbacks:  # it was stopped meanwhile
                continue
            yield bucket.take()
            allowed = self.world.env.now
            yield from self.capacity.enter_provisioning()
            blocked += self.world.env.now - allowed
            if task.callbacks:
                task.succeed(blocked)
            else:  # it was stopped before it got there
                self.capacity.leave_provisioning()

    def _story(self, accepted: Event, start: Start) -> Story:
        """A task is accepted by RunTask or the service scheduler, and goes to its capacity."""
        since = self.world.env.now
        start.phase("request")
        try:
            blocked = yield accepted
        except Interrupt:
            if accepted.triggered:
                self.capacity.leave_provisioning()
            raise
        if self._rates.of(start.service) is not None:
            free = self.world.env.now - blocked
            record_wait(start, "service scheduler", since, free)
            record_wait(start, "PROVISIONING cap", free, self.world.env.now)
        return self.capacity.run(start)
