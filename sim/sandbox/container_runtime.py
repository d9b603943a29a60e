"""What a container daemon costs, as it is described."""

from pydantic import Field

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.world import World
from sim.host import Step
from sim.sandbox.runtime_costs import RuntimeCosts


@description
class ContainerRuntime:
    """A daemon, its shims and the low-level runtime (Docker: dockerd, containerd, runc)."""

    create: Step = Field(default_factory=Step)
    """Snapshot, namespaces, network: from the request to a created container."""
    start: Step = Field(default_factory=Step)
    """From the runtime's exec to the first instruction of the program."""
    shim: Number = 0.0
    """Bytes the host holds for each container, outside the container's own limit."""

    def deploy(self, world: World) -> RuntimeCosts:
        """What it costs in one world; the same for all hosts that have it."""
        draw = world.random.sampler
        return RuntimeCosts(
            plain(self.shim),
            creating=self.create.plain(),
            starting=self.start.plain(),
            create=draw("runtime/create", self.create.noise),
            start=draw("runtime/start", self.start.noise),
        )
