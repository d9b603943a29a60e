"""A registry: Docker Hub, Amazon ECR or ECR Public, as a puller sees it."""

import math

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.randomness import Sampler, Varying
from sim.core.sharing import SharedCapacity
from sim.core.world import World


@description
class Registry:
    """A place images are pulled from; quotas and pushes are not modelled here yet."""

    name: str
    latency: Varying
    """Seconds to resolve a name: token and manifest."""
    connection_rate: Varying = math.inf
    """Bytes per second of one download; drawn for each."""
    total_rate: Number | None = None
    """Bytes per second of all downloads together, or None where it never binds."""

    def deploy(self, world: World) -> "LiveRegistry":
        """The registry of one world, shared by all its hosts."""
        return LiveRegistry(self, world)


class LiveRegistry:
    """A registry in a running world."""

    __slots__ = ("connection_rate", "latency", "total")

    def __init__(self, registry: Registry, world: World) -> None:
        self.latency: Sampler = world.random.sampler(
            f"registry/{registry.name}/latency", registry.latency
        )
        self.connection_rate: Sampler = world.random.sampler(
            f"registry/{registry.name}/connection rate", registry.connection_rate
        )
        rate = registry.total_rate
        self.total = None if rate is None else SharedCapacity(world.env, plain(rate))
