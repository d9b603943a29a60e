"""Equal apps side by side on one CPU, each serving its requests: from event to event, in one loop.

The sharing law where all have the same weight: each gets ``min(c_i, lam)``. Apps with the same cap
get the same at every instant, so they share a clock and a heap, and an event touches one app and
the few caps there are. The books of an app are those of `RequestServer`; there is no tree of groups
and no event of SimPy, into which most of the time would go.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from sim.host.cpu_quota import CpuMax
from sim.workload.requests.load import Requests
from sim.workload.requests.serving import Serving


@dataclass(frozen=True, slots=True)
class Peers:
    """What equal apps share, and what each of them is held to."""

    capacity: float
    """vCPUs that they share."""
    most: float
    """vCPUs that one can use at most."""
    vcpus: float
    """vCPUs that one sees: of its host, or of its guest."""
    core_speed: float
    threads: float
    cpu_max: tuple[CpuMax | None, ...]
    """Quota, period and phase of each."""

    def first(self, count: int) -> Peers:
        """The first `count` of them."""
        return Peers(
            self.capacity,
            self.most,
            self.vcpus,
            self.core_speed,
            self.threads,
            self.cpu_max[:count],
        )


def served_in_crowd(
    peers: Peers, requests: Sequence[Requests], crowding: float = 1.0
) -> Iterator[tuple[int, int, float]]:
    """App, number and sojourn (s) of each request, in the order in which they end.

    Args:
        requests: of each app, in order of arrival.
        crowding: the CPU of each is so many times what it is alone.
    """
    return _Crowd(peers).serve(requests, crowding)


class _App(Serving[int]):
    """One of them, and the job that it has."""

    __slots__ = ("entry", "number", "tag", "together")

    def __init__(self, number: int, peers: Peers) -> None:
        super().__init__(
            vcpus=peers.vcpus,
            core_speed=peers.core_speed,
            threads=peers.threads,
            cpu_max=peers.cpu_max[number],
        )
        self.number = number
        self.together: _SameCap | None = None
        """Those it runs with; None: it has no job."""
        self.tag = 0.0
        """Their clock at the end of its job."""
        self.entry = 0
        """Number of its valid entry in a heap; 0: it has none."""


class _SameCap:
    """Apps that can use as much as each other now: they get the same at every instant."""

    __slots__ = ("cap", "clock", "count", "ends", "rate")

    def __init__(self, cap: float) -> None:
        self.cap = cap
        self.rate = 0.0
        self.clock = 0.0
        """vCPU-seconds that one in it all the time has had."""
        self.count = 0
        self.ends: list[tuple[float, int, _App]] = []
        """Clock at the end of its job, number with which the entry is valid, app."""


class _Crowd:
    """The apps at one instant."""

    def __init__(self, peers: Peers) -> None:
        self.capacity, self.most = peers.capacity, peers.most
        self.apps = [_App(number, peers) for number in range(len(peers.cpu_max))]
        self.now = 0.0
        self.caps: list[float] = []
        self.classes: list[_SameCap] = []
        """By cap, the smallest first."""
        self.running = 0
        """Apps that have a job."""
        self.demand = 0.0
        """vCPUs that all jobs together can use."""
        self.first: _SameCap | None = None
        """Those among whom a job ends next."""
        self.ends = math.inf
        """When it does."""
        self.refills: list[tuple[float, int, _App]] = []
        """When a period begins for which an app waits, as in `_SameCap.ends`."""
        self.entries = 0
        self.ended: list[tuple[int, int, float]] = []

    def serve(
        self, requests: Sequence[Requests], crowding: float
    ) -> Iterator[tuple[int, int, float]]:
        """The ends of all requests."""
        for time, app, number, work in _merged(requests):
            while self.ends < time or (self.refills and self.refills[0][0] < time):
                self._next()
                if self.ended:
                    yield from self.ended
                    self.ended.clear()
            if time < math.inf:
                self._advance(time)
                self._arrive(self.apps[app], number, work * crowding)

    def _arrive(self, app: _App, number: int, work: float) -> None:
        if app.full:
            app.arrive(work, number, self.now)
            return
        together = app.together
        app.entry = 0  # its job has ended, and it waits for no period
        if together is not None:
            self._take_off(app, together)
            app.account(app.job_work - max(0.0, app.tag - together.clock), self.now)
        app.arrive(work, number, self.now)
        self._go_on(app)

    def _next(self) -> None:
        """To the next end of a job, or the next period that one waits for."""
        if self.refills and self.refills[0][0] <= self.ends:
            time, entry, app = heappop(self.refills)
            if app.entry == entry:
                self._advance(time)
                self._go_on(app)
            return
        self._advance(self.ends)
        together = self.first
        assert together is not None
        together.clock, _, app = heappop(together.ends)
        self._take_off(app, together)
        app.account(app.job_work, self.now)
        while (ended := app.leave()) is not None:
            arrived, number = ended
            self.ended.append((app.number, number, self.now - arrived))
        if app.width:
            self._go_on(app)
        else:
            app.entry = 0
            self._level()

    def _take_off(self, app: _App, together: _SameCap) -> None:
        """Its job runs no longer."""
        app.together = None
        together.count -= 1
        self.running -= 1
        self.demand -= together.cap

    def _go_on(self, app: _App) -> None:
        """Start the job of an app up to whatever comes next, or let it wait."""
        self.entries = app.entry = entry = self.entries + 1
        until = app.next_job(self.now)
        if until:
            heappush(self.refills, (max(until, self.now), entry, app))
        else:
            app.together = together = self._class_of(min(app.job_cap, self.most))
            app.tag = tag = together.clock + app.job_work
            heappush(together.ends, (tag, entry, app))
            together.count += 1
            self.running += 1
            self.demand += together.cap
        self._level()

    def _class_of(self, cap: float) -> _SameCap:
        place = bisect_left(self.caps, cap)
        if place == len(self.caps) or self.caps[place] != cap:
            self.caps.insert(place, cap)
            self.classes.insert(place, _SameCap(cap))
        return self.classes[place]

    def _advance(self, now: float) -> None:
        """Bring all clocks to `now`."""
        passed = now - self.now
        if passed > 0.0:
            self.now = now
            for each in self.classes:
                if each.count:
                    each.clock += each.rate * passed

    def _level(self) -> None:
        """Share the capacity, the smallest caps first, and find the next end of a job."""
        left, running = self.capacity, self.running
        scarce = self.demand > left
        self.ends, self.first = math.inf, None
        for each in self.classes:
            count = each.count
            if not count:
                if each.ends:
                    each.ends.clear()
                continue
            rate = each.cap
            if scarce:
                if rate * running > left:
                    rate = left / running
                left -= rate * count
                running -= count
            each.rate = rate
            ends = each.ends
            while ends[0][2].entry != ends[0][1]:
                heappop(ends)
            end = self.now + (ends[0][0] - each.clock) / rate
            if end < self.ends:
                self.ends, self.first = end, each


def _merged(requests: Sequence[Requests]) -> Iterator[tuple[float, int, int, float]]:
    """Arrival, app, number and work of the requests of all apps, in order; then the end of time."""
    import numpy as np

    sizes = [len(each.times) for each in requests]
    times = np.concatenate([np.asarray(each.times) for each in requests])
    work = np.concatenate([np.asarray(each.work) for each in requests])
    apps = np.repeat(np.arange(len(sizes)), sizes)
    numbers = np.concatenate([np.arange(size) for size in sizes])
    order = np.argsort(times, kind="stable")
    columns = (column[order].tolist() for column in (times, apps, numbers, work))
    yield from zip(*columns, strict=True)
    yield math.inf, 0, 0, 0.0
