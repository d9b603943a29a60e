"""A cluster of container instances: placement, network, and the agent's way to a running task."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from simpy import Event, Interrupt

from sim.core.world import World
from sim.host import Kernel
from sim.platforms.ecs.container_instance import ContainerInstance, TaskRequest, task_demand
from sim.platforms.ecs.instance_limits import TasksOnInstances
from sim.platforms.ecs.placement import PlacementIndex
from sim.platforms.scaling.pending_queue import PendingQueue
from sim.sandbox import Container
from sim.start import Refused, Start, Story
from sim.workload import PerService, Service


class TaskCapacity:
    """Live capacity of ECS: it brings accepted tasks from request to ready.

    A service's tasks wait in PROVISIONING only where more instances may come: here they do not.
    """

    __slots__ = ()

    def enter_provisioning(self) -> Generator[Event, Any, None]:
        """Wait until one more task of a service may be in PROVISIONING."""
        yield from ()

    def leave_provisioning(self) -> None:
        """One task less is in PROVISIONING: it has found room, is refused, or was stopped."""

    def lose(self, kernel: Kernel) -> None:
        """A host has died; a microVM leaves with its task."""

    def add_host(self) -> None:
        """One more host is up; Fargate brings one with each task."""


class PlaceOnInstance:
    """A task's place on its instance, which is given back when it is called; one object a task."""

    __slots__ = ("_cluster", "_instance", "_request")

    def __init__(
        self, cluster: "ECSCluster", instance: ContainerInstance, request: TaskRequest
    ) -> None:
        self._cluster, self._instance, self._request = cluster, instance, request

    def __call__(self) -> None:
        self._cluster.free(self._instance, self._request)


class ECSCluster(TaskCapacity):
    """Live container instances.

    Args:
        hosting: their type, and what the cluster lays down for them.
        count: instances that are up already.
    """

    __slots__ = (
        "_attach",
        "_fleet",
        "_hosting",
        "_index",
        "_numbers",
        "_own_network",
        "_pending",
        "_placement",
        "_registered",
        "_registry",
        "_requests",
        "_terms",
        "_unmet",
        "_waits",
        "instances",
        "world",
    )

    def __init__(self, world: World, hosting: TasksOnInstances, *, count: int) -> None:
        self.world = world
        terms = hosting.terms
        control = terms.control_plane
        fleet = hosting.fleet
        self._hosting = hosting
        if terms.pull_behavior == "prefer-cached":  # the agent then turns its clean-up off
            fleet = replace(fleet, cleanup=None)
        self._fleet = fleet
        self._terms = terms
        self._waits = terms.waits
        self._own_network = hosting.own_network
        self._placement = world.random.sampler("ecs/placement", control.placement)
        self._attach = world.random.sampler("ecs/eni", control.eni_attach)
        self._requests = PerService(hosting.request)
        self._unmet = PerService(hosting.unmet)
        self._registry = fleet.registry.deploy(world)
        self._registered = hosting.registered()
        self.instances = [self._boot(number) for number in range(count)]
        draw = world.random.generator("ecs/random placement").random
        self._numbers = count
        self._index = PlacementIndex(self.instances, terms.strategy, draw)
        self._pending: PendingQueue[TaskRequest, ContainerInstance] = PendingQueue(
            world.env, self._index.take, self._waits_longer
        )

    def run(self, start: Start) -> Story:
        """From an accepted request to ready."""
        start.phase("placement")
        request = self._requests.of(start.service)
        unmet = self._unmet.of(start.service)
        if unmet:
            return Refused(unmet)
        if self._waits and self._registered.fits(request):
            instance = yield from self._room(request)
        else:
            free = self._index.take(request)
            if isinstance(free, str):
                return Refused(free)
            instance = free
        self._hold(start, instance, request)
        yield self.world.env.timeout(self._placement())
        return self._on(start, instance)

    def lose(self, kernel: Kernel) -> None:
        """An instance has died: no task goes there any more."""
        dead = [each for each in self.instances if each.engine.kernel is kernel]
        for instance in dead:
            self.instances.remove(instance)
            self._index.remove(instance)
            instance.engine.store.abandon()

    def add_host(self) -> None:
        """One more instance has registered: tasks that wait and fit go there."""
        self._registers()
        self._pending.place_waiting()

    def _registers(self) -> ContainerInstance:
        instance = self._boot(self._numbers)
        self._numbers += 1
        self.instances.append(instance)
        self._index.add(instance)
        return instance

    def _room(self, request: TaskRequest) -> Generator[Event, Any, ContainerInstance]:
        """Wait until an instance has room."""
        placed = self._pending.enter(request)
        try:
            instance: ContainerInstance = yield placed
            while instance not in self._index:  # it has died in the same instant
                placed = self._pending.enter(request)
                instance = yield placed
        except Interrupt:
            self._pending.leave(request, placed, self.free)
            raise
        return instance

    def _waits_longer(self) -> None:
        """One more task waits for an instance."""

    def _on(self, start: Start, instance: ContainerInstance) -> Story:
        """From a place on an instance to ready."""
        start.phase("network")
        return self._attached(start, instance) if self._own_network else instance.engine.run(start)

    def _attached(self, start: Start, instance: ContainerInstance) -> Story:
        """The same, with a network interface of its own."""
        yield self.world.env.timeout(self._attach())
        return instance.engine.run(start)

    @property
    def kernels(self) -> list[Kernel]:
        """The kernels of all instances."""
        return [instance.engine.kernel for instance in self.instances]

    def settle(self, service: Service, count: int) -> list[Container]:
        """`count` tasks on the first instance that are up already."""
        demand = task_demand(self.world, self._hosting.runs(service))
        return [self.instances[0].engine.settle(demand) for _ in range(count)]

    def _boot(self, number: int) -> ContainerInstance:
        engine = self._fleet.boot(
            self.world,
            self._registry,
            number,
            held=self._terms.agent_memory,
            policy=self._terms.pull_behavior,
        )
        return ContainerInstance(number, engine, self._registered)

    def _hold(self, start: Start, instance: ContainerInstance, request: TaskRequest) -> None:
        """The start goes to an instance, and gives its room back when it ends."""
        start.at_end.append(PlaceOnInstance(self, instance, request))
        start.place(instance.engine.kernel)

    def free(self, instance: ContainerInstance, request: TaskRequest) -> None:
        """A task has ended, and takes no room of its instance any more."""
        self._index.give_back(instance, request)
        self._pending.place_waiting()
