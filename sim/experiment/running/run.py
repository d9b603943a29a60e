"""One replication: a world, a platform in it, and what arrives, from beginning to end."""

import gc
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from simpy import Event

from sim.core.recorder import Recorder
from sim.core.world import World
from sim.experiment.running.scenario import Burst, Poisson, Scenario
from sim.start import Deployment, Ready, Start
from sim.workload import draw_requests, serve


def run(scenario: Scenario, seed: int, replication: int) -> Recorder:
    """Run one replication, and return its record with whatever was open censored."""
    with _without_garbage_collection():
        world = World(seed, replication)
        deployment = scenario.deploy(world)
        for arrivals in scenario.arrivals:
            world.env.process(_follow(world, scenario, deployment, arrivals))
        if scenario.sample_every is not None:
            world.env.process(_read_meters(world, deployment, scenario.sample_every))
        world.env.run(until=scenario.until)
        world.record.close()
        return world.record


def _follow(
    world: World, scenario: Scenario, deployment: Deployment, arrivals: Burst | Poisson
) -> Generator[Event, Any, None]:
    def begun(start: Start) -> None:
        if scenario.serve > 0.0:
            world.env.process(_serve_when_ready(world, start, scenario.serve))

    return arrivals.arrive(world, deployment, begun)


def _serve_when_ready(world: World, start: Start, window: float) -> Generator[Event, Any, None]:
    outcome = (yield start) if not start.processed else start.value
    service, sandbox = start.service, start.sandbox
    if not isinstance(outcome, Ready) or sandbox is None or service.load is None:
        return
    requests = draw_requests(world, start.task, service.load, service.cpu, window)
    undisturbed = sandbox.undisturbed(requests)

    def served(number: int, sojourn: float) -> None:
        world.record.request(start.task, sojourn, undisturbed[number])

    yield from serve(world, requests, sandbox.server, served, alive=lambda: sandbox.alive)


def _read_meters(world: World, deployment: Deployment, every: float) -> Generator[Event, Any, None]:
    """Read each host's meters; CPU is the exact mean since the last reading, not a sample."""
    busy: dict[str, float] = {}
    while True:
        for kernel in deployment.hosts():
            root = kernel.cpu.root
            used = (root.busy_integral - busy.get(kernel.name, 0.0)) / every
            busy[kernel.name] = root.busy_integral
            world.record.sample(kernel.name, "cpu", used, root.capacity)
            world.record.sample(kernel.name, "memory", kernel.memory.used, kernel.memory.capacity)
            world.record.sample(kernel.name, "cache", kernel.memory.cached, kernel.memory.capacity)
        if world.env.peek() == float("inf"):
            return
        yield world.env.timeout(every)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A run makes no cycles worth collecting, and looking for them costs a tenth of its time."""
    was_enabled = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()
