"""A cluster of container instances: placement, network, and the agent's way to a running task."""

from dataclasses import dataclass, replace
from functools import partial

from sim.core.randomness import Varying
from sim.core.world import World
from sim.host import Kernel
from sim.image import PullPolicy
from sim.platforms.ecs.container_instance import (
    ContainerInstance,
    FreeOnInstance,
    TaskRequest,
    task_request,
    whole_cpu,
)
from sim.platforms.ecs.placement import PlacementIndex, Strategy
from sim.platforms.fleet import Fleet
from sim.sandbox import Container
from sim.start import Refused, Start, Story
from sim.workload import Demand, PerService, Service


@dataclass(frozen=True, slots=True)
class Terms:
    """What placement goes by, taken from the description once."""

    strategy: Strategy
    slots: float
    """Tasks of its network mode that an instance takes."""
    slot_word: str
    """ECS's word when there is no slot left."""
    registered_memory: float
    agent_memory: float
    policy: PullPolicy
    placement: Varying
    attach: Varying | None
    """Seconds to attach a network interface; None where a task needs none of its own."""


class ECSCluster:
    """A live fleet under ECS."""

    __slots__ = (
        "_attach",
        "_fleet",
        "_index",
        "_placement",
        "_registered",
        "_registry",
        "_requests",
        "_terms",
        "instances",
        "world",
    )

    def __init__(self, world: World, fleet: Fleet, terms: Terms, *, count: int) -> None:
        self.world = world
        self._terms = terms
        if terms.policy == "prefer-cached":  # the agent then turns its clean-up off
            fleet = replace(fleet, cleanup=None)
        self._fleet = fleet
        self._placement = world.random.sampler("ecs/placement", terms.placement)
        self._attach = world.random.sampler("ecs/eni", terms.attach or 0.0)
        own_network = terms.attach is not None
        self._requests = PerService(lambda service: task_request(service, own_network=own_network))
        self._registry = fleet.registry.deploy(world)
        self._registered = FreeOnInstance(
            whole_cpu(fleet.machine.vcpu),
            round(terms.registered_memory),
            terms.slots,
            0,
            frozenset(),
            terms.slot_word,
        )
        self.instances = [self._boot(number) for number in range(count)]
        draw = world.random.generator("ecs/random placement").random
        self._index = PlacementIndex(self.instances, terms.strategy, draw)

    def run(self, start: Start) -> Story:
        """From an accepted request to ready."""
        start.phase("placement")
        asked = self._requests.of(start.service)
        instance = self._index.take(asked)
        if isinstance(instance, str):
            return Refused(instance)
        self._hold(start, instance, asked)
        yield self.world.env.timeout(self._placement())
        return self._on(start, instance)

    def _on(self, start: Start, instance: ContainerInstance) -> Story:
        """From a place on an instance to ready."""
        start.phase("network")
        if self._terms.attach is not None:
            yield self.world.env.timeout(self._attach())
        return instance.engine.run(start)

    @property
    def kernels(self) -> list[Kernel]:
        """Of all instances."""
        return [instance.engine.kernel for instance in self.instances]

    def settle(self, service: Service, count: int) -> list[Container]:
        """`count` tasks on the first instance that are up already."""
        demand = Demand(self.world, service)
        return [self.instances[0].engine.settle(demand) for _ in range(count)]

    def _boot(self, number: int) -> ContainerInstance:
        terms = self._terms
        engine = self._fleet.boot(
            self.world,
            self._registry,
            number,
            held=terms.agent_memory,
            policy=terms.policy,
        )
        return ContainerInstance(number, engine, self._registered)

    def _hold(self, start: Start, instance: ContainerInstance, asked: TaskRequest) -> None:
        """The start goes to an instance, and gives its room back when it ends."""
        start.at_end.append(partial(self._free, instance, asked))
        start.place(instance.engine.kernel.name)

    def _free(self, instance: ContainerInstance, asked: TaskRequest) -> None:
        self._index.give_back(instance, asked)
