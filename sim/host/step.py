"""A step of a start: CPU work, and a wait that is not CPU."""

from pydantic import PositiveInt

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.randomness import Lognormal


@description
class Step:
    """What a phase costs on an idle host: `cpu / threads + wait` seconds at core speed 1."""

    cpu: Number = 0.0
    """Core-seconds of the reference core; contends with everything else on the host."""
    wait: Number = 0.0
    """Seconds that are not CPU: timers, network round trips, the other side."""
    threads: PositiveInt = 1
    """Threads that can run at once."""
    spread: Number = 0.0
    """Coefficient of variation from start to start, of CPU work and wait alike."""

    @property
    def work(self) -> float:
        """Core-seconds, plain."""
        return plain(self.cpu)

    @property
    def delay(self) -> float:
        """Seconds of waiting, plain."""
        return plain(self.wait)

    @property
    def noise(self) -> Lognormal:
        """The factor by which one start differs from the median."""
        return Lognormal(median=1.0, spread=self.spread)
