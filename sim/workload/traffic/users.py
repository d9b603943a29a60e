"""Who asks: so many a second whatever happens, or so many users who wait and think."""

import bisect
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from simpy import Environment

from sim.core.cited import Number, Positive, plain
from sim.core.description import description
from sim.core.randomness import Sampler

Send: TypeAlias = Callable[[Callable[[float], None] | None], None]
"""Make a request now; what it is given is called once it is answered."""


@description
class RateStretch:
    """Requests a second over some seconds, rising or falling evenly."""

    seconds: Positive
    begin: Number
    end: Number

    @property
    def expected(self) -> float:
        """Requests in the mean."""
        return plain(self.seconds) * (plain(self.begin) + plain(self.end)) / 2.0

    def after(self, requests: float) -> float:
        """Seconds after which so many of them are expected."""
        first, slope = plain(self.begin), (plain(self.end) - plain(self.begin))
        slope /= plain(self.seconds)
        # of the two solutions of slope t^2 / 2 + first t = requests, without a difference
        root = math.sqrt(max(0.0, first * first + 2.0 * slope * requests))
        return 2.0 * requests / (first + root)


class OpenUsers:
    """Poisson arrivals, a stretch after the other."""

    def __init__(
        self, env: Environment, stretches: Sequence[RateStretch], send: Send, draw: Sampler
    ) -> None:
        """`draw` has exponential numbers of mean 1."""
        self._env, self._send, self._draw = env, send, draw
        self._stretches = tuple(stretches)
        self._before = [0.0]
        self._began = [env.now]
        for each in stretches:
            self._before.append(self._before[-1] + each.expected)
            self._began.append(self._began[-1] + plain(each.seconds))
        self._passed = 0.0
        self._arm()

    def _arm(self) -> None:
        """A Poisson process of rate 1, on the clock of expected requests."""
        self._passed += self._draw()
        place = bisect.bisect_right(self._before, self._passed) - 1
        if place >= len(self._stretches):
            return
        within = self._stretches[place].after(self._passed - self._before[place])
        timer: Any = self._env.timeout(max(0.0, self._began[place] + within - self._env.now))
        timer.callbacks.append(self._come)

    def _come(self, _: object) -> None:
        self._send(None)
        self._arm()


class ClosedUsers:
    """Users who ask, wait for the answer, think, and ask again, until a time."""

    def __init__(
        self, env: Environment, number: int, send: Send, think: Sampler, until: float
    ) -> None:
        self._env, self._send, self._think, self._until = env, send, think, until
        for _ in range(number):
            self._rest(env.now)

    def _rest(self, now: float) -> None:
        if now < self._until:
            timer: Any = self._env.timeout(self._think())
            timer.callbacks.append(self._ask)

    def _ask(self, _: object) -> None:
        self._send(self._rest)
