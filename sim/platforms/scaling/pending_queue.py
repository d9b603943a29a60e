"""Starts that wait for room: ECS's PROVISIONING tasks, Kubernetes' unschedulable pods."""

from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from simpy import Environment, Event

Request = TypeVar("Request", bound=Hashable)
Place = TypeVar("Place")


class PendingQueue(Generic[Request, Place]):
    """A queue for each kind of request, first come first served.

    Equal requests are interchangeable: where the first of a queue finds no room, none behind it
    does. So handing out room costs as many steps as starts are placed.

    Args:
        take: reserves room for one request, or says in the platform's words why there is none.
        notify: called whenever one more start waits.
    """

    __slots__ = ("_env", "_notify", "_queues", "_take")

    def __init__(
        self,
        env: Environment,
        take: Callable[[Request], Place | str],
        notify: Callable[[], None],
    ) -> None:
        self._env = env
        self._take = take
        self._notify = notify
        self._queues: dict[Request, deque[Event]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def counts(self) -> dict[Request, int]:
        """The number of starts that wait with each request."""
        return {request: len(queue) for request, queue in self._queues.items() if queue}

    def enter(self, request: Request) -> Event:
        """An event that fires with the place that the request gets."""
        placed = self._env.event()
        if not self._queues.get(request):
            place = self._take(request)
            if not isinstance(place, str):
                return placed.succeed(place)
        self._queues.setdefault(request, deque()).append(placed)
        self._notify()
        return placed

    def leave(
        self, request: Request, placed: Event, give_back: Callable[[Place, Request], None]
    ) -> None:
        """Leave the queue; a place that was granted in the same instant is given back."""
        if placed.triggered:
            place: Any = placed.value
            give_back(place, request)
        else:
            self._queues[request].remove(placed)

    def place_waiting(self) -> None:
        """Room has come: place the starts that fit, queue by queue."""
        for request, queue in self._queues.items():
            while queue:
                place = self._take(request)
                if isinstance(place, str):
                    break
                queue.popleft().succeed(place)
