"""The sharing law: a capacity whose jobs progress at weighted max-min fair rates.

At every instant job i gets ``x_i = min(c_i, w_i * lam)`` with ``sum x_i = min(C, sum c_i)``:
weighted max-min fairness with caps, work-conserving and hierarchical. A group competes with its
own weight and cap, asks for no more than its members can use, and shares what it gets among them
by the same law. Symbols: w weight, c cap, C capacity, ``lam`` the *water level*, r = c / w the
*ratio* at which a member is saturated.

Source of the law: D. Bertsekas, R. Gallager, *Data Networks*, 2nd ed. 1992, section 6.5.2
(max-min fairness by progressive filling); with weights and caps it is what Linux' fair scheduler
approximates with ``cpu.weight`` and ``cpu.max``. Virtual clocks: A. Parekh, R. Gallager, *IEEE/ACM
Trans. Networking* 1(3), 1993, section III.

It is exact: between two changes all rates are constant and the next completion is known in closed
form. And it is quick, because almost nothing happens at a change:

* As long as all jobs together can have what they can use, they run outside the tree of groups, each
  to an end that is known when it begins (`run_free`).
* All members of one ratio share a clock (`sim.sharing.ratio_class`); a job's end is a constant on
  it, so a heap of ends is never reordered when rates change.
* A group tells its parent how far the level may move and how much time may pass before it needs
  re-levelling (`sim.sharing.member`, `sim.sharing.lazy_heap`); until then it is left alone.
* The level moves past one ratio after the other (`sim.sharing.waterfill`); where there are many,
  their next completions are kept in order (`sim.sharing.ratio_class`). A change is O(log n), and
  as much again for each ratio that the level crosses.
* One wake-up is pending per capacity. It is not cancelled when the next completion moves away: it
  comes early, and arms the next.
* Completed jobs run their callbacks inside the wake-up; rates are levelled once, after all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from operator import itemgetter
from typing import Any, Final

from simpy import Environment
from simpy.core import StopSimulation
from simpy.events import NORMAL, URGENT

from sim.clock import Clock, Happening
from sim.sharing.group import Pacing, Root
from sim.sharing.job import Job
from sim.sharing.lazy_heap import FREE, OVER, PARKED, SPARE, new_version
from sim.sharing.member import GRAIN, MemberGroup
from sim.sharing.ratio_class import RatioClass
from sim.sharing.waterfill import FADE

FreeRun = tuple[float, int, float, Job]
"""When a job that runs free is to be called back, a number, its rate, and it."""

_NUMBER: Final = itemgetter(1)

NO_RUNS: Final[list[FreeRun]] = []
"""Those of all capacities on which none runs free now, as of most; never changed."""


class SharedCapacity(Root):
    """A capacity that is shared: the CPU of a host (vCPU), its disk or its NIC (bytes/s).

    Args:
        env: the clock.
        capacity: what there is to share, positive.

    Raises:
        ValueError: `capacity` is not a positive, finite number.
    """

    __slots__ = (
        "_armed",
        "_busy",
        "_due",
        "_free",
        "_handlers",
        "_lone",
        "_pacing",
        "_wake_up",
    )

    def __init__(self, env: Environment, capacity: float) -> None:
        if not 0.0 < capacity < math.inf:
            raise ValueError(f"capacity: {capacity!r} is not allowed; a positive, finite number")
        super().__init__(env, float(capacity))
        self._busy = 0.0
        self._due = math.inf
        """Time of the next completion, at present rates."""
        self._armed = [math.inf]
        """Times of the pending wake-ups, the next one last; infinity stays at the bottom."""
        self._lone: Job | None = None
        """The only job that runs free, until somebody asks for those that do: it is not counted in
        the groups around it. Most starts have their host to themselves."""
        self._free: list[FreeRun] = NO_RUNS
        """The jobs that run free, a heap; nothing runs in the tree of groups meanwhile. Those that
        were stopped are among them, and those whose work is over and whose delay is not."""
        self._pacing: Pacing | None = None
        """The progress of the only one, where its rate is not constant."""
        self._wake_up: Happening | None = None
        """One event for all wake-ups, scheduled again and again: saves 10% of a job's time."""
        self._handlers: list[Callable[[Any], None]] = []
        """Its callbacks, once it is there: many a disk and NIC is never used."""

    @property
    def busy_integral(self) -> float:
        """Exact integral of the rate used since the start, in units of the capacity times s."""
        self.count_lone()
        busy = self._busy + self.rated * (self.now - self.since)
        for _, _, _, job in self._free:
            if job.version == FREE:
                busy += job.left - self.work_left(job, self.now)
        return busy

    def note_work(self, work: float) -> None:
        """Count work that was done outside of the law, by somebody who had all to himself."""
        self._busy += work

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
        """The clock at `now`, the present instant."""
        return self.clock + self.level * (now - self.since)

    def rounding(self, grain: float) -> float:
        """Largest error of the clock by rounding."""
        return self.level * grain

    def level_now(self) -> float:
        """The water level."""
        return self.level

    def rate_now(self) -> float:
        """Rate used of the capacity."""
        return self.rated

    # --- jobs that run free

    def run_free(
        self, job: Job, group: MemberGroup, now: float, pacing: Pacing | None = None
    ) -> bool:
        """Let `job` run outside the tree of groups, if there is enough for all; whether it does.

        It gets the least of its own cap and those of the groups around it, whatever the weights, as
        long as neither they nor the capacity have to give anybody less than that. So nothing is
        levelled, and the delay after its work costs no event of its own.
        """
        rate = group.most(job.cap)
        if rate == 0.0:
            return False
        if (self._lone or self._free) and not self._fits_beside(rate, group, now, pacing):
            return False
        job.version = FREE
        job.tag = end = now + job.left / rate if pacing is None else pacing.begin(job, rate, now)
        self._pacing = pacing
        due = end + job.delay
        if self._free:
            job.owner.count_free(1, rate)
            heappush(self._free, (due, new_version(), rate, job))
        else:
            self._lone = job
            self._due = math.inf
        if due < self._due:
            self._due = due
            if due < self._armed[-1]:
                self._arm(due, now)
        return True

    def _fits_beside(
        self, rate: float, group: MemberGroup, now: float, pacing: Pacing | None
    ) -> bool:
        """Whether one more job can run beside those that run free; else these go into the tree."""
        self.count_lone()
        if not self.free_jobs:
            return True
        if pacing is not None or self._pacing is not None:
            self.end_free_runs(now)
            return not self.outdated
        if self._has(rate, group) or self._has_by_now(rate, group, now):
            return True
        self.end_free_runs(now)
        return False

    def count_lone(self) -> None:
        """Somebody asks for the jobs that run free: count the only one, too."""
        job = self._lone
        if job is not None:
            self._lone = None
            rate = job.owner.most(job.cap)
            job.owner.count_free(1, rate)
            self._free = [(job.tag + job.delay, new_version(), rate, job)]

    def _has(self, rate: float, group: MemberGroup) -> bool:
        """Whether the capacity, and the groups around a job, have so much left to give."""
        while group.free_rate + rate <= group.cap:
            if group is self:
                return True
            group = group.parent
        return False

    def _has_by_now(self, rate: float, group: MemberGroup, now: float) -> bool:
        """The same once those are noted whose work is over, and whose delay is not."""
        for _, _, used, job in self._free:
            if job.version == FREE and job.tag <= now:
                self._finish_free(job, used)
        return self._has(rate, group)

    def _finish_free(self, job: Job, rate: float) -> None:
        """The work of a job that runs free is over."""
        self._busy += job.left
        job.owner.count_free(-1, -rate)
        job.finish()

    def _stop_free(self, job: Job, rate: float, now: float) -> None:
        """A job runs free no longer; note what is left of its work."""
        left = self.work_left(job, now)
        self._busy += job.left - left
        job.owner.count_free(-1, -rate)
        job.left, job.version = left, PARKED

    def end_free_runs(self, now: float) -> None:
        """Move the jobs that run free into the tree of groups."""
        if self._lone is not None:
            self.count_lone()
        runs, self._free = self._free, NO_RUNS
        if not runs:
            return
        runs.sort(key=_NUMBER)
        self._due = math.inf
        for due, _, rate, job in runs:
            if job.version == FREE and job.tag <= now:
                self._finish_free(job, rate)
            if job.version == FREE:
                self._stop_free(job, rate, now)
                if self._pacing is not None:
                    self._pacing.join(job, now)
                job.owner.enter(job, now)
            elif job.triggered:
                self.env.schedule(job, NORMAL, due - now)
        self._pacing = None

    def end_free_run(self, job: Job, now: float) -> None:
        """Stop one job that runs free, and note what is left of its work."""
        self.count_lone()
        if self._pacing is not None:
            self.end_free_runs(now)
            return
        rate = job.owner.most(job.cap)
        if job.tag <= now:
            self._finish_free(job, rate)
            return
        self._stop_free(job, rate, now)
        if len(self._free) > 2 * self.free_jobs + SPARE:
            self._free = [run for run in self._free if run[3].version == FREE or run[3].triggered]
            heapify(self._free)

    def work_left(self, job: Job, now: float) -> float:
        """Work that `job`, which runs free, still has to do."""
        if self._pacing is not None:
            return max(0.0, job.left - self._pacing.used(now))
        ahead = job.tag - now
        return min(job.left, ahead * job.owner.most(job.cap)) if ahead > 0.0 else 0.0

    # --- levelling

    def relevel(self, now: float) -> None:
        """Level again, if something has changed, and make sure that a wake-up comes in time."""
        if not self.outdated:
            return
        if self._lone or self._free:
            self.end_free_runs(now)
        self.outdated = False
        if self.since != now:
            self.advance(now)
        many = self.classes
        if self.children is None and len(many) == 1 and many[0].weight:
            self._due = due = self._level_one(many[0], now)
        else:
            self._due = due = self._level_all(now)
        if due < self._armed[-1]:
            self._arm(due, now)

    def _level_one(self, only: RatioClass, now: float) -> float:
        """Level one ratio class of jobs; return the time of the next completion.

        Most capacities have one class and no groups, most of the time. This is what `_level_all`
        would do for them, inlined: it saves 15% of a job's time.
        """
        clock = self.clock
        if clock > FADE * self.level * now:  # the clock must be reset: rare, so not inlined
            return self._level_all(now)
        self.dirty = False
        self.unsaturated = weight = only.weight
        self.first = only
        level = self.cap / weight
        if level > only.ratio:  # noqa: PLR1730 (min() would be a call on the hot path)
            level = only.ratio
        self.level = level
        self.rated = level * weight
        ahead = only.queue[0][0] + only.origin - clock
        return now + ahead / level if ahead > 0.0 else now

    def _level_all(self, now: float) -> float:
        """Level all classes and groups; return the time of the next completion or check."""
        children = self.children
        if children:
            for group in children.changed:
                group.update_demand()
        if self.dirty:
            self.fill(self.cap, now)
        if children:
            self.settle_children(children, now)
        soon, due = self.next_completion()
        if soon < math.inf and self.level > 0.0:
            ahead = soon - self.clock
            end = now + ahead / self.level if ahead > 0.0 else now
            if end < due:
                return end
        return due

    # --- wake-ups

    def _arm(self, due: float, now: float) -> None:
        """Schedule a wake-up at `due`, before all pending ones."""
        delay = due - now
        self._armed.append(now + delay)
        wake_up = self._wake_up
        if wake_up is None:
            wake_up = self._wake_up = Happening(self.env)
            wake_up._ok, wake_up._value = True, None
            self._handlers.append(self._wake)
            wake_up._callbacks = self._handlers
        env = self.env
        if isinstance(env, Clock):
            env.schedule(wake_up, NORMAL, delay)  # a call in C where the core is compiled
        else:
            env.schedule(wake_up, NORMAL, delay)

    def _wake(self, wake_up: Happening) -> None:
        wake_up._callbacks = self._handlers  # SimPy has taken them; it may be pending once more
        self._armed.pop()
        env = self.env
        now = env._now if isinstance(env, Clock) else env.now
        if self._due > now and self._due > now + GRAIN * abs(now):
            if self._due < self._armed[-1]:
                self._arm(self._due, now)
            return
        if self._lone is not None:
            self._call_back_lone(self._lone)
            return
        grain = GRAIN * abs(now)  # completions this near are simultaneous: one levelling for all
        if self._free:
            self._call_back(now, grain)
            return
        self.held = self.outdated = True
        try:
            if self.children is None and len(self.classes) == 1:
                done = self._collect_one(self.classes[0], now, grain)
            else:
                done = []
                self.collect(now, grain, done)
            if len(done) == 1 and not done[0].delay:
                self._run_callbacks(done[0])
            else:
                self._complete(done)
        finally:
            self.held = False
            self.relevel(now)

    def _call_back_lone(self, job: Job) -> None:
        """Call back the only job that ran free, which is due."""
        self._lone = self._pacing = None
        self._due = math.inf
        self._busy += job.left
        job.version = OVER  # as `finish` does
        job.left = 0.0
        job._ok = True
        job._value = None
        self._run_callbacks(job)

    def _call_back(self, now: float, grain: float) -> None:
        """Call back the jobs that ran free and are due."""
        runs = self._free
        done: list[Job] = []
        while runs and runs[0][0] <= now + grain:
            _, _, rate, job = heappop(runs)
            if job.version == FREE:
                self._finish_free(job, rate)
                done.append(job)
            elif job.triggered:
                done.append(job)
        self._pacing = None
        if runs:
            self._due = due = runs[0][0]
            if due < self._armed[-1]:
                self._arm(due, now)
        else:
            self._free, self._due = NO_RUNS, math.inf
        if len(done) == 1:
            self._run_callbacks(done[0])
        else:
            self._complete(done, delayed=True)

    def _collect_one(self, only: RatioClass, now: float, grain: float) -> list[Job]:
        """Complete the jobs due in the only ratio class.

        What `collect` would do where there is one class and no groups, inlined: it saves 9% of a
        job's time.
        """
        elapsed = now - self.since
        self.clock = clock = self.clock + self.level * elapsed
        self._busy += self.rated * elapsed
        self.since = now
        queue: list[tuple[float, int, Any]] = only.queue
        first = queue[0][0]
        done: list[Job] = []
        job: Job
        if first + only.origin > clock + self.level * grain:
            return done
        only.origin = clock - first  # V is exactly the tag now: no rounding is carried on
        self.dirty = True
        while queue:
            tag, version, job = queue[0]
            if job.version == version:
                if tag > first:
                    break
                job.version = OVER
                job._ok = True
                job._value = None
                done.append(job)
                if only.subtract(job.weight):
                    only.resum()
            heappop(queue)
        return done

    def _complete(self, done: list[Job], *, delayed: bool = False) -> None:
        """Run the callbacks of completed jobs here, without an event each; delays come first.

        Args:
            delayed: whether these are over, too.
        """
        jobs = iter(done)
        try:
            for job in jobs:
                if job.delay and not delayed:
                    self.env.schedule(job, NORMAL, job.delay)
                elif not self._run_callbacks(job):
                    break
        finally:
            for job in jobs:
                self.env.schedule(job)

    def _run_callbacks(self, job: Job) -> bool:
        """Run the callbacks of a completed job; whether the run goes on after that."""
        callbacks, job._callbacks = job._callbacks, None
        try:
            for callback in callbacks:
                callback(job)
        except StopSimulation:
            # As in `Environment.step`: the run stops here, the other callbacks follow on resuming.
            job.callbacks = callbacks[callbacks.index(callback) :]
            self.env.schedule(job, URGENT)
            return False
        return True
