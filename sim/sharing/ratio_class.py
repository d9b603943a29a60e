"""Ratio classes: members of one group with the same ratio of cap to weight.

All of them saturate at the same water level, so a group deals with a few classes, not with all its
members.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from heapq import heapify, heappush
from typing import Final, Protocol

from sim.sharing.lazy_heap import OVER, SPARE, drop_all_stale, drop_stale, new_version

RESIDUE: Final = 1 / 16
"""A sum that has shrunk to less than this fraction of its peak is added up anew.

Each addition to a sum errs by 2^-53 of its size, so what rounding left of heavy members stays
behind when they are gone. With at most a factor of 16 lost, four bits of 53, it stays harmless.
"""


class Member(Protocol):
    """A job or a group, as its class sees it."""

    tag: float
    """V at its next completion."""
    version: int
    """Version of its valid entry in the queue."""
    weight: float

    def set_back(self, value: float) -> None:
        """Shift the tag with its clock, which is set back by `value`."""


Entry = tuple[float, int, Member]
"""Tag, version with which the entry is valid, member."""


class RatioClass:
    """Members with one ratio of cap to weight, on one virtual clock V.

    At water level ``lam`` each gets ``weight * min(ratio, lam)``, so all of them advance alike per
    weight, capped or not, and one clock ``dV = min(ratio, lam) dt`` serves all. A member that
    joins at V with `work` is done at ``V + work / weight``: a constant, whatever `lam` does.

    ``V = axis - origin``. The axis is ``ratio * now`` while the class is saturated, and the clock
    of its group, ``dU = lam dt``, while it is not. So time passes without touching the class.
    """

    __slots__ = (
        "count",
        "groups",
        "origin",
        "peak",
        "queue",
        "ratio",
        "saturated",
        "version",
        "weight",
    )

    def __init__(self, ratio: float, origin: float) -> None:
        self.ratio = ratio
        self.saturated = False
        self.origin = origin
        self.count = 0
        self.weight = 0.0
        """Sum of the weights of all members."""
        self.peak = 0.0
        """Largest that sum was since it was last added up."""
        self.queue: list[Entry] = []
        """By tag; members whose next completion depends on more than V are not in it."""
        self.groups: dict[Member, None] = {}
        """Members that are groups, whether queued or not."""
        self.version = OVER
        """Version of its valid entry among the next completions of its group."""

    def virtual_time(self, clock: float, now: float) -> float:
        """V at `now`, when the clock of the group stands at `clock`."""
        return (self.ratio * now if self.saturated else clock) - self.origin

    def subtract(self, weight: float) -> bool:
        """Take a member's weight off the sum; whether the sum must then be added up anew.

        It must where the rounding left by heavy members that are gone is not small against it.
        """
        before = self.weight
        self.weight = left = before - weight
        self.count -= 1
        if before > self.peak:  # noqa: PLR1730 (max() would be a call on the hot path)
            self.peak = before
        if not self.count:
            self.weight = self.peak = 0.0
            return False
        return left < RESIDUE * self.peak  # little is left: what rounding left would matter

    def switch(self, saturated: bool, clock: float, now: float) -> None:
        """Change over to the other axis; V stays where it is."""
        value = self.virtual_time(clock, now)
        self.saturated = saturated
        self.origin = (self.ratio * now if saturated else clock) - value

    def queued_members(self) -> list[Member]:
        """Members with a valid entry in the queue."""
        return [member for _, version, member in self.queue if member.version == version]

    def resum(self) -> None:
        """Add up the weights of all members anew."""
        members = dict.fromkeys([*self.queued_members(), *self.groups])
        self.weight = self.peak = math.fsum(member.weight for member in members)

    def rebase(self, value: float) -> None:
        """Set V back by `value`, and with it all that is measured on it."""
        members = self.queued_members()
        self.origin += value
        for member in dict.fromkeys([*members, *self.groups]):
            member.set_back(value)
        self.queue = [(member.tag, member.version, member) for member in members]
        heapify(self.queue)


Queue = list[tuple[float, int, RatioClass]]

Next = tuple[float, RatioClass | None, float, RatioClass | None]
"""Clock of the group at the next completion in an unsaturated class, and that class; time of the
next one in a saturated class, and that class. Infinite and None where there is none."""

NEVER: Final = (math.inf, 0, None)


class NextCompletions:
    """The classes of one group, ordered by their next completions.

    In an unsaturated class that is a constant on the clock of the group, in a saturated one a time:
    neither heap is reordered while time passes and the level moves. So a change costs O(log K) with
    K ratios, not K.
    """

    __slots__ = ("_by_clock", "_by_time", "_limit")

    def __init__(self, classes: Iterable[RatioClass]) -> None:
        self._by_clock: Queue = []
        self._by_time: Queue = []
        for ratio_class in classes:
            if ratio_class.queue:
                (self._by_time if ratio_class.saturated else self._by_clock).append(
                    _entry(ratio_class)
                )
        self._tidy()

    def update(self, ratio_class: RatioClass) -> None:
        """The next completion of a class has changed, or has moved to the other axis."""
        if ratio_class.queue:
            heappush(
                self._by_time if ratio_class.saturated else self._by_clock, _entry(ratio_class)
            )
            if len(self._by_clock) + len(self._by_time) > self._limit:
                self._tidy()
        else:
            ratio_class.version = OVER

    def peek(self) -> Next:
        """The next completions."""
        by_clock, by_time = self._by_clock, self._by_time
        drop_stale(by_clock)
        drop_stale(by_time)
        soon, _, first = by_clock[0] if by_clock else NEVER
        check, _, first_saturated = by_time[0] if by_time else NEVER
        return soon, first, check, first_saturated

    def _tidy(self) -> None:
        drop_all_stale(self._by_clock)
        drop_all_stale(self._by_time)
        self._limit = SPARE + 2 * (len(self._by_clock) + len(self._by_time))


def _entry(ratio_class: RatioClass) -> tuple[float, int, RatioClass]:
    """The only valid entry of a class from now on."""
    ratio_class.version = version = new_version()
    due = ratio_class.queue[0][0] + ratio_class.origin
    return (due / ratio_class.ratio if ratio_class.saturated else due), version, ratio_class


def scan(classes: list[RatioClass]) -> Next:
    """The next completions, by looking at every class: quicker where they are few."""
    soon = check = math.inf
    first = first_saturated = None
    for ratio_class in classes:
        queue = ratio_class.queue
        if queue:
            due = queue[0][0] + ratio_class.origin
            if ratio_class.saturated:
                due /= ratio_class.ratio
                if due < check:
                    check, first_saturated = due, ratio_class
            elif due < soon:
                soon, first = due, ratio_class
    return soon, first, check, first_saturated
