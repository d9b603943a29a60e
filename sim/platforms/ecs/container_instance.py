"""An ECS container instance: what it registered with the cluster, and what is left of it."""

from dataclasses import dataclass
from typing import NamedTuple

from sim.sandbox import ContainerEngine
from sim.workload import Service

CPU_UNITS = 1024
"""CPU units a vCPU."""
FINE = 1000
"""Parts of a CPU unit that are told apart: sums of whole numbers stay exact."""

REFUSALS = {
    "vCPU": "RESOURCE:CPU",
    "memory": "RESOURCE:MEMORY",
    "host ports": "RESOURCE:PORTS",
    "bridge ports": "RESOURCE:PORTS",
    "ENI": "RESOURCE:ENI",
    "trunk ENI": "RESOURCE:ENI",
    "disk": "disk",
}
"""ECS's own word for each limit."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What placement reserves for one task."""

    cpu: int
    """Thousandths of a CPU unit."""
    memory: int
    """Bytes."""
    port: int | None
    """A fixed host port, or None."""


def claim(service: Service, *, own_network: bool) -> Claim:
    """What `service` asks of an instance; with a network of its own it takes no host port."""
    port = None if own_network else service.host_port
    return Claim(whole_cpu(service.cpu), round(service.reserved), port)


def whole_cpu(vcpus: float) -> int:
    """vCPUs in thousandths of a CPU unit."""
    return round(vcpus * CPU_UNITS * FINE)


class Left(NamedTuple):
    """What an instance has left; two with the same left are interchangeable."""

    cpu: int
    memory: int
    slots: float
    tasks: int
    ports: frozenset[int]
    slot_word: str

    def lacks(self, claim: Claim) -> str | None:
        """ECS's word for the first thing it has too little of, in the order ECS checks."""
        if claim.cpu > self.cpu:
            return "RESOURCE:CPU"
        if claim.memory > self.memory:
            return "RESOURCE:MEMORY"
        if claim.port is not None and claim.port in self.ports:
            return "RESOURCE:PORTS"
        return self.slot_word if self.slots < 1 else None

    def less(self, claim: Claim) -> "Left":
        """After one more task."""
        cpu, memory, slots, tasks, ports, word = self
        if claim.port is not None:
            ports |= {claim.port}
        return Left(cpu - claim.cpu, memory - claim.memory, slots - 1, tasks + 1, ports, word)

    def more(self, claim: Claim) -> "Left":
        """After one task less."""
        cpu, memory, slots, tasks, ports, word = self
        if claim.port is not None:
            ports -= {claim.port}
        return Left(cpu + claim.cpu, memory + claim.memory, slots + 1, tasks - 1, ports, word)

    def nothing(self) -> "Left":
        """Of an instance that is gone."""
        return self._replace(cpu=-1, memory=-1, slots=0)

    def fits(self, claim: Claim) -> bool:
        """Whether it lacks nothing."""
        return self.lacks(claim) is None

    def takes(self, claim: Claim) -> int:
        """How many of `claim` it has room for."""
        count, left = 0, self
        while left.fits(claim):
            count, left = count + 1, left.less(claim)
        return count


class ContainerInstance:
    """A live container instance.

    Args:
        number: its place in the fleet, from 0.
        engine: its daemon and agent.
        left: what it registers with the cluster.
    """

    __slots__ = ("engine", "left", "number")

    def __init__(self, number: int, engine: ContainerEngine, left: Left) -> None:
        self.number = number
        self.engine = engine
        self.left = left
