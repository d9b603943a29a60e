"""ECS tasks on Fargate: each gets a microVM of the smallest size that holds it."""

from dataclasses import replace

from sim.core.world import World
from sim.host import Kernel
from sim.platforms.ecs.cluster import TaskCapacity
from sim.platforms.ecs.container_instance import task_demand
from sim.platforms.fargate import Fargate
from sim.platforms.hosting import FargateSize
from sim.sandbox import Container
from sim.start import Refused, Start, Story
from sim.workload import Demand, PerService, Service


class FargateTasks(TaskCapacity):
    """Live Fargate under ECS."""

    __slots__ = ("_fargate", "_live", "_sized", "world")

    def __init__(self, world: World, fargate: Fargate) -> None:
        self.world = world
        self._fargate = fargate
        self._live = fargate.deploy(world)
        self._sized = PerService(self._size)

    def run(self, start: Start) -> Story:
        """From an accepted request to ready; the launch quota is part of the request."""
        yield from self._live.admit(start)
        sized = self._sized.of(start.service)
        if start.demand.size.gpus:
            return Refused("GPU: Fargate has none")
        if sized is None:
            return Refused(f"Fargate size ({self._fargate.largest})")
        size, start.demand = sized
        engine = yield from self._live.provision(start, size)
        return engine.run(start)

    @property
    def kernels(self) -> list[Kernel]:
        """The kernels of its microVMs."""
        return list(self._live.kernels)

    def settle(self, service: Service, count: int) -> list[Container]:  # noqa: ARG002 (one signature)
        """There is nothing to fill.

        Raises:
            ValueError: always.
        """
        raise ValueError("capacity: a Fargate host takes one task; there is nothing to settle")

    def _size(self, service: Service) -> tuple[FargateSize, Demand] | None:
        """The size a task runs at, and what it demands there; None where no size holds it."""
        size = self._fargate.size_for(service)
        if size is None:
            return None
        if service.alone:
            return size, Demand(self.world, _at_size(service, size))
        demand = task_demand(self.world, service)
        demand.together = size.vcpu
        return size, demand


def _at_size(service: Service, size: FargateSize) -> Service:
    """The service at the size that is paid for: its caps, with what the app uses as asked.

    Of several containers each keeps its own memory limit; they share the vCPUs of the size.
    """
    app = replace(service.app, private=service.private, kernel_memory=0.0)
    return replace(
        service, cpu=size.vcpu, cpu_limit=None, memory=size.memory, cpu_quota=True, app=app
    )
