"""A group: a cgroup, a VM or a link's user, as those who run things in it see it."""

from __future__ import annotations

import math
from heapq import heappush

from simpy.events import NORMAL

from sim.sharing.job import Job
from sim.sharing.lazy_heap import ALONE, OVER, PARKED, TICKETS
from sim.sharing.member import Branch
from sim.sharing.root import Course, Root
from sim.sharing.watch import Watch


class Group(Branch):
    """A cgroup, a VM or a link's user: competes with one weight and cap, shares among its own."""

    __slots__ = ("_frozen", "_removed", "root")

    def __init__(self, parent: Group | None, root: Root, weight: float, cap: float) -> None:
        super().__init__(parent, weight, cap, root.env.now)
        self.root = root
        self._frozen: dict[Job, None] | None = None
        self._removed = False

    @property
    def rate(self) -> float:
        """What the group gets now, in units of the capacity."""
        self.root.level_anew(self.root.env.now)
        return self.rate_now()

    def group(self, *, weight: float = 1.0, cap: float = math.inf) -> Group:
        """A child group.

        Args:
            weight: its share against its siblings, positive (dimensionless).
            cap: most it can use, in units of the capacity.

        Raises:
            ValueError: a value is out of range, or this group was removed.
        """
        if self._removed or not (0.0 < weight < math.inf and cap >= 0.0):
            self._refuse(0.0, weight, cap, 0.0)
        now = self.root.env.now
        if self.since != now:
            self.advance(now)  # a group is never ahead of its parent
        if self.watch is None:
            self.watch = Watch()
        child = Group(self, self.root, weight, cap)
        self.watch.groups[child] = None
        return child

    def run(
        self, work: float, *, weight: float = 1.0, cap: float = math.inf, delay: float = 0.0
    ) -> Job:
        """Start `work` units (vCPU-seconds, bytes) here and now.

        Args:
            delay: seconds from the end of the work to the event, in which nothing is used.

        Returns:
            The job, an event that succeeds when the work is done.

        Raises:
            ValueError: a value is out of range, or this group was removed.
        """
        if self._removed or not (
            0.0 <= work < math.inf
            and 0.0 < weight < math.inf
            and cap >= 0.0
            and 0.0 <= delay < math.inf
        ):
            self._refuse(work, weight, cap, delay)
        root = self.root
        env = root.env
        job = Job(env, self, work, weight, cap, delay)
        if work == 0.0:
            job.finish()
            env.schedule(job, NORMAL, delay)
            return job
        now = env.now
        if root.held:
            self.enter(job, now)
        elif root.rated or not root.run_alone(job, self, now):
            self.enter(job, now)
            root.level_anew(now)
        return job

    def run_along(
        self, course: Course, work: float, weight: float, cap: float, delay: float
    ) -> Job:
        """Start `work` as `run` does; alone, the course says how it gets on, and no cap here."""
        root = self.root
        now = root.env.now
        job = Job(root.env, self, work, weight, cap, delay)
        if root.rated or root.held or not root.run_alone(job, self.parent, now, course):
            self._admit(job, now)
        return job

    def update(self, *, weight: float | None = None, cap: float | None = None) -> None:
        """Change weight or cap from now on (`docker update`); a cap of 0 freezes the group.

        Raises:
            ValueError: a value is out of range, or the group was removed.
        """
        self._must_exist()
        new_weight = self.weight if weight is None else _weight(weight)
        new_cap = self.cap if cap is None else _cap(cap)
        self.advance(self.root.env.now)
        self.rise()
        self.weight, self.cap = new_weight, new_cap
        self._changed(self)

    def remove(self) -> None:
        """Take the group away with all that runs in it; its jobs never fire. Idempotent."""
        if self._removed or self.watcher is None:
            return
        self.root.share(self.root.env.now)
        self.watcher.dismiss(self)
        if not self.saturations and self.watch is None:  # nothing runs in it: nobody gets more
            self._removed = True
            if not self.root.held:
                self.root.level_anew(self.root.env.now)
            return
        self._close()
        self.rise()
        self._changed(self.parent)

    def _close(self) -> None:
        """End all jobs here and below, unfinished."""
        self.advance(self.root.env.now)
        members = [member for saturation in self.saturations for member in saturation.queued()]
        for job in members:
            if isinstance(job, Job):
                job.left = self.left_of(job)
                job.ticket = OVER
        for group in self.watch.groups if self.watch else ():
            if isinstance(group, Group):
                group._close()
        self.saturations, self.ratios, self.loose = [], [], 0.0
        self.agenda = None
        self._removed = True

    # --- what its jobs ask of it

    def rate_of(self, job: Job) -> float:
        """Rate of a running job now."""
        self.root.level_anew(self.root.env.now)
        return min(job.cap, job.weight * self.level_now())

    def left_of(self, job: Job) -> float:
        """Work a running job still has to do."""
        now = self.root.env.now
        alone = self.root.left_alone(job, now)
        if alone is not None:
            return alone
        saturation = self.saturation(job.cap / job.weight)
        return max(0.0, job.tag - saturation.value(self.clock_at(now), now)) * job.weight

    def withdraw(self, job: Job) -> None:
        """Take a running or frozen job off."""
        self._park(job)
        job.ticket = OVER

    def revise(self, job: Job, weight: float | None, cap: float | None) -> None:
        """Change weight or cap of a running or frozen job."""
        if self._removed:
            raise ValueError("job: its group was removed; only a running job can be updated")
        new_weight = job.weight if weight is None else _weight(weight)
        new_cap = job.cap if cap is None else _cap(cap)
        self._park(job)
        if job.ticket == OVER:
            raise ValueError("job: it has finished; only a running job can be updated")
        job.weight, job.cap = new_weight, new_cap
        self._admit(job, self.root.env.now)

    def _admit(self, job: Job, now: float) -> None:
        """Let a parked job run from now on; where it gets nothing, it stays parked."""
        self.enter(job, now)
        if not self.root.held:
            self.root.level_anew(now)

    def enter(self, job: Job, now: float) -> None:
        """Let a parked job take part in the next levelling, unless it can get nothing."""
        weight = job.weight
        ratio = job.cap / weight
        if ratio == 0.0:
            return
        if self.since != now:
            self.advance(now)
        many = self.saturations
        saturation = many[0] if many and many[0].ratio == ratio else self.saturation(ratio)
        axis = ratio * now if saturation.full else self.clock
        job.tag = tag = axis - saturation.origin + job.left / weight
        job.ticket = ticket = next(TICKETS)
        heappush(saturation.queue, (tag, ticket, job))
        saturation.count += 1
        saturation.weight += weight
        self.uneven = True
        if len(many) > 1:
            self.shift(saturation, weight)
            if self.agenda and saturation.queue[0][2] is job:
                self.agenda.book(saturation)
        if self.watcher:
            self.touch()
        self.root.stale = True

    def _park(self, job: Job) -> None:
        """Let a job run no longer, for now."""
        if job.ticket == ALONE:
            self.root.share(self.root.env.now)
        if job.ticket > PARKED:
            self.advance(self.root.env.now)
            job.left = self.left_of(job)
            job.ticket = PARKED
            saturation = self.saturation(job.cap / job.weight)
            self.part(saturation, job.weight)
            self.purge(saturation)
            self._changed(self)

    def _changed(self, branch: Branch) -> None:
        """Have `branch` and all above levelled, now or once the present completions are through."""
        branch.uneven = True
        branch.touch()
        self.root.stale = True
        if not self.root.held:
            self.root.level_anew(self.root.env.now)

    def _must_exist(self) -> None:
        if self._removed:
            raise ValueError("group: it was removed; nothing can run in it")

    def _refuse(self, work: float, weight: float, cap: float, delay: float) -> None:
        """Say what is wrong."""
        self._must_exist()
        if not 0.0 <= work < math.inf:
            raise ValueError(f"work: {work!r} is not allowed; a finite number of at least 0")
        _weight(weight)
        _cap(cap)
        raise ValueError(f"delay: {delay!r} is not allowed; a finite number of at least 0")


def _weight(weight: float) -> float:
    if not 0.0 < weight < math.inf:
        raise ValueError(f"weight: {weight!r} is not allowed; a positive, finite number")
    return float(weight)


def _cap(cap: float) -> float:
    if not cap >= 0.0:
        raise ValueError(f"cap: {cap!r} is not allowed; a number of at least 0, or math.inf")
    return float(cap)
