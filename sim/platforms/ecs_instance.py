"""An ECS container instance: what it registered with the cluster, and what is left of it."""

from dataclasses import dataclass

from sim.sandbox import Engine

CPU_UNITS = 1024.0
"""CPU units a vCPU."""

REFUSALS = {
    "vCPU": "RESOURCE:CPU",
    "memory": "RESOURCE:MEMORY",
    "host ports": "RESOURCE:PORTS",
    "bridge ports": "RESOURCE:PORTS",
    "ENI": "RESOURCE:ENI",
    "trunk ENI": "RESOURCE:ENI",
}
"""ECS's own word for each limit."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What placement reserves for one task."""

    cpu: float
    """CPU units."""
    memory: float
    """Bytes."""
    port: int | None
    """A fixed host port, or None."""


class ContainerInstance:
    """A live container instance.

    Args:
        engine: its daemon and agent.
        slots: tasks its network mode takes, and the ECS word for that limit.
    """

    __slots__ = ("cpu_left", "engine", "memory_left", "ports", "slot_word", "slots_left", "tasks")

    def __init__(self, engine: Engine, memory: float, slots: float, slot_word: str) -> None:
        self.engine = engine
        self.cpu_left = engine.kernel.cpu.cap * CPU_UNITS
        self.memory_left = memory
        self.slots_left = slots
        self.slot_word = slot_word
        self.ports: set[int] = set()
        self.tasks = 0

    def lacks(self, claim: Claim) -> str | None:
        """ECS's word for the first thing it has too little of, in the order ECS checks."""
        # What was taken and given back leaves the last bits of a decimal behind.
        if claim.cpu > self.cpu_left + 1e-6:
            return "RESOURCE:CPU"
        if claim.memory > self.memory_left + 1e-3:
            return "RESOURCE:MEMORY"
        if claim.port is not None and claim.port in self.ports:
            return "RESOURCE:PORTS"
        return self.slot_word if self.slots_left < 1 else None

    def take(self, claim: Claim) -> None:
        """Reserve for one task."""
        self._book(claim, 1)
        if claim.port is not None:
            self.ports.add(claim.port)

    def give_back(self, claim: Claim) -> None:
        """Free what one task had reserved."""
        self._book(claim, -1)
        self.ports.discard(claim.port or 0)

    def _book(self, claim: Claim, sign: int) -> None:
        self.cpu_left -= sign * claim.cpu
        self.memory_left -= sign * claim.memory
        self.slots_left -= sign
        self.tasks += sign
