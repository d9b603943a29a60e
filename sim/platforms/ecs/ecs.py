"""ECS: RunTask on a fleet of container instances, or on Fargate."""

import math
from collections.abc import Generator, Sequence
from typing import Any, Literal, TypeAlias

from pydantic import PositiveInt
from simpy import Event, Interrupt

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.randomness import Varying
from sim.core.token_bucket import Bucket, Quota
from sim.core.world import World
from sim.host import Kernel, Machine
from sim.image import AgentPull
from sim.platforms.ecs.capacity_provider import CapacityProvider
from sim.platforms.ecs.cluster import ECSCluster, Terms
from sim.platforms.ecs.container_instance import REFUSALS
from sim.platforms.ecs.placement import Strategy
from sim.platforms.ecs.scaling_cluster import ScalingCluster
from sim.platforms.fargate import Fargate, LiveFargate
from sim.platforms.fleet import Fleet
from sim.platforms.limits import BudgetItem, fits, smallest_first
from sim.sandbox import Container
from sim.start import Ceiling, Ready, Start, Story
from sim.workload import Demand, PerService, Service

Network: TypeAlias = Literal["bridge", "host", "awsvpc"]


@description
class ControlPlane:
    """What AWS's side of ECS takes."""

    call: Varying
    """Seconds of one RunTask call."""
    tasks_per_call: PositiveInt = 10
    placement: Varying
    """Seconds from the accepted call until the instance's agent has the task."""
    eni_attach: Varying
    """Seconds to attach a network interface (awsvpc on EC2)."""
    dynamic_ports: Number
    """Host ports an instance can hand out by itself."""
    bridge_ports: Number
    """Containers that one Linux bridge takes."""


@description
class ECS:
    """Amazon ECS over one kind of capacity."""

    capacity: Fleet | Fargate | CapacityProvider
    control_plane: ControlPlane
    network: Network = "bridge"
    """Of tasks on a fleet; on Fargate it is always awsvpc."""
    trunking: bool = False
    """Whether `awsvpcTrunking` is on (awsvpc on a fleet)."""
    strategy: Strategy = "binpack"
    pull_behavior: AgentPull = "default"
    """`ECS_IMAGE_PULL_BEHAVIOR` of a fleet's agents; with `prefer-cached` they delete no image."""
    agent_memory: Number = 0.0
    """Bytes the ECS agent uses on each instance; they do not lower what is registered."""
    reserved_memory: Number = 0.0
    """`ECS_RESERVED_MEMORY`: bytes that are not registered."""
    service_rate: Quota | None = None
    """Tasks a second that the service scheduler starts of one service; None: RunTask is called."""

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """How many tasks one host takes by reservation, smallest first."""
        if isinstance(self.capacity, Fargate):
            return self.capacity.ceilings(service)
        machine = self.machine
        cpu = fits(machine.vcpu, service.cpu)
        return smallest_first(
            _ceiling("vCPU", cpu, _MORE_CPU),
            self._memory_ceiling(service),
            *self.slots(service),
            *self._fleet.disk(service),
        )

    def slots(self, service: Service) -> tuple[Ceiling, ...]:
        """Limits of the network mode; they stand whatever the tasks really use."""
        if self.network == "awsvpc":
            return () if math.isinf(self._enis) else (self._eni_ceiling(),)
        fixed = () if service.host_port is None else (_ceiling("host ports", 1, _DYNAMIC),)
        if self.network == "host":
            return fixed
        control = self.control_plane
        return (
            *fixed,
            _ceiling("bridge ports", int(plain(control.bridge_ports)), "use awsvpc with trunking"),
            _ceiling("host ports", int(plain(control.dynamic_ports)), _WIDER),
        )

    def fits_in_memory(self, service: Service) -> int:
        """How many tasks fit by what they use, the agent's and the OS's own use taken off."""
        fleet = self._fleet
        each = service.private + plain(fleet.runtime.shim)
        return fits(fleet.room(service.hot + plain(self.agent_memory)), each)

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        """Where an instance's nominal memory goes with `count` tasks at work."""
        if isinstance(self.capacity, Fargate):
            return self.capacity.budget(service, count)
        agent = BudgetItem("ECS agent", plain(self.agent_memory))
        return self._fleet.budget(service, count, agent)

    def terms(self) -> Terms:
        """What placement on the fleet goes by."""
        control, awsvpc = self.control_plane, self.network == "awsvpc"
        ports = min(plain(control.bridge_ports), plain(control.dynamic_ports))
        slots = {"awsvpc": self._enis, "bridge": ports, "host": math.inf}[self.network]
        return Terms(
            strategy=self.strategy,
            slots=slots,
            slot_word="RESOURCE:ENI" if awsvpc else "RESOURCE:PORTS",
            registered_memory=self.registered_memory,
            agent_memory=plain(self.agent_memory),
            policy=self.pull_behavior,
            placement=control.placement,
            attach=control.eni_attach if awsvpc else None,
        )

    def deploy(self, world: World) -> "LiveECS":
        """A cluster whose capacity is up already."""
        return LiveECS(self, world)

    @property
    def registered_memory(self) -> float:
        """Bytes an instance registers with the cluster."""
        return self.machine.memory_visible - plain(self.reserved_memory)

    @property
    def machine(self) -> Machine:
        """The instance type.

        Raises:
            ValueError: the capacity is Fargate, which has none.
        """
        return self._fleet.machine

    @property
    def _fleet(self) -> Fleet:
        if isinstance(self.capacity, Fargate):
            raise ValueError("capacity: Fargate has no instances; a Fleet is needed here")
        capacity = self.capacity
        return capacity.fleet if isinstance(capacity, CapacityProvider) else capacity

    @property
    def _enis(self) -> float:
        """Tasks an instance has network interfaces for; the first interface is its own."""
        machine = self.machine
        if self.trunking:
            return machine.trunk_tasks or 0
        return math.inf if machine.enis is None else machine.enis - 1

    def _memory_ceiling(self, service: Service) -> Ceiling:
        """What is registered is nearly all that the OS sees, also what OS and agent use of it."""
        allows = fits(self.registered_memory, service.reserved)
        spare = allows < self.fits_in_memory(service)
        return _ceiling("memory", allows, _MORE_MEMORY if spare else _FULL)

    def _eni_ceiling(self) -> Ceiling:
        machine = self.machine
        if not self.trunking:
            return _ceiling("ENI", int(self._enis), _trunking(machine))
        if machine.trunk_tasks:
            return _ceiling("trunk ENI", int(self._enis), "use bridge mode, or a larger type")
        known = "not known for" if machine.trunk_tasks is None else "not supported on"
        return _ceiling("trunk ENI", 0, f"trunking is {known} {machine.name}")


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
"""ECS's word for a task in each phase of its start."""


class LiveECS:
    """A live cluster and its RunTask call."""

    def __init__(self, ecs: ECS, world: World) -> None:
        self.world = world
        self._batch = ecs.control_plane.tasks_per_call
        self._call = world.random.sampler("ecs/call", ecs.control_plane.call)
        rate = ecs.service_rate
        self._rates = PerService(lambda _: None if rate is None else rate.deploy(world.env))
        self._demands = PerService(lambda service: Demand(world, service))
        self.capacity = _capacity(ecs, world)

    def launch(self, service: Service, count: int = 1) -> Sequence[Start]:
        """RunTask, ten tasks a call, one call after the other; or the service scheduler."""
        demand, batch = self._demands.of(service), self._batch
        rate = self._rates.of(service)
        if rate is not None:
            batch = 1
        asked = [self.world.env.event() for _ in range(-(-count // batch))]
        if rate is None:
            self.world.env.process(self._run_task(asked))
        else:
            self.world.env.process(self._schedule(asked, rate))
        return [self._begin(demand, asked[number // batch]) for number in range(count)]

    def stop(self, start: Start) -> Event:
        """StopTask: on its way or long since ready."""
        start.kill("stopped")
        start.end()
        return start

    def settle(self, service: Service, count: int) -> list[Container]:
        """`count` tasks on one instance that are up already."""
        if isinstance(self.capacity, LiveFargate):
            raise ValueError("capacity: a Fargate host takes one task; there is nothing to settle")
        return self.capacity.settle(service, count)

    def hosts(self) -> Sequence[Kernel]:
        """The kernels of its instances or microVMs."""
        return list(self.capacity.kernels)

    def state(self, start: Start) -> str:
        """The task's state in ECS's words."""
        if start.triggered and not isinstance(start.value, Ready):
            return "STOPPED"
        if start.sandbox is not None and not start.sandbox.alive:
            return "STOPPED"
        return TASK_STATES[start.state]

    def _begin(self, demand: Demand, accepted: Event) -> Start:
        return Start(self.world, demand, lambda start: self._story(start, accepted))

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
            if isinstance(self.capacity, ScalingCluster):
                yield self.capacity.admit()
            blocked += self.world.env.now - allowed
            if task.callbacks:
                task.succeed(blocked)
            else:
                self._leave_provisioning()

    def _leave_provisioning(self) -> None:
        """A task that was admitted is stopped before it goes there."""
        if isinstance(self.capacity, ScalingCluster):
            self.capacity.leave_provisioning()

    def _story(self, start: Start, accepted: Event) -> Story:
        since = self.world.env.now
        start.phase("request")
        try:
            blocked = yield accepted
        except Interrupt:
            if accepted.triggered:
                self._leave_provisioning()
            raise
        if self._rates.of(start.service) is not None:
            self._explain(start, since, blocked)
        if isinstance(self.capacity, LiveFargate):
            asked = self.world.env.now
            yield from self.capacity.admit()
            self._spent(start, "launch quota", asked, self.world.env.now)
        return self.capacity.run(start)

    def _explain(self, start: Start, since: float, blocked: float) -> None:
        """File how long the scheduler's rate and the cap on PROVISIONING held the start back."""
        now = self.world.env.now
        self._spent(start, "service scheduler", since, now - blocked)
        self._spent(start, "PROVISIONING cap", now - blocked, now)

    def _spent(self, start: Start, part: str, since: float, until: float) -> None:
        if until > since:
            self.world.record.spent(start.task, part, "request", since, until)


def _capacity(ecs: ECS, world: World) -> ECSCluster | LiveFargate:
    if isinstance(ecs.capacity, Fargate):
        return ecs.capacity.deploy(world)
    if isinstance(ecs.capacity, CapacityProvider):
        return ScalingCluster(world, ecs.capacity, ecs.terms())
    return ECSCluster(world, ecs.capacity, ecs.terms(), count=ecs.capacity.count)


def _ceiling(limit: str, allows: int, how: str) -> Ceiling:
    return Ceiling(limit, allows, how, REFUSALS[limit])


def _trunking(machine: Machine) -> str:
    if machine.trunk_tasks:
        return f"turn on awsvpcTrunking: {machine.trunk_tasks} tasks on {machine.name}"
    known = "does not support" if machine.trunk_tasks == 0 else "may or may not support"
    return f"use bridge mode; {machine.name} {known} awsvpcTrunking"


_MORE_CPU = "reserve less CPU a task (--cpu), or take a larger type"
_MORE_MEMORY = "take a larger type, or reserve less with memoryReservation"
_FULL = "take a larger type: to reserve less would admit more than its memory holds"
_DYNAMIC = "use a dynamic host port instead of a fixed one"
_WIDER = "widen net.ipv4.ip_local_port_range"
