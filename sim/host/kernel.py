"""One running Linux kernel: what containers share, and what a guest has for itself."""

import math
from collections.abc import Collection, Generator
from typing import Any, Protocol

from simpy import Event

from sim.core.randomness import Sampler, Uniform
from sim.core.world import World
from sim.host.cpu_quota import CpuMax, CpuQuota
from sim.host.disk_space import DiskSpace
from sim.host.memory import Memory
from sim.host.work_amount import WorkAmount
from sim.sharing import Group, Job, SharedCapacity


class CatchesUp(Protocol):
    """Something on a host that counts what it uses only when it is asked."""

    def catch_up(self) -> None:
        """Count what it has used by now."""
        ...


class Kernel:
    """A live kernel with its CPU tree, memory ledger, disk and NIC.

    Args:
        cpu: the capacity of a host, or the CPU group of a guest on its host.
        core_speed: speed of one vCPU against the reference core.
        disk: bytes/s, or that of its host; infinite or None where it never binds.
        nic: bytes/s, or that of its host; infinite or None where it never binds.
        space: bytes of the disk; None where they never bind.
        quota_period: seconds of the period of `cpu.max`, or None where quotas are fluid.
        iops: operations a second of the disk; infinite where they never bind.
    """

    __slots__ = (
        "_disk",
        "_nic",
        "_phase",
        "architecture",
        "core_speed",
        "cpu",
        "memory",
        "name",
        "operation_bytes",
        "pulling",
        "quota_period",
        "space",
        "world",
    )

    def __init__(
        self,
        *,
        world: World,
        name: str,
        architecture: str,
        cpu: Group,
        core_speed: float,
        memory: Memory,
        disk: SharedCapacity | float | None,
        nic: SharedCapacity | float | None,
        space: DiskSpace | None = None,
        quota_period: float | None = None,
        iops: float = math.inf,
    ) -> None:
        self.world = world
        self.name = name
        self.architecture = architecture
        self.cpu = cpu
        self.core_speed = core_speed
        self.memory = memory
        self._disk = None if disk == math.inf else disk
        self._nic = None if nic == math.inf else nic
        rate = self.disk_rate
        self.operation_bytes: float = rate / iops if rate < math.inf else 0.0
        """Bytes that the disk moves in the time of one operation."""
        self.pulling: CatchesUp | None = None
        """A pull that has the host to itself, and counts what it uses only when it is asked."""
        self.space = DiskSpace(math.inf) if space is None else space
        self.quota_period = quota_period
        self._phase: Sampler = world.random.sampler(
            f"cpu.max/{quota_period}", 0.0 if quota_period is None else Uniform(high=quota_period)
        )

    def catch_up(self) -> None:
        """Let the meters tell what is so now."""
        if self.pulling is not None:
            self.pulling.catch_up()

    @property
    def disk(self) -> SharedCapacity | None:
        """What shares the disk, made when somebody reads or writes: of a fleet, few hosts do."""
        if self._disk is not None and not isinstance(self._disk, SharedCapacity):
            self._disk = SharedCapacity(self.world.env, self._disk)
        return self._disk

    @property
    def nic(self) -> SharedCapacity | None:
        """What shares the network card, made when something is sent."""
        if self._nic is not None and not isinstance(self._nic, SharedCapacity):
            self._nic = SharedCapacity(self.world.env, self._nic)
        return self._nic

    @property
    def disk_rate(self) -> float:
        """Bytes per second of the disk, or infinite."""
        return _rate(self._disk)

    @property
    def nic_rate(self) -> float:
        """Bytes per second of the network card, or infinite."""
        return _rate(self._nic)

    @property
    def vcpus(self) -> float:
        """CPUs of the host, or of the guest."""
        return min(self.cpu.cap, self.cpu.root.capacity)

    def cpu_max(self, cpu: Group, threads: float) -> CpuMax | None:
        """The quota of a new cgroup; None where `threads` cannot use up a slice of its period."""
        period = self.quota_period
        if period is None or threads <= cpu.cap:
            return None
        return CpuMax(cpu.cap, period, self._phase())

    def quota(self, cpu: Group, threads: float) -> CpuQuota | None:
        """The same, for work that runs in the cgroup as jobs of its own."""
        period = self.quota_period
        if period is None or threads <= cpu.cap:
            return None
        return CpuQuota(self.world.env, cpu, cpu.cap, period, self._phase())

    def compute(self, cpu: Group, work: float, threads: float = 1.0) -> Generator[Event, Any, None]:
        """Do `work` core-seconds of the reference core in the group `cpu`.

        As many threads as can run at once, all of one size and begun together, are under the
        fluid law the same as one job with their joint weight and cap.
        """
        if work > 0.0:
            with cpu.run(work / self.core_speed, weight=threads, cap=threads) as job:
                yield job

    def start_work(self, step: WorkAmount, cpu: Group, noise: float = 1.0) -> Job:
        """Begin one step of a start, `noise` times as long as its median, in the group `cpu`."""
        work, threads = step.work * (noise / self.core_speed), step.threads
        return cpu.run(work, threads, threads, step.delay * noise)

    def can_run(self, architectures: Collection[str]) -> bool:
        """Whether it can run a program that was built for one of these."""
        return self.architecture in architectures

    def read(self, amount: float) -> Generator[Event, Any, None]:
        """Read `amount` bytes from disk; an interrupt ends the read."""
        if amount > 0.0 and self.disk is not None:
            with self.disk.run(amount) as job:
                yield job

    def transfer(
        self, through: SharedCapacity | None, amount: float, cap: float = math.inf
    ) -> Event:
        """Move `amount` bytes through a disk or NIC, at most `cap` bytes/s; an event."""
        if through is not None:
            return through.run(amount, cap=cap)
        return self.world.env.timeout(amount / cap if cap < math.inf else 0.0)


def _rate(through: SharedCapacity | float | None) -> float:
    """Bytes per second of a disk or network card, infinite where it never binds."""
    if isinstance(through, SharedCapacity):
        return through.root.capacity
    return math.inf if through is None else through
