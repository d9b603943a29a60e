"""An ECS cluster whose instances come when tasks wait for them, and go when nothing runs there."""

from collections.abc import Generator
from typing import Any

from simpy import Container, Event

from sim.core.world import World
from sim.host import Kernel
from sim.platforms.ecs.capacity_provider import CapacityProvider
from sim.platforms.ecs.cluster import ECSCluster
from sim.platforms.ecs.container_instance import ContainerInstance, TaskRequest
from sim.platforms.ecs.instance_limits import TasksOnInstances
from sim.platforms.ecs.managed_instances import ManagedInstances
from sim.platforms.scaling.instance_launch import InstanceLauncher, LaunchedInstance, record_waits
from sim.start import Refused, Start, Story


class ScalingCluster(ECSCluster):
    """A live cluster with a capacity provider."""

    __slots__ = (
        "_admitted",
        "_coming",
        "_launched",
        "_launcher",
        "_provisioning",
        "_scaling",
    )

    def __init__(
        self, world: World, hosting: TasksOnInstances, provider: CapacityProvider | ManagedInstances
    ) -> None:
        count = 0 if provider.begin_empty else provider.fleet.count
        super().__init__(world, hosting, count=count)
        self._coming = 0
        self._launched: dict[ContainerInstance, LaunchedInstance] = {}
        self._launcher = InstanceLauncher(provider.launch, world)
        self._admitted = 0
        self._provisioning = Container(world.env, init=provider.provisioning)
        self._scaling = provider.scale(world, self, lambda: len(self._pending) > 0)
        self._scaling.notice()

    def enter_provisioning(self) -> Generator[Event, Any, None]:
        """Wait until one more task of a service may be in PROVISIONING."""
        self._admitted += 1
        yield self._provisioning.get(1)

    def leave_provisioning(self) -> None:
        """One task less is in PROVISIONING: it has found room, is refused, or was stopped."""
        if self._admitted:
            self._admitted -= 1
            self._provisioning.put(1)

    def run(self, start: Start) -> Story:
        """From an accepted request to ready; without room it waits for an instance."""
        request = self._requests.of(start.service)
        start.phase("placement")
        word = self._unmet.of(start.service) or self._registered.lacks(request)
        if word is not None:
            self.leave_provisioning()
            return Refused(word)
        instance = yield from self._wait(start, request)
        self._hold(start, instance, request)
        self._scaling.notice()
        yield self.world.env.timeout(self._placement())
        return self._on(start, instance)

    @property
    def size(self) -> int:
        """Instances, those on their way included."""
        return len(self.instances) + self._coming

    def needed(self) -> int:
        """Instances that the tasks need: those in use, and those for the waiting ones.

        Tasks with different requests are not packed together: the kind that needs most decides.
        """
        kinds = self._pending.counts()
        more = [-(-n // self._registered.takes(request)) for request, n in kinds.items()]
        return len(self.instances) - self.idle() + max(more, default=0)

    def idle(self) -> int:
        """Instances without a task."""
        return self._index.count(self._registered)

    def grow(self, count: int, because: str) -> None:
        """Launch instances."""
        self._coming += count
        self._launcher.launch(count, because, self._join)

    def shrink(self, count: int) -> None:
        """Terminate instances without a task, the newest first."""
        idle = [i for i in self.instances if i.left == self._registered]
        for instance in idle[len(idle) - count :]:
            self.instances.remove(instance)
            self._index.remove(instance)
            instance.engine.store.abandon()

    def _wait(self, start: Start, request: TaskRequest) -> Generator[Event, Any, ContainerInstance]:
        """Be in PROVISIONING until there is room on an instance."""
        since = self.world.env.now
        try:
            instance = yield from self._room(request)
        finally:
            self.leave_provisioning()
        record_waits(self.world.record, start.task, since, self._launched.get(instance))
        return instance

    def _join(self, launched: LaunchedInstance) -> None:
        """An instance has registered: tasks that wait and fit go there."""
        self._coming -= 1
        self._launched[self._registers()] = launched
        self._pending.place_waiting()
        self._scaling.notice()

    def lose(self, kernel: Kernel) -> None:
        """An instance has died: the group is one smaller."""
        super().lose(kernel)
        self._scaling.notice()

    def _waits_longer(self) -> None:
        self._scaling.notice()

    def free(self, instance: ContainerInstance, request: TaskRequest) -> None:
        super().free(instance, request)
        self._scaling.notice()
