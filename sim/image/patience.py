"""The client's side of a pull: what a host does when a registry, or its own limit, throttles it."""

import math
from collections.abc import Generator, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from pydantic import PositiveInt
from simpy import Environment, Event

from sim.core.bucket import Bucket, Quota
from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.recorder import Span

GAVE_UP = "CannotPullContainerError: pull rate exceeded"
"""What ECS says of a task whose pulls were throttled too often."""

Waiting: TypeAlias = Literal["queue", "retry"]


class Puller(Protocol):
    """Whoever asks for an image and keeps a record of it."""

    def phase(self, name: str, parent: str = "") -> Span: ...


class PullFailed(Exception):  # noqa: N818 (it is what happened, in the platform's words)
    """The image did not come; the text is the platform's own word."""


class NoSpace(PullFailed):
    """The disk cannot take it."""


@description
class Patience:
    """What a client does when it is throttled.

    `queue` waits its turn, which no client does and which is the least anyone can wait; `retry`
    waits `first` seconds, then twice as long each time up to `longest`, and gives up in the end.
    """

    waiting: Waiting = "queue"
    first: Number = 1.0
    """Seconds before the second try."""
    longest: Number = math.inf
    """Seconds between two tries at most."""
    tries: PositiveInt | None = None
    """Tries in all; None: it never gives up."""
    pulls: Quota | None = None
    """Pulls one host begins; a limit of the client's own, checked before the registry's."""
    error: str = "CannotPullContainerError"
    """What the platform says of a pull that fails."""
    word: str = GAVE_UP
    """What the platform says of a start that waits between two tries, or has given up."""


class Client:
    """One host as its registry sees it."""

    __slots__ = ("_env", "_first", "_longest", "_own", "_patience")

    def __init__(self, env: Environment, patience: Patience) -> None:
        self._env = env
        self._patience = patience
        self._first = plain(patience.first)
        self._longest = plain(patience.longest)
        self._own = None if patience.pulls is None else patience.pulls.deploy(env)

    def admit(self, quotas: Sequence[Bucket], puller: Puller) -> Generator[Event, Any, None]:
        """Wait until the client's own limit and all `quotas` let one more pull through.

        Raises:
            PullFailed: it gave up.
        """
        buckets = quotas if self._own is None else (self._own, *quotas)
        if not buckets:
            return
        if self._patience.waiting == "queue":
            yield from self._queue(buckets, puller)
        elif not _let_through(buckets):
            with puller.phase("throttled", "pull") as span:
                span.waits(self._patience.word)
                yield from self._retry(buckets)

    def _queue(self, buckets: Sequence[Bucket], puller: Puller) -> Generator[Event, Any, None]:
        for bucket in buckets:
            granted = bucket.take()
            with puller.phase("throttled", "pull"):
                yield granted

    def _retry(self, buckets: Sequence[Bucket]) -> Generator[Event, Any, None]:
        pause, tried = self._first, 1
        while self._patience.tries is None or tried < self._patience.tries:
            yield self._env.timeout(pause)
            if _let_through(buckets):
                return
            pause, tried = min(self._longest, 2.0 * pause), tried + 1
        raise PullFailed(self._patience.word)


def _let_through(buckets: Sequence[Bucket]) -> bool:
    """One try: a request that a later bucket refuses has used up the earlier ones."""
    return all(bucket.try_take() for bucket in buckets)
