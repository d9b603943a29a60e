"""An app serving requests in its cgroup: its threads, its queue, and the period of its quota.

The requests in service share what the cgroup gets evenly, at most one vCPU each (egalitarian
processor sharing); with one thread that is first come, first served. With a quota the app runs at
full speed until the slice of the period is used up and waits for the next one (`sim.host.cpu_quota`
has the law and its sources). To the sharing law it is one job, as wide as there are requests in
service, up to the next end of a request or of the slice: so it is exact beside any neighbours, but
for a period that begins while a job is under way, whose use counts evenly over the job's time.
Whole periods in which no request ends are one job at the rate of the quota: there are no ticks.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from simpy import Environment, Event

from sim.host.cpu_quota import EXIT_CPU, GRAIN, CpuMax
from sim.sharing import Group, Job

Served: TypeAlias = Callable[[float], None]
"""Called with the seconds from a request's arrival to its end."""


class _Request(NamedTuple):
    """Ordered by the clock at which it ends, then by arrival."""

    end: float
    number: int
    arrived: float
    served: Served


class RequestServer:
    """The serving side of a live app.

    Args:
        cpu: the cgroup of the app; with `cpu_max` it has no cap of its own.
        vcpus: of the host, or of the guest.
        core_speed: of its cores; the work of a request is divided by it.
        threads: requests in service at most; the others queue in order of arrival.
        cpu_max: None where the quota of the cgroup, if any, is fluid.
    """

    __slots__ = (
        "_active",
        "_began",
        "_clock",
        "_closed",
        "_cpu",
        "_env",
        "_job",
        "_left",
        "_looked",
        "_number",
        "_paced",
        "_queue",
        "_vcpus",
        "_wake_up",
        "_work",
        "core_speed",
        "cpu_max",
        "threads",
    )

    def __init__(
        self,
        env: Environment,
        cpu: Group,
        *,
        vcpus: float,
        core_speed: float = 1.0,
        threads: float = math.inf,
        cpu_max: CpuMax | None = None,
    ) -> None:
        self._env = env
        self._cpu = cpu
        self._vcpus = vcpus
        self.core_speed = core_speed
        self.threads = threads
        self.cpu_max = cpu_max
        self._active: list[_Request] = []
        self._queue: deque[tuple[float, int, float, Served]] = deque()
        self._clock = 0.0
        """Core-seconds of the reference core that a thread in service all the time has had."""
        self._number = 0
        self._job: Job | None = None
        self._work = 0.0
        """Work of the job."""
        self._began = env.now
        """When the job did."""
        self._paced = False
        """Whether the job passes whole periods at the rate of the quota."""
        self._left = math.inf if cpu_max is None else cpu_max.slice
        """Core-seconds left of the slice when last looked at."""
        self._looked = env.now
        self._wake_up: Event | None = None
        self._closed = False

    def serve(self, work: float, served: Served) -> None:
        """A request arrives now.

        Args:
            work: core-seconds of the reference core.
            served: told of its end; never called when the app is stopped before.
        """
        # Who has used up the slice with its last instruction is throttled before it can answer.
        work += 0.0 if self.cpu_max is None else EXIT_CPU
        self._number += 1
        if len(self._active) >= self.threads:
            self._queue.append((work, self._number, self._env.now, served))
            return
        self._halt()
        heapq.heappush(
            self._active, _Request(self._clock + work, self._number, self._env.now, served)
        )
        self._go_on()

    def close(self) -> None:
        """The app is stopped; what it had in hand is lost."""
        self._closed = True
        self._job = self._wake_up = None
        self._active.clear()
        self._queue.clear()

    def _halt(self) -> None:
        """Bring the books up to now, for another request joins those in service."""
        job, self._job, self._wake_up = self._job, None, None
        if job is not None:
            self._account(self._work - job.cancel())

    def _account(self, used: float) -> None:
        """`used` vCPU-seconds of the job were got until now; all in service had as much."""
        now, width = self._env.now, len(self._active)
        if self.cpu_max is not None:
            if self._paced:
                used = self._use_of_paced(used, width, now)
            else:
                begun = self.cpu_max.begun(now)
                if begun > self._began:
                    share = (now - begun) / (now - self._began)
                    self._left = self.cpu_max.slice - share * used
                else:
                    self._left -= used
            self._looked = now
        self._clock += used * self.core_speed / width

    def _use_of_paced(self, used: float, width: int, now: float) -> float:
        """What was really used by now of whole periods that were passed at one rate.

        Undisturbed, the slice of the present period went at full speed and first; where others
        hold the group below its quota, it never uses up a slice.
        """
        limit, self._paced = self.cpu_max, False
        assert limit is not None
        passed = now - self._began
        self._left = limit.slice
        if used < limit.quota * passed * (1.0 - GRAIN) - GRAIN:
            return used
        whole = math.floor(passed / limit.period + GRAIN)
        within = max(0.0, passed - whole * limit.period)
        burst = min(limit.slice, within * min(width, self._vcpus))
        self._left = limit.slice - burst
        return whole * limit.slice + burst

    def _go_on(self) -> None:
        """Start the job up to whatever comes next; there is a request in service."""
        width = len(self._active)
        needed = max(0.0, (self._active[0].end - self._clock) * width / self.core_speed)
        cap = float(width)
        if self.cpu_max is not None:
            now, limit = self._env.now, self.cpu_max
            begun = limit.begun(now)
            if begun > self._looked + GRAIN:
                self._left = limit.slice
            self._looked = now
            if self._left <= GRAIN:
                self._wait(begun + limit.period)
                return
            if needed > limit.slice and width > limit.quota and now - begun <= GRAIN:
                periods = math.ceil(needed / limit.slice) - 1
                needed, cap, self._paced = periods * limit.slice, limit.quota, True
            else:
                needed = min(needed, self._left)
        self._work, self._began = needed, self._env.now
        self._job = self._cpu.run(needed, weight=width, cap=cap)
        self._job.callbacks.append(self._done)

    def _wait(self, until: float) -> None:
        """The slice is used up."""
        timeout: Any = self._env.timeout(max(0.0, until - self._env.now))
        timeout.callbacks.append(self._woken)
        self._wake_up = timeout

    def _woken(self, event: Event) -> None:
        if event is self._wake_up and not self._closed:
            self._wake_up = None
            self._go_on()

    def _done(self, event: Event) -> None:
        """The job is through: an answer goes out, or the slice is used up, or a period begins."""
        if event is not self._job or self._closed:
            return
        self._job = None
        self._account(self._work)
        now, active = self._env.now, self._active
        # What is left for rounding's sake only has ended, too.
        while active and active[0].end - self._clock <= GRAIN * self.core_speed / len(active):
            request = heapq.heappop(active)
            if self._queue:
                work, number, arrived, served = self._queue.popleft()
                heapq.heappush(active, _Request(self._clock + work, number, arrived, served))
            request.served(now - request.arrived)
            if self._closed or self._job is not None or self._wake_up is not None:
                return
        if active:
            self._go_on()
