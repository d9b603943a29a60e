"""What a group knows of the capacity it stands on, and what a job that runs alone there follows."""

from __future__ import annotations

from typing import Protocol

from simpy import Environment

from sim.sharing.job import Job
from sim.sharing.member import Branch


class Course(Protocol):
    """How a job that runs alone gets on, where that is not at one rate."""

    def begin(self, job: Job, rate: float, now: float) -> float:
        """It begins, at no more than `rate`; return when its work is done."""
        ...

    def used(self, now: float) -> float:
        """What it has done."""
        ...

    def join(self, job: Job, now: float) -> None:
        """It is alone no longer."""
        ...


class Root(Protocol):
    """The capacity at the root of the tree, as a group sees it."""

    env: Environment
    rated: float
    """What is used of the capacity by those who share it."""
    held: bool
    """Changes wait until all present completions are through."""
    stale: bool
    """Something has changed since the last levelling."""

    @property
    def capacity(self) -> float:
        """What there is to share."""
        ...

    @property
    def busy_integral(self) -> float:
        """Exact integral of the rate used since the start."""
        ...

    def run_alone(self, job: Job, group: Branch, now: float, course: Course | None = None) -> bool:
        """Let `job` in `group` run beside the tree of groups, if nothing else runs."""
        ...

    def share(self, now: float) -> None:
        """Have the job that runs alone, if there is one, share with others from now on."""
        ...

    def left_alone(self, job: Job, now: float) -> float | None:
        """Work the job that runs alone still has to do; None if `job` is not the one."""
        ...

    def level_anew(self, now: float) -> None:
        """Level anew, if something has changed; `now` is the present instant."""
