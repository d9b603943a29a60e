"""A fleet: machines of one type that run containers, each with a kernel, a daemon and a store."""

from collections.abc import Callable, Sequence
from math import fsum
from typing import Any

from pydantic import model_validator

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.names import Unordered
from sim.core.quantity import Hosts, shown_gib
from sim.core.world import World
from sim.host import Machine
from sim.image import Image, ImageCleanup, ImageStore, PullPolicy, Registry, Unpacking
from sim.image.image import distinct
from sim.image.transfer.registry import LiveRegistry
from sim.platforms.limits import BudgetItem, disk_ceilings, with_free
from sim.platforms.packing.placing import Placing, Rank, Room, first_fit
from sim.sandbox import ContainerEngine, ContainerRuntime
from sim.start import Ceiling
from sim.workload import Service, task_size


@description
class Fleet:
    """`count` machines of one type that are up already."""

    machine: Machine
    count: Hosts = 1
    runtime: ContainerRuntime
    registry: Registry
    unpacking: Unpacking
    os_and_daemons: Number = 0.0
    """Bytes that OS and container daemon use on each machine."""
    warm: Unordered[Image] = ()
    """Images that are on every disk already (*warm image*)."""
    cleanup: ImageCleanup | None = None
    """When images that no container uses are deleted; None: they stay."""

    @model_validator(mode="after")
    def _warm_images_fit(self) -> "Fleet":
        needed, room = self._images(self.warm), self.machine.disk_room
        if needed > room:
            raise ValueError(
                f"warm: images of {shown_gib(needed)} on disk are not allowed; at most the "
                f"{shown_gib(room)} that the OS leaves of {self.machine.name}'s disk"
            )
        return self

    def room(self, held: float) -> float:
        """Bytes that one machine has left for shims, apps and cache.

        Args:
            held: bytes used beside OS and container daemon, such as an agent's.
        """
        return self.machine.memory_visible - plain(self.os_and_daemons) - held

    def disk(self, service: Service) -> tuple[Ceiling, ...]:
        """How many containers the disk takes, if it limits them: one copy of an image serves all.

        `docker image prune` and image garbage collection are not counted on.
        """
        size = task_size(service)
        room = self.machine.disk_room - self._images([*self.warm, *size.images])
        return disk_ceilings(room, size.disk, _LARGER)

    def placing(
        self,
        empty: Room,
        request: Callable[[Service], Any],
        rank: Rank = first_fit,
        wobble: float = 0.0,
    ) -> Placing:
        """Rules of placement on its machines, whose disks hold one copy of each layer.

        Args:
            empty: what one of them has left for containers.
            request: what a copy of a service is counted as.
            rank: which machine is preferred,
            wobble: and how far that hangs on what is asked for.
        """
        disk = self.machine.disk_room - self._images(self.warm)
        return Placing(empty, request, rank, disk, self.unpacking.on_disk, wobble)

    def _images(self, images: Sequence[Image]) -> float:
        """Bytes of disk that images take; layers they share count once."""
        return fsum(map(self.unpacking.on_disk, distinct(images)))

    def budget(
        self, service: Service, count: int, *daemons: BudgetItem, shim: float | None = None
    ) -> tuple[BudgetItem, ...]:
        """How the memory of one machine is used with `count` containers at work.

        Args:
            daemons: memory held beside OS and container daemon.
            shim: bytes for each task; None: the runtime's own for each container.
        """
        size = task_size(service)
        each = size.containers * plain(self.runtime.shim) if shim is None else shim
        return with_free(
            self.machine.memory,
            BudgetItem("lost", plain(self.machine.memory_lost)),
            BudgetItem("OS and daemons", plain(self.os_and_daemons)),
            *daemons,
            BudgetItem("shims", count * each),
            BudgetItem("apps", count * size.private),
            BudgetItem("shared files", size.hot if count else 0.0),
        )

    def boot(
        self,
        world: World,
        registry: LiveRegistry,
        number: int,
        *,
        held: float,
        policy: PullPolicy,
        daemon_weight: float = 1024.0,
    ) -> ContainerEngine:
        """Boot machine `number` of the fleet; it is up at once.

        Args:
            held: bytes used beside OS and daemon, such as an agent's.
            policy: when its daemon contacts the registry.
            daemon_weight: CPU weight of the daemon's cgroup, on the scale of the cgroups beside it.
        """
        name = f"{self.machine.name}-{number}"
        kernel = self.machine.boot(world, name, plain(self.os_and_daemons) + held)
        daemon = kernel.cpu.group(weight=daemon_weight)
        store = ImageStore(kernel, daemon, registry, self.unpacking, self.cleanup)
        for image in self.warm:
            store.load(image)
        return ContainerEngine(kernel, daemon, store, self.runtime.deploy(world), policy)


_LARGER = "take a larger root volume, or a smaller image"
