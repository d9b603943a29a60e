"""ECS: RunTask on a fleet of container instances, or on Fargate."""

from dataclasses import replace
from typing import Literal

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.image import AgentPull
from sim.platforms.ecs.capacity_provider import CapacityProvider
from sim.platforms.ecs.instance_limits import ControlPlane, InstanceTerms, Network
from sim.platforms.ecs.live_ecs import LiveECS
from sim.platforms.ecs.managed_instances import ManagedInstances
from sim.platforms.ecs.placement import Strategy
from sim.platforms.ecs.tasks_on_capacity import (
    TaskHosting,
    TasksOnCapacityProvider,
    TasksOnFargate,
    TasksOnFleet,
)
from sim.platforms.fargate import Fargate
from sim.platforms.fleet import Fleet
from sim.platforms.orchestrator import Orchestrator


@description
class ECS(Orchestrator):
    """Amazon ECS over one kind of capacity."""

    capacity: Fleet | Fargate | CapacityProvider | ManagedInstances
    control_plane: ControlPlane
    network: Network = "bridge"
    """Network mode of tasks on a fleet; on Fargate it is always awsvpc."""
    trunking: bool = False
    """Whether `awsvpcTrunking` is on (awsvpc on a fleet)."""
    strategy: Strategy = "binpack"
    pull_behavior: AgentPull = "default"
    """`ECS_IMAGE_PULL_BEHAVIOR` of a fleet's agents; with `prefer-cached` they delete no image."""
    agent_memory: Number = 0.0
    """Bytes the ECS agent uses on each instance; they do not lower what is registered."""
    reserved_memory: Number = 0.0
    """`ECS_RESERVED_MEMORY`: bytes that are not registered."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Attributes of the container instances, name and value, beside their own
    (`ecs.instance-type` and others)."""
    when_full: Literal["refuse", "wait"] = "refuse"
    """What becomes of a task that no instance of a fleet has room for: RunTask refuses it, the
    service scheduler tries again until one has come."""
    service_rate: Quota | None = None
    """Tasks a second that the service scheduler starts of one service; None: RunTask is called."""

    @property
    def hosting(self) -> TaskHosting:
        """What its capacity offers to tasks."""
        match self.capacity:
            case Fleet() as fleet:
                return TasksOnFleet(fleet, self._terms)
            case CapacityProvider() | ManagedInstances() as provider:
                return TasksOnCapacityProvider(provider.fleet, self._terms, provider)
            case Fargate() as fargate:
                return TasksOnFargate(fargate)

    def without_slots(self) -> "ECS":
        """This platform without its slot limits: what decides density by use apart from them."""
        return replace(self, network="host", trunking=False)

    def deploy(self, world: World) -> LiveECS:
        """A cluster whose capacity is up already."""
        return LiveECS(world, self.hosting, self.control_plane, self.service_rate)

    @property
    def _terms(self) -> InstanceTerms:
        return InstanceTerms(
            control_plane=self.control_plane,
            network=self.network,
            trunking=self.trunking,
            strategy=self.strategy,
            pull_behavior=self.pull_behavior,
            agent_memory=plain(self.agent_memory),
            reserved_memory=plain(self.reserved_memory),
            attributes=dict(self.attributes),
            waits=self.when_full == "wait",
        )
