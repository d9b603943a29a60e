"""Faults: what stops of itself, and when; who notices is the platform's affair."""

from typing import Literal, TypeAlias

from pydantic import NonNegativeInt

from sim.core.description import description
from sim.core.quantity import Seconds

Victim: TypeAlias = Literal["process", "host", "zone"]


@description
class Fault:
    """A process, a host or a zone that stops at a given time.

    Nothing it held is given back there, for there is nothing left; all it held elsewhere is.
    """

    at: Seconds
    """Seconds from the beginning of the run."""
    what: Victim = "host"
    """`process`: the app of one task; `host`: a kernel with all on it; `zone`: all of its hosts."""
    which: NonNegativeInt | None = None
    """Number of the task, host or zone, in the order in which they came; None: of hosts and zones
    the one with most tasks, of tasks the first that runs."""
