"""Heaps with lazy deletion, and the bounds within which child groups need no re-levelling.

Whatever stands in a heap has a version. A change gives it a new one and pushes a new entry; the old
entry is stale from then on, and is skipped when it comes to the top.
"""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any, Final, Generic, Protocol, TypeVar

from sim.clock import NEXT

PARKED: Final = 0
OVER: Final = -1
FREE: Final = 1
"""Versions of a frozen job, of one that has ended or was cancelled, and of one that runs free.

Queued items have larger version numbers.
"""

_VERSIONS: Final = count(FREE + 1)

SPARE: Final = 64
"""A heap is cleared of stale entries once it is this much more than twice as long as without."""


def new_version() -> int:
    """Numbers entries, in all heaps together; of equal keys the older entry comes first."""
    version: int = NEXT(_VERSIONS)
    return version


class Versioned(Protocol):
    """What stands in a heap, with the version of its valid entry."""

    version: int


H = TypeVar("H", bound=Versioned)


def drop_stale(queue: list[tuple[float, int, H]]) -> None:
    """Drop stale entries from the top."""
    while queue and queue[0][2].version != queue[0][1]:
        heappop(queue)


def drop_all_stale(queue: list[tuple[float, int, H]]) -> None:
    """Drop all stale entries; amortised O(1) an entry, if done once they are the majority."""
    queue[:] = [entry for entry in queue if entry[2].version == entry[1]]
    heapify(queue)


_NOTHING: Final[list[Any]] = []
"""The bounds of all that have none yet; never changed."""


class ChildBounds(Generic[H]):
    """Which child groups need re-levelling, by time and by water level.

    Until its check time, and as long as the level of its parent stays between its floor and its
    ceiling, a group needs no attention, however often that level moves.
    """

    __slots__ = ("_limit", "ceilings", "changed", "checks", "floors", "groups")

    def __init__(self) -> None:
        self.groups: dict[H, None] = {}
        """All child groups, in order of creation."""
        self.changed: list[H] = []
        """Those in which something has changed since the last levelling."""
        self.checks: list[tuple[float, int, H]] = _NOTHING
        self.ceilings: list[tuple[float, int, H]] = _NOTHING
        self.floors: list[tuple[float, int, H]] = _NOTHING
        self._limit = SPARE

    def discard(self, group: H) -> None:
        """Forget a group that is removed."""
        del self.groups[group]
        if group in self.changed:
            self.changed.remove(group)

    def push(self, group: H, check: float, floor: float, ceiling: float) -> None:
        """Re-level `group` at time `check`, or once the level leaves ``floor..ceiling``."""
        if check < math.inf:
            self.checks = self.checks or []
            heappush(self.checks, (check, group.version, group))
        if floor > 0.0:
            self.floors = self.floors or []
            heappush(self.floors, (-floor, group.version, group))
        if ceiling < math.inf:
            self.ceilings = self.ceilings or []
            heappush(self.ceilings, (ceiling, group.version, group))
        if len(self.checks) + len(self.floors) + len(self.ceilings) > self._limit:
            self._tidy()

    def check(self) -> float:
        """Earliest time at which some group needs re-levelling."""
        return _top(self.checks)

    def ceiling(self) -> float:
        """The level above which some group needs re-levelling."""
        return _top(self.ceilings)

    def floor(self) -> float:
        """The level below which some group needs re-levelling."""
        return max(0.0, -_top(self.floors))

    def pop_due(self, time: float) -> H | None:
        """A group whose check time has come; the caller must push it again."""
        return heappop(self.checks)[2] if _top(self.checks) <= time else None

    def pop_violated(self, level: float) -> H | None:
        """A group whose bounds `level` violates; the caller must push it again."""
        if _top(self.ceilings) < level:
            return heappop(self.ceilings)[2]
        if _top(self.floors) < -level:
            return heappop(self.floors)[2]
        return None

    def _tidy(self) -> None:
        """Drop stale entries; amortised O(1) an entry, as the limit doubles."""
        for queue in (self.checks, self.floors, self.ceilings):
            drop_all_stale(queue)
        self._limit = SPARE + 2 * (len(self.checks) + len(self.floors) + len(self.ceilings))


def _top(queue: list[tuple[float, int, H]]) -> float:
    drop_stale(queue)
    return queue[0][0] if queue else math.inf
