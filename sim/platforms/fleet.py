"""A fleet: machines of one type that run containers, each with a kernel, a daemon and a store."""

from pydantic import PositiveInt

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.world import World
from sim.host import Machine
from sim.image import Image, Registry, Store, Unpacking
from sim.image.registry import LiveRegistry
from sim.platforms.limits import BudgetItem, with_free
from sim.sandbox import ContainerRuntime, Engine
from sim.workload import Service


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

    def budget(
        self, service: Service, count: int, *daemons: BudgetItem, shim: float | None = None
    ) -> tuple[BudgetItem, ...]:
        """Where the memory of one machine goes with `count` containers at work.

        Args:
            daemons: what is held beside OS and container daemon.
            shim: bytes for each sandbox; None: those of the runtime.
        """
        each = plain(self.runtime.shim) if shim is None else shim
        return with_free(
            self.machine.memory,
            BudgetItem("lost", plain(self.machine.memory_lost)),
            BudgetItem("OS and daemons", plain(self.os_and_daemons)),
            *daemons,
            BudgetItem("shims", count * each),
            BudgetItem("apps", count * service.private),
            BudgetItem("shared files", service.hot if count else 0.0),
        )

    def boot(
        self,
        world: World,
        registry: LiveRegistry,
        number: int,
        *,
        held: float,
        ask: bool,
        daemon_weight: float = 1024.0,
    ) -> Engine:
        """Machine `number` of the fleet, up and running.

        Args:
            held: bytes used beside OS and daemon, such as an agent's.
            ask: whether its daemon asks the registry even for images it has.
            daemon_weight: of the daemon's cgroup, on the scale of those beside it.
        """
        name = f"{self.machine.name}-{number}"
        kernel = self.machine.boot(world, name, plain(self.os_and_daemons) + held)
        daemon = kernel.cpu.group(weight=daemon_weight)
        store = Store(kernel, daemon, registry, self.unpacking)
        for image in self.warm:
            store.load(image)
        return Engine(kernel, daemon, store, self.runtime, ask=ask)
