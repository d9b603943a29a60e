"""What one start of a service needs, as plain numbers taken from its description once."""

import math
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sim.core.cited import plain
from sim.core.randomness import Sampler
from sim.core.world import World
from sim.host.page_cache import FileSet
from sim.workload.service import Service
from sim.workload.task import task_size

T = TypeVar("T")


class Demand:
    """A service as a live platform sees it; made once for a launch, shared by all its starts.

    Args:
        service: with the size that is launched.
    """

    __slots__ = (
        "alone",
        "architectures",
        "cap",
        "disk",
        "hot",
        "init",
        "memory",
        "noise",
        "oom_group",
        "private",
        "processes",
        "reads",
        "service",
        "shares",
        "sidecars",
        "size",
        "startup",
        "threads",
        "together",
    )

    def __init__(self, world: World, service: Service) -> None:
        self.service = service
        self.cap = service.cap
        self.shares = max(2.0, 1024.0 * service.cpu)
        """cgroup v1 `cpu.shares`: 1024 a vCPU, 2 at least (as the ECS agent writes it)."""
        self.memory = service.memory if service.memory_limited else math.inf
        self.private = service.private
        self.disk = plain(service.disk)
        self.processes = service.app.processes
        self.oom_group = service.oom_group
        self.architectures = service.architectures
        self.startup = service.app.startup.plain()
        self.threads = math.inf if service.app.threads is None else float(service.app.threads)
        """Requests it works on at once."""
        self.reads = _files(service, plain(service.app.startup_read))
        hot = _files(service, service.hot)
        self.hot = self.reads if hot == self.reads else hot  # one set is found quicker than two
        stream = f"workload/{service.name}/startup"
        self.size = task_size(service)
        """Of the whole task; what its other containers demand stands in `init` and `sidecars`."""
        self.init: Sequence[Demand] = [Demand(world, each) for each in service.init]
        self.sidecars: Sequence[Demand] = [Demand(world, each) for each in service.sidecars]
        self.alone = service.alone
        """Whether its task has no other container."""
        self.together = math.inf
        """vCPUs that the containers of its task may use together (a cgroup of the task)."""
        self.noise: Sampler = world.random.sampler(stream, service.app.startup.noise)

    def anew(self, world: World) -> Sampler:
        """What draws the start-up of a start that is begun anew.

        It is a stream of its own: a fault, or a pod that moves, changes no task that comes later.
        """
        stream = f"workload/{self.service.name}/startup again"
        return world.random.sampler(stream, self.service.app.startup.noise)


def _files(service: Service, amount: float) -> FileSet:
    """`amount` bytes of its files, layer by layer in proportion, in whole bytes."""
    image = service.image
    if amount == 0.0:
        return ()
    if image is None or image.unpacked == 0.0:
        return ((f"files of {service.app.name}", amount),)
    sizes = {layer.digest: layer.unpacked for layer in image.layers}
    total = math.fsum(sizes.values())
    parts = {digest: float(math.floor(amount * size / total)) for digest, size in sizes.items()}
    largest = max(sizes, key=sizes.__getitem__)
    parts[largest] += amount - math.fsum(parts.values())
    return tuple((digest, part) for digest, part in parts.items() if part > 0.0)


class PerService(Generic[T]):
    """A value derived from each service, made when it is first asked for and then kept.

    Services are told apart by identity: comparing descriptions costs more than most starts do.

    Args:
        make: derives the value from a service.
    """

    __slots__ = ("_last", "_made", "_make")

    def __init__(self, make: Callable[[Service], T]) -> None:
        self._make = make
        self._made: dict[int, tuple[Service, T]] = {}
        self._last: tuple[Service, T] | None = None
        """That of the service which was asked for last: most are the same."""

    def of(self, service: Service) -> T:
        """The value for this service."""
        entry = self._last
        if entry is None or entry[0] is not service:
            entry = self._made.get(id(service))
            if entry is None:  # keeping the service alive keeps its id from being reused
                entry = self._made[id(service)] = (service, self._make(service))
            self._last = entry
        return entry[1]
