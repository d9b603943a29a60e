"""The processor of a host: cores, and hardware threads that share them.

Two threads of one core do together only somewhat more than one of them alone. So a host of n
threads has a *capacity* below n, in units of one thread that has its core to itself; a
single-threaded job is still a job with cap 1 (docs/model.md, Sharing).
"""

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import PositiveInt
from simpy import Environment, Event

from sim.core.cited import Number, Positive, plain
from sim.core.description import description
from sim.core.quantity import Vcpu
from sim.sharing import Job, SharedCapacity

ENDLESS = 1e12
"""vCPU-seconds that no run reaches."""


@description
class Processor:
    """The cores and hardware threads that a kernel schedules on."""

    cpus: Vcpu
    """Hardware threads, as the kernel counts them."""
    threads_per_core: PositiveInt = 1
    thread_yield: Positive = 1.0
    """Work that a core does with all its threads busy, over what it does with one."""
    core_speed: Positive = 1.0
    """Speed of a thread that has its core to itself, against the reference core."""

    background: Number = 0.0
    """Threads that the host itself keeps busy, with no sandbox on it."""

    @property
    def capacity(self) -> float:
        """In threads that have their core to themselves; never more than there are threads."""
        if self.threads_per_core == 1:
            return self.cpus
        cores = math.ceil(self.cpus / self.threads_per_core)
        return min(self.cpus, cores * plain(self.thread_yield))

    def deploy(self, env: Environment) -> "Cores":
        """The live processor."""
        return Cores(env, self)


class Cores:
    """A live processor: work goes in, thread-seconds come out.

    What `top` shows is thread-seconds: a thread is busy while a job runs on it, however slow the
    other thread of its core makes it.
    """

    __slots__ = ("_busy", "_since", "_speed", "_threads", "_wanted", "cpu", "env")

    def __init__(self, env: Environment, processor: Processor) -> None:
        self.env = env
        self.cpu = SharedCapacity(env, processor.capacity)
        self._speed = plain(processor.core_speed)
        self._threads = processor.cpus
        self._wanted = 0.0
        self._busy = 0.0
        self._since = env.now

    @property
    def busy(self) -> float:
        """Thread-seconds used so far."""
        return self._busy + min(self._wanted, self._threads) * (self.env.now - self._since)

    def compute(self, work: float, threads: float = 1.0) -> Generator[Event, Any, None]:
        """Do `work` core-seconds of the reference core on up to `threads` threads."""
        if work > 0.0:
            with self.wanting(threads), self.run(work / self._speed, threads) as job:
                yield job

    @contextmanager
    def wanting(self, threads: float) -> Iterator[None]:
        """Count so many threads as busy, as long as the block lasts.

        Alone it slows nobody: a waiter that spins gives its CPU up as soon as work asks for it.
        """
        self.want(threads)
        try:
            yield
        finally:
            self.want(-threads)

    def run(self, work: float, threads: float) -> Job:
        """Begin `work` vCPU-seconds of this host on up to `threads` threads."""
        return self.cpu.run(work, weight=threads, cap=threads)

    def want(self, threads: float) -> None:
        """Let so many more threads have work from now on (fewer, if negative)."""
        now = self.env.now
        self._busy += min(self._wanted, self._threads) * (now - self._since)
        self._since = now
        self._wanted += threads

    def load(self) -> "BackgroundLoad":
        """A load that never ends, of no threads at first."""
        return BackgroundLoad(self)


class BackgroundLoad:
    """Threads that the host keeps busy anyway; their number can be changed at any time."""

    __slots__ = ("_cores", "_job", "_threads")

    def __init__(self, cores: Cores) -> None:
        self._cores = cores
        self._threads = 0.0
        self._job: Job | None = None

    def set(self, threads: float) -> None:
        """Keep so many threads busy from now on."""
        if threads == self._threads:
            return
        self._cores.want(threads - self._threads)
        self._threads = threads
        if self._job is not None:
            self._job.cancel()
        self._job = self._cores.run(ENDLESS, threads) if threads > 0.0 else None
