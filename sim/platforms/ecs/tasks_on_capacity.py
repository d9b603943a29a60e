"""What each kind of capacity offers to ECS's tasks."""

from dataclasses import dataclass
from typing import TypeAlias

from sim.core.world import World
from sim.platforms.ecs.capacity_provider import CapacityProvider
from sim.platforms.ecs.cluster import ECSCluster
from sim.platforms.ecs.fargate_tasks import FargateTasks
from sim.platforms.ecs.instance_limits import TasksOnInstances
from sim.platforms.ecs.managed_instances import ManagedInstances
from sim.platforms.ecs.scaling_cluster import ScalingCluster
from sim.platforms.fargate import FargateHost


@dataclass(frozen=True, slots=True)
class TasksOnFleet(TasksOnInstances):
    """Tasks on instances that are up already."""

    def deploy(self, world: World) -> ECSCluster:
        """The instances, registered."""
        return ECSCluster(world, self, count=self.fleet.count)


@dataclass(frozen=True, slots=True)
class TasksOnCapacityProvider(TasksOnInstances):
    """Tasks on instances that come and go."""

    provider: CapacityProvider | ManagedInstances

    def deploy(self, world: World) -> ScalingCluster:
        """The instances that are up at the beginning, and managed scaling."""
        return ScalingCluster(world, self, self.provider)


@dataclass(frozen=True, slots=True)
class TasksOnFargate(FargateHost):
    """What Fargate offers to ECS's tasks."""

    def deploy(self, world: World) -> FargateTasks:
        """Fargate as one account sees it."""
        return FargateTasks(world, self.fargate)


TaskHosting: TypeAlias = TasksOnFleet | TasksOnCapacityProvider | TasksOnFargate
