"""A storm: many sandboxes are started on one host at once, or in a closed loop."""

from collections.abc import Generator
from typing import Any

from simpy import Event

from sim.core.cited import plain
from sim.core.station import Station
from sim.core.world import World
from sim.host.processor import Processor
from sim.sandbox.profile import StartProfile


class Storm:
    """A live host on which `starts` sandboxes start, `launchers` at a time.

    Args:
        running: sandboxes that are up already; those that become ready join them.

    `env.run(storm.over)` runs it to the last start.
    """

    def __init__(
        self,
        world: World,
        profile: StartProfile,
        processor: Processor,
        *,
        starts: int,
        launchers: int,
        running: int = 0,
    ) -> None:
        self.env = world.env
        self.running = running
        self.latencies: list[float] = []
        """Seconds from request to ready, in the order of becoming ready."""
        self.cores = processor.deploy(world.env)
        self.lock = Station(world.env)
        self._profile = profile
        self._passes = int(plain(profile.lock.passes))
        self._noise = world.random.sampler("sandbox/start", profile.noise)
        self._left = starts
        self._idle = self.cores.load()
        self._idle.set(running * plain(profile.idle_cpu))
        self.over = world.env.all_of(
            [world.env.process(self._launcher()) for _ in range(min(launchers, starts))]
        )

    @property
    def busy(self) -> float:
        """Thread-seconds of the host since the beginning."""
        return self.cores.busy

    def _launcher(self) -> Generator[Event, Any, None]:
        while self._left > 0:
            self._left -= 1
            asked = self.env.now
            yield from self._start()
            self.latencies.append(self.env.now - asked)
            self.running += 1
            self._idle.set(self.running * plain(self._profile.idle_cpu))

    def _start(self) -> Generator[Event, Any, None]:
        part = self._noise() / self._passes
        for _ in range(self._passes):
            yield from self._outside(part)
            yield from self._under_lock(part)

    def _outside(self, part: float) -> Generator[Event, Any, None]:
        profile = self._profile
        yield from self.cores.compute(part * profile.outside(self.running), profile.threads)
        wait = part * plain(profile.wait)
        if wait > 0.0:
            yield self.env.timeout(wait)

    def _under_lock(self, part: float) -> Generator[Event, Any, None]:
        lock = self._profile.lock
        if lock.service(self.running) == 0.0:
            return
        with self.lock.turn() as turn:
            if not turn.triggered:
                with self.cores.spinning(plain(lock.spin)):
                    yield turn
            yield from self.cores.compute(part * lock.service(self.running))
