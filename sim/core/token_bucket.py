"""A token bucket: an API quota of so many calls at once and so many a second."""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from simpy import Environment, Event, Interrupt

from sim.core.cited import Positive, plain
from sim.core.description import description


@description
class Quota:
    """A quota as AWS writes it: a bucket of `size` tokens, refilled with `refill` a second."""

    size: Positive
    """Tokens in a full bucket."""
    refill: Positive
    """Tokens per second."""

    def deploy(self, env: Environment) -> "Bucket":
        """A full bucket."""
        return Bucket(env, plain(self.size), plain(self.refill))


@dataclass(slots=True)
class Promise:
    """Tokens that a caller waits for."""

    wait: float
    """Seconds until they will have come."""
    at: float
    """Time at which that is."""
    tokens: float
    kept: bool = True
    """Whether the caller still waits."""


class Bucket:
    """A live token bucket, first come first served, in closed form: one event a caller.

    The level may be negative: that is the debt to callers that wait already. A caller who takes n
    tokens waits until the level has come back to zero.

    Args:
        size: tokens in a full bucket, positive.
        refill: tokens per second, positive.

    Raises:
        ValueError: a value is not positive.
    """

    __slots__ = ("_level", "_promises", "_since", "env", "refill", "size")

    def __init__(self, env: Environment, size: float, refill: float) -> None:
        for name, value in (("size", size), ("refill", refill)):
            if not value > 0.0:
                raise ValueError(f"{name}: {value!r} is not allowed; a positive number")
        self.env = env
        self.size = size
        self.refill = refill
        self._level = size
        self._since = env.now
        self._promises: deque[Promise] = deque()
        """To waiting callers, in order."""

    def take(self, tokens: float = 1.0) -> Event:
        """An event that fires when `tokens` have been granted."""
        return self.env.timeout(self.promise(tokens).wait)

    def queue(self, tokens: float = 1.0) -> Generator[Event, Any, None]:
        """Take `tokens` and wait for them; a caller that is interrupted leaves them to others.

        Callers that wait already gain nothing by it, those that come after the last of them do.
        """
        promise = self.promise(tokens)
        try:
            yield self.env.timeout(promise.wait)
        except Interrupt:
            self.give_up(promise)
            raise
        promises = self._promises
        if promises and promises[0] is promise:  # nobody may come any more and look for old ones
            promises.popleft()

    def give_up(self, promise: Promise) -> None:
        """Leave promised tokens to others: the caller no longer waits for them."""
        promise.kept = False
        self._fill()
        while self._promises and not self._promises[-1].kept:
            self._level = min(self.size, self._level + self._promises.pop().tokens)

    def try_take(self, tokens: float = 1.0) -> bool:
        """Take `tokens` if they are there now; nothing is taken where they are not."""
        self._fill()
        # Time is a float: after exactly the right wait the level may be one bit short.
        if self._level + 1e-9 < tokens:
            return False
        self._level -= tokens
        return True

    def promise(self, tokens: float = 1.0) -> Promise:
        """Take `tokens`; those that are not there yet come later."""
        self._fill()
        self._level -= tokens
        now, promises = self.env.now, self._promises
        wait = max(0.0, -self._level / self.refill)
        promise = Promise(wait, now + wait, tokens)
        while promises and promises[0].at <= now:
            promises.popleft()
        if promise.at > now:
            promises.append(promise)
        return promise

    def _fill(self) -> None:
        now = self.env.now
        if now > self._since:
            level = self._level + self.refill * (now - self._since)
            self._level = level if level < self.size else self.size  # min() would be a slower call
            self._since = now
