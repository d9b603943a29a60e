"""An agenda: which saturation has the next completion, on which axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from heapq import heappush

from sim.sharing.lazy_heap import OVER, SPARE, TICKETS, drop_all_void, drop_void
from sim.sharing.ratio_class import Saturation

Queue = list[tuple[float, int, Saturation]]

Next = tuple[float, Saturation | None, float, Saturation | None]
"""Where the clock stands at the next completion of a loose saturation, and which one it is; the
time of that of a full one, and which one. Infinite and none where there is no such."""

NEVER = (math.inf, 0, None)


class Agenda:
    """Saturations of one group by their next completions.

    That of a loose one is a constant on the clock of the group, that of a full one a time: neither
    queue is reordered while time passes and the level moves. With it a change costs O(log K) with
    K ratios, and not K.
    """

    __slots__ = ("_by_clock", "_by_time", "_limit")

    def __init__(self, saturations: Iterable[Saturation]) -> None:
        self._by_clock: Queue = []
        self._by_time: Queue = []
        for saturation in saturations:
            if saturation.queue:
                (self._by_time if saturation.full else self._by_clock).append(_entry(saturation))
        self._tidy()

    def book(self, saturation: Saturation) -> None:
        """Its next completion is another one now, or on the other axis."""
        if saturation.queue:
            heappush(self._by_time if saturation.full else self._by_clock, _entry(saturation))
            if len(self._by_clock) + len(self._by_time) > self._limit:
                self._tidy()
        else:
            saturation.ticket = OVER

    def next(self) -> Next:
        """The next completions."""
        by_clock, by_time = self._by_clock, self._by_time
        drop_void(by_clock)
        drop_void(by_time)
        soon, _, first = by_clock[0] if by_clock else NEVER
        check, _, first_full = by_time[0] if by_time else NEVER
        return soon, first, check, first_full

    def _tidy(self) -> None:
        drop_all_void(self._by_clock)
        drop_all_void(self._by_time)
        self._limit = SPARE + 2 * (len(self._by_clock) + len(self._by_time))


def _entry(saturation: Saturation) -> tuple[float, int, Saturation]:
    """Its only valid entry from now on."""
    saturation.ticket = ticket = next(TICKETS)
    due = saturation.queue[0][0] + saturation.origin
    return (due / saturation.ratio if saturation.full else due), ticket, saturation


def look_through(saturations: Iterable[Saturation]) -> Next:
    """The next completions, looking at all saturations: quicker where they are few."""
    soon = check = math.inf
    first = first_full = None
    for saturation in saturations:
        queue = saturation.queue
        if queue:
            due = queue[0][0] + saturation.origin
            if saturation.full:
                due /= saturation.ratio
                if due < check:
                    check, first_full = due, saturation
            elif due < soon:
                soon, first = due, saturation
    return soon, first, check, first_full
