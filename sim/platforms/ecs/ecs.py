"""ECS: RunTask on a fleet of container instances, or on Fargate."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any, Literal

from simpy import Event, Interrupt

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.token_bucket import Bucket, Quota
from sim.core.world import World
from sim.host import Kernel
from sim.image import AgentPull
from sim.platforms.deployment import BareDeployment, record_wait
from sim.platforms.ecs.capacity_provider import CapacityProvider
from sim.platforms.ecs.cluster import TasksOnFleet
from sim.platforms.ecs.container_instance import task_demand
from sim.platforms.ecs.fargate_tasks import TasksOnFargate
from sim.platforms.ecs.instance_limits import ControlPlane, InstanceTerms, Network
from sim.platforms.ecs.managed_instances import ManagedInstances
from sim.platforms.ecs.placement import Strategy
from sim.platforms.ecs.scaling_cluster import TasksOnCapacityProvider
from sim.platforms.fargate import Fargate
from sim.platforms.fleet import Fleet
from sim.platforms.orchestrator import Orchestrator
from sim.sandbox import Container
from sim.start import Ready, Start, StartGate, Story
from sim.workload import Demand, PerService, Service


@description
class ECS(Orchestrator):
    """Amazon ECS over one kind of capacity."""

    capacity: Fleet | Fargate | CapacityProvider | ManagedInstances
    control_plane: ControlPlane
    network: Network = "bridge"
    """Network mode of tasks on a fleet; on Fargate it is always awsvpc."""
    trunking: bool = False
    """Whether `awsvpcTrunking` is on (awsvpc on a fleet)."""
    strategy: Strategy = "binpack"
    pull_behavior: AgentPull = "default"
    """`ECS_IMAGE_PULL_BEHAVIOR` of a fleet's agents; with `prefer-cached` they delete no image."""
    agent_memory: Number = 0.0
    """Bytes the ECS agent uses on each instance; they do not lower what is registered."""
    reserved_memory: Number = 0.0
    """`ECS_RESERVED_MEMORY`: bytes that are not registered."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Attributes of the container instances, name and value, beside their own
    (`ecs.instance-type` and others)."""
    when_full: Literal["refuse", "wait"] = "refuse"
    """What becomes of a task that no instance of a fleet has room for: RunTask refuses it, the
    service scheduler tries again until one has come."""
    service_rate: Quota | None = None
    """Tasks a second that the service scheduler starts of one service; None: RunTask is called."""

    @property
    def hosting(self) -> TasksOnFleet | TasksOnCapacityProvider | TasksOnFargate:
        """What its capacity offers to tasks."""
        match self.capacity:
            case Fleet() as fleet:
                return TasksOnFleet(fleet, self._terms)
            case CapacityProvider() | ManagedInstances() as provider:
                return TasksOnCapacityProvider(provider.fleet, self._terms, provider)
            case Fargate() as fargate:
                return TasksOnFargate(fargate)

    def without_slots(self) -> "ECS":
        """This platform without its slot limits: what decides density by use apart from them."""
        return replace(self, network="host", trunking=False)

    def deploy(self, world: World) -> "LiveECS":
        """A cluster whose capacity is up already."""
        return LiveECS(self, world)

    @property
    def _terms(self) -> InstanceTerms:
        return InstanceTerms(
            control_plane=self.control_plane,
            network=self.network,
            trunking=self.trunking,
            strategy=self.strategy,
            pull_behavior=self.pull_behavior,
            agent_memory=plain(self.agent_memory),
            reserved_memory=plain(self.reserved_memory),
            attributes=dict(self.attributes),
            waits=self.when_full == "wait",
        )


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
    """A live cluster and its RunTask call."""

    def __init__(self, ecs: ECS, world: World) -> None:
        super().__init__(world)
        self._batch = ecs.control_plane.tasks_per_call
        self._call = world.random.sampler("ecs/call", ecs.control_plane.call)
        rate = ecs.service_rate
        self._rates = PerService(lambda _: None if rate is None else rate.deploy(world.env))
        hosting = ecs.hosting
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
        return [self._begin(demand, accepted[number // batch], gate) for number in range(count)]

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
        return self._begin(self._demands.of(start.service).again(self.world), accepted)

    def _begin(self, demand: Demand, accepted: Event, gate: StartGate | None = None) -> Start:
        return Start(self.world, demand, lambda start: self._story(start, accepted), gate)

    def _run_task(self, calls: list[Event]) -> Generator[Event, Any, None]:
        for call in calls:
            yield self.world.env.timeout(self._call())
            call.succeed()

    def _schedule(self, tasks: list[Event], bucket: Bucket) -> Generator[Event, Any, None]:
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

    def _story(self, start: Start, accepted: Event) -> Story:
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
