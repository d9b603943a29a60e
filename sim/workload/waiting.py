"""Who waits for whom, and until when: parts of an application, or containers of one task."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Literal, Protocol, TypeAlias

from pydantic import Field

from sim.core.description import description
from sim.core.names import unknown

Condition: TypeAlias = Literal["started", "healthy", "completed"]
"""What is waited for: its container runs, its health check was good once, it ended well."""

Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=255)]


@description
class Wait:
    """A part is not started before that is true of another part, in all its copies."""

    part: Name
    """The part, or the container, that it waits for."""
    until: Condition = "started"
    """What has to be true of it."""


def waits_for(name: str) -> str:
    """The phase of whoever waits for that container, or for that part of an application."""
    return f"waits for {name}"


class Waiting(Protocol):
    """Something with a name that waits for others."""

    @property
    def name(self) -> str: ...

    @property
    def essential(self) -> bool: ...

    @property
    def after(self) -> tuple[Wait, ...]: ...


def in_order(waits: Mapping[str, Sequence[str]], what: str) -> list[str]:
    """Names, each after those that it waits for.

    Raises:
        ValueError: some wait for each other in a circle.
    """
    try:
        return [*TopologicalSorter(waits).static_order()]
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise ValueError(f"{what}: none of these can start first: {circle}") from None


def check_order(containers: Sequence[Waiting], ended: Sequence[str]) -> None:
    """That the containers of a task can all start.

    Args:
        ended: init containers, which have run to their end before.

    Raises:
        ValueError: one waits for a container that is not there, or for the end of one that the
            task ends with, or some wait in a circle.
    """
    known = {each.name: each for each in containers}
    for each in containers:
        for wait in each.after:
            other = known.get(wait.part)
            if other is None and wait.part not in ended:
                raise ValueError(str(unknown(f"{each.name}: container", wait.part, list(known))))
            if other is not None and wait.until == "completed" and other.essential:
                raise ValueError(
                    f"{each.name}: it waits until {wait.part} has completed, and the task ends "
                    f"with {wait.part}: set essential to false there"
                )
    in_order({each.name: [wait.part for wait in each.after] for each in containers}, "containers")
