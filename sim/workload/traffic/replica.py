"""A live copy of a part: where it is, what serves its requests, its pool of threads."""

import math
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from sim.sharing import SharedCapacity


class Serves(Protocol):
    """What does the CPU work of a request: a `JobServer`, or the `RequestServer` of a sandbox."""

    def serve(self, work: float, served: Callable[[Any], None], /) -> None: ...


class Replica:
    """One copy.

    Args:
        server: does the CPU work.
        host: anything that two copies on one host have in common; None: a host of its own.
        zone: the availability zone of the host.
        nic: the network card of the host; None: it never binds.
        threads: of its pool; each is held from the first work of a visit to its answer.
    """

    __slots__ = (
        "busy",
        "held",
        "host",
        "nic",
        "queue",
        "serve",
        "since",
        "threads",
        "work",
        "zone",
    )

    def __init__(
        self,
        server: Serves,
        *,
        host: object = None,
        zone: str = "",
        nic: SharedCapacity | None = None,
        threads: float = math.inf,
    ) -> None:
        self.serve = server.serve
        self.host = self if host is None else host
        self.zone = zone
        self.nic = nic
        self.threads = threads
        self.busy = 0
        """Visits that hold a thread, or with no pool are under way."""
        self.queue: deque[Callable[[], None]] = deque()
        """Visits that wait for a thread."""
        self.held = 0.0
        """Thread-seconds held until `since`."""
        self.since = 0.0
        self.work = 0.0
        """Core-seconds of the reference core that its visits have asked for."""

    def count(self, change: int, now: float) -> None:
        """So many more visits hold a thread from now on."""
        self.held += self.busy * (now - self.since)
        self.since = now
        self.busy += change

    def held_until(self, now: float) -> float:
        """Thread-seconds held by then."""
        return self.held + self.busy * (now - self.since)

    @property
    def waiting(self) -> int:
        """Visits under way or waiting here."""
        return self.busy + len(self.queue)
