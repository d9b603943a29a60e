"""Wire, disk and CPU of a host that one pull has to itself, in closed form."""

from __future__ import annotations

import math
from bisect import insort
from operator import attrgetter

_CAP = attrgetter("cap")


class Disk:
    """Writes that share a disk evenly: each is through once all have got as much as it needs."""

    __slots__ = ("_clock", "_rate", "_since", "_writes", "due")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._writes: list[tuple[float, int]] = []
        self._clock = 0.0
        """Bytes that each of them has got."""
        self._since = 0.0
        self.due = math.inf
        """When the next of them is through."""

    def begin(self, number: int, amount: float, now: float) -> bool:
        """Begin to write; False where that takes no time."""
        if amount <= 0.0 or self._rate == math.inf:
            return False
        if self._writes:
            self._clock += self._rate * (now - self._since) / len(self._writes)
        self._since = now
        insort(self._writes, (self._clock + amount, number))
        self._find_due()
        return True

    def end(self, now: float) -> int:
        """The number of the write that is through now."""
        self._clock, number = self._writes.pop(0)
        self._since = now
        self._find_due()
        return number

    def _find_due(self) -> None:
        writes = self._writes
        if writes:
            ahead = (writes[0][0] - self._clock) * len(writes)
            self.due = self._since + (ahead / self._rate if ahead > 0.0 else 0.0)
        else:
            self._clock, self.due = 0.0, math.inf


class _Flow:
    """A download on the wire."""

    __slots__ = ("cap", "end", "left", "number", "rate", "since")

    def __init__(self, number: int, amount: float, cap: float, now: float) -> None:
        self.number = number
        self.cap = cap
        self.left = amount
        self.rate = cap
        self.since = now
        self.end = now + amount / cap


class Wire:
    """Downloads that share a NIC, each with a connection whose rate it does not exceed."""

    __slots__ = ("_asked", "_flows", "_rate", "_scarce", "due")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._flows: list[_Flow] = []
        self._asked = 0.0
        """What all connections could use."""
        self._scarce = False
        """Whether that is more than there is."""
        self.due = math.inf
        """When the next of them is through."""

    def begin(self, number: int, amount: float, cap: float, now: float) -> bool:
        """Begin to download; False where that takes no time."""
        if amount <= 0.0 or cap == self._rate == math.inf:
            return False
        self._flows.append(_Flow(number, amount, cap, now))
        self._asked += cap
        self._find_due(now)
        return True

    def end(self, now: float) -> int:
        """The number of the download that is through now."""
        ended = next(flow for flow in self._flows if flow.end == self.due)
        self._flows.remove(ended)
        self._asked = math.fsum([flow.cap for flow in self._flows])
        self._find_due(now)
        return ended.number

    def _find_due(self, now: float) -> None:
        scarce = self._asked > self._rate
        if scarce or self._scarce:
            self._scarce = scarce
            self._share(now)
        self.due = min([flow.end for flow in self._flows], default=math.inf)

    def _share(self, now: float) -> None:
        """The sharing law, for jobs of the same weight."""
        free, others = self._rate, len(self._flows)
        for flow in sorted(self._flows, key=_CAP):
            flow.left = max(0.0, flow.left - flow.rate * (now - flow.since))
            flow.rate, flow.since = min(flow.cap, free / others), now
            flow.end = now + flow.left / flow.rate
            free -= flow.rate
            others -= 1


def side_by_side(decompress: float, write: float, cpu: float) -> tuple[float, float]:
    """Seconds until two jobs of so many vCPU-seconds are through, on a thread each."""
    alone, beside = min(1.0, cpu), min(1.0, 0.5 * cpu)
    short, long = min(decompress, write), max(decompress, write)
    first = short / beside
    last = first + (long - short) / alone
    return (first, last) if decompress < write else (last, first)
