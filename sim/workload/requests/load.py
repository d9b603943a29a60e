"""Requests: Poisson arrivals, each a little CPU work of one thread."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.core.cited import Number, Positive, plain
from sim.core.description import description
from sim.core.randomness import draw_gamma
from sim.core.world import World

if TYPE_CHECKING:
    import numpy as np

LEAST = 1e-12
"""Core-seconds of a request: where they vary a hundredfold, most are drawn below any float."""


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

    def draw_work(self, generator: "np.random.Generator", number: int) -> "array[float]":
        """CPU of `number` requests, core-seconds of the reference core."""
        mean, variation = plain(self.request_cpu), plain(self.variation)
        return array("d", draw_gamma(generator, mean, variation, number).clip(LEAST).tobytes())


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of one task: drawn once, the same wherever the task runs."""

    times: Sequence[float]
    """Arrivals, seconds from the moment the task is ready."""
    work: Sequence[float]
    """Core-seconds of the reference core."""


def draw_requests(world: World, task: int, load: Load, cpu: float, window: float) -> Requests:
    """All requests of task number `task` that arrive within `window` seconds."""
    import numpy as np

    rate = load.rate(cpu)
    generator = world.random.generator(f"requests/{task}")
    drawn: list[np.ndarray[Any, Any]] = []
    now = 0.0
    while now < window:
        gaps = generator.exponential(1.0 / rate, max(16, int(rate * window / 4)))
        drawn.append(now + np.cumsum(gaps))
        now = float(drawn[-1][-1])
    every = np.concatenate(drawn) if drawn else np.empty(0)
    times = array("d", every[every < window].tobytes())
    work = world.random.generator(f"request work/{task}")
    return Requests(times=times, work=load.draw_work(work, len(times)))
