"""A cluster of container instances: placement, network, and the agent's way to a running task."""

from dataclasses import dataclass

from sim.core.randomness import Varying
from sim.core.world import World
from sim.host import Kernel
from sim.platforms.ecs_instance import CPU_UNITS, Claim, ContainerInstance
from sim.platforms.fleet import Fleet
from sim.platforms.placement import Strategy, choose
from sim.sandbox import Container
from sim.start import Refused, Start, Story
from sim.workload import Service


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
    ask: bool
    placement: Varying
    attach: Varying | None
    """Seconds to attach a network interface; None where a task needs none of its own."""


class Cluster:
    """A live fleet under ECS."""

    __slots__ = ("_attach", "_draw", "_placement", "_terms", "instances", "world")

    def __init__(self, world: World, fleet: Fleet, terms: Terms) -> None:
        self.world = world
        self._terms = terms
        self._placement = world.random.sampler("ecs/placement", terms.placement)
        self._attach = world.random.sampler("ecs/eni", terms.attach or 0.0)
        self._draw = world.random.generator("ecs/random placement").random
        registry = fleet.registry.deploy(world)
        self.instances = [
            ContainerInstance(
                fleet.boot(world, registry, number, held=terms.agent_memory, ask=terms.ask),
                terms.registered_memory,
                terms.slots,
                terms.slot_word,
            )
            for number in range(fleet.count)
        ]

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
        return [self.instances[0].engine.settle(service) for _ in range(count)]

    def _place(self, start: Start) -> ContainerInstance | str:
        """Reserve room on an instance, or ECS's word for why there is none."""
        claim = self._claim(start.service)
        fitting = [instance for instance in self.instances if instance.lacks(claim) is None]
        if not fitting:
            return self.instances[0].lacks(claim) or ""
        instance = choose(self._terms.strategy, fitting, self._draw)
        instance.take(claim)
        start.at_end.append(lambda: instance.give_back(claim))
        start.place(instance.engine.kernel.name)
        return instance

    def _claim(self, service: Service) -> Claim:
        port = None if self._terms.attach is not None else service.host_port
        return Claim(service.cpu * CPU_UNITS, service.reserved, port)
