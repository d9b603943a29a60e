"""The root of the tree: a capacity as long as one job has it to itself, and its wake-ups."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from simpy import Environment, Event
from simpy.events import NORMAL

from sim.sharing.group import Group
from sim.sharing.job import Job
from sim.sharing.lazy_heap import ALONE
from sim.sharing.member import Branch
from sim.sharing.root import Course


class Undivided(Group):
    """A capacity that runs a job beside the tree of groups, until another one comes.

    How those who share do so, and what a wake-up finds, is `SharedCapacity`'s.
    """

    __slots__ = (
        "_armed",
        "_busy",
        "_course",
        "_due",
        "_handlers",
        "_lone",
        "_lone_began",
        "_lone_end",
        "_lone_rate",
        "_wake_up",
        "env",
        "held",
        "stale",
    )

    def __init__(self, env: Environment, capacity: float) -> None:
        if not 0.0 < capacity < math.inf:
            raise ValueError(f"capacity: {capacity!r} is not allowed; a positive, finite number")
        self.env = env
        super().__init__(None, self, 1.0, float(capacity))
        self._busy = 0.0
        self._due = math.inf
        """Time of the next completion, at present rates."""
        self._armed = [math.inf]
        """Times of the wake-ups under way, the next one last; never is among them."""
        self.held = False
        self.stale = False
        self._lone: Job | None = None
        """The only job that runs, as long as it is; none that shares runs then."""
        self._course: Course | None = None
        """How it gets on, where that is not at one rate."""
        self._lone_rate = 0.0
        self._lone_began = 0.0
        self._lone_end = 0.0
        """Time at which its work is done."""
        # One event for all wake-ups, put on the queue again and again: 10 % of a job's time.
        self._handlers: list[Callable[[Any], None]] = [self._wake]
        self._wake_up = Event(env)
        self._wake_up._ok = True
        self._wake_up._value = None
        self._wake_up.callbacks = self._handlers

    @property
    def capacity(self) -> float:
        """What there is to share."""
        return self.cap

    @property
    def busy_integral(self) -> float:
        """Exact integral of the rate used since the start, in units of the capacity times s."""
        busy = self._busy + self.rated * (self.env.now - self.since)
        if self._lone:
            busy += self._used_alone(self.env.now)
        return busy

    def update(self, *, weight: float | None = None, cap: float | None = None) -> None:  # noqa: ARG002 (one signature)
        """The root has no siblings and its cap is its capacity.

        Raises:
            ValueError: always.
        """
        raise ValueError("group: a capacity itself cannot be updated; update a group in it")

    # --- as the root of the tree

    def advance(self, now: float) -> None:
        """Bring the clock to `now`."""
        elapsed = now - self.since
        if elapsed > 0.0:
            self.clock += self.level * elapsed
            self._busy += self.rated * elapsed
            self.since = now

    def clock_at(self, now: float) -> float:
        """Where the clock stands at `now`, the present instant."""
        return self.clock + self.level * (now - self.since)

    def blur(self, grain: float) -> float:
        """How far off rounding may have put the clock."""
        return self.level * grain

    def level_now(self) -> float:
        """The water level."""
        return self.level

    def rate_now(self) -> float:
        """What is used of the capacity."""
        return self.rated

    # --- a job that runs alone

    def run_alone(self, job: Job, group: Branch, now: float, course: Course | None = None) -> bool:
        """Let `job` run beside the tree of groups, if nothing else runs.

        It gets the least of its own cap and those of the groups around it, whatever the weights.
        So nothing is levelled, and the delay after its work costs no event of its own. Where one
        container starts at a time this saves four fifths of the law's CPU time.
        """
        if self._lone:
            self.share(now)
            if self.stale:
                return False
        rate = job.cap if job.cap < self.cap else self.cap
        while group is not self:
            if group.cap < rate:  # noqa: PLR1730
                rate = group.cap
            group = group.parent
        if rate == 0.0:
            return False
        job.ticket = ALONE
        self._lone, self._lone_rate, self._lone_began = job, rate, now
        self._course = course
        end = now + job.left / rate if course is None else course.begin(job, rate, now)
        self._lone_end = end
        self._due = due = end + job.delay
        if due < self._armed[-1]:
            self._arm(due, now)
        return True

    def share(self, now: float) -> None:
        """Have the job that runs alone, if there is one, share with others from now on."""
        job = self._lone
        if job is None:
            return
        self._lone = None
        due, self._due = self._due, math.inf
        if now >= self._lone_end:
            self._busy += job.left
            job.finish()
            self.env.schedule(job, NORMAL, due - now)
            return
        used = self._used_alone(now)
        self._busy += used
        job.left = max(0.0, job.left - used)
        if self._course is not None:
            self._course.join(job, now)
        job.owner.enter(job, now)

    def _used_alone(self, now: float) -> float:
        """What the job that runs alone has done."""
        if self._course is not None:
            return self._course.used(now)
        return self._lone_rate * (min(now, self._lone_end) - self._lone_began)

    def left_alone(self, job: Job, now: float) -> float | None:
        """Work the job that runs alone still has to do; None if `job` is not the one."""
        if job is not self._lone:
            return None
        return max(0.0, job.left - self._used_alone(now))

    # --- wake-ups

    def _arm(self, due: float, now: float) -> None:
        """Have a wake-up under way that comes at `due`, before all others."""
        delay = due - now
        self._armed.append(now + delay)
        self.env.schedule(self._wake_up, NORMAL, delay)

    def _wake(self, event: Event) -> None:
        """A wake-up comes."""
        raise NotImplementedError

    def level_anew(self, now: float) -> None:
        """Have those who share level anew, if something has changed."""
        raise NotImplementedError
