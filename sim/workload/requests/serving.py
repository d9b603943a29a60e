"""The books of an app that serves requests: its threads, its queue, and the slice of its quota.

The requests in service share what the cgroup gets evenly, at most one vCPU each (egalitarian
processor sharing); with one thread that is first come, first served. With a quota the app runs at
full speed until the slice of the period is used up and waits for the next one (`sim.host.cpu_quota`
has the law and its sources). All in service are one job, as wide as they are, up to the next end of
a request or of the slice: so it is exact beside any neighbours, but for a period that begins while
a job is under way, whose use counts evenly over the job's time. Whole periods in which no request
ends are one job at the rate of the quota: there are no ticks.

Nothing here has a clock or shares a CPU: whoever runs the jobs does.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from typing import Generic, TypeVar

from sim.host.cpu_quota import EXIT_CPU, GRAIN, CpuMax

T = TypeVar("T")


MOST_WAITING = 1_000_000
"""Requests that have not ended, of a run or of an app: each takes 400 bytes, and the more there are
the less the last of them says of anything."""
LOOK = 4096
"""Requests after which they are counted."""


def refuse_backlog(waiting: int) -> None:
    """Refuse to go on where requests pile up without end.

    Raises:
        ValueError: too many wait.
    """
    if waiting > MOST_WAITING:
        raise ValueError(
            f"serve: more than {MOST_WAITING:,} requests wait at once, for more is asked than the "
            f"CPU can do; fewer tasks, less load, a shorter time or more CPU are allowed"
        )


class Serving(Generic[T]):
    """What an app has in hand; a request is known by its ticket.

    Args:
        vcpus: of the host, or of the guest.
        core_speed: of its cores; the work of a request is divided by it.
        threads: requests in service at most; the others queue in order of arrival.
        cpu_max: None where the quota of the cgroup, if any, is fluid.
        now: the time it begins at.
    """

    __slots__ = (
        "_active",
        "_began",
        "_clock",
        "_exit",
        "_left",
        "_looked",
        "_number",
        "_paced",
        "_period",
        "_queue",
        "_slice",
        "core_speed",
        "cpu_max",
        "job_cap",
        "job_work",
        "threads",
        "vcpus",
    )

    def __init__(
        self,
        *,
        vcpus: float,
        core_speed: float,
        threads: float,
        cpu_max: CpuMax | None,
        now: float = 0.0,
    ) -> None:
        self.vcpus = vcpus
        self.core_speed = core_speed
        self.threads = threads
        self.cpu_max = cpu_max
        self._slice = math.inf if cpu_max is None else cpu_max.slice
        # Who has used up the slice with its last instruction is throttled before it can answer.
        self._exit = 0.0 if cpu_max is None else EXIT_CPU
        self._active: list[tuple[float, int, float, T]] = []
        """The clock at which each ends, its number, arrival and ticket."""
        self._queue: deque[tuple[float, int, float, T]] = deque()
        """Work instead of the clock."""
        self._clock = 0.0
        """Core-seconds of the reference core that a thread in service all the time has had."""
        self._number = 0
        self._period = -math.inf
        """When the period began that was looked up last."""
        self.job_work = 0.0
        """vCPU-seconds of the job."""
        self.job_cap = 0.0
        """The most vCPUs it can use."""
        self._began = now
        """When the job did."""
        self._paced = False
        """Whether the job passes whole periods at the rate of the quota."""
        self._left = self._slice
        """Core-seconds left of the slice when last looked at."""
        self._looked = now

    @property
    def full(self) -> bool:
        """Whether the next request has to queue."""
        return len(self._active) >= self.threads

    @property
    def width(self) -> int:
        """Requests in service."""
        return len(self._active)

    def arrive(self, work: float, ticket: T, now: float) -> None:
        """A request of `work` reference core-seconds arrives; what was used until now is known."""
        self._number += 1
        work += self._exit
        if self._number % LOOK == 0:
            refuse_backlog(len(self._active) + len(self._queue))
        if len(self._active) >= self.threads:
            self._queue.append((work, self._number, now, ticket))
        else:
            heapq.heappush(self._active, (self._clock + work, self._number, now, ticket))

    def drop(self) -> None:
        """What it had in hand is lost."""
        self._active.clear()
        self._queue.clear()

    def account(self, used: float, now: float) -> None:
        """`used` vCPU-seconds of the job were got until now; all in service had as much."""
        limit, width = self.cpu_max, len(self._active)
        if limit is not None:
            if self._paced:
                used = self._use_of_paced(limit, used, width, now)
            else:
                begun = self._begun(limit, now)
                if begun > self._began + GRAIN:
                    share = (now - begun) / (now - self._began)
                    self._left = self._slice - share * used
                else:
                    self._left -= used
            self._looked = now
        self._clock += used * self.core_speed / width

    def _begun(self, limit: CpuMax, now: float) -> float:
        """When the present period began; looked up anew only near its ends, which is quicker."""
        begun = self._period
        if not begun < now < begun + 0.99 * limit.period:
            self._period = begun = limit.begun(now)
        return begun

    def _use_of_paced(self, limit: CpuMax, used: float, width: int, now: float) -> float:
        """What was really used by now of whole periods that were passed at one rate.

        Undisturbed, the slice of the present period went at full speed and first; where others
        hold the group below its quota, it never uses up a slice.
        """
        self._paced = False
        passed = now - self._began
        self._left = self._slice
        if used < limit.quota * passed * (1.0 - GRAIN) - GRAIN:
            return used
        whole = math.floor(passed / limit.period + GRAIN)
        within = max(0.0, passed - whole * limit.period)
        burst = min(self._slice, within * min(width, self.vcpus))
        self._left = self._slice - burst
        return whole * self._slice + burst

    def next_job(self, now: float) -> float:
        """Set the job up to whatever comes next; there is a request in service.

        Returns:
            0, or the time to wait for where the slice is used up.
        """
        width = len(self._active)
        needed = (self._active[0][0] - self._clock) * width / self.core_speed
        self.job_cap = float(width)
        limit = self.cpu_max
        if limit is not None:
            begun = self._begun(limit, now)
            if begun > self._looked + GRAIN:
                self._left = self._slice
            self._looked = now
            if self._left <= GRAIN:
                return begun + limit.period
            if needed > self._slice and width > limit.quota and now - begun <= GRAIN:
                periods = math.ceil(needed / self._slice) - 1
                needed, self.job_cap, self._paced = periods * self._slice, limit.quota, True
            elif needed > self._left:
                needed = self._left
        self.job_work = needed if needed > 0.0 else 0.0
        self._began = now
        return 0.0

    def leave(self) -> tuple[float, T] | None:
        """The next that has ended, with its arrival; None where there is none.

        What is left for rounding's sake only has ended, too.
        """
        active = self._active
        if not active or active[0][0] - self._clock > GRAIN * self.core_speed / len(active):
            return None
        _, _, arrived, ticket = heapq.heappop(active)
        if self._queue:
            work, number, since, waiting = self._queue.popleft()
            heapq.heappush(active, (self._clock + work, number, since, waiting))
        return arrived, ticket
