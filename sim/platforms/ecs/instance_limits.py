"""How many tasks a container instance takes, and what would make it take more: pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from pydantic import PositiveInt

from sim.core.cited import Cited, Number, plain
from sim.core.description import description
from sim.core.randomness import Varying
from sim.host import Machine
from sim.image import AgentPull
from sim.platforms.ecs.container_instance import (
    CPU_UNITS,
    REFUSALS,
    RESERVED_PORTS,
    FreeOnInstance,
    TaskRequest,
    task_request,
    whole_cpu,
)
from sim.platforms.ecs.placement import Strategy, ranked
from sim.platforms.fleet import Fleet
from sim.platforms.hosting import Hosting
from sim.platforms.limits import (
    BudgetItem,
    cpu_ceilings,
    fits,
    gpu_ceilings,
    gpus_of,
    smallest_first,
)
from sim.platforms.packing.placing import Placing
from sim.start import Ceiling
from sim.workload import Service, TaskSize, task_size
from sim.workload.attribute_expression import attribute_expression

Network: TypeAlias = Literal["bridge", "host", "awsvpc"]

OF_EVERY_INSTANCE = frozenset(
    f"ecs.{name}" for name in ("ami-id", "availability-zone", "subnet-id", "vpc-id", "os-family")
)
"""Attributes that every container instance has, and that a model has only where they are given."""


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
    least_task_cpu: Number = 0.0
    """vCPUs of the smallest task-level CPU (on EC2); below it there is container-level CPU only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceTerms:
    """What a cluster lays down for its container instances; see `ECS`."""

    control_plane: ControlPlane
    network: Network
    trunking: bool
    strategy: Strategy
    pull_behavior: AgentPull
    agent_memory: float
    reserved_memory: float
    attributes: Mapping[str, str]
    waits: bool
    """Whether a task that no instance has room for waits for one, or is refused."""


@dataclass(frozen=True, slots=True)
class TasksOnInstances(Hosting):
    """What container instances of one type offer to ECS's tasks."""

    fleet: Fleet
    terms: InstanceTerms

    @property
    def machine(self) -> Machine:
        """The instance type."""
        return self.fleet.machine

    @property
    def registered_memory(self) -> float:
        """Bytes an instance registers with the cluster."""
        return self.machine.memory_visible - self.terms.reserved_memory

    @property
    def own_network(self) -> bool:
        """Whether each task has a network interface of its own."""
        return self.terms.network == "awsvpc"

    def request(self, service: Service) -> TaskRequest:
        """What placement reserves for a task."""
        request = task_request(service, own_network=self.own_network)
        gpus_of(self.machine, request.gpus)
        return request

    def registered(self) -> FreeOnInstance:
        """What an instance offers when it joins the cluster."""
        control = self.terms.control_plane
        ports = min(plain(control.bridge_ports), plain(control.dynamic_ports))
        slots = {"awsvpc": self._enis, "bridge": ports, "host": math.inf}[self.terms.network]
        return FreeOnInstance(
            whole_cpu(self.machine.vcpu),
            round(self.registered_memory),
            slots,
            0,
            RESERVED_PORTS,
            "RESOURCE:ENI" if self.own_network else "RESOURCE:PORTS",
            self.machine.gpus or 0,
        )

    def placing(self) -> Placing:
        """Container instances, and the placement strategy among them; which service's tasks come
        first is chance."""
        rank = ranked(self.terms.strategy)
        in_order = self.fleet.placing(self.registered(), self.request, rank, wobble=0.0)
        return replace(in_order, in_any_order=True)

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """Tasks that fit on one instance by reservation, limit by limit, smallest first."""
        size = task_size(service, "beside")
        return smallest_first(
            *cpu_ceilings(self.machine.vcpu, size.cpu, _MORE_CPU, REFUSALS["vCPU"]),
            *self._constraint(service),
            self._memory_ceiling(service),
            *self.slots(service),
            *self.fleet.disk(service),
        )

    def runs(self, service: Service) -> Service:
        """Below the smallest task-level CPU a task has that of its container: a weight."""
        if not service.cpu_quota or not 0.0 < self._task_cpu(service) < self._least_task_cpu:
            return service
        return _weighed(
            service,
            init=tuple(map(_weighed, service.init)),
            sidecars=tuple(map(_weighed, service.sidecars)),
        )

    def remark(self, service: Service) -> str:
        """That CPU is a weight where it was meant as a quota."""
        if self.runs(service) == service:
            return ""
        least, mine = self._least_task_cpu, CPU_UNITS * self._task_cpu(service)
        return (
            f"ECS takes no task-level CPU below {least:g} vCPU: {mine:.3g} CPU units are reserved, "
            f"and a weight, not a quota"
        )

    @staticmethod
    def _task_cpu(service: Service) -> float:
        return task_size(service, "beside").cpu

    @property
    def _least_task_cpu(self) -> float:
        return plain(self.terms.control_plane.least_task_cpu)

    def unmet(self, service: Service) -> str:
        """ECS's word where its instances do not meet the service's constraint; else empty.

        Raises:
            ValueError: it asks for an attribute that instances have, and that is not known.
        """
        if service.member_of is None:
            return ""
        expression = attribute_expression(service.member_of)
        has = self.attributes
        missing = sorted(OF_EVERY_INSTANCE & expression.names - set(has))
        if missing:
            raise ValueError(
                f"member_of: {missing[0]} of the instances is not known; give it in attributes"
            )
        return "" if expression.met_by(has) else REFUSALS["placement constraint"]

    @property
    def attributes(self) -> Mapping[str, str]:
        """Attributes of an instance, its own and those it was given."""
        machine = self.machine
        own = {
            "ecs.instance-type": machine.name,
            "ecs.os-type": "linux",
            "ecs.cpu-architecture": "x86_64" if machine.architecture == "amd64" else "arm64",
        }
        return {**own, **self.terms.attributes}

    def _constraint(self, service: Service) -> tuple[Ceiling, ...]:
        if not self.unmet(service):
            return ()
        how = f"take instances that meet {service.member_of!r}, or another constraint"
        return (_ceiling("placement constraint", 0, how),)

    def slots(self, service: Service) -> tuple[Ceiling, ...]:
        """Limits of the network mode, and GPUs; they stand whatever the tasks really use."""
        size = task_size(service, "beside")
        return (*self._network_slots(size), *gpu_ceilings(self.machine, size.gpus))

    def _network_slots(self, size: TaskSize) -> tuple[Ceiling, ...]:
        if self.own_network:
            return () if math.isinf(self._enis) else (self._eni_ceiling(),)
        free = 1 if RESERVED_PORTS.isdisjoint(size.ports) else 0
        fixed = (_ceiling("host ports", free, _DYNAMIC),) if size.ports else ()
        if self.terms.network == "host":
            return fixed
        control, each = self.terms.control_plane, size.containers
        bridge, dynamic = plain(control.bridge_ports), plain(control.dynamic_ports)
        return (
            *fixed,
            _ceiling("bridge ports", fits(bridge, each), "use awsvpc with trunking"),
            _ceiling("host ports", fits(dynamic, each), _WIDER),
        )

    def fits_in_memory(self, service: Service) -> int:
        """Tasks that fit by what they use, beside the agent and the OS."""
        size = task_size(service)
        each = size.private + size.containers * plain(self.fleet.runtime.shim)
        return fits(self.fleet.room(size.hot + self.terms.agent_memory), each)

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        """How an instance's nominal memory is used with `count` tasks at work."""
        agent = BudgetItem("ECS agent", self.terms.agent_memory)
        return self.fleet.budget(service, count, agent)

    @property
    def _enis(self) -> float:
        """Tasks an instance has network interfaces for; the first interface is its own."""
        machine = self.machine
        if self._trunk:
            return math.floor(self._trunk)
        return math.inf if machine.enis is None else machine.enis - 1

    @property
    def _trunk(self) -> float:
        """Tasks on its trunk; 0: it has none, for the account setting leaves such types as they
        are."""
        return plain(self.machine.trunk_tasks or 0.0) if self.terms.trunking else 0.0

    def _memory_ceiling(self, service: Service) -> Ceiling:
        """What is registered is nearly all that the OS sees, also what OS and agent use of it."""
        allows = fits(self.registered_memory, task_size(service, "beside").reserved)
        spare = allows < self.fits_in_memory(service)
        return _ceiling("memory", allows, _MORE_MEMORY if spare else _FULL)

    def _eni_ceiling(self) -> Ceiling:
        machine = self.machine
        if not self._trunk:
            return _ceiling("ENI", int(self._enis), _trunking(machine))
        more = _estimated(machine) or "use bridge mode, or a larger type"
        return _ceiling("trunk ENI", int(self._enis), more)


def _weighed(service: Service, **rest: Any) -> Service:
    return replace(service, cpu_quota=False, cpu_limit=None, **rest)


def _ceiling(limit: str, allows: int, how: str) -> Ceiling:
    return Ceiling(limit, allows, how, REFUSALS[limit])


def _trunking(machine: Machine) -> str:
    """What there is to do where interfaces end: nothing is advised that gives fewer."""
    trunk = 0.0 if machine.trunk_tasks is None else plain(machine.trunk_tasks)
    if trunk and machine.enis is not None and trunk < machine.enis:
        return f"use bridge mode; awsvpcTrunking gives {trunk:.0f} on {machine.name}, not more"
    if trunk:
        estimate = _estimated(machine)
        also = f" ({estimate})" if estimate else ""
        return f"turn on awsvpcTrunking: {trunk:.0f} tasks on {machine.name}{also}"
    known = "does not support" if machine.trunk_tasks == 0 else "may or may not support"
    return f"use bridge mode; {machine.name} {known} awsvpcTrunking"


def _estimated(machine: Machine) -> str:
    """What there is to say of a number of tasks that ECS does not document."""
    tasks = machine.trunk_tasks
    if not isinstance(tasks, Cited) or tasks.grade != "C":
        return ""
    return (
        f"an estimate from its branch interfaces, {tasks.low:.0f} to {tasks.high:.0f}: ECS's list "
        f"does not have {machine.name}"
    )


_MORE_CPU = "reserve less CPU per task (--cpu), or take a larger type"
_MORE_MEMORY = "take a larger type, or reserve less with memoryReservation"
_FULL = "take a larger type: to reserve less would admit more than its memory holds"
_DYNAMIC = "use a dynamic host port instead of a fixed one"
_WIDER = "widen net.ipv4.ip_local_port_range"
