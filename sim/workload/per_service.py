"""What is worked out of a service once, however often it is launched."""

from collections.abc import Callable
from typing import Generic, TypeVar

from sim.workload.service import Service

T = TypeVar("T")


class PerService(Generic[T]):
    """One thing for each service, made when it is first asked for.

    Services are told apart as objects: comparing descriptions costs more than most starts do.

    Args:
        make: what is made of a service.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[Service], T]) -> None:
        self._make = make
        self._made: dict[int, tuple[Service, T]] = {}

    def of(self, service: Service) -> T:
        """The one of this service."""
        made = self._made.get(id(service))
        if made is None:  # it keeps the service alive, so that no other one gets its id
            made = self._made[id(service)] = (service, self._make(service))
        return made[1]
