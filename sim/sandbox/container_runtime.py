"""What a container daemon costs, as it is described."""

from pydantic import Field

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.randomness import Sampler
from sim.core.world import World
from sim.host import Step


@description
class ContainerRuntime:
    """A daemon, its shims and the low-level runtime (Docker: dockerd, containerd, runc)."""

    create: Step = Field(default_factory=Step)
    """Snapshot, namespaces, network: from the request to a created container."""
    start: Step = Field(default_factory=Step)
    """From the runtime's exec to the first instruction of the program."""
    shim: Number = 0.0
    """Bytes the host holds for each container, outside the container's own limit."""

    def deploy(self, world: World) -> "RuntimeCosts":
        """What it costs in one world; the same for all hosts that have it."""
        return RuntimeCosts(self, world)


class RuntimeCosts:
    """What a daemon does for a container as plain numbers, and how it varies."""

    __slots__ = ("create", "creating", "shim", "start", "starting")

    def __init__(self, runtime: ContainerRuntime, world: World) -> None:
        self.shim = plain(runtime.shim)
        self.creating, self.starting = runtime.create.plain(), runtime.start.plain()
        draw = world.random.sampler
        self.create: Sampler = draw("runtime/create", runtime.create.noise)
        self.start: Sampler = draw("runtime/start", runtime.start.noise)
