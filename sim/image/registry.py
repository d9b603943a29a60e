"""A registry: Docker Hub, Amazon ECR or ECR Public, as a puller sees it."""

import math
from collections.abc import Generator
from typing import Any, Literal, Protocol, TypeAlias

from pydantic import PositiveInt
from simpy import Event, Interrupt

from sim.core.bucket import Bucket, Quota
from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.randomness import Sampler, Varying
from sim.core.recorder import Span
from sim.core.sharing import SharedCapacity
from sim.core.world import World

GAVE_UP = "CannotPullContainerError: pull rate exceeded"
"""What ECS says of a task whose pulls were throttled too often."""

Waiting: TypeAlias = Literal["queue", "retry"]


class Puller(Protocol):
    """Whoever asks for an image and keeps a record of it."""

    def phase(self, name: str, parent: str) -> Span: ...


@description
class Patience:
    """What a client does when the registry throttles it.

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


@description
class Registry:
    """A place images are pulled from."""

    name: str
    latency: Varying
    """Seconds to resolve a name: token and manifest."""
    connection_rate: Varying = math.inf
    """Bytes per second of one download; drawn for each."""
    total_rate: Number | None = None
    """Bytes per second of all downloads together, or None where it never binds."""
    pulls: Quota | None = None
    """Manifests that an account or address may ask for."""
    layers: Quota | None = None
    """Layers, each of which is asked for once where it is missing."""
    patience: Patience = Patience()
    """Of the client."""

    def deploy(self, world: World) -> "LiveRegistry":
        """The registry of one world, shared by all its hosts."""
        return LiveRegistry(self, world)


class LiveRegistry:
    """A registry in a running world."""

    __slots__ = (
        "_env",
        "_first",
        "_layers",
        "_longest",
        "_patience",
        "_pulls",
        "connection_rate",
        "latency",
        "total",
    )

    def __init__(self, registry: Registry, world: World) -> None:
        name, draw = registry.name, world.random.sampler
        self.latency: Sampler = draw(f"registry/{name}/latency", registry.latency)
        self.connection_rate: Sampler = draw(
            f"registry/{name}/connection rate", registry.connection_rate
        )
        rate = registry.total_rate
        self.total = None if rate is None else SharedCapacity(world.env, plain(rate))
        self._env = world.env
        self._pulls = None if registry.pulls is None else registry.pulls.deploy(world.env)
        self._layers = None if registry.layers is None else registry.layers.deploy(world.env)
        self._patience = registry.patience
        self._first = plain(registry.patience.first)
        self._longest = plain(registry.patience.longest)

    def admit(self, puller: Puller) -> Generator[Event, Any, None]:
        """Wait until the registry answers a pull.

        Raises:
            Interrupt: the client gave up.
        """
        if self._pulls is not None:
            yield from self._wait(self._pulls, puller)

    def admit_layer(self, puller: Puller) -> Generator[Event, Any, None]:
        """Wait until the registry hands out one more layer; such waits are short, and queue."""
        if self._layers is not None and not self._layers.try_take():
            with puller.phase("throttled", "pull"):
                yield self._layers.take()

    def _wait(self, bucket: Bucket, puller: Puller) -> Generator[Event, Any, None]:
        if self._patience.waiting == "queue":
            granted = bucket.take()
            with puller.phase("throttled", "pull"):
                yield granted
            return
        if bucket.try_take():
            return
        with puller.phase("throttled", "pull"):
            yield from self._retry(bucket)

    def _retry(self, bucket: Bucket) -> Generator[Event, Any, None]:
        pause, tried = self._first, 1
        while self._patience.tries is None or tried < self._patience.tries:
            yield self._env.timeout(pause)
            if bucket.try_take():
                return
            pause, tried = min(self._longest, 2.0 * pause), tried + 1
        raise Interrupt(GAVE_UP)
