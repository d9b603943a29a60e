"""Placement strategies: which container instance takes the next task."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from sim.platforms.ecs.container_instance import ContainerInstance, FreeOnInstance, TaskRequest
from sim.platforms.packing.placing import first_fit
from sim.platforms.scaling.host_index import HostIndex

Strategy: TypeAlias = Literal["binpack", "spread", "random"]

NO_INSTANCES = "No Container Instances were found in your cluster"

TRIES = 32
"""Random draws before the instances that fit are listed: most draws hit one, until few are left."""


def ranked(strategy: Strategy) -> Callable[[FreeOnInstance, object], float]:
    """What is smallest of the instance that a strategy takes; `random` has no order."""
    ranks: dict[Strategy, Callable[[FreeOnInstance, object], float]] = {
        "binpack": lambda left, _: left.memory,
        "spread": lambda left, _: left.tasks,
        "random": first_fit,
    }
    return ranks[strategy]


class PlacementIndex:
    """The instances of a cluster, by what they have left.

    Args:
        instances: in the order in which equals are taken.
        strategy: `binpack` fills the instance with least memory left, `spread` takes the one
            with fewest tasks, `random` any.
        draw: a uniform number in [0, 1).
    """

    def __init__(
        self,
        instances: Sequence[ContainerInstance],
        strategy: Strategy,
        draw: Callable[[], float],
    ) -> None:
        self._instances = list(instances)
        self._strategy = strategy
        self._draw = draw
        self._hosts: HostIndex[FreeOnInstance, TaskRequest] = HostIndex(ranked(strategy))
        for instance in instances:
            self._hosts.put(instance.number, instance.left)

    def __contains__(self, instance: ContainerInstance) -> bool:
        """Whether it may take tasks: it is neither terminated nor dead."""
        return instance.number in self._hosts

    def add(self, instance: ContainerInstance) -> None:
        """One more instance; its number is the next."""
        self._instances.append(instance)
        self._hosts.put(instance.number, instance.left)

    def remove(self, instance: ContainerInstance) -> None:
        """An instance that is terminated, or has died, takes nothing any more."""
        instance.left = instance.left.nothing()
        self._hosts.remove(instance.number)

    def count(self, left: FreeOnInstance) -> int:
        """Instances that have exactly that left."""
        return self._hosts.count(left)

    def take(self, request: TaskRequest) -> ContainerInstance | str:
        """Reserve for one task, or say why no instance has room."""
        number = self._hosts.best(request)
        if number is None:
            return self._lacks(request)
        if self._strategy == "random":
            number = self._any(request)
        instance = self._instances[number]
        instance.left = self._hosts.take(number, request)
        return instance

    def _lacks(self, request: TaskRequest) -> str:
        """ECS's word for why no instance has room."""
        words = (left.lacks(request) for left in self._hosts.kinds())
        return next((word for word in words if word), NO_INSTANCES)

    def give_back(self, instance: ContainerInstance, request: TaskRequest) -> None:
        """Free what one task had reserved, if the instance still counts."""
        if instance.number in self._hosts:
            instance.left = self._hosts.give_back(instance.number, request)

    def _any(self, request: TaskRequest) -> int:
        """Each instance that fits is as likely as any other."""
        for _ in range(TRIES):
            number = int(self._draw() * len(self._instances))
            if self._instances[number].left.lacks(request) is None:
                return number
        fit = [i.number for i in self._instances if i.left.lacks(request) is None]
        return fit[int(self._draw() * len(fit))]
