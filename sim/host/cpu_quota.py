"""The period of `cpu.max`: full speed until the slice is used up, then a wait for the next period.

A cgroup with quota q may use Q = q P core-seconds in each period P (CFS bandwidth control,
Linux, `Documentation/scheduler/sched-bwc.rst`; P. Turner et al., *CPU bandwidth control for CFS*,
Linux Symposium 2010). Its periods begin at a fixed, random phase (`init_cfs_bandwidth`), and a
group that was idle has a whole slice.

There are no ticks. Where nothing else runs on the host, all is known from the start
(`Plan`). Over whole periods the fluid law with cap q is exact at their ends, so periods
in which no work ends are passed at rate q in one piece; only the slice in which the group wakes
up, and those in which work ends, are run at full speed. Alone this is exact; among other groups a
burst competes by weight, and whole periods take the share of a group capped at q.
"""

import math
from operator import sub
from typing import Any, Final, NamedTuple

from simpy import Environment, Event

from sim.clock import time_of
from sim.sharing import Group, Job, Pacing
from sim.sharing.lazy_heap import FREE, OVER

GRAIN: Final = 1e-9
"""Core-seconds, seconds, vCPUs or periods that are nothing but rounding.

A slice with no more left is used up; a time this much before the next period is in it; no rate is
smaller, so that none is divided by 0.
"""

STEPS: Final = 8
"""Steps of a float that are nothing but rounding, where that is more than `GRAIN`."""

COARSE: Final = 2.0**20
"""Periods up to which that is less: a step is 2^-33."""

NO_JOBS: Final[dict[Job, float]] = {}
"""Those of all quotas in which none runs among others, as in most; never changed."""

EXIT_CPU: Final = 1e-6
"""Core-seconds added to each job, for its exit.

A job whose work uses up the slice exactly is so throttled before it can exit, as a process is.
"""


def period_start(now: float, phase: float, period: float) -> float:
    """When the period at `now` began.

    What is rounding grows with the clock: after 29 hours, eight steps of a float are above `GRAIN`.
    """
    passed = (now - phase) / period
    rounding = GRAIN if passed < COARSE else STEPS * math.ulp(passed)
    return phase + math.floor(passed + rounding) * period


class CpuMax(NamedTuple):
    """`cpu.max` of a cgroup."""

    quota: float
    """vCPUs."""
    period: float
    """Seconds."""
    phase: float
    """Seconds after time 0 at which a period begins."""

    @property
    def slice(self) -> float:
        """Core-seconds that may be used in one period."""
        return self.quota * self.period

    def begun(self, now: float) -> float:
        """When the present period began."""
        return period_start(now, self.phase, self.period)


class Plan:
    """At full speed from `began` to `pause`, nothing until `refill`, in whole periods at the pace
    of the quota until `last`, and again at full speed until `end`; all in seconds.

    Args:
        work: core-seconds.
        speed: vCPUs, full speed.
        left: core-seconds left of the slice of the period in which it begins.
        pace: vCPUs, the quota.
        period: seconds.
        now: when it begins.
        refill: when the next period begins.
    """

    __slots__ = ("began", "end", "last", "left", "pace", "pause", "refill", "speed")

    def __init__(  # noqa: PLR0917 (positional is quicker)
        self,
        work: float,
        speed: float,
        left: float,
        pace: float,
        period: float,
        now: float,
        refill: float,
    ) -> None:
        self.began = now
        self.speed = speed
        self.left = left
        self.pace = pace
        if work <= left:
            self.pause = self.refill = self.last = self.end = now + work / speed
            return
        pause = now + left / speed if left > 0.0 else now
        if pause > refill:  # noqa: PLR1730 (min() would be a call on the hot path)
            pause = refill
        rest = work - speed * (pause - now)
        size = pace * period
        whole = math.ceil(rest / size) - 1 if rest > size and speed > pace else 0
        self.pause = pause
        self.refill = refill
        self.last = last = refill + whole * period
        self.end = last + (rest - whole * size) / speed

    def used(self, now: float) -> float:
        """Core-seconds used by `now`."""
        burst = max(0.0, min(now, self.pause) - self.began)
        last = max(0.0, min(now, self.end) - self.last)
        paced = max(0.0, min(now, self.last) - self.refill)
        return self.speed * (burst + last) + self.pace * paced


class CpuQuota(Pacing):
    """`cpu.max` of one cgroup; work that runs in it is started here.

    Args:
        group: its cap is set here, from full speed to none.
        quota: vCPUs.
        period: seconds.
        phase: seconds after time 0 at which a period begins.
        above: the quota of an ancestor, whose slice it also uses.
    """

    __slots__ = (
        "_above",
        "_accounted",
        "_closed",
        "_env",
        "_group",
        "_jobs",
        "_left",
        "_paced",
        "_period",
        "_phase",
        "_plan",
        "_quota",
        "_timer",
    )

    def __init__(
        self,
        env: Environment,
        group: Group,
        quota: float,
        period: float,
        phase: float,
        *,
        above: "CpuQuota | None" = None,
    ) -> None:
        self._env = env
        self._group = group
        self._quota = quota
        self._period = period
        self._phase = phase
        self._above = above
        self._jobs: dict[Job, float] = NO_JOBS
        """Jobs that run in it, and the work they had left at `_accounted`."""
        self._left = quota * period
        """Core-seconds left of the slice at `_accounted`; negative: a debt to the next one."""
        self._accounted = time_of(env)
        self._plan: Plan | None = None
        """The plan of a job that runs alone on the host, or did so last; what it left of the slice
        is reckoned when that is asked for, and of the last job of a start it never is."""
        self._paced = False
        """Whether whole periods are passed at the rate of the quota."""
        self._timer: object = None
        self._closed = False

    @property
    def limit(self) -> CpuMax:
        """The quota with its period."""
        return CpuMax(self._quota, self._period, self._phase)

    def run(
        self,
        work: float,
        weight: float = 1.0,
        cap: float = math.inf,
        delay: float = 0.0,
        *,
        group: Group | None = None,
    ) -> Job:
        """Start `work` core-seconds here and now, as `Group.run` does; or in a `group` below."""
        work += EXIT_CPU
        if group is None and self._above is None and not self._jobs and cap > self._quota:
            job = self._group.run_paced(self, work, weight, cap, delay)
            if job.version == FREE:
                return job
        else:
            within = self._group if group is None else group
            job = within.run(work, weight, cap, delay)
        self._add(job)
        return job

    # --- alone on the host

    def begin(self, job: Job, rate: float, now: float) -> float:
        """A job begins, alone at full speed `rate`; return when its work is done."""
        if self._plan is not None:
            self._account_for_plan()
        begun = period_start(now, self._phase, self._period)
        if begun > self._accounted + GRAIN:
            self._left = self._slice + min(0.0, self._left)
        refill = begun + self._period
        planned = Plan(job.left, rate, self._left, self._quota, self._period, now, refill)
        self._plan = planned
        return planned.end

    def used(self, now: float) -> float:
        """Core-seconds that the job alone has used."""
        return self._plan.used(now) if self._plan else 0.0

    def join(self, job: Job, now: float) -> None:
        """The job is alone no longer: go on from where the plan has come to."""
        planned, self._plan = self._plan, None
        if planned is None:
            return
        self._jobs = {job: job.left}
        job.callbacks.insert(0, self._job_ended)
        self._accounted = now
        if planned.refill <= now < planned.last:
            self._left = self._slice
            self._set_cap(self._quota, planned.last, paced=True)
        elif planned.pause <= now < planned.refill:
            self._left = 0.0
            self._set_cap(0.0, planned.refill)
        else:
            self._left = self._left_of_burst(planned, now)
            more = now < planned.pause < planned.end
            self._set_cap(math.inf, planned.pause if more else None)

    def _account_for_plan(self) -> None:
        """Take what a job that ran alone has used off the slice."""
        planned, self._plan = self._plan, None
        if planned is not None:
            self._accounted = planned.end
            self._left = self._left_of_burst(planned, planned.end)

    def _left_of_burst(self, planned: Plan, now: float) -> float:
        """Core-seconds left of the slice at `now`, after a burst at full speed."""
        begun = period_start(now, self._phase, self._period)
        if begun <= planned.began:
            return planned.left - planned.speed * (now - planned.began)
        return self._slice - planned.speed * (now - begun)

    # --- among others

    def _add(self, job: Job) -> None:
        """Note a job that has started in the group, or below it."""
        self._account(self._env.now)
        self._jobs[job] = job.remaining
        job.callbacks.append(self._job_ended)
        self._update_cap()
        if self._above is not None:
            self._above._add(job)

    def close(self) -> None:
        """Stop acting: the group is about to be removed."""
        self._group.root.count_lone()
        if self._group.free_jobs:
            self._group.root.end_free_runs(self._env.now)
        self._closed = True
        self._jobs = NO_JOBS
        self._timer = None

    @property
    def _slice(self) -> float:
        return self._quota * self._period

    def _period_start(self, now: float) -> float:
        """Start of the present period."""
        return period_start(now, self._phase, self._period)

    def _job_ended(self, event: Event) -> None:
        """A job has fired, `delay` after its work; the group may have been removed meanwhile."""
        if self._closed:
            return
        delay = event.delay if isinstance(event, Job) else 0.0
        self._account(max(self._accounted, self._env.now - delay))
        self._update_cap()

    def _timer_fired(self, event: object) -> None:
        """A slice is used up, or a period begins."""
        if event is self._timer:
            self._timer = None
            self._account(self._env.now)
            self._update_cap()

    def _account(self, now: float) -> None:
        """Take what was used since `_accounted` off the slice, or off that of this period."""
        if self._plan is not None:
            self._account_for_plan()
        jobs = self._jobs
        remaining = [job.remaining for job in jobs]
        used = math.fsum(map(sub, jobs.values(), remaining))
        begun = self._period_start(now)
        if begun > self._accounted + GRAIN:
            debt = min(0.0, self._left)
            share = (now - begun) / (now - self._accounted)
            self._left = self._slice + debt - share * used
        else:
            self._left -= used
        self._accounted = now
        self._jobs = {
            job: left for job, left in zip(jobs, remaining, strict=True) if job.version != OVER
        }

    def _update_cap(self) -> None:
        """Go on at full speed, at the rate of whole periods, or not at all until the next one."""
        if not self._jobs:
            self._set_cap(self._quota, None)
            return
        now = self._env.now
        begun = self._period_start(now)
        rounding = STEPS * math.ulp(now)
        fresh = now - begun <= max(GRAIN * self._period, rounding)
        if math.fsum(job.cap for job in self._jobs) <= self._quota:
            self._set_cap(self._quota, None)
        elif self._paced and not fresh:
            self._set_cap(self._quota, begun + self._period, paced=True)
        elif self._left <= max(GRAIN, rounding * self._group.rate):
            self._set_cap(0.0, begun + self._period)
        else:
            self._use_slice(now, begun, fresh=fresh)

    def _use_slice(self, now: float, begun: float, *, fresh: bool) -> None:
        """Run while there is something left of the slice."""
        if fresh:
            if len(self._jobs) > 1:
                self._set_cap(self._quota, None)  # at the rates of whole periods
            if self._slice < self._needed() < math.inf:
                self._set_cap(self._quota, None)
                periods = max(1, math.ceil(self._needed() / (self._rate * self._period)) - 1)
                self._set_cap(self._quota, begun + periods * self._period, paced=True)
                return
        self._set_cap(math.inf, None)
        if self._needed() > self._left:
            used_up = now + self._left / self._rate
            self._wake_at(min(used_up, begun + self._period))

    def _needed(self) -> float:
        """Core-seconds the group uses until the first work in it ends, at present rates."""
        if len(self._jobs) == 1:
            return next(iter(self._jobs)).remaining
        soonest = min(job.remaining / max(job.rate, GRAIN) for job in self._jobs)
        return soonest * self._rate

    @property
    def _rate(self) -> float:
        """Rate the group gets now: less than its quota where others want the CPU, too."""
        return max(self._group.rate, GRAIN)

    def _set_cap(self, cap: float, until: float | None, *, paced: bool = False) -> None:
        self._paced = paced
        if self._group.cap != cap:
            self._group.update(cap=cap)
        self._timer = None
        if until is not None:
            self._wake_at(until)

    def _wake_at(self, time: float) -> None:
        timeout: Any = self._env.timeout(max(0.0, time - self._env.now))
        timeout.callbacks.append(self._timer_fired)
        self._timer = timeout
