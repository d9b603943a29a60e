"""A registry (Docker Hub, Amazon ECR, ECR Public), and a repository of it to push to."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

from simpy import AllOf, Event

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.randomness import Sampler, Varying
from sim.core.token_bucket import Bucket, Promise, Quota
from sim.core.world import World
from sim.image.image import Image, Layer
from sim.image.transfer.client import Client, Puller, RetryPolicy
from sim.image.transfer.layer_store import StoredLayer
from sim.image.transfer.unpacking import LayerCosts, Unpacking
from sim.sharing import SharedCapacity


@description
class Registry:
    """A place images are pulled from.

    With an `upstream` it is a *pull-through cache*: the first pull of an image, and of a layer,
    goes to the upstream and counts on its quotas; everybody after it is served from here. That a
    cache looks for a newer image once a day is left out.
    """

    name: str
    latency: Varying
    """Seconds to resolve a name: token and manifest."""
    connection_rate: Varying = math.inf
    """Bytes per second of one download; drawn for each."""
    total_rate: Number | None = None
    """Bytes per second of all downloads together, or None where it never binds."""
    pulls: Quota | None = None
    """Manifests that an account or address may ask for."""
    looks_count: bool = True
    """Whether a look at a manifest that the client has already (HEAD) counts as a pull."""
    per_host: bool = False
    """Whether each host has an address of its own, and so all of `pulls`; else all leave by one."""
    layers: Quota | None = None
    """Layers that an account or address may ask for."""
    retry_policy: RetryPolicy = RetryPolicy()
    """What its clients do when they are throttled."""
    upstream: Registry | None = None
    """The registry behind a pull-through cache."""

    def deploy(self, world: World) -> LiveRegistry:
        """The registry of one world, shared by all its hosts."""
        return LiveRegistry(self, world)


class LiveRegistry:
    """A registry in a running world."""

    __slots__ = (
        "_client",
        "_costs",
        "_env",
        "_fresh",
        "_known",
        "_layers",
        "_pulls",
        "_rate",
        "_requested",
        "_stored",
        "latency",
        "looks_count",
        "retry_policy",
        "settled",
        "total",
        "upstream",
    )

    def __init__(self, registry: Registry, world: World) -> None:
        name, draw = registry.name, world.random.sampler
        self.latency: Sampler = draw(f"registry/{name}/latency", registry.latency)
        self._rate: Sampler = draw(f"registry/{name}/connection rate", registry.connection_rate)
        rate = registry.total_rate
        self.total = None if rate is None else SharedCapacity(world.env, plain(rate))
        self.retry_policy = registry.retry_policy
        self.upstream = None if registry.upstream is None else registry.upstream.deploy(world)
        self._env = world.env
        self.looks_count = registry.looks_count
        self._fresh = registry.pulls if registry.per_host else None
        """The quota that each host has for itself."""
        shared = None if registry.per_host else registry.pulls
        self._pulls = None if shared is None else shared.deploy(world.env)
        self._layers = None if registry.layers is None else registry.layers.deploy(world.env)
        self._requested: dict[str, Event | None] = {}
        """When a cache may ask its upstream for an image, by name; None: at once."""
        self._known: dict[str, float] = {}
        """Time at which a cache has the manifest of an image, by name."""
        self._stored: dict[str, Event] = {}
        """The arrival of each layer from the upstream, by digest."""
        self._client: Client | None = None
        self.settled: dict[tuple[str, ...], dict[str, StoredLayer]] = {}
        """The layers of hosts that have pulled once and for all, by their digests."""
        self._costs: dict[tuple[int, float], LayerCosts] = {}

    def costs(self, unpacking: Unpacking, core_speed: float) -> LayerCosts:
        """What its layers cost hosts of one kind, worked out once for all of them."""
        known = self._costs.get((id(unpacking), core_speed))
        if known is None:
            known = LayerCosts(unpacking, core_speed)
            self._costs[id(unpacking), core_speed] = known
        return known

    def client(self) -> Client:
        """The client of one host; all have the same one unless each has a limit of its own."""
        if self._fresh is not None:
            gate = _OwnAddress(self, self._fresh.deploy(self._env))
            return Client(self._env, gate, self.retry_policy)
        if self.retry_policy.pulls is not None:
            return Client(self._env, self, self.retry_policy)
        if self._client is None:
            self._client = Client(self._env, self, self.retry_policy)
        return self._client

    def lets_through(self, image: Image) -> bool:
        """Whether the quotas allow one more pull now; a refused one has used up the nearer."""
        if self._pulls is not None and not self._pulls.try_take():
            return False
        if self.upstream is not None and image.name not in self._requested:
            if not self.upstream.lets_through(image):
                return False
            self._requested[image.name] = None
        return True

    def queue(self, image: Image) -> list[Event]:
        """Events that a client has to wait for which queues instead of trying again."""
        turns: list[Event] = [] if self._pulls is None else [self._pulls.take()]
        if self.upstream is not None:
            if image.name not in self._requested:
                self._requested[image.name] = AllOf(self._env, self.upstream.queue(image))
            request = self._requested[image.name]
            if request is not None and not request.processed:
                turns.append(request)
        return turns

    def resolve(self, image: Image) -> float:
        """Seconds until it answers for `image`; a cache asks upstream once, whoever waits."""
        seconds, now = self.latency(), self._env.now
        if self.upstream is None:
            return seconds
        if image.name not in self._known:
            self._known[image.name] = now + seconds + self.upstream.resolve(image)
        return max(seconds, self._known[image.name] - now)

    def admit_layer(self, puller: Puller | None) -> Generator[Event, Any, None]:
        """Wait until it hands out one more layer; such waits are short, and queue."""
        if self._layers is None or self._layers.try_take():
            return
        if puller is None:
            yield self._layers.take()
            return
        with puller.phase("throttled", "pull"):
            yield from self._layers.queue()

    @property
    def sends_apart(self) -> bool:
        """Whether a download gets its rate whatever else it sends: no total, no cache."""
        return self.total is None and self.upstream is None

    def promise_layer(self) -> Promise | None:
        """A turn for one more layer, of a caller that waits by itself; None: at once."""
        if self._layers is None or self._layers.try_take():
            return None
        return self._layers.promise()

    def give_up_layer(self, promise: Promise) -> None:
        """That caller no longer waits."""
        if self._layers is not None:
            self._layers.give_up(promise)

    def connection_rate(self) -> float:
        """Bytes per second that one more download gets at most."""
        return self._rate()

    def send(self, layer: Layer, amount: float, rate: float) -> list[Event]:
        """Hand out `amount` bytes of `layer` at `rate` at most; a cache fetches it meanwhile.

        Returns:
            What has to happen for that, all at once.
        """
        parts: list[Event] = [] if self.total is None else [self.total.run(amount, cap=rate)]
        stored = self._fetch(layer)
        if stored is not None:
            parts.append(stored)
        return parts

    def _fetch(self, layer: Layer) -> Event | None:
        """The end of the transfer from the upstream, or None where the layer is here."""
        if self.upstream is None:
            return None
        if layer.digest not in self._stored:
            self._stored[layer.digest] = self._env.process(self._store(layer))
        stored = self._stored[layer.digest]
        return None if stored.processed else stored

    def _store(self, layer: Layer) -> Generator[Event, Any, None]:
        upstream: LiveRegistry = self.upstream  # type: ignore[assignment]
        yield from upstream.admit_layer(None)
        rate = upstream.connection_rate()
        alone = self._env.timeout(layer.wire / rate)
        yield AllOf(self._env, [alone, *upstream.send(layer, layer.wire, rate)])


class _OwnAddress:
    """A registry as a host with an address of its own meets it."""

    __slots__ = ("_pulls", "_registry", "looks_count")

    def __init__(self, registry: LiveRegistry, pulls: Bucket) -> None:
        self._registry = registry
        self._pulls = pulls
        self.looks_count: bool = registry.looks_count

    def lets_through(self, image: Image) -> bool:
        """Whether the host's quota allows one more pull now."""
        return self._pulls.try_take() and self._registry.lets_through(image)

    def queue(self, image: Image) -> list[Event]:
        """Events that a client has to wait for which queues instead of trying again."""
        return [self._pulls.take(), *self._registry.queue(image)]


@description
class Repository:
    """A place to push an image to; a layer in another repository of its registry does not count."""

    registry: Registry
    upload_rate: Varying = math.inf
    """Bytes per second of one upload; drawn for each."""
    largest_layer: Number | None = None
    """Compressed bytes of the largest layer it takes; None: any."""
    mounts_public: bool = False
    """Whether the layers of public base images are there already, and only mounted."""

    def deploy(self, world: World) -> LiveRepository:
        """The repository of one world, empty."""
        return LiveRepository(self, world)


class LiveRepository:
    """A repository in a running world."""

    __slots__ = ("holds", "latency", "mounts_public", "total", "upload_rate")

    def __init__(self, repository: Repository, world: World) -> None:
        registry: LiveRegistry = repository.registry.deploy(world)
        name = repository.registry.name
        self.latency: Sampler = registry.latency
        self.total: SharedCapacity | None = registry.total
        self.upload_rate: Sampler = world.random.sampler(
            f"repository/{name}/upload rate", repository.upload_rate
        )
        self.mounts_public = repository.mounts_public
        self.holds: set[str] = set()
        """Digests of the layers in it."""
