"""An app in its cgroup: what a container and a guest do alike once they are up."""

from collections.abc import Callable, Generator
from typing import Any

from simpy import Event, Interrupt

from sim.core.cited import plain
from sim.host import Kernel
from sim.start import Start
from sim.workload import Service


class RunningApp:
    """A cgroup with CPU and memory on a kernel, and the app in it.

    Args:
        weight: of the cgroup against its siblings.
        on_kill: called with the reason when the kernel kills it.
    """

    __slots__ = ("cpu", "files", "kernel", "memory", "service")

    def __init__(
        self, kernel: Kernel, service: Service, weight: float, on_kill: Callable[[str], None]
    ) -> None:
        self.kernel = kernel
        self.service = service
        self.files = f"files of {service.files}"
        self.cpu = kernel.cpu.group(weight=weight, cap=service.cap)
        self.memory = kernel.memory.cgroup(service.memory, on_kill)

    def start(self, start: Start) -> Generator[Event, Any, None]:
        """From exec to the first healthy answer: read what is not cached, compute, wait.

        Raises:
            Interrupt: the kernel killed it for the memory it took.
        """
        missing = self._missing(plain(self.service.app.startup_read))
        if missing > 0.0:
            yield self.kernel.transfer(self.kernel.disk, missing)
        if not self.settle():
            raise Interrupt(self.memory.killed_by)
        yield from self.kernel.perform(self.service.app.startup, self.cpu, start.startup_noise)

    def settle(self) -> bool:
        """Bring the working set into memory; whether it survived that."""
        service = self.service
        if service.hot > 0.0:
            self.memory.map(self.files, service.hot)
        return self.memory.alive and self.memory.allocate(service.private)

    def stop(self) -> None:
        """Give everything back; idempotent."""
        self.memory.release()
        self.cpu.remove()

    def _missing(self, wanted: float) -> float:
        """Bytes of `wanted` that neither a neighbour nor the pull has left in the page cache."""
        memory, image = self.kernel.memory, self.service.image
        cached = memory.cached_bytes(self.files)
        if image is not None and image.unpacked > 0.0:
            pulled = sum(memory.cached_bytes(layer.digest) for layer in image.layers)
            cached = max(cached, wanted * pulled / image.unpacked)
        return max(0.0, wanted - cached)
