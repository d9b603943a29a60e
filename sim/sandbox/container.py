"""Containers: processes in cgroups and namespaces on one shared kernel, started by a daemon."""

from collections.abc import Generator
from typing import Any

from pydantic import Field
from simpy import Event, Interrupt

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.sharing import Group
from sim.host import Kernel, Step
from sim.image import Store
from sim.sandbox.running import EXEC_FORMAT, RunningApp
from sim.start import Ready, Start, Story
from sim.workload import Demand


@description
class ContainerRuntime:
    """A daemon, its shims and the low-level runtime (Docker: dockerd, containerd, runc)."""

    create: Step = Field(default_factory=Step)
    """Snapshot, namespaces, network: from the request to a created container."""
    start: Step = Field(default_factory=Step)
    """From the runtime's exec to the first instruction of the program."""
    shim: Number = 0.0
    """Bytes the host holds for each container, outside the container's own limit."""


class Container:
    """A live container.

    Args:
        start: the start it belongs to; told when the kernel kills it.
    """

    __slots__ = ("_running", "_shim", "_start", "alive")

    def __init__(self, kernel: Kernel, demand: Demand, shim: float, start: Start | None) -> None:
        self._start = start
        self._shim = shim
        self.alive = True
        self._running = RunningApp(kernel, demand, demand.shares, self._killed)
        kernel.memory.hold(shim)

    @property
    def cpu(self) -> Group:
        """Its CPU cgroup."""
        return self._running.cpu

    @property
    def killed_by(self) -> str:
        """Why the kernel killed it; empty where it did not."""
        return self._running.memory.killed_by

    @property
    def core_speed(self) -> float:
        """Of the cores it runs on."""
        return self._running.kernel.core_speed

    def run(self, start: Start) -> Generator[Event, Any, None]:
        """The app's start-up, to its first healthy answer."""
        return self._running.start(start)

    def settle(self) -> bool:
        """Be up at once with the working set in memory; whether it survived that."""
        return self._running.settle()

    def stop(self) -> None:
        """End it and give back what it held; idempotent."""
        if self.alive:
            self.alive = False
            self._start = None
            self._running.stop()
            self._running.kernel.memory.hold(-self._shim)

    def _killed(self, reason: str) -> None:
        start = self._start
        self.stop()
        if start is not None:
            start.kill(reason)


class Engine:
    """A container daemon on one kernel: pull, create, start, app.

    Args:
        ask: whether it contacts the registry even when every layer is on disk.
    """

    __slots__ = (
        "_ask",
        "_create",
        "_creating",
        "_daemon",
        "_shim",
        "_start",
        "_starting",
        "kernel",
        "store",
    )

    def __init__(
        self, kernel: Kernel, daemon: Group, store: Store, runtime: ContainerRuntime, *, ask: bool
    ) -> None:
        self.kernel = kernel
        self.store = store
        self._daemon = daemon
        self._ask = ask
        self._shim = plain(runtime.shim)
        random = kernel.world.random
        self._creating, self._starting = runtime.create.doing(), runtime.start.doing()
        self._create = random.sampler("runtime/create", runtime.create.noise)
        self._start = random.sampler("runtime/start", runtime.start.noise)

    def run(self, start: Start) -> Story:
        """Bring one container from its image's name to ready."""
        image = start.service.image
        with start.phase("pull"):
            if image is not None:
                yield from self.store.pull(start, image, ask=self._ask)
        with start.phase("create"):
            yield from self.kernel.perform(self._creating, self._daemon, self._create())
        with start.phase("start"):
            if not self.kernel.can_run(start.given.architectures):
                raise Interrupt(EXEC_FORMAT)
            container = Container(self.kernel, start.given, self._shim, start)
            if not container.alive:
                raise Interrupt(container.killed_by)
            start.inhabit(container)
            yield from self.kernel.perform(self._starting, container.cpu, self._start())
        with start.phase("app"):
            yield from container.run(start)
        return Ready()

    def settle(self, demand: Demand) -> Container:
        """A container that is up already, as if long after its start."""
        container = Container(self.kernel, demand, self._shim, None)
        container.settle()
        return container
