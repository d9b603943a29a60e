"""Docker on one server: a daemon, one shared kernel, and as many containers as go."""

from typing import ClassVar

from pydantic import model_validator

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.world import World
from sim.host import Machine
from sim.platforms.deployment import DOWN, StoryDeployment
from sim.platforms.fleet import Fleet
from sim.platforms.hosting import Hosting
from sim.platforms.limits import (
    BudgetItem,
    cpu_ceilings,
    fits,
    gpu_ceilings,
    gpus_of,
    smallest_first,
)
from sim.platforms.packing.placing import Placing, ServerRequest, server, server_request
from sim.sandbox import Container, ContainerEngine
from sim.start import Ceiling, NextStory, Refused, Start
from sim.workload import Demand, Service, TaskSize, task_size


@description
class Docker(Hosting):
    """`docker run` on one machine; there is no scheduler, and no reservation is enforced.

    The ceilings are those of an operator who does not overcommit.
    """

    orders: ClassVar[bool] = True
    """As `docker compose up` does it."""

    server: Fleet
    """One machine with its daemon; its `count` is 1."""
    bridge_ports: Number
    """Containers that one Linux bridge takes."""
    cpu_overcommit: Number = 1.0
    """Reserved vCPUs per vCPU of the machine that its operator admits."""

    @model_validator(mode="after")
    def _is_one_server(self) -> "Docker":
        if self.server.count != 1:
            raise ValueError(f"server.count: {self.server.count} is not allowed; 1: one daemon")
        return self

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """Containers that fit by reservation, limit by limit, smallest first."""
        size, room = task_size(service), self.server.room(0.0)
        shims = size.containers * plain(self.server.runtime.shim)
        return smallest_first(
            *cpu_ceilings(self._vcpus, size.cpu, _MORE_CPU),
            Ceiling("memory", fits(room, size.reserved + shims), _MORE_MEMORY),
            *self.slots(service),
            *self.server.disk(service),
        )

    def slots(self, service: Service) -> tuple[Ceiling, ...]:
        """Limits that hold whatever the containers really use."""
        size = task_size(service)
        free = fits(plain(self.bridge_ports), size.containers)
        fixed = Ceiling("host ports", 1, "publish a dynamic port instead of a fixed one")
        return (
            Ceiling("bridge ports", free, "use a second bridge network"),
            *gpu_ceilings(self.machine, size.gpus),
            *((fixed,) if size.published else ()),
        )

    def fits_in_memory(self, service: Service) -> int:
        """Containers that fit by use: one copy of hot files, private pages and shim for each."""
        size = task_size(service)
        each = size.private + size.containers * plain(self.server.runtime.shim)
        return fits(self.server.room(size.hot), each)

    def placing(self) -> Placing:
        """One machine, as its operator counts who overcommits nothing."""
        return self.server.placing(
            server(self.machine, self._vcpus, self.server.room(0.0), self.bridge_ports),
            self._request,
        )

    def _request(self, service: Service) -> ServerRequest:
        size = task_size(service)
        shims = size.containers * plain(self.server.runtime.shim)
        return server_request(size, cpu=size.cpu, memory=size.reserved + shims)

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        """How the machine's nominal memory is used with `count` containers at work."""
        return self.server.budget(service, count)

    @property
    def machine(self) -> Machine:
        """The server's machine."""
        return self.server.machine

    @property
    def _vcpus(self) -> float:
        return self.server.machine.vcpu * plain(self.cpu_overcommit)

    def deploy(self, world: World) -> "DockerHost":
        """The server, up and running."""
        return DockerHost(self, world)


class DockerHost(StoryDeployment):
    """A live Docker server."""

    def __init__(self, docker: Docker, world: World) -> None:
        super().__init__(world, self._run)
        registry = docker.server.registry.deploy(world)
        self.engine: ContainerEngine = docker.server.boot(
            world, registry, 0, held=0.0, policy="prefer-cached"
        )
        self._hosts.append(self.engine.kernel)
        self._machine = docker.machine
        self._bridge = int(plain(docker.bridge_ports))
        self._ports: set[int] = set()

    def settle(self, service: Service, count: int) -> list[Container]:
        """`count` containers that are up already."""
        demand = Demand(self.world, service)
        return [self.engine.settle(demand) for _ in range(count)]

    def _run(self, start: Start) -> NextStory:
        lacking = self._take(start)
        if lacking is not None:
            return Refused(lacking)
        start.place(self.engine.kernel)
        return self.engine.run(start)

    def _take(self, start: Start) -> str | None:
        """Take a place on the bridge and the host port, or say what is missing."""
        size = start.demand.size
        if not self._hosts:
            return DOWN
        if size.gpus > gpus_of(self._machine, size.gpus):
            return "GPU"
        if self._bridge < size.containers:
            return "bridge ports"
        if not self._ports.isdisjoint(size.published):
            return "host ports"
        self._bridge -= size.containers
        self._ports.update(size.published)
        start.at_end.append(lambda: self._give_back(size))
        return None

    def _give_back(self, size: TaskSize) -> None:
        self._bridge += size.containers
        self._ports.difference_update(size.published)


_MORE_CPU = "overcommit vCPUs (--cpu-overcommit), reserve less (--cpu), or take a larger machine"
_MORE_MEMORY = "take a machine with more memory, or a smaller --memory"
