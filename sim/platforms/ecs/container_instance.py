"""An ECS container instance: what it registered with the cluster, and what is left of it."""

import math
import sys
from dataclasses import dataclass
from typing import NamedTuple

from sim.core.world import World
from sim.sandbox import ContainerEngine
from sim.workload import Demand, Service, task_size

CPU_UNITS = 1024
"""CPU units per vCPU."""
FINE = 1000
"""Parts of a CPU unit: CPU is counted in whole numbers, whose sums stay exact."""

RESERVED_PORTS = frozenset({22, 2375, 2376, 51678, 51679})
"""Host ports that no task can have: SSH, Docker and the ECS agent. The agent reserves 51680 too
where it is told to show Prometheus metrics, which it is not by default (its `config_unix.go`)."""
MOST_PORTS = 100
"""Fixed host ports of an instance, those included (AWS, API reference of ECS, `PortMapping`)."""

REFUSALS = {
    "vCPU": "RESOURCE:CPU",
    "memory": "RESOURCE:MEMORY",
    "host ports": "RESOURCE:PORTS",
    "bridge ports": "RESOURCE:PORTS",
    "ENI": "RESOURCE:ENI",
    "trunk ENI": "RESOURCE:ENI",
    "GPU": "RESOURCE:GPU",
    "placement constraint": "MemberOf placement constraint unsatisfied.",
    "disk": "disk",
}
"""ECS's own word for each limit."""


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """What placement reserves for one task."""

    cpu: int
    """Thousandths of a CPU unit."""
    memory: int
    """Bytes."""
    ports: frozenset[int] = frozenset()
    """Fixed host ports."""
    gpus: int = 0
    slots: int = 1
    """Of what the network mode runs out of."""


def task_request(service: Service, *, own_network: bool) -> TaskRequest:
    """What a task of `service` requests: ECS adds up all of its containers, init ones too.

    With a network of its own it takes one interface and no host port; else each container that
    runs takes a port of the bridge.
    """
    size = task_size(service, "beside")
    ports = frozenset() if own_network else frozenset(size.ports)
    slots = 1 if own_network else size.containers
    return TaskRequest(whole_cpu(size.cpu), round(size.reserved), ports, size.gpus, slots)


def task_demand(world: World, service: Service) -> Demand:
    """What a task demands: several containers share the CPU of their task, by their CPU units.

    ECS has no CPU limit of a single container (Linux): the quota is the task's.
    """
    demand = Demand(world, service)
    if not demand.alone:
        demand.together = task_size(service, "beside").cap
        for each in (demand, *demand.init, *demand.sidecars):
            each.cap = math.inf
    return demand


def whole_cpu(vcpus: float) -> int:
    """vCPUs in thousandths of a CPU unit."""
    return round(vcpus * CPU_UNITS * FINE)


class FreeOnInstance(NamedTuple):
    """What an instance has left for tasks; two with the same are interchangeable."""

    cpu: int
    memory: int
    slots: float
    tasks: int
    ports: frozenset[int]
    slot_word: str
    gpus: int = 0

    def lacks(self, request: TaskRequest) -> str | None:
        """ECS's word for the first thing it has too little of, in the order ECS checks."""
        if request.cpu > self.cpu:
            return "RESOURCE:CPU"
        if request.memory > self.memory:
            return "RESOURCE:MEMORY"
        if request.gpus > self.gpus:
            return "RESOURCE:GPU"
        if request.ports and self._lacks_ports(request.ports):
            return "RESOURCE:PORTS"
        return self.slot_word if self.slots < request.slots else None

    def _lacks_ports(self, ports: frozenset[int]) -> bool:
        return not ports.isdisjoint(self.ports) or len(self.ports) + len(ports) > MOST_PORTS

    def less(self, request: TaskRequest) -> "FreeOnInstance":
        """What is left after one more task."""
        cpu, memory, slots, tasks, ports, word, gpus = self
        if request.ports:
            ports |= request.ports
        cpu, memory, gpus = cpu - request.cpu, memory - request.memory, gpus - request.gpus
        return FreeOnInstance(cpu, memory, slots - request.slots, tasks + 1, ports, word, gpus)

    def more(self, request: TaskRequest) -> "FreeOnInstance":
        """What is left after one task less."""
        cpu, memory, slots, tasks, ports, word, gpus = self
        if request.ports:
            ports -= request.ports
        cpu, memory, gpus = cpu + request.cpu, memory + request.memory, gpus + request.gpus
        return FreeOnInstance(cpu, memory, slots + request.slots, tasks - 1, ports, word, gpus)

    def amounts(self) -> dict[str, float]:
        """What is left of each resource, by the name of its limit."""
        network = "ENI" if self.slot_word == "RESOURCE:ENI" else "bridge ports"
        return {
            "vCPU": self.cpu / (CPU_UNITS * FINE),
            "memory": float(self.memory),
            network: float(self.slots),
            "GPU": float(self.gpus),
        }

    def nothing(self) -> "FreeOnInstance":
        """What an instance that is gone offers."""
        return self._replace(cpu=-1, memory=-1, slots=0)

    def fits(self, request: TaskRequest) -> bool:
        """Whether it lacks nothing."""
        return (
            request.cpu <= self.cpu
            and request.memory <= self.memory
            and request.gpus <= self.gpus
            and request.slots <= self.slots
            and not (request.ports and self._lacks_ports(request.ports))
        )

    def takes(self, request: TaskRequest) -> int:
        """How many tasks with that request it has room for."""
        if not self.fits(request):
            return 0
        if request.ports:
            return 1
        amounts = (
            (self.cpu, request.cpu),
            (self.memory, request.memory),
            (self.gpus, request.gpus),
            (self.slots, request.slots),
        )
        bound = [left // each for left, each in amounts if each and left < math.inf]
        return int(min(bound, default=sys.maxsize))


class ContainerInstance:
    """A live container instance.

    Args:
        number: its place in the fleet, from 0.
        engine: its daemon and agent.
        left: what it registers with the cluster.
    """

    __slots__ = ("engine", "left", "number")

    def __init__(self, number: int, engine: ContainerEngine, left: FreeOnInstance) -> None:
        self.number = number
        self.engine = engine
        self.left = left
