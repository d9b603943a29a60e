"""The plain version of the sharing law: every change recomputes every rate, O(n) a change.

A peer of `sim.sharing.capacity` in the benchmark: the same interface, the same answers.

At every instant job i gets ``x_i = min(c_i, w_i * lam)`` with ``sum x_i = min(C, sum c_i)``:
weighted max-min fairness with caps, work-conserving and hierarchical. A group competes with its
own weight and cap, asks for no more than its jobs can use, and shares what it gets among its
children by the same law. Between two changes all rates are constant, so the next completion is
known in closed form: no ticks, no minimum gap.

Source of the law: D. Bertsekas, R. Gallager, *Data Networks*, 2nd ed. 1992, section 6.5.2
(max-min fairness by progressive filling); with weights and caps it is what Linux' fair scheduler
approximates with ``cpu.weight`` and ``cpu.max``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from simpy import Environment, Event


def max_min_shares(weights: Sequence[float], caps: Sequence[float], capacity: float) -> list[float]:
    """Weighted max-min fair shares of `capacity`, none above its cap.

    Args:
        weights: positive, one a job (dimensionless).
        caps: most a job can use, same order and unit as `capacity`.
        capacity: what there is to share.

    Returns:
        One share a job; their sum is ``min(capacity, sum(caps))``.
    """
    shares = list(caps)
    left, weight = capacity, math.fsum(weights)
    by_ratio = sorted(range(len(caps)), key=lambda i: caps[i] / weights[i])
    for place, i in enumerate(by_ratio):
        if caps[i] * weight > left * weights[i]:
            for j in by_ratio[place:]:
                shares[j] = left * weights[j] / weight
            break
        left -= caps[i]
        weight = math.fsum(weights[j] for j in by_ratio[place + 1 :])
    return shares


class Job(Event):
    """Work in progress on a capacity; an event that succeeds when the work is done.

    Usable as a context manager: leaving the block before the end cancels the job, as SimPy's
    `Request` does, so that an interrupted process leaves nothing behind.
    """

    __slots__ = ("_finished", "_left", "_parent", "cap", "rate", "weight")

    def __init__(self, parent: Group, work: float, weight: float, cap: float) -> None:
        super().__init__(parent.root.env)
        self._parent = parent
        self._left = work
        self.weight = weight
        self.cap = cap
        self.rate = 0.0
        self._finished = False

    @property
    def remaining(self) -> float:
        """Work left now, in units of the capacity times seconds."""
        if self._finished:
            return self._left
        root = self._parent.root
        return max(0.0, self._left - self.rate * (root.env.now - root.since))

    @property
    def demand(self) -> float:
        """Most this job can use."""
        return self.cap

    def cancel(self) -> float:
        """Take the job off the capacity; idempotent.

        Returns:
            The work left. The event then never fires: whoever cancels interrupts the waiter.
        """
        if not self._finished:
            root = self._parent.root
            root.advance()
            self._parent.drop(self)
            root.level()
        return self._left

    def update(self, *, weight: float | None = None, cap: float | None = None) -> None:
        """Change weight or cap from now on; a cap of 0 freezes the job, a later update thaws it.

        Raises:
            ValueError: the job has finished, or a value is out of range.
        """
        if self._finished:
            raise ValueError("job: it has finished; only a running job can be updated")
        _update(self, self._parent.root, weight, cap)

    def divide(self, amount: float) -> None:
        """Take what the group hands out."""
        self.rate = amount

    def finish(self) -> None:
        """Called by the capacity when the work is done."""
        self._left = 0.0
        self._parent.drop(self)
        self.succeed()

    def detach(self) -> None:
        """Forget the capacity: the job has ended or was cancelled."""
        self._finished = True
        self.rate = 0.0

    def settle(self, elapsed: float) -> None:
        """Book the work done during `elapsed` seconds at the present rate."""
        self._left = max(0.0, self._left - self.rate * elapsed)

    @property
    def due_in(self) -> float:
        """Seconds to completion at the present rate."""
        if self._left == 0.0:
            return 0.0
        return self._left / self.rate if self.rate > 0.0 else math.inf

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A generator closed after the run must not touch the capacity any more.
        if kind is not GeneratorExit:
            self.cancel()


class Group:
    """A cgroup, a VM or a link's user: competes with one weight and cap, shares among its own."""

    __slots__ = ("_removed", "cap", "children", "demand", "parent", "rate", "root", "weight")

    def __init__(self, parent: Group | None, weight: float, cap: float) -> None:
        self.parent = parent
        self.root: SharedCapacity = self if parent is None else parent.root  # type: ignore[assignment]
        self.weight = weight
        self.cap = cap
        self.rate = 0.0
        self.demand = 0.0
        self.children: dict[Job | Group, None] = {}
        self._removed = False

    def group(self, *, weight: float = 1.0, cap: float = math.inf) -> Group:
        """A child group.

        Args:
            weight: its share against its siblings, positive (dimensionless).
            cap: most it can use, in units of the capacity.

        Raises:
            ValueError: a value is out of range, or this group was removed.
        """
        self._must_exist()
        child = Group(self, _weight(weight), _cap(cap))
        self.children[child] = None
        return child

    def run(self, work: float, *, weight: float = 1.0, cap: float = math.inf) -> Job:
        """Start `work` units (vCPU-seconds, bytes) here and now.

        Returns:
            The job, an event that succeeds when the work is done.

        Raises:
            ValueError: a value is out of range, or this group was removed.
        """
        self._must_exist()
        if not 0.0 <= work < math.inf:
            raise ValueError(f"work: {work!r} is not allowed; a finite number of at least 0")
        job = Job(self, float(work), _weight(weight), _cap(cap))
        if work == 0.0:
            job.detach()
            job.succeed()
            return job
        self.root.advance()
        self.children[job] = None
        self.root.level()
        return job

    def update(self, *, weight: float | None = None, cap: float | None = None) -> None:
        """Change weight or cap from now on (`docker update`); a cap of 0 freezes the group.

        Raises:
            ValueError: a value is out of range, or the group was removed.
        """
        self._must_exist()
        _update(self, self.root, weight, cap)

    def remove(self) -> None:
        """Take the group away with all that runs in it; its jobs never fire. Idempotent."""
        if self._removed or self.parent is None:
            return
        self.root.advance()
        self.parent.children.pop(self)
        self._discard()
        self.root.level()

    def drop(self, job: Job) -> None:
        """Called by a job that has ended or was cancelled."""
        self.children.pop(job)
        job.detach()

    def jobs(self) -> list[Job]:
        """All jobs in this group and below it."""
        found: list[Job] = []
        for child in self.children:
            if isinstance(child, Job):
                found.append(child)
            else:
                found.extend(child.jobs())
        return found

    def ask(self) -> float:
        """What this group can use: no more than its cap, no more than its children can."""
        asked = 0.0
        for child in self.children:
            asked += child.cap if isinstance(child, Job) else child.ask()
        self.demand = min(self.cap, asked)
        return self.demand

    def divide(self, amount: float) -> None:
        """Hand `amount` to the children by the law, and let groups among them do the same."""
        self.rate = amount
        asking = [child for child in self.children if child.demand > 0.0]
        shares = max_min_shares([c.weight for c in asking], [c.demand for c in asking], amount)
        for child, share in zip(asking, shares, strict=True):
            child.divide(share)
        for child in self.children:
            if child.demand == 0.0:
                child.divide(0.0)  # a frozen group: nothing in it runs either

    def _discard(self) -> None:
        self._removed = True
        self.rate = 0.0
        for child in list(self.children):
            if isinstance(child, Job):
                child.detach()
            else:
                child._discard()
        self.children.clear()

    def _must_exist(self) -> None:
        if self._removed:
            raise ValueError("group: it was removed; nothing can run in it")


class SharedCapacity(Group):
    """A capacity that is shared: the CPU of a host (vCPU), its disk or its NIC (bytes/s).

    This is the plain version: every change recomputes every rate, O(n) a change.

    Args:
        env: the clock.
        capacity: what there is to share, positive.

    Raises:
        ValueError: `capacity` is not a positive, finite number.
    """

    __slots__ = ("_armed", "_busy", "_first", "capacity", "env", "since")

    def __init__(self, env: Environment, capacity: float) -> None:
        if not 0.0 < capacity < math.inf:
            raise ValueError(f"capacity: {capacity!r} is not allowed; a positive, finite number")
        super().__init__(None, 1.0, float(capacity))
        self.env = env
        self.capacity = float(capacity)
        self.since = env.now
        self._busy = 0.0
        self._armed: Event | None = None
        self._first: list[Job] = []

    @property
    def busy_integral(self) -> float:
        """Exact integral of the rate used since the start, in units of the capacity times s."""
        return self._busy + self.rate * (self.env.now - self.since)

    def update(self, *, weight: float | None = None, cap: float | None = None) -> None:  # noqa: ARG002 (one signature)
        """The root has no siblings and its cap is its capacity.

        Raises:
            ValueError: always.
        """
        raise ValueError("group: a capacity itself cannot be updated; update a group in it")

    def advance(self) -> None:
        """Book the work done since the last change."""
        elapsed = self.env.now - self.since
        if elapsed > 0.0:
            self._busy += self.rate * elapsed
            for job in self.jobs():
                job.settle(elapsed)
            self.since = self.env.now

    def level(self) -> None:
        """Recompute every rate and arm the next completion."""
        self.divide(self.ask())
        self._armed = None
        jobs = self.jobs()
        due = min((job.due_in for job in jobs), default=math.inf)
        if due < math.inf:
            self._first = [job for job in jobs if job.due_in == due]
            self._armed = self.env.timeout(due)
            self._armed.callbacks.append(self._complete)

    def _complete(self, wake: Event) -> None:
        if wake is not self._armed:
            return
        self.advance()
        for job in self._first:
            job.finish()
        self.level()


def _update(
    node: Job | Group, root: SharedCapacity, weight: float | None, cap: float | None
) -> None:
    new_weight = node.weight if weight is None else _weight(weight)
    new_cap = node.cap if cap is None else _cap(cap)
    root.advance()
    node.weight, node.cap = new_weight, new_cap
    root.level()


def _weight(weight: float) -> float:
    if not 0.0 < weight < math.inf:
        raise ValueError(f"weight: {weight!r} is not allowed; a positive, finite number")
    return float(weight)


def _cap(cap: float) -> float:
    if not cap >= 0.0:
        raise ValueError(f"cap: {cap!r} is not allowed; a number of at least 0, or math.inf")
    return float(cap)
