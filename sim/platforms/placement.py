"""Placement strategies of ECS, as pure choices among the instances that have room."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, TypeAlias, TypeVar

Strategy: TypeAlias = Literal["binpack", "spread", "random"]


class Candidate(Protocol):
    """What a strategy looks at."""

    @property
    def memory_left(self) -> float: ...

    @property
    def tasks(self) -> int: ...


C = TypeVar("C", bound=Candidate)


def choose(strategy: Strategy, fitting: Sequence[C], draw: Callable[[], float]) -> C:
    """The instance that takes the next task.

    Args:
        strategy: `binpack` fills the instance with least memory left, `spread` takes the one
            with fewest tasks, `random` any.
        fitting: the instances that have room, in a fixed order; at least one.
        draw: a uniform number in [0, 1).
    """
    if strategy == "binpack":
        return min(fitting, key=lambda instance: instance.memory_left)
    if strategy == "spread":
        return min(fitting, key=lambda instance: instance.tasks)
    return fitting[int(draw() * len(fitting))]
