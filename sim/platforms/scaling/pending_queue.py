"""Starts that wait for room: ECS's PROVISIONING tasks, Kubernetes' unschedulable pods."""

from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from simpy import Environment, Event

Claim = TypeVar("Claim", bound=Hashable)
Place = TypeVar("Place")


class Waiting(Generic[Claim, Place]):
    """A queue for each kind of claim, first come first served.

    Equal claims are interchangeable, so one that finds no room speaks for all behind it: room that
    comes is handed out in as many steps as starts are placed.

    Args:
        take: reserves room for one claim, or says in the platform's words why there is none.
        called: told whenever one more start waits.
    """

    __slots__ = ("_called", "_env", "_queues", "_take")

    def __init__(
        self,
        env: Environment,
        take: Callable[[Claim], Place | str],
        called: Callable[[], None],
    ) -> None:
        self._env = env
        self._take = take
        self._called = called
        self._queues: dict[Claim, deque[Event]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def kinds(self) -> dict[Claim, int]:
        """How many wait with each claim."""
        return {claim: len(queue) for claim, queue in self._queues.items() if queue}

    def enter(self, claim: Claim) -> Event:
        """An event that fires with the place the claim has got."""
        placed = self._env.event()
        if not self._queues.get(claim):
            place = self._take(claim)
            if not isinstance(place, str):
                return placed.succeed(place)
        self._queues.setdefault(claim, deque()).append(placed)
        self._called()
        return placed

    def leave(self, claim: Claim, placed: Event, give_back: Callable[[Place, Claim], None]) -> None:
        """Whoever waited has gone; the place it was given at this very instant goes back."""
        if placed.triggered:
            place: Any = placed.value
            give_back(place, claim)
        else:
            self._queues[claim].remove(placed)

    def room(self) -> None:
        """Room has come: place whoever fits, kind by kind."""
        for claim, queue in self._queues.items():
            while queue:
                place = self._take(claim)
                if isinstance(place, str):
                    break
                queue.popleft().succeed(place)
