"""An app in its cgroup: what a container and a guest do alike once they are up."""

import math
from collections.abc import Callable, Generator
from typing import Any

from simpy import Event, Interrupt

from sim.host import Kernel, MemorySlice, WorkAmount
from sim.sharing import STARTS_ONLY, Group, Job, OwnLawCapacity
from sim.start import Starting
from sim.workload import Demand, Requests, RequestServer
from sim.workload.requests.alone import alone

EXEC_FORMAT = "exec format error"
"""The error of a kernel that is to run a program for another architecture."""

THRASHING = "thrashing"
"""What is recorded of a start whose kernel drops file pages in use: it is slower than it says."""


class RunningApp:
    """A cgroup with CPU and memory on a kernel, and the app in it.

    Args:
        weight: CPU weight of the cgroup against its siblings.
        on_kill: called with the reason when the kernel kills it.
        parent: the CPU cgroup it stands in; None: the kernel's root.
        oom_score_adj: -1000 (never) to 1000 (first), when the kernel looks for a victim.
        within: the memory slice it stands in.
    """

    __slots__ = ("_server", "cpu", "demand", "kernel", "memory", "quota")

    def __init__(  # noqa: PLR0917 (positional is quicker)
        self,
        kernel: Kernel,
        demand: Demand,
        weight: float,
        on_kill: Callable[[str], None],
        parent: Group | None = None,
        oom_score_adj: float = 0.0,
        within: MemorySlice | None = None,
    ) -> None:
        self.kernel = kernel
        self.demand = demand
        self.cpu = (parent or kernel.cpu).group(weight=weight, cap=demand.cap)
        self.quota = kernel.quota(self.cpu, demand.startup.threads)
        self.memory = kernel.memory.cgroup(
            demand.memory,
            on_kill,
            oom_score_adj,
            demand.processes,
            demand.oom_group,
            within,
        )
        self._server: RequestServer | None = None

    def anew(self, on_kill: Callable[[str], None]) -> "RunningApp":
        """The same app once more, in a cgroup like its own, after it has ended."""
        old, parent = self.memory, self.cpu.parent
        return RunningApp(
            self.kernel,
            self.demand,
            self.cpu.weight,
            on_kill,
            parent=parent if isinstance(parent, Group) else None,
            oom_score_adj=1000.0 * old.bias / self.kernel.memory.capacity,
            within=old.within,
        )

    def run(self, start: Starting) -> Generator[Event, Any, None]:
        """From exec to the first healthy answer: read what is not cached, compute, wait.

        Raises:
            Interrupt: the kernel cannot run its image, or killed it for the memory it took.
        """
        kernel, demand = self.kernel, self.demand
        if not kernel.can_run(demand.architectures):
            raise Interrupt(EXEC_FORMAT)
        missing = kernel.memory.missing(demand.reads)
        if missing > 0.0:
            yield from kernel.read(missing)
            for name, part in demand.reads:
                kernel.memory.cache(name, part)
        if not self.settle():
            raise Interrupt(self.memory.killed_by)
        if kernel.memory.lacking > 0.0:
            start.world.record.event(start.task, THRASHING, "memory")
        with self.start_work(demand.startup, start.startup_noise) as job:
            yield job

    def start_work(self, step: WorkAmount, noise: float) -> Job:
        """Begin one step of its start; what it uses of a slice is gone for the next step."""
        if self.quota is None or step.work == 0.0:
            return self.kernel.start_work(step, self.cpu, noise)
        work, threads = step.work * (noise / self.kernel.core_speed), step.threads
        return self.quota.run(work, threads, threads, step.delay * noise)

    @property
    def server(self) -> RequestServer:
        """What serves its requests, once it is ready."""
        if self._server is None:
            self._server = self._serving()
        return self._server

    def undisturbed(self, requests: Requests) -> list[float]:
        """Seconds each request takes when it has the host to itself: the yardstick of a slow-down.

        It is that of a container under the same quota, with the same period and phase; with a
        weight only, that of a guest of its size. Guests and containers have the same one, or the
        slower of them would have the easier target.
        """
        server, service = self.server, self.demand.service
        vcpus = self.kernel.cpu.root.capacity
        if server.cpu_max is None:
            size = service.cpu if service.cpu_quota else float(max(1, math.ceil(service.cpu)))
            vcpus = min(vcpus, size)
        return alone(
            requests, vcpus, server.core_speed, threads=server.threads, cpu_max=server.cpu_max
        )

    def _serving(self) -> RequestServer:
        kernel, cpu = self.kernel, self.cpu
        if isinstance(cpu.root, OwnLawCapacity):
            raise ValueError(STARTS_ONLY)
        limit = None if self.quota is None else self.quota.limit
        if limit is None:
            limit = kernel.cpu_max(cpu, self.demand.threads)
        if limit is not None:  # from now on the server keeps to the quota, not the cgroup's cap
            cpu.update(cap=math.inf)
        return RequestServer(
            kernel.world.env,
            cpu,
            vcpus=kernel.vcpus,
            core_speed=kernel.core_speed,
            threads=self.demand.threads,
            cpu_max=limit,
        )

    def settle(self) -> bool:
        """Bring the working set into memory; whether it survived that."""
        self.memory.share(self.demand.hot)
        return self.memory.allocate(self.demand.private)

    def kill(self, reason: str) -> None:
        """Stop it because its guest was killed, for `reason`."""
        self.memory.killed_by = reason
        self.stop()

    def stop(self) -> None:
        """Give everything back; idempotent."""
        self.memory.release()
        if self._server is not None:
            self._server.close()
        if self.quota is not None:
            self.quota.close()
        self.cpu.remove()


class InstalledApp:
    """An app that is installed on a guest or an instance, beside others or alone."""

    __slots__ = ("app",)

    def __init__(self, app: RunningApp) -> None:
        self.app = app

    @property
    def alive(self) -> bool:
        """Whether the app was not killed."""
        return self.app.memory.alive

    @property
    def server(self) -> RequestServer:
        """What serves its requests, once it is ready."""
        return self.app.server

    def undisturbed(self, requests: Requests) -> list[float]:
        """Seconds each request takes when it has the host to itself."""
        return self.app.undisturbed(requests)

    def crash(self) -> None:
        """The app's process ends by itself; the instance runs on."""
        self.app.stop()

    def restart(self, start: Starting, *, created: bool) -> Generator[Event, Any, None]:  # noqa: ARG002 (one signature)
        """Run its app anew, to its first healthy answer."""
        self.app = self.app.anew(start.kill)
        yield from self.app.run(start)

    def stop(self) -> None:
        """End it."""
        self.app.stop()
