"""The sharing law: a capacity whose jobs progress at weighted max-min fair rates.

At every instant job i gets ``x_i = min(c_i, w_i * lam)`` with ``sum x_i = min(C, sum c_i)``:
weighted max-min fairness with caps, work-conserving and hierarchical. A group competes with its
own weight and cap, asks for no more than its members can use, and shares what it gets among them
by the same law. Symbols: w weight, c cap, C capacity, ``lam`` the *water level*, r = c / w the
*ratio* at which a member is full.

Source of the law: D. Bertsekas, R. Gallager, *Data Networks*, 2nd ed. 1992, section 6.5.2
(max-min fairness by progressive filling); with weights and caps it is what Linux' fair scheduler
approximates with ``cpu.weight`` and ``cpu.max``. Virtual clocks: A. Parekh, R. Gallager, *IEEE/ACM
Trans. Networking* 1(3), 1993, section III.

It is exact: between two changes all rates are constant and the next completion is known in closed
form. And it is quick, because almost nothing happens at a change:

* All members of one ratio share a clock (`sim.core.saturation`); a job's end is a constant on it,
  so a heap of ends is never reordered when rates change.
* A group tells its parent how far the level may move and how long time may pass before it must be
  looked at (`sim.core.branch`, `sim.core.watch`); until then it is not.
* One wake-up is under way per capacity. It is not taken back when the next completion moves away:
  it comes early, and arms the next.
* Completed jobs run their callbacks inside the wake-up; rates are levelled once, after all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from simpy import Environment, Event
from simpy.core import StopSimulation
from simpy.events import NORMAL, URGENT

from sim.core.branch import GRAIN
from sim.core.group import Group
from sim.core.job import Job
from sim.core.saturation import Saturation
from sim.core.shares import max_min_shares
from sim.core.water import FADE

__all__ = ["Group", "Job", "SharedCapacity", "max_min_shares"]


class SharedCapacity(Group):
    """A capacity that is shared: the CPU of a host (vCPU), its disk or its NIC (bytes/s).

    Args:
        env: the clock.
        capacity: what there is to share, positive.

    Raises:
        ValueError: `capacity` is not a positive, finite number.
    """

    __slots__ = ("_armed", "_busy", "_due", "_handlers", "_wake_up", "env", "held", "stale")

    def __init__(self, env: Environment, capacity: float) -> None:
        if not 0.0 < capacity < math.inf:
            raise ValueError(f"capacity: {capacity!r} is not allowed; a positive, finite number")
        self.env = env
        super().__init__(None, self, 1.0, float(capacity))
        self._busy = 0.0
        self._due = math.inf
        """Time of the next completion, at present rates."""
        self._armed: list[float] = []
        """Times of the wake-ups under way, the next one last."""
        self.held = False
        self.stale = False
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
        return self._busy + self.rated * (self.env.now - self.since)

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

    # --- events

    def level_anew(self, now: float) -> None:
        """Level anew, if something has changed, and see to it that a wake-up comes in time."""
        if not self.stale:
            return
        self.stale = False
        if self.since != now:
            self.advance(now)
        if self.watch is None and len(self.saturations) == 1:
            due = self._level_one(self.saturations[0], now)
        else:
            due = self._level_all(now)
        self._due = due
        self._arm(due, now)

    def _level_one(self, only: Saturation, now: float) -> float:
        """Level one saturation of jobs; return the time of the next completion.

        No more than what `_level_all` does, in one piece: it saves 15 % of a job's time.
        """
        weight = only.weight
        if not weight or self.clock > FADE * self.level * abs(now):
            return self._level_all(now)
        self.uneven = False
        self.loose = weight
        self.first = only
        level = self.cap / weight
        if level > only.ratio:  # noqa: PLR1730 (a call less)
            level = only.ratio
        self.level = level
        self.rated = level * weight
        ahead = only.queue[0][0] + only.origin - self.clock
        return now + ahead / level if ahead > 0.0 else now

    def _level_all(self, now: float) -> float:
        """Level all saturations and groups; return the time of the next completion or check."""
        watch = self.watch
        if watch:
            for group in watch.touched:
                group.ask()
        if self.uneven:
            self.fill(self.cap, now)
        if watch:
            self.look(watch, now)
        soon, due = self.upcoming()
        if soon < math.inf and self.level > 0.0:
            due = min(due, now + max(0.0, soon - self.clock) / self.level)
        return due

    def _arm(self, due: float, now: float) -> None:
        """Have a wake-up under way that comes no later than `due`."""
        armed = self._armed
        if due < (armed[-1] if armed else math.inf):
            delay = due - now
            armed.append(now + delay)
            self.env.schedule(self._wake_up, NORMAL, delay)

    def _wake(self, event: Event) -> None:
        event.callbacks = self._handlers  # another wake-up may be under way
        self._armed.pop()
        now = self.env.now
        grain = GRAIN * abs(now)
        if self._due > now + grain:
            self._arm(self._due, now)
            return
        done: list[Job] = []
        self.held = self.stale = True
        try:
            self.collect(now, grain, done)
            self._fire(done)
        finally:
            self.held = False
            self.level_anew(now)

    def _fire(self, done: list[Job]) -> None:
        """Run the callbacks of completed jobs here, not each in an event of its own."""
        jobs = iter(done)
        try:
            for job in jobs:
                callbacks, job.callbacks = job.callbacks, None  # type: ignore[assignment]
                for callback in callbacks:
                    callback(job)
        except StopSimulation:
            # As `Environment.step` does: the run stops here, the rest follows when it is resumed.
            job.callbacks = callbacks[callbacks.index(callback) :]
            self.env.schedule(job, URGENT)
        finally:
            for job in jobs:
                self.env.schedule(job)
