"""Placement: which container instance takes the next task.

Instances with the same left are interchangeable, and a fleet has few different ones. They stand on
shelves, one for each kind, so that a placement looks at kinds and not at ten thousand instances.
"""

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import Literal, TypeAlias

from sim.platforms.ecs_instance import Claim, ContainerInstance, Left

Strategy: TypeAlias = Literal["binpack", "spread", "random"]

NO_INSTANCES = "No Container Instances were found in your cluster"

TRIES = 32
"""Random draws before the instances that fit are counted one by one."""


class Shelves:
    """The instances of a fleet, by what they have left.

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
        self._shelves: dict[Left, list[int]] = {}
        for instance in instances:
            self._shelves.setdefault(instance.left, []).append(instance.number)

    def add(self, instance: ContainerInstance) -> None:
        """One more instance; its number is the next."""
        self._instances.append(instance)
        heappush(self._shelves.setdefault(instance.left, []), instance.number)

    def remove(self, instance: ContainerInstance) -> None:
        """An instance that is terminated takes nothing any more; it must be empty."""
        instance.left = instance.left.nothing()

    def take(self, claim: Claim) -> ContainerInstance | str:
        """Reserve for one task, or say in ECS's word why no instance has room."""
        fitting = [left for left in self._kinds() if left.lacks(claim) is None]
        if not fitting:
            words = (left.lacks(claim) for left in self._kinds())
            return next((word for word in words if word), NO_INSTANCES)
        number = self._choose(fitting, claim)
        instance = self._instances[number]
        self._move(instance, instance.left.less(claim))
        return instance

    def give_back(self, instance: ContainerInstance, claim: Claim) -> None:
        """Free what one task had reserved."""
        self._move(instance, instance.left.more(claim))

    def _choose(self, fitting: list[Left], claim: Claim) -> int:
        if self._strategy == "random":
            return self._any(claim)
        if self._strategy == "binpack":
            least = min(left.memory for left in fitting)
            best = [left for left in fitting if left.memory == least]
        else:
            fewest = min(left.tasks for left in fitting)
            best = [left for left in fitting if left.tasks == fewest]
        return min(self._shelves[left][0] for left in best)

    def _any(self, claim: Claim) -> int:
        """Each instance that fits is as likely as any other."""
        for _ in range(TRIES):
            number = int(self._draw() * len(self._instances))
            if self._instances[number].left.lacks(claim) is None:
                return number
        fit = [i.number for i in self._instances if i.left.lacks(claim) is None]
        return fit[int(self._draw() * len(fit))]

    def _move(self, instance: ContainerInstance, left: Left) -> None:
        instance.left = left
        heappush(self._shelves.setdefault(left, []), instance.number)

    def _kinds(self) -> list[Left]:
        """Kinds of which there is an instance; what has moved on is cleared away first."""
        for left in list(self._shelves):
            shelf = self._shelves[left]
            while shelf and self._instances[shelf[0]].left != left:
                heappop(shelf)
            if not shelf:
                del self._shelves[left]
        return list(self._shelves)
