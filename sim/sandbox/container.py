"""Containers: processes in cgroups and namespaces on one shared kernel, started by a daemon."""

import math
from collections.abc import Generator
from typing import Any

from simpy import Event, Interrupt

from sim.core.cited import plain
from sim.core.quantity import shown_gib
from sim.host import Kernel, MemorySlice, WorkAmount
from sim.image import Image, ImageStore, NoSpace, PullPolicy
from sim.sandbox.app_process import EXEC_FORMAT, RunningApp
from sim.sandbox.runtime_costs import RuntimeCosts
from sim.sandbox.task import run_task
from sim.sharing import Group, Job
from sim.start import READY, Start, StartGate, Starting, Story
from sim.workload import Demand, Requests, RequestServer


class Container:
    """A live container.

    Args:
        engine: the daemon that has created it.
        start: the start it belongs to, which is killed when the kernel kills it.
        parent: the CPU cgroup it stands in; None: the kernel's root.
        oom_score_adj: -1000 (never) to 1000 (first), when the kernel looks for a victim.
        within: the memory slice it stands in.
    """

    __slots__ = ("_app", "_engine", "_start", "_there")

    def __init__(  # noqa: PLR0917 (positional is quicker)
        self,
        engine: "ContainerEngine",
        demand: Demand,
        start: Starting | None,
        parent: Group | None = None,
        oom_score_adj: float = 0.0,
        within: MemorySlice | None = None,
    ) -> None:
        self._start = start
        self._engine = engine
        self._there = True
        self._app = RunningApp(
            engine.kernel,
            demand,
            demand.shares,
            self._killed,
            parent,
            oom_score_adj,
            within,
        )
        engine.kernel.memory.hold(engine.costs.shim)

    @property
    def alive(self) -> bool:
        """Whether its app runs."""
        return self._there and self._app.memory.alive

    @property
    def cpu(self) -> Group:
        """Its CPU cgroup."""
        return self._app.cpu

    @property
    def killed_by(self) -> str:
        """Why the kernel killed it; empty where it did not."""
        return self._app.memory.killed_by

    @property
    def server(self) -> RequestServer:
        """What serves its requests, once it is ready."""
        return self._app.server

    def undisturbed(self, requests: Requests) -> list[float]:
        """Seconds each request takes when it has the host to itself."""
        return self._app.undisturbed(requests)

    def start_work(self, step: WorkAmount, noise: float) -> Job:
        """Begin one step of its start within its own cgroup."""
        return self._app.start_work(step, noise)

    def run(self, start: Starting) -> Generator[Event, Any, None]:
        """The app's start-up, to its first healthy answer."""
        return self._app.run(start)

    def settle(self) -> bool:
        """Be up at once with the working set in memory; whether it survived that."""
        return self._app.settle()

    def crash(self) -> None:
        """Its process ends by itself; the container, stopped, is still there."""
        self._app.stop()

    def restart(self, start: Start, *, created: bool) -> Generator[Event, Any, None]:
        """Run its app anew, to its first healthy answer.

        Args:
            created: whether the daemon makes a container for it, as the kubelet has it done.
        """
        self._app = self._app.anew(self._killed)
        yield from self._engine.start_again(self, created=created)
        yield from self._app.run(start)

    def stop(self) -> None:
        """End it and give back what it held; idempotent."""
        if self._there:
            self._there = False
            self._start = None
            self._app.stop()
            self._engine.kernel.memory.hold(-self._engine.costs.shim)

    def _killed(self, reason: str) -> None:
        start = self._start
        self.stop()
        if start is not None:
            start.kill(reason)


class ContainerEngine:
    """A container daemon on one kernel: pull, create, start, app.

    Args:
        policy: when it contacts the registry.
    """

    __slots__ = (
        "_daemon",
        "_policy",
        "costs",
        "kernel",
        "store",
    )

    def __init__(
        self,
        kernel: Kernel,
        daemon: Group,
        store: ImageStore,
        costs: RuntimeCosts,
        policy: PullPolicy = "prefer-cached",
    ) -> None:
        self.kernel = kernel
        self.store = store
        self._daemon = daemon
        self._policy = policy
        self.costs = costs

    def run(self, start: Start) -> Story:
        """Bring a task from its images' names to ready."""
        if start.gate is not None and start.gate.orders:
            return self._held(start, start.gate)
        return self._one(start) if start.demand.alone else self._several(start)

    def _held(self, start: Start, gate: StartGate) -> Story:
        """The same, held between its images and its containers by other parts of an application."""
        start.phase("pull")
        for image in start.demand.size.images:
            yield from self.pull(start, image)
        yield from gate.before(start)
        return self._one(start) if start.demand.alone else self._several(start)

    def _one(self, start: Starting, parent: Group | None = None) -> Story:
        """Bring one container from its image's name to ready."""
        image = start.service.image
        start.phase("pull")
        if image is not None and not self._take(start, image, self._policy):
            yield from self.pull(start, image)
        self.write(start)
        container = yield from self.up(start, parent)
        start.phase("app")
        yield from container.run(start)
        return READY

    def _several(self, start: Start) -> Story:
        """All containers of a task, in a cgroup of the task where they share a quota."""
        demand, parent = start.demand, None
        if demand.together < math.inf:
            parent = self.kernel.cpu.group(weight=1024.0 * demand.size.cpu, cap=demand.together)
            start.at_end.append(parent.remove)
        return run_task(start, lambda container: self._one(container, parent))

    def pull(
        self, start: Starting, image: Image, policy: PullPolicy | None = None
    ) -> Generator[Event, Any, None]:
        """Pull an image, and keep it here until the start ends.

        Args:
            policy: when the registry is contacted; None: as the daemon does it.

        Raises:
            PullFailed: the image cannot be had.
        """
        how = policy or self._policy
        if not self._take(start, image, how):
            reads = plain(start.service.app.startup_read)
            held = yield from self.store.pull(start, image, how, reads=reads)
            start.at_end.append(held.given_back)

    def _take(self, start: Starting, image: Image, policy: PullPolicy) -> bool:
        """Keep an image until the start ends, if it is here and no registry is contacted."""
        held = self.store.take(image, policy)
        if held is None:
            return False
        start.at_end.append(held.given_back)
        return True

    def write(self, start: Starting) -> None:
        """Take the bytes of disk that the container writes.

        Raises:
            NoSpace: there are none.
        """
        if start.demand.disk > 0.0:
            self._write(start, start.demand.disk)

    def _write(self, start: Starting, needed: float) -> None:
        """Take so many bytes, until the start ends."""
        space = self.kernel.space
        self.store.catch_up()
        if not space.take(needed):
            raise NoSpace(f"no space left on device (needed {shown_gib(needed)}, {space})")

        def erase() -> None:
            self.store.catch_up()
            space.give(needed)

        start.at_end.append(erase)

    def up(
        self,
        start: Starting,
        parent: Group | None = None,
        oom_score_adj: float = 0.0,
        memory: MemorySlice | None = None,
    ) -> Generator[Event, Any, Container]:
        """Create and start one container, which goes when the start ends.

        Args:
            parent: the CPU cgroup it stands in; None: the kernel's root.
            oom_score_adj: -1000 (never) to 1000 (first), when the kernel looks for a victim.
            memory: the memory slice it stands in.
        """
        start.phase("create")
        costs = self.costs
        with self.prepare(costs.creating, costs.create()) as job:
            yield job
        start.phase("start")
        if not self.kernel.can_run(start.demand.architectures):
            raise Interrupt(EXEC_FORMAT)
        container = Container(self, start.demand, start, parent, oom_score_adj, memory)
        if not container.alive:
            raise Interrupt(container.killed_by)
        start.attach_sandbox(container)
        with container.start_work(costs.starting, costs.start()) as job:
            yield job
        return container

    def start_again(self, container: Container, *, created: bool) -> Generator[Event, Any, None]:
        """Start a container anew, of which everything is here."""
        costs = self.costs
        if created:
            with self.prepare(costs.creating, costs.create()) as job:
                yield job
        with container.start_work(costs.starting, costs.start()) as job:
            yield job

    def prepare(self, step: WorkAmount, noise: float) -> Job:
        """Begin what the daemon does for a sandbox besides its containers."""
        return self.kernel.start_work(step, self._daemon, noise)

    def settle(
        self,
        demand: Demand,
        *,
        parent: Group | None = None,
        oom_score_adj: float = 0.0,
        memory: MemorySlice | None = None,
    ) -> Container:
        """A task that is up already, as if started long ago; returns its main container."""
        for other in demand.sidecars:
            self.settle(other, parent=parent, oom_score_adj=oom_score_adj, memory=memory)
        container = Container(
            self,
            demand,
            None,
            parent=parent,
            oom_score_adj=oom_score_adj,
            within=memory,
        )
        container.settle()
        return container
