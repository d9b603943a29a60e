"""A storm: many sandboxes are started on one host at once, or in a closed loop."""

from collections.abc import Callable, Generator
from typing import Any

from simpy import Event

from sim.core.cited import plain
from sim.core.world import World
from sim.sandbox.storm.lock import Lock
from sim.sandbox.storm.processor import Processor
from sim.sandbox.storm.profile import StartProfile


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
        self.record = world.record
        self.running = running
        self.latencies: list[float] = []
        """Seconds from request to ready, in the order of becoming ready."""
        self.cores = processor.deploy(world.env)
        self.lock = Lock(world.env, _at_random(world))
        self._profile = profile
        self._passes = int(plain(profile.lock.passes))
        self._wait, self._spin = plain(profile.wait), plain(profile.lock.spin)
        self._noise = world.random.sampler("sandbox/start", profile.noise)
        self._left = starts
        self._idle = self.cores.load()
        self._background = plain(processor.background)
        self._settle()
        self.over = world.env.all_of(
            [world.env.process(self._launcher()) for _ in range(min(launchers, starts))]
        )

    def _launcher(self) -> Generator[Event, Any, None]:
        while self._left > 0:
            self._left -= 1
            requested, task = self.env.now, self.record.task("sandbox")
            self.record.phase(task, "start")
            yield from self._start()
            self.record.phase(task, "app")
            self.record.outcome(task, "ready")
            self.latencies.append(self.env.now - requested)
            self.running += 1
            self._settle()

    def _settle(self) -> None:
        """Update the threads that the host and the idle sandboxes keep busy."""
        self._idle.set(self._background + self.running * plain(self._profile.idle_cpu))

    def _start(self) -> Generator[Event, Any, None]:
        noise = self._noise()
        passes, between = self._passes, self._profile.lock.interleaved
        parts = passes + 1 if between else 2
        yield from self._outside(noise / parts)
        for _ in range(passes - 1):
            yield from self._under_lock(noise / passes)
            if between:
                yield from self._outside(noise / parts)
        yield from self._under_lock(noise / passes)
        yield from self._outside(noise / parts)

    def _outside(self, part: float) -> Generator[Event, Any, None]:
        profile = self._profile
        yield from self.cores.compute(part * profile.outside(self.running), profile.threads)
        if self._wait > 0.0:
            yield self.env.timeout(part * self._wait)

    def _under_lock(self, part: float) -> Generator[Event, Any, None]:
        lock = self._profile.lock
        if lock.service(self.running) == 0.0:
            return
        with self.lock.request() as request:
            if not request.triggered:
                with self.cores.spinning(self._spin):
                    yield request
            yield from self.cores.compute(part * lock.service(self.running))


def _at_random(world: World) -> Callable[[int], int]:
    draw = world.random.generator("sandbox/lock").random
    return lambda waiting: int(draw() * waiting)
