"""Tickets: queues from which nobody is taken who changes; his entry is void, and goes in time."""

from __future__ import annotations

from heapq import heapify, heappop
from itertools import count
from typing import Protocol, TypeVar

PARKED, OVER, ALONE = 0, -1, 1
"""Tickets of a frozen job, of one that has ended or was cancelled, and of one that runs alone.

Those of who stands in a queue are greater.
"""

TICKETS = count(ALONE + 1)
"""Each entry in a queue has its own; only their order matters."""

SPARE = 64
"""A queue may be this much more than twice as long as what is valid in it."""


class Holder(Protocol):
    """Who stands in a queue, with the ticket of his valid entry."""

    ticket: int


H = TypeVar("H", bound=Holder)


def drop_void(queue: list[tuple[float, int, H]]) -> None:
    """Drop void entries off the top."""
    while queue and queue[0][2].ticket != queue[0][1]:
        heappop(queue)


def drop_all_void(queue: list[tuple[float, int, H]]) -> None:
    """Drop all void entries; where that is done once they are the most, it costs nothing."""
    queue[:] = [entry for entry in queue if entry[2].ticket == entry[1]]
    heapify(queue)
