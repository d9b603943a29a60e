"""An app in its cgroup: what a container and a guest do alike once they are up."""

from collections.abc import Callable, Generator
from typing import Any

from simpy import Event, Interrupt

from sim.core.cited import plain
from sim.host import Kernel
from sim.start import Start
from sim.workload import Service

EXEC_FORMAT = "exec format error"
"""What a kernel says to a program for another architecture."""


class RunningApp:
    """A cgroup with CPU and memory on a kernel, and the app in it.

    Args:
        weight: of the cgroup against its siblings.
        on_kill: called with the reason when the kernel kills it.
    """

    __slots__ = ("cpu", "kernel", "memory", "service")

    def __init__(
        self, kernel: Kernel, service: Service, weight: float, on_kill: Callable[[str], None]
    ) -> None:
        self.kernel = kernel
        self.service = service
        self.cpu = kernel.cpu.group(weight=weight, cap=service.cap)
        self.memory = kernel.memory.cgroup(service.memory, on_kill)

    def start(self, start: Start) -> Generator[Event, Any, None]:
        """From exec to the first healthy answer: read what is not cached, compute, wait.

        Raises:
            Interrupt: the kernel cannot run its image, or killed it for the memory it took.
        """
        if not self.kernel.can_run(self.service.architectures):
            raise Interrupt(EXEC_FORMAT)
        wanted = self._parts(plain(self.service.app.startup_read))
        memory = self.kernel.memory
        missing = sum(max(0.0, part - memory.cached_bytes(name)) for name, part in wanted.items())
        yield from self.kernel.read(missing)
        for name, part in wanted.items():
            memory.cache(name, part)
        if not self.settle():
            raise Interrupt(self.memory.killed_by)
        yield from self.kernel.perform(self.service.app.startup, self.cpu, start.startup_noise)

    def settle(self) -> bool:
        """Bring the working set into memory; whether it survived that."""
        for name, part in self._parts(self.service.hot).items():
            self.memory.map(name, part)
        return self.memory.allocate(self.service.private)

    def kill(self, reason: str) -> None:
        """Its guest was killed, and it with it."""
        self.memory.killed_by = reason
        self.stop()

    def stop(self) -> None:
        """Give everything back; idempotent."""
        self.memory.release()
        self.cpu.remove()

    def _parts(self, amount: float) -> dict[str, float]:
        """`amount` bytes of its files, layer by layer in proportion, in whole bytes."""
        image = self.service.image
        if amount == 0.0:
            return {}
        if image is None or image.unpacked == 0.0:
            return {f"files of {self.service.app.name}": amount}
        share = amount / image.unpacked
        parts = {layer.digest: float(int(share * layer.unpacked)) for layer in image.layers}
        largest = max(image.layers, key=lambda layer: layer.unpacked).digest
        parts[largest] += amount - sum(parts.values())
        return parts
