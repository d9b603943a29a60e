"""A fleet: machines of one type that run containers, each with a kernel, a daemon and a store."""

from pydantic import PositiveInt

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.world import World
from sim.host import Machine
from sim.image import Image, Registry, Store, Unpacking
from sim.image.registry import LiveRegistry
from sim.sandbox import ContainerRuntime, Engine


@description
class Fleet:
    """`count` machines of one type that are up already."""

    machine: Machine
    count: PositiveInt = 1
    runtime: ContainerRuntime
    registry: Registry
    unpacking: Unpacking
    os_and_daemons: Number = 0.0
    """Bytes that OS and container daemon use on each machine."""
    warm: tuple[Image, ...] = ()
    """Images that are on every disk already (*warm image*)."""

    def room(self, held: float) -> float:
        """Bytes one machine has left for shims, apps and cache."""
        return self.machine.memory_visible - plain(self.os_and_daemons) - held

    def boot(
        self, world: World, registry: LiveRegistry, number: int, *, held: float, ask: bool
    ) -> Engine:
        """Machine `number` of the fleet, up and running.

        Args:
            held: bytes used beside OS and daemon, such as an agent's.
            ask: whether its daemon asks the registry even for images it has.
        """
        name = f"{self.machine.name}-{number}"
        kernel = self.machine.boot(world, name, plain(self.os_and_daemons) + held)
        daemon = kernel.cpu.group(weight=1024.0)
        store = Store(kernel, daemon, registry, self.unpacking)
        for image in self.warm:
            store.load(image)
        return Engine(kernel, daemon, store, self.runtime, ask=ask)
