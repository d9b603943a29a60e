"""A law of the user's own in the place of the sharing law: jobs in, events out."""

# ruff: noqa: ARG002 (the signatures are those of a group)

from __future__ import annotations

import math
from typing import Any, Protocol

from simpy import Environment, Event
from simpy.events import NORMAL

from sim.sharing.group import Group, Pacing, Root
from sim.sharing.job import Job
from sim.sharing.lazy_heap import OVER
from sim.sharing.member import MemberGroup

STARTS_ONLY = (
    "cpu_law: a law of your own runs starts; requests that are being served need the built-in law "
    "(leave cpu_law out, or serve at 0 s)"
)


class SharingLaw(Protocol):
    """What a law has to have. A method `cancel(event)` is called for work that is given up."""

    def run(self, work: float, weight: float, cap: float) -> Event:
        """Start `work` units here and now; an event that succeeds when the work is done.

        Args:
            work: vCPU-seconds.
            weight: that of the container or VM in which it runs, or its own outside of any.
            cap: the least of its own cap and of those around it, vCPU; infinite where none is.
        """
        ...


class _OwnGroup(Group):
    """A group under a law of one's own: it hands its jobs to the root, with weight and cap."""

    __slots__ = ("_law",)

    def __init__(self, parent: Group, law: OwnLawCapacity, weight: float, cap: float) -> None:
        self._law = law
        super().__init__(parent, law, weight, cap, law.now)

    def group(self, *, weight: float = 1.0, cap: float = math.inf) -> Group:
        """A child group; the law sees no groups, only the jobs in them."""
        if self._removed or not (0.0 < weight < math.inf and cap >= 0.0):
            self._refuse(0.0, weight, cap, 0.0)
        return _OwnGroup(self, self._law, weight, cap)

    def run(
        self, work: float, weight: float = 1.0, cap: float = math.inf, delay: float = 0.0
    ) -> Job:
        """Hand the work to the law."""
        if self._removed or not (0.0 <= work < math.inf and 0.0 < weight < math.inf and cap >= 0.0):
            self._refuse(work, weight, cap, delay)
        around: MemberGroup = self
        while around is not self._law:
            weight, cap = around.weight, min(cap, around.cap)
            around = around.parent
        return self._law.begin(Job(self.root.env, self, work, weight, cap, delay))

    def run_paced(
        self, pacing: Pacing, work: float, weight: float, cap: float, delay: float
    ) -> Job:
        """Without the period of a quota, which the law does not know."""
        return self.run(work, weight=weight, cap=cap, delay=delay)

    def update(self, *, weight: float | None = None, cap: float | None = None) -> None:
        """For the jobs that come; those that run keep what they began with."""
        self.weight = self.weight if weight is None else weight
        self.cap = self.cap if cap is None else cap

    def remove(self) -> None:
        """No more jobs; those that run are given up by whoever waits for them."""
        self._removed = True

    def withdraw(self, job: Job) -> None:
        """Give a running job up."""
        self._law.give_up(job)

    def revise(self, job: Job, weight: float | None, cap: float | None) -> None:
        """Requests that are served change their job while it runs.

        Raises:
            ValueError: always.
        """
        raise ValueError(STARTS_ONLY)


class OwnLawCapacity(Root):
    """A capacity whose jobs a law of the user's own runs.

    Args:
        env: the clock.
        capacity: what there is to share, positive.
        law: runs the jobs.

    Raises:
        ValueError: `law` has no `run`.
    """

    __slots__ = ("_done", "_events", "_runs")

    def __init__(self, env: Environment, capacity: float, law: SharingLaw) -> None:
        if not callable(getattr(law, "run", None)):
            raise ValueError(
                f"cpu_law: {type(law).__name__} has no run(work, weight, cap), which starts work "
                f"and returns an event"
            )
        super().__init__(env, capacity)
        self._runs = law
        self._events: dict[Job, Event] = {}
        self._done = 0.0

    @property
    def busy_integral(self) -> float:
        """Work of the jobs that have ended, in units of the capacity times s."""
        return self._done

    def note_work(self, work: float) -> None:
        """Count work that was done outside of the law."""
        self._done += work

    def group(self, *, weight: float = 1.0, cap: float = math.inf) -> Group:
        """A group; the law sees only the jobs in it."""
        if not (0.0 < weight < math.inf and cap >= 0.0):
            self._refuse(0.0, weight, cap, 0.0)
        return _OwnGroup(self, self, weight, cap)

    def run(
        self, work: float, weight: float = 1.0, cap: float = math.inf, delay: float = 0.0
    ) -> Job:
        """Hand the work to the law."""
        if not (0.0 <= work < math.inf and 0.0 < weight < math.inf and cap >= 0.0):
            self._refuse(work, weight, cap, delay)
        return self.begin(Job(self.env, self, work, weight, cap, delay))

    def withdraw(self, job: Job) -> None:
        """Give a running job up."""
        self.give_up(job)

    def revise(self, job: Job, weight: float | None, cap: float | None) -> None:
        """Requests that are served change their job while it runs.

        Raises:
            ValueError: always.
        """
        raise ValueError(STARTS_ONLY)

    def begin(self, job: Job) -> Job:
        """Start a job."""
        event: Any = self._runs.run(job.left, job.weight, job.cap)
        if not isinstance(event, Event):
            raise ValueError(
                f"cpu_law: {type(self._runs).__name__}.run returned {event!r}; it has to return an "
                f"event, such as env.timeout(...) or env.process(...)"
            )
        self._events[job] = event
        if event.processed:
            self._ended(job)
        else:
            event.callbacks.append(lambda _: self._ended(job))
        return job

    def give_up(self, job: Job) -> None:
        """Forget a job, and tell the law where it wants to know."""
        event = self._events.pop(job)
        job.version = OVER
        cancel = getattr(self._runs, "cancel", None)
        if cancel is not None and not event.triggered:
            cancel(event)

    def _ended(self, job: Job) -> None:
        if self._events.pop(job, None) is not None:
            self._done += job.left
            job.finish()
            self.env.schedule(job, NORMAL, job.delay)

    # --- what the root of the built-in law does and this one has no need of

    def run_free(
        self, job: Job, group: MemberGroup, now: float, pacing: Pacing | None = None
    ) -> bool:
        """The law runs all jobs."""
        return False

    def count_lone(self) -> None:
        """None does."""

    def end_free_runs(self, now: float) -> None:
        """None runs free."""

    def end_free_run(self, job: Job, now: float) -> None:
        """None runs free."""

    def work_left(self, job: Job, now: float) -> float:
        """None runs free."""
        return job.left

    def relevel(self, now: float) -> None:
        """There is no level."""
