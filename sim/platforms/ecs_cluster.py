"""A cluster of container instances: placement, network, and the agent's way to a running task."""

from dataclasses import dataclass, replace

from sim.core.randomness import Varying
from sim.core.world import World
from sim.host import Kernel
from sim.image import PullBehavior
from sim.platforms.ecs_instance import ContainerInstance, Left, claim, whole_cpu
from sim.platforms.fleet import Fleet
from sim.platforms.placement import Shelves, Strategy
from sim.sandbox import Container
from sim.start import Refused, Start, Story
from sim.workload import Demand, Service


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
    behavior: PullBehavior
    placement: Varying
    attach: Varying | None
    """Seconds to attach a network interface; None where a task needs none of its own."""


class Cluster:
    """A live fleet under ECS."""

    __slots__ = ("_attach", "_placement", "_shelves", "_terms", "instances", "world")

    def __init__(self, world: World, fleet: Fleet, terms: Terms) -> None:
        self.world = world
        self._terms = terms
        self._placement = world.random.sampler("ecs/placement", terms.placement)
        self._attach = world.random.sampler("ecs/eni", terms.attach or 0.0)
        if terms.behavior == "prefer-cached":  # the agent then turns its clean-up off
            fleet = replace(fleet, cleanup=None)
        registry = fleet.registry.deploy(world)
        registered = Left(
            whole_cpu(fleet.machine.vcpu),
            round(terms.registered_memory),
            terms.slots,
            0,
            frozenset(),
            terms.slot_word,
        )
        held, behavior = terms.agent_memory, terms.behavior
        self.instances = [
            ContainerInstance(
                number,
                fleet.boot(world, registry, number, held=held, behavior=behavior),
                registered,
            )
            for number in range(fleet.count)
        ]
        draw = world.random.generator("ecs/random placement").random
        self._shelves = Shelves(self.instances, terms.strategy, draw)

    def run(self, start: Start) -> Story:
        """From an accepted request to ready."""
        with start.phase("placement"):
            instance = self._place(start)
            if isinstance(instance, str):
                return Refused(instance)
            yield self.world.env.timeout(self._placement())
        with start.phase("network"):
            if self._terms.attach is not None:
                yield self.world.env.timeout(self._attach())
        return (yield from instance.engine.run(start))

    @property
    def kernels(self) -> list[Kernel]:
        """Of all instances."""
        return [instance.engine.kernel for instance in self.instances]

    def settle(self, service: Service, count: int) -> list[Container]:
        """`count` tasks on the first instance that are up already."""
        demand = Demand(self.world, service)
        return [self.instances[0].engine.settle(demand) for _ in range(count)]

    def _place(self, start: Start) -> ContainerInstance | str:
        """Reserve room on an instance, or ECS's word for why there is none."""
        asked = claim(start.service, own_network=self._terms.attach is not None)
        instance = self._shelves.take(asked)
        if isinstance(instance, str):
            return instance
        start.at_end.append(lambda: self._shelves.give_back(instance, asked))
        start.place(instance.engine.kernel.name)
        return instance
