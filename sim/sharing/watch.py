"""A watch: the groups in a group, and which to look at when time comes or the level moves."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import Generic, TypeVar

from sim.sharing.lazy_heap import SPARE, Holder, drop_all_void, drop_void

G = TypeVar("G", bound=Holder)


class Watch(Generic[G]):
    """Queues of groups by the first time, the highest and the lowest level they bear.

    Between those bounds a group needs no attention, however often the level of its parent moves.
    An entry is void once its group has another ticket.
    """

    __slots__ = ("_limit", "ceilings", "checks", "floors", "groups", "touched")

    def __init__(self) -> None:
        self.groups: dict[G, None] = {}
        """All groups watched, in order."""
        self.touched: list[G] = []
        """Those in which something has changed since the last levelling."""
        self.checks: list[tuple[float, int, G]] = []
        self.ceilings: list[tuple[float, int, G]] = []
        self.floors: list[tuple[float, int, G]] = []
        self._limit = SPARE

    def dismiss(self, group: G) -> None:
        """Watch `group` no longer."""
        self.groups.pop(group)
        if group in self.touched:
            self.touched.remove(group)

    def book(self, group: G, check: float, floor: float, ceiling: float) -> None:
        """Look at `group` at time `check`, or once the level leaves ``floor..ceiling``."""
        if check < math.inf:
            heappush(self.checks, (check, group.ticket, group))
        if floor > 0.0:
            heappush(self.floors, (-floor, group.ticket, group))
        if ceiling < math.inf:
            heappush(self.ceilings, (ceiling, group.ticket, group))
        if len(self.checks) + len(self.floors) + len(self.ceilings) > self._limit:
            self._tidy()

    def check(self) -> float:
        """The first time to look."""
        return _top(self.checks)

    def ceiling(self) -> float:
        """The level above which some group must be looked at."""
        return _top(self.ceilings)

    def floor(self) -> float:
        """The level below which some group must be looked at."""
        return max(0.0, -_top(self.floors))

    def due(self, time: float) -> G | None:
        """A group whose time to look has come; it must be booked anew."""
        return heappop(self.checks)[2] if _top(self.checks) <= time else None

    def broken(self, level: float) -> G | None:
        """A group that does not bear `level`; it must be booked anew."""
        if _top(self.ceilings) < level:
            return heappop(self.ceilings)[2]
        if _top(self.floors) < -level:
            return heappop(self.floors)[2]
        return None

    def _tidy(self) -> None:
        """Drop what is void; costs nothing in the long run, as the limit doubles."""
        for queue in (self.checks, self.floors, self.ceilings):
            drop_all_void(queue)
        self._limit = SPARE + 2 * (len(self.checks) + len(self.floors) + len(self.ceilings))


def _top(queue: list[tuple[float, int, G]]) -> float:
    drop_void(queue)
    return queue[0][0] if queue else math.inf
