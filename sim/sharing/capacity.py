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

* A job that has the capacity to itself runs outside the tree of groups (`run_alone`).
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
from heapq import heappop
from typing import Any

from simpy import Environment
from simpy.core import StopSimulation
from simpy.events import NORMAL, URGENT

from sim.clock import Happening
from sim.sharing.group import Pacing, Root
from sim.sharing.job import Job
from sim.sharing.lazy_heap import ALONE, OVER
from sim.sharing.member import GRAIN, MemberGroup
from sim.sharing.ratio_class import RatioClass
from sim.sharing.waterfill import FADE


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
        "_handlers",
        "_lone",
        "_lone_began",
        "_lone_end",
        "_lone_rate",
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
        """The job that runs alone; nothing runs in the tree of groups meanwhile."""
        self._pacing: Pacing | None = None
        """Its progress, where its rate is not constant."""
        self._lone_rate = 0.0
        self._lone_began = 0.0
        self._lone_end = 0.0
        """Time at which its work is done; its delay comes after that."""
        self._wake_up: Happening | None = None
        """One event for all wake-ups, scheduled again and again: saves 10% of a job's time."""
        self._handlers: list[Callable[[Any], None]] = []
        """Its callbacks, once it is there: many a disk and NIC is never used."""

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

    # --- a job that runs alone

    def run_alone(
        self, job: Job, group: MemberGroup, now: float, pacing: Pacing | None = None
    ) -> bool:
        """Let `job` run outside the tree of groups, if nothing else runs; whether it does.

        It gets the least of its own cap and those of the groups around it, whatever the weights.
        So nothing is levelled, and the delay after its work costs no event of its own. Where one
        container starts at a time this saves four fifths of the law's CPU time.
        """
        if self._lone:
            self.end_lone_run(now)
            if self.outdated:
                return False
        rate = job.cap if job.cap < self.cap else self.cap
        while group is not self:
            if group.cap < rate:  # noqa: PLR1730 (min() would be a call on the hot path)
                rate = group.cap
            group = group.parent
        if rate == 0.0:
            return False
        job.version = ALONE
        self._lone, self._lone_rate, self._lone_began = job, rate, now
        self._pacing = pacing
        end = now + job.left / rate if pacing is None else pacing.begin(job, rate, now)
        self._lone_end = end
        self._due = due = end + job.delay
        if due < self._armed[-1]:
            self._arm(due, now)
        return True

    def end_lone_run(self, now: float) -> None:
        """Move the job that runs alone, if there is one, into the tree of groups."""
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
        if self._pacing is not None:
            self._pacing.join(job, now)
        job.owner.enter(job, now)

    def _used_alone(self, now: float) -> float:
        """Work that the job that runs alone has done."""
        if self._pacing is not None:
            return self._pacing.used(now)
        return self._lone_rate * (min(now, self._lone_end) - self._lone_began)

    def lone_work_left(self, job: Job, now: float) -> float:
        """Work that `job`, which runs alone, still has to do."""
        return max(0.0, job.left - self._used_alone(now))

    # --- levelling

    def relevel(self, now: float) -> None:
        """Level again, if something has changed, and make sure that a wake-up comes in time."""
        if self._lone:
            self.end_lone_run(now)
        if not self.outdated:
            return
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
        self.env.schedule(wake_up, NORMAL, delay)

    def _wake(self, wake_up: Happening) -> None:
        wake_up._callbacks = (
            self._handlers
        )  # SimPy has taken them; the event may be pending once more
        self._armed.pop()
        now: float = self.env.now
        grain = GRAIN * abs(now)  # completions this near are simultaneous: one levelling for all
        if self._due > now + grain:
            if self._due < self._armed[-1]:
                self._arm(self._due, now)
            return
        lone = self._lone
        if lone:
            self._lone = self._pacing = None
            self._due = math.inf
            self._busy += lone.left
            lone.finish()
            self._run_callbacks(lone)
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

    def _complete(self, done: list[Job]) -> None:
        """Run the callbacks of completed jobs here, without an event each; delays come first."""
        jobs = iter(done)
        try:
            for job in jobs:
                if job.delay:
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
