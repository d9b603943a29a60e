"""Requests: Poisson arrivals, each a little CPU work of one thread, served within the quota."""

import heapq
import math
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from simpy import Event

from sim.core.cited import Number, Positive, plain
from sim.core.description import description
from sim.core.randomness import draw_gamma
from sim.core.world import World
from sim.host.cpu_quota import EXIT_CPU, GRAIN, CpuMax
from sim.workload.request_server import RequestServer


@description
class Load:
    """The requests that a ready container serves."""

    share: Positive
    """Mean CPU use as a fraction of the CPU it is given."""
    request_cpu: Positive
    """Mean CPU of a request, core-seconds of the reference core."""
    variation: Number = 1.0
    """Coefficient of variation of that CPU, of a gamma distribution: 0 where every request takes
    the same, 1 where it is exponential."""
    crowding: Number = 0.0
    """Rise of the CPU of a request with every doubling of the containers on a core: they take
    turns in its caches."""

    def rate(self, cpu: float) -> float:
        """Requests per second of a sandbox that is given `cpu` vCPUs."""
        return plain(self.share) * cpu / plain(self.request_cpu)

    def mean_use(self, cpu: float, core_speed: float) -> float:
        """vCPUs a sandbox uses in the mean on cores of that speed."""
        return plain(self.share) * cpu / core_speed

    def crowded(self, containers: float) -> float:
        """By how much the CPU of a request rises with so many containers on a core."""
        return 1.0 + plain(self.crowding) * math.log2(max(1.0, containers))

    def draw_work(self, generator: np.random.Generator, number: int) -> list[float]:
        """CPU of `number` requests, core-seconds of the reference core."""
        mean, variation = plain(self.request_cpu), plain(self.variation)
        work: list[float] = draw_gamma(generator, mean, variation, number).tolist()
        return work


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of one task: drawn once, the same wherever the task runs."""

    times: tuple[float, ...]
    """Arrivals, seconds from the moment the task is ready."""
    work: tuple[float, ...]
    """Core-seconds of the reference core."""


def draw_requests(world: World, task: int, load: Load, cpu: float, window: float) -> Requests:
    """All requests of task number `task` that arrive within `window` seconds."""
    rate = load.rate(cpu)
    generator = world.random.generator(f"requests/{task}")
    times: list[float] = []
    now = 0.0
    while now < window:
        gaps = generator.exponential(1.0 / rate, max(16, int(rate * window / 4)))
        times.extend((now + np.cumsum(gaps)).tolist())
        now = times[-1]
    times = [time for time in times if time < window]
    work = world.random.generator(f"request work/{task}")
    return Requests(times=tuple(times), work=tuple(load.draw_work(work, len(times))))


def alone(
    requests: Requests,
    vcpus: float,
    core_speed: float,
    *,
    threads: float = math.inf,
    cpu_max: CpuMax | None = None,
) -> list[float]:
    """Seconds each request takes when its sandbox has the host to itself.

    The law of `RequestServer` for a single group, in closed form from one arrival, end, or slice
    used up to the next.

    Args:
        requests: in order of arrival.
        vcpus: of the host, of the guest, or of a quota without a period.
        core_speed: of its cores.
        threads: requests in service at most.
        cpu_max: its quota, with the period and phase that it has.
    """
    server = _Alone(vcpus, core_speed, threads, cpu_max, len(requests.times))
    for number, (arrival, work) in enumerate(zip(requests.times, requests.work, strict=True)):
        server.run(arrival)
        server.admit(number, work)
    server.run(math.inf)
    return [end - time for end, time in zip(server.ended, requests.times, strict=True)]


class _Alone:
    """An app alone on its host, from event to event."""

    def __init__(
        self, vcpus: float, speed: float, threads: float, cpu_max: CpuMax | None, number: int
    ) -> None:
        self.vcpus, self.speed, self.threads, self.limit = vcpus, speed, threads, cpu_max
        self.now = self.clock = 0.0
        self.active: list[tuple[float, int]] = []
        self.queue: deque[tuple[float, int]] = deque()
        self.ended = [0.0] * number
        self.left = math.inf if cpu_max is None else cpu_max.slice
        self.refill = math.inf if cpu_max is None else cpu_max.begun(0.0) + cpu_max.period

    def admit(self, number: int, work: float) -> None:
        """A request arrives now."""
        work += 0.0 if self.limit is None else EXIT_CPU
        if len(self.active) < self.threads:
            heapq.heappush(self.active, (self.clock + work, number))
        else:
            self.queue.append((work, number))

    def run(self, until: float) -> None:
        """Serve until then, or until nothing is left."""
        while self.active and self.now < until:
            if self.limit is not None and self.left <= GRAIN:
                self._wait(until)
            else:
                self._work(until)
        if until < math.inf:
            self.now = until
            self._renew()

    def _work(self, until: float) -> None:
        """At full speed to the next end, slice used up, or period."""
        width = len(self.active)
        use = min(width, self.vcpus)
        needed = (self.active[0][0] - self.clock) * width / self.speed
        end, spent = self.now + needed / use, self.now + self.left / use
        then = min(end, spent, self.refill, until)
        if end <= then:
            self._leave(end, needed)
        else:
            self._advance(then, (then - self.now) * use)
        self._renew()

    def _wait(self, until: float) -> None:
        """For the next period, and through whole periods in which nothing ends or arrives."""
        limit = self.limit
        if limit is None or self.refill >= until:
            self.now = until
            return
        self.now = self.refill
        width = len(self.active)
        needed = (self.active[0][0] - self.clock) * width / self.speed
        periods = max(0.0, math.ceil(needed / limit.slice) - 1.0) if width > limit.quota else 0.0
        if until < math.inf:
            periods = min(periods, math.floor((until - self.now) / limit.period))
        self._advance(self.now + periods * limit.period, periods * limit.slice)
        self._renew()

    def _leave(self, end: float, needed: float) -> None:
        self.left -= needed
        self.now, (self.clock, done) = end, heapq.heappop(self.active)
        self.ended[done] = end
        if self.queue:
            work, number = self.queue.popleft()
            heapq.heappush(self.active, (self.clock + work, number))

    def _advance(self, now: float, used: float) -> None:
        self.clock += used * self.speed / len(self.active)
        self.left -= used
        self.now = now

    def _renew(self) -> None:
        """A new period has a whole slice."""
        if self.limit is not None and self.now >= self.refill - GRAIN:
            self.left = self.limit.slice
            self.refill = self.limit.begun(self.now) + self.limit.period


def serve(
    world: World,
    requests: Requests,
    server: RequestServer,
    served: Callable[[int, float], None],
    *,
    crowding: float = 1.0,
    alive: Callable[[], bool] = lambda: True,
) -> Generator[Event, Any, None]:
    """Send every request to its server; `served(number, sojourn_s)` is told of each end.

    It ends when its sandbox is no longer `alive`. The CPU of each request is `crowding` times what
    it is when its sandbox has the host to itself.
    """
    env = world.env
    began = env.now
    for number, (time, work) in enumerate(zip(requests.times, requests.work, strict=True)):
        yield env.timeout(max(0.0, began + time - env.now))
        if not alive():
            return
        server.serve(work * crowding, partial(served, number))
