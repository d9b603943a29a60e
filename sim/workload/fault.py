"""Faults: what stops, of itself or as planned; who notices is the platform's affair."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from sim.core.description import description
from sim.core.quantity import NUMBER, Seconds

Victim: TypeAlias = Literal["process", "host", "zone", "drain", "update"]

PLANNED = ("drain", "update")
"""What is not a fault: a host is emptied before it goes, or all tasks are replaced by new ones."""


@description
class Fault:
    """A process, a host or a zone that stops at a given time, or a planned end of some tasks.

    Nothing it held is given back there, for there is nothing left; all it held elsewhere is.
    """

    at: Seconds
    """Seconds from the beginning of the run."""
    what: Victim = "host"
    """`process`: the app of one task; `host`: a kernel with all on it; `zone`: all of its hosts;
    `drain`: a host is emptied, task by task; `update`: all tasks are replaced by new ones."""
    which: Annotated[int, NUMBER, Field(ge=0, le=10_000_000)] | None = None
    """Number of the task, host or zone, in the order in which they came; None: of hosts and zones
    the one with most tasks, of tasks the first that runs."""
