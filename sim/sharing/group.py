"""A group: a cgroup, a VM or the user of a link, in which jobs run and other groups stand."""

from __future__ import annotations

import math
from heapq import heappush
from itertools import chain

from simpy import Environment
from simpy.events import NORMAL

from sim.clock import Clock, time_of
from sim.sharing.job import Job
from sim.sharing.lazy_heap import FREE, OVER, PARKED, ChildBounds, new_version
from sim.sharing.member import MemberGroup
from sim.sharing.waterfill import NO_CLASSES, NO_RATIOS


class Pacing:
    """The progress of a job that runs alone, where its rate is not constant: under a CPU quota."""

    __slots__ = ()

    def begin(self, job: Job, rate: float, now: float) -> float:
        """The job begins, at no more than `rate`; return the time at which its work is done."""
        raise NotImplementedError

    def used(self, now: float) -> float:
        """Work done by `now`."""
        raise NotImplementedError

    def join(self, job: Job, now: float) -> None:
        """The job is alone no longer; `job.left` is what is left of its work."""
        raise NotImplementedError


class Group(MemberGroup):
    """Competes with one weight and cap, and shares what it gets among its jobs and groups."""

    __slots__ = ("_removed", "root")

    def __init__(
        self, parent: Group | None, root: Root, weight: float, cap: float, now: float
    ) -> None:
        MemberGroup.__init__(self, parent, weight, cap, now)  # as there
        self.root = root
        self._removed = False

    @property
    def rate(self) -> float:
        """Rate the group gets now, in units of the capacity."""
        now = time_of(self.root.env)
        self.root.end_free_runs(now)
        self.root.relevel(now)
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
        now = time_of(self.root.env)
        if self.since != now:
            self.advance(now)  # a group is never ahead of its parent
        if self.children is None:
            self.children = ChildBounds()
        child = Group(self, self.root, weight, cap, now)
        self.children.groups[child] = None
        return child

    def run(
        self, work: float, weight: float = 1.0, cap: float = math.inf, delay: float = 0.0
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
        now = env._now if isinstance(env, Clock) else env.now  # without the call of `Root.now`
        if root.held:
            self.enter(job, now)
        elif root.rated or not root.run_free(job, self, now):
            self.enter(job, now)
            root.relevel(now)
        return job

    def run_paced(
        self, pacing: Pacing, work: float, weight: float, cap: float, delay: float
    ) -> Job:
        """Start `work` as `run` does; alone, it follows `pacing` instead of the cap here."""
        root = self.root
        now = time_of(root.env)
        job = Job(root.env, self, work, weight, cap, delay)
        if root.rated or root.held or not root.run_free(job, self.parent, now, pacing):
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
        self.root.count_lone()
        if not (
            self.free_jobs or self.slack or self.dirty or self.ratio_class or self.demand_of_all()
        ):  # nothing runs in it
            self.weight, self.cap = new_weight, new_cap
            return
        now = time_of(self.root.env)
        self.root.end_free_runs(now)
        self.advance(now)
        self.leave()
        self.weight, self.cap = new_weight, new_cap
        self._changed(self)

    def remove(self) -> None:
        """Take the group away with all that runs in it; its jobs never fire. Idempotent."""
        if self._removed or self.siblings is None:
            return
        self.root.count_lone()
        if self.free_jobs:
            self.root.end_free_runs(self.root.now)
        self.siblings.discard(self)
        if not self.classes and self.children is None:
            self._removed = True  # nothing ran in it, so nobody else gets more now
            if self.root.outdated and not self.root.held:
                self.root.relevel(self.root.now)
            return
        self._close()
        self.leave()
        self._changed(self.parent)

    def _close(self) -> None:
        """End all jobs here and below, unfinished."""
        self.advance(self.root.now)
        queued = [ratio_class.queued_members() for ratio_class in self.classes]
        for job in chain.from_iterable(queued):
            if isinstance(job, Job):
                job.left = self.left_of(job)
                job.version = OVER
        for group in self.children.groups if self.children else ():
            if isinstance(group, Group):
                group._close()
        self.classes, self.ratios, self.unsaturated = NO_CLASSES, NO_RATIOS, 0.0
        self.completions = None
        self._removed = True

    # --- what its jobs call

    def rate_of(self, job: Job) -> float:
        """Rate of a running job now."""
        now = time_of(self.root.env)
        self.root.end_free_runs(now)
        self.root.relevel(now)
        return min(job.cap, job.weight * self.level_now())

    def left_of(self, job: Job) -> float:
        """Work a running job still has to do."""
        now = time_of(self.root.env)
        if job.version == FREE:
            return self.root.work_left(job, now)
        ratio, many = job.cap / job.weight, self.classes
        ratio_class = many[0] if many[0].ratio == ratio else self.class_of(ratio)
        ahead = job.tag - ratio_class.virtual_time(self.clock_at(now), now)
        return ahead * job.weight if ahead > 0.0 else 0.0

    def withdraw(self, job: Job) -> None:
        """Cancel a running or frozen job."""
        self._park(job)
        job.version = OVER

    def revise(self, job: Job, weight: float | None, cap: float | None) -> None:
        """Change weight or cap of a running or frozen job."""
        if self._removed:
            raise ValueError("job: its group was removed; only a running job can be updated")
        new_weight = job.weight if weight is None else _weight(weight)
        new_cap = job.cap if cap is None else _cap(cap)
        self._park(job)
        if job.version == OVER:
            raise ValueError("job: it has finished; only a running job can be updated")
        job.weight, job.cap = new_weight, new_cap
        self._admit(job, self.root.now)

    def _admit(self, job: Job, now: float) -> None:
        """Let a parked job run from now on; with a cap of 0 it stays parked."""
        self.enter(job, now)
        if not self.root.held:
            self.root.relevel(now)

    def enter(self, job: Job, now: float) -> None:
        """Let a parked job take part in the next levelling, unless its cap is 0."""
        weight = job.weight
        ratio = job.cap / weight
        if ratio == 0.0:
            return
        if self.since != now:
            self.advance(now)
        many = self.classes
        ratio_class = many[0] if many and many[0].ratio == ratio else self.class_of(ratio)
        axis = ratio * now if ratio_class.saturated else self.clock
        job.tag = tag = axis - ratio_class.origin + job.left / weight
        job.left = 0.0
        job.version = version = new_version()
        heappush(ratio_class.queue, (tag, version, job))
        ratio_class.count += 1
        ratio_class.weight += weight
        self.dirty = True
        if len(many) > 1:
            self.shift_weight(ratio_class, weight)
            if self.completions and ratio_class.queue[0][2] is job:
                self.completions.update(ratio_class)
        if self.siblings:
            self.mark_changed()
        self.root.outdated = True

    def _park(self, job: Job) -> None:
        """Stop a job for now, and note what is left of its work."""
        if job.version == FREE:
            self.root.end_free_run(job, self.root.now)
        if job.version > PARKED:
            self.advance(time_of(self.root.env))
            job.left = self.left_of(job)
            job.version = PARKED
            ratio_class = self.class_of(job.cap / job.weight)
            self.remove_member(ratio_class, job.weight)
            self.purge(ratio_class)
            self._changed(self)

    def _changed(self, group: MemberGroup) -> None:
        """Level `group` and all above it, now or once the present completions are handled."""
        group.dirty = True
        group.mark_changed()
        self.root.outdated = True
        if not self.root.held:
            self.root.relevel(time_of(self.root.env))

    def _must_exist(self) -> None:
        if self._removed:
            raise ValueError("group: it was removed; nothing can run in it")

    def _refuse(self, work: float, weight: float, cap: float, delay: float) -> None:
        """Raise what is wrong with one of the arguments."""
        self._must_exist()
        if not 0.0 <= work < math.inf:
            raise ValueError(f"work: {work!r} is not allowed; a finite number of at least 0")
        _weight(weight)
        _cap(cap)
        raise ValueError(f"delay: {delay!r} is not allowed; a finite number of at least 0")


class Root(Group):
    """The root of a group tree as its groups see it: the capacity that is shared.

    A class, not a protocol: groups ask it a dozen times a job, and compiled code finds what a
    class has at once.
    """

    __slots__ = ("env", "held", "outdated")

    def __init__(self, env: Environment, capacity: float) -> None:
        self.env = env
        self.held = False
        """Whether completions are being handled: levelling waits until all of them are."""
        self.outdated = False
        """Whether something has changed since the last levelling."""
        super().__init__(None, self, 1.0, capacity, env.now)

    @property
    def now(self) -> float:
        """The time."""
        env = self.env  # as `time_of`, without its call
        return env._now if isinstance(env, Clock) else env.now

    @property
    def capacity(self) -> float:
        """The shared amount: vCPU of a host, bytes/s of a disk or NIC."""
        return self.cap

    @property
    def busy_integral(self) -> float:
        """Exact integral of the rate used since the start, in units of the capacity times s."""
        raise NotImplementedError

    def note_work(self, work: float) -> None:
        """Count work that was done outside of the law, by somebody who had all to himself."""
        raise NotImplementedError

    def run_free(
        self, job: Job, group: MemberGroup, now: float, pacing: Pacing | None = None
    ) -> bool:
        """Let `job` run outside the tree of groups, if there is enough for all; whether it does."""
        raise NotImplementedError

    def count_lone(self) -> None:
        """Somebody asks for the jobs that run free: count the only one, too."""
        raise NotImplementedError

    def end_free_runs(self, now: float) -> None:
        """Move the jobs that run free into the tree of groups."""
        raise NotImplementedError

    def end_free_run(self, job: Job, now: float) -> None:
        """Stop one job that runs free, and note what is left of its work."""
        raise NotImplementedError

    def work_left(self, job: Job, now: float) -> float:
        """Work that `job`, which runs free, still has to do."""
        raise NotImplementedError

    def relevel(self, now: float) -> None:
        """Level again, if something has changed; `now` is the present instant."""
        raise NotImplementedError


def _weight(weight: float) -> float:
    if not 0.0 < weight < math.inf:
        raise ValueError(f"weight: {weight!r} is not allowed; a positive, finite number")
    return float(weight)


def _cap(cap: float) -> float:
    if not cap >= 0.0:
        raise ValueError(f"cap: {cap!r} is not allowed; a number of at least 0, or math.inf")
    return float(cap)
