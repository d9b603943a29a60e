"""One run: victims serve their requests, first in peace and then beside a hog."""

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any

import numpy as np
from simpy import Event

from sim.core.cited import Number, Positive, plain
from sim.core.description import description
from sim.core.recorder import Recorder
from sim.core.world import World
from sim.host import Kernel
from sim.sandbox import Container, Guest
from sim.sharing import Group, SharedCapacity
from sim.studies.neighbours.ways import Separation
from sim.workload import Service, draw_requests, serve
from sim.workload.hog import COMPUTES, GROWS, Hog

ENDLESS = 1e15
"""Work of a job that does not end."""

STEPS = 40
"""Equal steps in which a hog takes memory, a twentieth of what its kernel has at a time."""

LATEST = 3.0
"""Windows after which whoever is not served counts as served then."""

METRICS = ("p50_slowdown", "p95_slowdown", "killed", "hog_killed", "thrashed")


@description
class NeighboursRun:
    """Victims and a hog on one machine, kept apart in one way."""

    name: str = "neighbours"
    platform: Any
    """Docker or a hypervisor on the machine."""
    service: Service
    way: Separation
    hog: Hog
    places: int
    """Sandboxes on the machine; the last of them is the hog."""
    rate: Positive
    """Bytes a second of the disk or network that is fought for."""
    bytes: Number = 0.0
    """Bytes of it that each request of a victim takes."""
    more_cpu: Number = 0.0
    """Share by which the hog raises the CPU of a request: caches, memory bus, locks."""
    process_memory: Number = 1.0
    """Bytes of one process of a fork bomb."""
    window: float
    """Seconds in which requests arrive."""

    def run(self, seed: int, replication: int) -> Recorder:
        """The slow-down of a request is what it takes beside the hog, over what it takes without:
        the same request, for both worlds draw the same."""
        calm = _Machine(self, World(seed, replication))
        calm.serve(beside=False)
        bench = _Machine(self, World(seed, replication))
        bench.serve(beside=True)
        ratios = [took / calm.took[key] for key, took in bench.took.items() if key in calm.took]
        shares = (0.5, 0.95)
        numbers = (
            *(float(np.quantile(ratios, share)) if ratios else float("inf") for share in shares),
            sum(not each.alive for each in bench.victims),
            bench.hog_killed,
            bench.thrashed,
        )
        bench.world.record.metrics = dict(zip(METRICS, numbers, strict=True))
        return bench.world.record


class _Machine:
    """A machine with its victims, and the hog in the last place."""

    def __init__(self, asked: NeighboursRun, world: World) -> None:
        self.asked = asked
        self.world = world
        service = asked.service
        live = asked.platform.deploy(world)
        sandboxes: Sequence[Container | Guest] = live.settle(service, asked.places)
        *self.victims, self._hog = sandboxes
        self._host: Kernel = live.hosts()[0]
        self.took: dict[tuple[int, int], float] = {}
        """Seconds of each request, by victim and number."""
        self._open: dict[tuple[int, int], float] = {}
        """When those whose bytes are under way arrived."""
        self.hog_killed = self.thrashed = 0
        shared = SharedCapacity(world.env, plain(asked.rate))
        self._pipes = [
            SharedCapacity(world.env, plain(asked.rate)) if asked.way.own else shared
            for _ in self.victims
        ]
        self._shared = shared

    def serve(self, *, beside: bool) -> None:
        """Let the victims serve for the window, beside the hog or not."""
        asked, world = self.asked, self.world
        load = asked.service.load
        if load is None:
            raise ValueError("load: a service without requests has no slow-down")
        crowding = 1.0 + (plain(asked.more_cpu) if beside else 0.0)
        if beside:
            self._unleash()
        for victim, sandbox in enumerate(self.victims):
            requests = draw_requests(world, victim, load, asked.service.cpu, asked.window)
            done = partial(self._computed, victim)
            alive: Callable[[], bool] = partial(_lives, sandbox)
            world.env.process(
                serve(world, requests, sandbox.server, done, crowding=crowding, alive=alive)
            )
        world.env.run(until=LATEST * asked.window)
        for key, arrived in self._open.items():
            self.took[key] = world.env.now - arrived

    def _computed(self, victim: int, number: int, seconds: float) -> None:
        """A request's CPU work is done: its bytes follow."""
        size, key = plain(self.asked.bytes), (victim, number)
        if size == 0.0:
            self.took[key] = seconds
            return
        arrived = self._open[key] = self.world.env.now - seconds
        moved: Any = self._pipes[victim].run(size)

        def finish(_: Event) -> None:
            del self._open[key]
            self.took[key] = self.world.env.now - arrived

        moved.callbacks.append(finish)

    def _unleash(self) -> None:
        """Let the hog ask for all it can get, within what keeps it apart."""
        asked, hog = self.asked, self.asked.hog
        if hog.resource in COMPUTES:
            threads = float(hog.threads)
            self._hog.cpu.run(ENDLESS, weight=threads, cap=threads)
        if hog.resource in GROWS:
            self.world.env.process(self._grow())
        if hog.resource in ("disk", "network") and not asked.way.own:
            _endless(self._shared, hog.threads, self._cap())

    def _cap(self) -> float:
        """Bytes a second that the hog may have: its own share of the machine, where that is set."""
        limited = self.asked.way.limited
        return plain(self.asked.rate) / self.asked.places if limited else float("inf")

    def _grow(self) -> Generator[Event, Any, None]:
        """Take more and more memory, as one process or many, until the kernel ends it."""
        asked = self.asked
        kernel = self._hog.kernel if isinstance(self._hog, Guest) else self._host
        bounded = asked.way.limited and not asked.way.guests
        limit = asked.service.memory if bounded else float("inf")
        group = kernel.memory.cgroup(limit, self._killed)
        step = kernel.memory.capacity / (STEPS / 2)
        for _ in range(STEPS):
            yield self.world.env.timeout(asked.window / STEPS)
            if asked.hog.resource == "fork":
                group.processes += int(step / plain(asked.process_memory))
            alive = group.allocate(step)
            self.thrashed |= self._host.memory.lacking > 0.0
            if not alive:
                return

    def _killed(self, reason: str) -> None:  # noqa: ARG002 (the kernel's signature)
        self.hog_killed = 1


def _endless(capacity: SharedCapacity, jobs: int, cap: float) -> Group:
    """So many jobs that do not end, at most `cap` together."""
    group = capacity.group(weight=float(jobs), cap=cap)
    group.run(ENDLESS, weight=float(jobs))
    return group


def _lives(sandbox: Container | Guest) -> bool:
    return sandbox.alive
