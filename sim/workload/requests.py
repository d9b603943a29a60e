"""Requests: Poisson arrivals, each a little CPU work of one thread, served within the quota."""

import heapq
import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from simpy import Event

from sim.core.cited import Positive, plain
from sim.core.description import description
from sim.core.world import World
from sim.sharing import Group


@description
class Load:
    """The requests that a ready container serves."""

    share: Positive
    """Mean CPU use as a fraction of the CPU it is given."""
    request_cpu: Positive
    """Mean CPU of a request, core-seconds of the reference core; exponential."""

    def rate(self, cpu: float) -> float:
        """Requests per second of a sandbox that is given `cpu` vCPUs."""
        return plain(self.share) * cpu / plain(self.request_cpu)

    def mean_use(self, cpu: float, core_speed: float) -> float:
        """vCPUs a sandbox uses in the mean on cores of that speed."""
        return plain(self.share) * cpu / core_speed


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
    return Requests(
        times=tuple(times), work=tuple(work.exponential(plain(load.request_cpu), len(times)))
    )


def alone(requests: Requests, cap: float, core_speed: float) -> list[float]:
    """Seconds each request takes when its sandbox has the host to itself.

    Egalitarian processor sharing within `cap` vCPUs, at most one vCPU a request: the law of
    docs/model.md, Sharing, for a single group, in closed form on a virtual clock.
    """
    clock = now = 0.0
    active: list[tuple[float, int]] = []
    ended = [0.0] * len(requests.times)
    arrivals = [*zip(requests.times, requests.work, strict=True), (math.inf, 0.0)]
    for number, (arrival, work) in enumerate(arrivals):
        while active:
            pace = core_speed * min(1.0, cap / len(active))
            end = now + (active[0][0] - clock) / pace
            if end > arrival:
                clock += (arrival - now) * pace
                break
            now, (clock, done) = end, heapq.heappop(active)
            ended[done] = end
        now = arrival
        heapq.heappush(active, (clock + work, number))
    return [end - time for end, time in zip(ended, requests.times, strict=True)]


def serve(
    world: World,
    requests: Requests,
    cpu: Group,
    core_speed: float,
    served: Callable[[int, float], None],
    *,
    alive: Callable[[], bool] = lambda: True,
) -> Generator[Event, Any, None]:
    """Serve every request in the group `cpu`; call `served(number, sojourn_s)` at the end of each.

    It ends when its sandbox is no longer `alive`.
    """
    env = world.env
    began = env.now
    for number, (time, work) in enumerate(zip(requests.times, requests.work, strict=True)):
        yield env.timeout(max(0.0, began + time - env.now))
        if not alive():
            return
        _watch(cpu.run(work / core_speed, cap=1.0), number, env.now, served)


def _watch(job: Event, number: int, arrived: float, served: Callable[[int, float], None]) -> None:
    job.callbacks.append(lambda event: served(number, event.env.now - arrived))
