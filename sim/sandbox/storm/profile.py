"""What one start of a sandbox costs on its host: CPU work, waits, passes through a lock.

The law of docs/model/storms.md. With n sandboxes that were up when it was requested, a start first
passes a lock k times (cgroups, mounts, devices are set up), each time for a k-th of

    S(n) = a + b n + c n^2, and e more where n = 0

(CPU of one thread: on a slower or busier host it is held longer); then it works beside the others,

    CPU of w + g n on up to p threads, and a wait v.

Sandboxes of the same storm are
not up when it begins, so c of them on a host with CPUs to spare are all up after what one alone
takes, and (c - 1) S(n). Of those who wait one is picked at random: a mutex that running threads may
snatch keeps no queue.
"""

from pydantic import PositiveInt

from sim.core.cited import Number, Positive, plain
from sim.core.description import description
from sim.core.randomness import Lognormal


@description
class LockCost:
    """The lock that every start passes, one after the other; S(n) in core-seconds."""

    fixed: Number = 0.0
    """a, core-seconds."""
    on_empty_host: Number = 0.0
    """e, core-seconds more on a host where nothing ran."""
    per_running: Number = 0.0
    """b, core-seconds for each sandbox on the host."""
    per_running_squared: Number = 0.0
    """c, core-seconds."""
    passes: Positive = 1
    """k: how often one start queues."""
    spin: Number = 0.0
    """Threads that one waiter keeps busy with nothing, as far as nobody else wants them."""

    def service(self, running: float) -> float:
        """S(n): core-seconds under the lock, of all passes together."""
        b, c = plain(self.per_running), plain(self.per_running_squared)
        first = 0.0 if running else plain(self.on_empty_host)
        return plain(self.fixed) + first + running * (b + c * running)


@description
class StartProfile:
    """How a runtime starts a sandbox, from request to ready."""

    name: str
    cpu: Number = 0.0
    """w: core-seconds outside the lock."""
    cpu_per_running: Number = 0.0
    """g: core-seconds for each sandbox on the host."""
    wait: Number = 0.0
    """v: seconds that are not CPU."""
    threads: PositiveInt = 1
    """p: threads that can run at once."""
    lock: LockCost = LockCost()
    idle_cpu: Number = 0.0
    """Threads that a running sandbox keeps busy while it does nothing."""
    spread: Number = 0.0
    """Coefficient of variation from start to start, of all it does."""

    def outside(self, running: float) -> float:
        """Core-seconds outside the lock with `running` sandboxes on the host."""
        return plain(self.cpu) + running * plain(self.cpu_per_running)

    @property
    def noise(self) -> Lognormal:
        """The factor by which one start differs from the median."""
        return Lognormal(median=1.0, spread=self.spread)


@description
class Footprint:
    """Memory that is there once, that comes with each sandbox, and that grows with the guest."""

    shared: Number = 0.0
    """Bytes that are there once, however many run: pages of the VMM, kernel and template that all
    map."""
    each: Number
    """Bytes of one sandbox's own, with a guest of `guest` bytes."""
    guest: Number = 0.0
    """Bytes of guest memory that `each` was measured with."""
    per_guest_byte: Number = 0.0
    """Bytes for each byte of guest memory: struct page and tables."""

    def resident(self, sandboxes: int, guest: float) -> float:
        """Bytes of host memory that `sandboxes` idle ones with `guest` bytes each take."""
        if sandboxes == 0:
            return 0.0
        larger = plain(self.per_guest_byte) * (guest - plain(self.guest))
        return plain(self.shared) + sandboxes * max(0.0, plain(self.each) + larger)
