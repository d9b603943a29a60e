"""A step of a start: CPU work, and a wait that is not CPU."""

from functools import cache

from sim.core.cited import Number, Positive, plain
from sim.core.description import description
from sim.core.quantity import AtMost
from sim.core.randomness import Lognormal
from sim.host.work_amount import WorkAmount


@description
class Step:
    """What a phase costs: `cpu * core / threads + wait` seconds on an idle host at core speed 1.

    Where a measurement gives the time alone, say `wall` and what of it is CPU (`cpu`, or
    `cpu_share` of it); the wait is then what is left.
    """

    cpu: Number = 0.0
    """Core-seconds of the core it was measured on; contends with everything else on the host."""
    core: Positive = 1.0
    """Speed of that core against the reference core."""
    wait: Number = 0.0
    """Seconds that are not CPU: timers, network round trips, the other side."""
    wall: Number | None = None
    """Seconds it takes alone, on that core; the wait is what CPU leaves of it."""
    cpu_share: Number | None = None
    """CPU work as a fraction of `wall`, instead of `cpu`."""
    threads: AtMost = 1
    """Threads that can run at once."""
    spread: Number = 0.0
    """Coefficient of variation from start to start, of CPU work and wait alike."""

    @property
    def work(self) -> float:
        """Core-seconds of the reference core, plain."""
        return self._measured * plain(self.core)

    @property
    def _measured(self) -> float:
        """Core-seconds of the core it was measured on."""
        if self.cpu_share is None or self.wall is None:
            return plain(self.cpu)
        return plain(self.cpu_share) * plain(self.wall)

    @property
    def delay(self) -> float:
        """Seconds of waiting, plain."""
        if self.wall is None:
            return plain(self.wait)
        return max(0.0, plain(self.wall) - self._measured / self.threads)

    def plain(self) -> WorkAmount:
        """Work, delay and threads as plain numbers."""
        return WorkAmount(self.work, self.delay, float(self.threads))

    @property
    def noise(self) -> Lognormal:
        """The factor by which one start differs from the median."""
        return _around_one(self.spread)


@cache
def _around_one(spread: Number) -> Lognormal:
    """Every host asks for the same one."""
    return Lognormal(median=1.0, spread=spread)
