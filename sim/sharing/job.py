"""A job: work in progress on a capacity."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from simpy import Environment
from simpy.events import PENDING

from sim.clock import NOBODY, Happening
from sim.sharing.lazy_heap import OVER, PARKED


class Owner:
    """The group a job runs in, as the job sees it."""

    __slots__ = ()

    def rate_of(self, job: Job) -> float:
        """Rate of a running job now."""
        raise NotImplementedError

    def left_of(self, job: Job) -> float:
        """Work a running job still has to do."""
        raise NotImplementedError

    def most(self, cap: float) -> float:
        """The least of a cap and those of this group and all around it."""
        raise NotImplementedError

    def count_free(self, jobs: int, rate: float) -> None:
        """So many more jobs run free here, and use so much more; negative: less."""
        raise NotImplementedError

    def enter(self, job: Job, now: float) -> None:
        """Let a parked job take part in the next levelling, unless its cap is 0."""
        raise NotImplementedError

    def withdraw(self, job: Job) -> None:
        """Cancel a running or frozen job."""
        raise NotImplementedError

    def revise(self, job: Job, weight: float | None, cap: float | None) -> None:
        """Change weight or cap of a running or frozen job."""
        raise NotImplementedError


class Job(Happening):
    """Work in progress on a capacity; an event that succeeds when the work is done.

    Usable as a context manager: leaving the block before the end cancels the job, as SimPy's
    `Request` does, so that an interrupted process leaves nothing behind.
    """

    __slots__ = (
        "cap",
        "delay",
        "left",
        "owner",
        "tag",
        "version",
        "weight",
    )

    def __init__(  # noqa: PLR0917 (positional is quicker)
        self, env: Environment, owner: Owner, work: float, weight: float, cap: float, delay: float
    ) -> None:
        # What `Happening.__init__` does, without the call: 5% of a job's time.
        self.env = env
        self._callbacks = NOBODY
        self._value = PENDING
        self.owner = owner
        self.weight = weight
        self.cap = cap
        self.delay = delay
        """Seconds between the end of the work and the event."""
        self.left = work
        """Work left while it does not run, or when it began to run free; else its tag tells."""
        self.tag = 0.0
        """V of its ratio class at which a running job is done; of one that runs free, when."""
        self.version = PARKED
        """Version of its valid entry in a queue, or its state: PARKED, OVER or FREE."""

    @property
    def rate(self) -> float:
        """Rate now, in units of the capacity."""
        return self.owner.rate_of(self) if self.version > PARKED else 0.0

    @property
    def remaining(self) -> float:
        """Work left now, in units of the capacity times seconds."""
        return self.owner.left_of(self) if self.version > PARKED else self.left

    def cancel(self) -> float:
        """Take the job off the capacity; idempotent.

        Returns:
            The work left. The event then never fires: whoever cancels interrupts the waiter.
        """
        if self.version != OVER:
            self.owner.withdraw(self)
        return self.left

    def update(self, *, weight: float | None = None, cap: float | None = None) -> None:
        """Change weight or cap from now on; a cap of 0 freezes the job, a later update thaws it.

        Raises:
            ValueError: the job has finished, or a value is out of range.
        """
        if self.version == OVER:
            raise ValueError("job: it has finished; only a running job can be updated")
        self.owner.revise(self, weight, cap)

    def set_back(self, value: float) -> None:
        """Shift the tag with V, which is set back by `value`."""
        self.tag -= value

    def finish(self) -> None:
        """Mark the work as done; the capacity runs the callbacks."""
        self.version = OVER
        self.left = 0.0
        self._ok = True
        self._value = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A generator closed after the run must not touch the capacity any more.
        if self.version != OVER and kind is not GeneratorExit:
            self.owner.withdraw(self)
