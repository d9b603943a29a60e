"""A repository of a registry: which layers it holds, and how fast they go up to it."""

import math

from sim.core.cited import Number
from sim.core.description import description
from sim.core.randomness import Sampler, Varying
from sim.core.world import World
from sim.image.transfer.registry import LiveRegistry, Registry
from sim.sharing import SharedCapacity


@description
class Repository:
    """Where an image is pushed to; other repositories of its registry are not looked into."""

    registry: Registry
    upload_rate: Varying = math.inf
    """Bytes per second of one upload; drawn for each."""
    largest_layer: Number | None = None
    """Compressed bytes of the largest layer it takes; None: any."""
    mounts_public: bool = False
    """Whether the layers of public base images are there already, and only mounted."""

    def deploy(self, world: World) -> "LiveRepository":
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
        """Digests of the layers it has."""
