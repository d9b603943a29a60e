"""A saturation: the members of one group that are full at the same water level."""

from __future__ import annotations

import math
from collections.abc import Iterable
from heapq import heapify
from typing import Protocol

from sim.sharing.lazy_heap import OVER

RESIDUE = 1 / 16
"""A sum of weights is added up anew once less than this part of what it was is left of it."""


class Member(Protocol):
    """A job or a group, as its saturation sees it."""

    tag: float
    """V at its next completion."""
    ticket: int
    """Number of its valid entry in the queue."""
    weight: float

    def set_back(self, value: float) -> None:
        """V is set back by `value`."""


Entry = tuple[float, int, Member]
"""The tag, the ticket with which it is valid, and who."""


class Saturation:
    """Members with one ratio of cap to weight, on one virtual clock V.

    At water level ``lam`` each gets ``weight * min(ratio, lam)``, so all of them advance alike per
    weight, capped or not, and one clock ``dV = min(ratio, lam) dt`` serves all. A member that
    came at V with `work` is done at ``V + work / weight``: a constant, whatever `lam` does.

    ``V = axis - origin``. The axis is ``ratio * now`` where the saturation is full, and the clock
    of its group, ``dU = lam dt``, where it is not. So time passes without touching it.
    """

    __slots__ = ("count", "full", "origin", "peak", "queue", "ratio", "ticket", "weight")

    def __init__(self, ratio: float, origin: float) -> None:
        self.ratio = ratio
        self.full = False
        self.origin = origin
        self.count = 0
        self.weight = 0.0
        """Sum of the weights of all members."""
        self.peak = 0.0
        """Largest that sum was since it was last added up."""
        self.queue: list[Entry] = []
        """By tag; members whose next completion depends on more than V are not in it."""
        self.ticket = OVER
        """Number of its valid entry in the agenda of its group."""

    def value(self, clock: float, now: float) -> float:
        """V at `now`, when the clock of the group stands at `clock`."""
        return (self.ratio * now if self.full else clock) - self.origin

    def lose(self, weight: float) -> bool:
        """A member of this weight leaves; whether the others are to be weighed anew.

        They are where what rounding left of heavy ones that are gone is not small against them.
        """
        before = self.weight
        self.weight = left = before - weight
        self.count -= 1
        if before > self.peak:  # noqa: PLR1730 (a call less)
            self.peak = before
        if not self.count:
            self.weight = self.peak = 0.0
            return False
        return left < RESIDUE * self.peak

    def turn(self, full: bool, clock: float, now: float) -> None:
        """Change over to the other axis."""
        value = self.value(clock, now)
        self.full = full
        self.origin = (self.ratio * now if full else clock) - value

    def queued(self) -> list[Member]:
        """Who is in the queue."""
        return [member for _, ticket, member in self.queue if member.ticket == ticket]

    def weigh(self, unqueued: Iterable[Member]) -> None:
        """Add up the weights anew, of who is queued and who is not."""
        members = dict.fromkeys([*self.queued(), *unqueued])
        self.weight = self.peak = math.fsum(member.weight for member in members)

    def rebase(self, value: float, unqueued: Iterable[Member]) -> None:
        """Set V back by `value`, and with it all that is measured on it."""
        members = self.queued()
        self.origin += value
        for member in dict.fromkeys([*members, *unqueued]):
            member.set_back(value)
        self.queue = [(member.tag, member.ticket, member) for member in members]
        heapify(self.queue)
