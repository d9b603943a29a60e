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
        running: sandboxes that are up already; those that become ready join them, and count for
            the starts that are requested from then on.

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
            yield from self._start(self.running)
            self.record.phase(task, "app")
            self.record.outcome(task, "ready")
            self.latencies.append(self.env.now - requested)
            self.running += 1
            self._settle()

    def _settle(self) -> None:
        """Update the threads that the host and the idle sandboxes keep busy."""
        self._idle.set(self._background + self.running * plain(self._profile.idle_cpu))

    def _start(self, running: int) -> Generator[Event, Any, None]:
        """Start one where `running` are up."""
        noise, passes = self._noise(), self._passes
        service = self._profile.lock.service(running)
        if service > 0.0:
            for _ in range(passes):
                yield from self._under_lock(service * noise / passes)
        outside = self._profile.outside(running)
        yield from self.cores.compute(noise * outside, self._profile.threads)
        if self._wait > 0.0:
            yield self.env.timeout(noise * self._wait)

    def _under_lock(self, work: float) -> Generator[Event, Any, None]:
        with self.lock.request() as request:
            if not request.triggered:
                with self.cores.wanting(self._spin):
                    yield request
            yield from self.cores.compute(work)


def _at_random(world: World) -> Callable[[int], int]:
    draw = world.random.generator("sandbox/lock").random
    return lambda waiting: int(draw() * waiting)
