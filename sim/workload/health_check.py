"""A health check: a program is healthy when somebody who looks now and then sees that it is."""

import math
from typing import Annotated

from pydantic import Field

from sim.core.description import description
from sim.core.quantity import Attempts, Seconds

Interval = Annotated[Seconds, Field(ge=1e-3)]  # Docker refuses a shorter one

_NEARLY = 1.0 - 1e-12
"""A look in the moment in which the program is ready sees it, whatever a quotient rounds to."""


@description
class HealthCheck:
    """When a container's health is looked at; the defaults are those of a Dockerfile.

    Docker documentation, *Dockerfile reference*, HEALTHCHECK. Checks are taken to be short.
    """

    interval: Interval = 30.0
    """Seconds from one look to the next."""
    first: Seconds | None = None
    """Seconds from the container's start to the first look; None: one interval, as Docker and ECS
    do it. Kubernetes says `initialDelaySeconds`."""
    timeout: Interval = 30.0
    """Seconds after which a look has failed."""
    start_period: Seconds = 0.0
    """Seconds from the container's start in which failures do not count."""
    start_interval: Interval | None = 5.0
    """Seconds from one look to the next within the start period; None: the interval (ECS, and
    Docker before 25)."""
    retries: Annotated[Attempts, Field(ge=1)] = 3
    """Failures in a row that make it unhealthy."""
    successes: Annotated[Attempts, Field(ge=1)] = 1
    """Good looks in a row that make it healthy."""

    def healthy_at(self, ready: float) -> float:
        """When the last good look that it takes is: seconds from the container's start.

        Args:
            ready: seconds from the container's start until the program would answer.
        """
        look = self._first_look_from(ready)
        for _ in range(self.successes - 1):
            look = self._next(look)
        return look

    def _first_look_from(self, ready: float) -> float:
        first = self._step(0.0) if self.first is None else self.first
        if first >= ready:
            return first
        look = first
        if look < self.start_period:
            step = self._step(look)
            until = min(ready, self.start_period)
            look += step * math.ceil((until - look) / step * _NEARLY)
        if look >= ready * _NEARLY:
            return look
        return look + self.interval * math.ceil((ready - look) / self.interval * _NEARLY)

    def _next(self, look: float) -> float:
        return look + self._step(look)

    def _step(self, now: float) -> float:
        """Seconds from a look at `now` to the next one."""
        early = now < self.start_period and self.start_interval is not None
        return self.start_interval or self.interval if early else self.interval
