"""The client's side of a pull: when a host contacts the registry, and what it does if throttled."""

import math
from collections.abc import Generator, Mapping
from itertools import islice
from typing import Any, Literal, Protocol, TypeAlias

from pydantic import PositiveInt
from simpy import AllOf, Environment, Event

from sim.core.back_off import back_off
from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.recorder import Span
from sim.core.token_bucket import Quota
from sim.image.image import Image

GAVE_UP = "CannotPullContainerError: pull rate exceeded"
"""What ECS says of a task whose pulls were throttled too often."""

Waiting: TypeAlias = Literal["queue", "retry"]

AgentPull: TypeAlias = Literal["default", "always", "once", "prefer-cached"]
"""`ECS_IMAGE_PULL_BEHAVIOR`: `default` contacts the registry for every start and falls back on the
image that is here when that fails; `always` fails then; `once` contacts it unless an earlier start
on this host has pulled the image and it is still here; `prefer-cached` unless the image is here,
whoever brought it."""

PullPolicy: TypeAlias = AgentPull | Literal["never"]
"""The agent's words, and `never`: an image that is not here is an error."""

KUBERNETES: Mapping[str, PullPolicy] = {
    "Always": "always",
    "IfNotPresent": "prefer-cached",
    "Never": "never",
}
"""`imagePullPolicy` in the same words."""


class Puller(Protocol):
    """A start (or a build) that asks for an image, and records the phases of the pull."""

    def phase(self, name: str, parent: str = "") -> Span: ...


class PullFailed(Exception):  # noqa: N818 (it is what happened, in the platform's words)
    """The image did not come; the text is the platform's own word."""


class NoSpace(PullFailed):
    """The disk cannot take it."""


@description
class RetryPolicy:
    """What a registry's client does when it is throttled.

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
    """Pulls that one host may begin: the client's own limit, checked before the registry's."""
    timeout: Number = math.inf
    """Seconds of a pull after which it is given up."""
    error: str = "CannotPullContainerError"
    """What the platform says of a pull that fails."""
    word: str = GAVE_UP
    """What the platform says of a start that waits between two tries, or has given up."""


class Gate(Protocol):
    """A registry as a client sees it: it admits a pull, or throttles it."""

    @property
    def looks_count(self) -> bool:
        """Whether it counts a look at a manifest that the client has already."""
        ...

    def lets_through(self, image: Image) -> bool: ...

    def queue(self, image: Image) -> list[Event]: ...


class Client:
    """The client on one host: its own limit, and its tries at the registry."""

    __slots__ = ("_env", "_first", "_gate", "_longest", "_own", "_retry_policy")

    def __init__(self, env: Environment, gate: Gate, retry_policy: RetryPolicy) -> None:
        self._env = env
        self._gate = gate
        self._retry_policy = retry_policy
        self._first = plain(retry_policy.first)
        self._longest = plain(retry_policy.longest)
        self._own = None if retry_policy.pulls is None else retry_policy.pulls.deploy(env)

    def admit(
        self, image: Image, puller: Puller, *, here: bool = False
    ) -> Generator[Event, Any, None]:
        """Wait until its own limit and the registry let a pull of `image` through.

        Args:
            here: all of it is here: the client only looks whether the tag has changed.

        Raises:
            PullFailed: it gave up.
        """
        wanted = None if here and not self._gate.looks_count else image
        if self._retry_policy.waiting == "queue":
            yield from self._queue(wanted, puller)
        elif not self._lets_through(wanted):
            with puller.phase("throttled", "pull") as span:
                span.waits(self._retry_policy.word)
                yield from self._retry(wanted)

    def _queue(self, image: Image | None, puller: Puller) -> Generator[Event, Any, None]:
        turns = [] if image is None else self._gate.queue(image)
        if self._own is not None:
            turns.append(self._own.take())
        if turns:
            with puller.phase("throttled", "pull"):
                yield AllOf(self._env, turns)

    def _retry(self, image: Image | None) -> Generator[Event, Any, None]:
        tries = self._retry_policy.tries
        pauses = back_off(self._first, self._longest)
        for pause in islice(pauses, None if tries is None else tries - 1):
            yield self._env.timeout(pause)
            if self._lets_through(image):
                return
        raise PullFailed(self._retry_policy.word)

    def _lets_through(self, image: Image | None) -> bool:
        """Whether a pull goes through; None: a look that counts on the client's own limit only."""
        if self._own is not None and not self._own.try_take():
            return False
        return image is None or self._gate.lets_through(image)
