"""Wire and disk of a host that one pull has to itself, in closed form."""

from __future__ import annotations

import math
from bisect import insort


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

    def begin(self, number: int, amount: float, now: float) -> int:
        """Begin to write; 0 where that takes no time."""
        writes, rate = self._writes, self._rate
        if amount <= 0.0 or rate == math.inf:
            return 0
        if not writes:
            writes.append((amount, number))
            self._since, self.due = now, now + amount / rate
            return 1
        self._clock += rate * (now - self._since) / len(writes)
        self._since = now
        insort(writes, (self._clock + amount, number))
        ahead = writes[0][0] - self._clock
        self.due = now + ahead * len(writes) / rate if ahead > 0.0 else now
        return 1

    def end(self, now: float) -> int:
        """The number of the write that is through now."""
        writes = self._writes
        clock, number = writes.pop(0)
        if writes:
            self._clock, self._since = clock, now
            self.due = now + (writes[0][0] - clock) * len(writes) / self._rate
        else:
            self._clock, self.due = 0.0, math.inf
        return number


class Wire:
    """Downloads that share a NIC, each with a connection whose rate it does not exceed."""

    __slots__ = ("_asked", "_flows", "_rate", "_scarce", "due")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._flows: list[tuple[float, int, float, float]] = []
        """When each is through, its number, the most it can get, and what it gets."""
        self._asked = 0.0
        """What all could use."""
        self._scarce = False
        """Whether that was more than there is, when it was shared."""
        self.due = math.inf
        """When the next of them is through."""

    def begin(self, number: int, amount: float, cap: float, now: float) -> int:
        """Begin to download; 0 where that takes no time."""
        if cap > self._rate:  # noqa: PLR1730 (min() would be a call on the hot path)
            cap = self._rate
        if amount <= 0.0 or cap == math.inf:
            return 0
        self._asked += cap
        insort(self._flows, (now + amount / cap, number, cap, cap))
        if self._asked > self._rate:
            self._share(now)
        self.due = self._flows[0][0]
        return 1

    def end(self, now: float) -> int:
        """The number of the download that is through now."""
        _, number, cap, _ = self._flows.pop(0)
        if not self._flows:
            self._asked, self._scarce, self.due = 0.0, False, math.inf
            return number
        self._asked -= cap
        if self._scarce:
            self._share(now)
        self.due = self._flows[0][0]
        return number

    def _share(self, now: float) -> None:
        """The sharing law, for jobs of the same weight."""
        free, others, shared = self._rate, len(self._flows), []
        for end, number, cap, rate in sorted(self._flows, key=lambda flow: flow[2]):
            left, new = max(0.0, end - now) * rate, min(cap, free / others)
            shared.append((now + left / new, number, cap, new))
            free -= new
            others -= 1
        self._flows = sorted(shared)
        self._scarce = self._asked > self._rate
