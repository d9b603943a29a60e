"""CPU time of several worlds in one process, in turns, so that a busy machine slows all alike.

A floor is bare SimPy; the law runs in the clock of a world, as it does in every study.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import simpy

from sim.clock import Clock
from sim.sharing import Group, SharedCapacity

Dice = Callable[[], float]


@dataclass
class World:
    """A simulation that can be run on for a while; `jobs` counts what has been completed in it."""

    env: simpy.Environment
    pace: float
    """Jobs per second of simulated time, about."""
    jobs: int = 0
    cpu_s: float = 0.0
    events: int = 0
    slices: list[float] = field(default_factory=list)
    """CPU time a job, slice by slice."""

    def run_on(self, jobs: float) -> None:
        """Run until about `jobs` more are done, and take the CPU time."""
        jobs_before, first = self.jobs, next(self.env._eid)
        begun = time.process_time()
        self.env.run(until=self.env.now + jobs / self.pace)
        spent = time.process_time() - begun
        self.cpu_s += spent
        # Three are not the world's: the end of the slice, twice, and the count itself.
        self.events += next(self.env._eid) - first - 3
        self.slices.append(spent / max(1, self.jobs - jobs_before))

    @property
    def us(self) -> float:
        """Median CPU time of a job, in microseconds."""
        return statistics.median(self.slices) * 1e6


def timed(worlds: list[World], jobs: int, rounds: int = 9) -> None:
    """Run all worlds in turns for `jobs` each, the first turn not counted, garbage left alone."""
    for world in worlds:
        world.run_on(jobs / rounds / 2)
        world.slices.clear()
        world.jobs = world.events = 0
        world.cpu_s = 0.0
    gc.collect()
    gc.freeze()
    gc.disable()
    for _ in range(rounds):
        for world in worlds:
            world.run_on(jobs / rounds)
    gc.enable()
    gc.unfreeze()


def ratio(world: World, floor: World) -> float:
    """Median over the turns of CPU time a job, in units of the floor of the same turn."""
    return statistics.median(a / b for a, b in zip(world.slices, floor.slices, strict=True))


# --- worlds


def floor(alive: int, dice: Dice) -> World:
    """Bare SimPy: `alive` processes, each yields one timeout per job."""
    world = World(simpy.Environment(), pace=alive)

    def client() -> simpy.events.ProcessGenerator:
        while True:
            yield world.env.timeout(dice())
            world.jobs += 1

    for _ in range(alive):
        world.env.process(client())
    return world


def floor_of_processes(alive: int, dice: Dice) -> World:
    """Bare SimPy: `alive` at a time, each job a process of its own that yields one timeout."""
    world = World(simpy.Environment(), pace=alive)

    def job() -> simpy.events.ProcessGenerator:
        yield world.env.timeout(dice())
        world.jobs += 1
        world.env.process(job())

    for _ in range(alive):
        world.env.process(job())
    return world


def flat(
    alive: int, dice: Dice, ratios: int = 1, capacity: type[SharedCapacity] = SharedCapacity
) -> World:
    """`alive` processes, each runs one job after the other on one capacity of 1."""
    world = World(Clock(), pace=1.0)
    cpu = capacity(world.env, 1.0)

    def client(cap: float) -> simpy.events.ProcessGenerator:
        while True:
            yield cpu.run(dice(), cap=cap)
            world.jobs += 1

    caps = _caps(alive, ratios)
    for cap in caps:
        world.env.process(client(cap))
    world.pace = min(1.0, sum(caps))
    return world


def flat_of_processes(alive: int, dice: Dice, ratios: int = 1) -> World:
    """The workload of `flat`, each job a process of its own."""
    world = World(Clock(), pace=1.0)
    cpu = SharedCapacity(world.env, 1.0)

    def job(cap: float) -> simpy.events.ProcessGenerator:
        yield cpu.run(dice(), cap=cap)
        world.jobs += 1
        world.env.process(job(cap))

    caps = _caps(alive, ratios)
    for cap in caps:
        world.env.process(job(cap))
    world.pace = min(1.0, sum(caps))
    return world


def _caps(alive: int, ratios: int) -> list[float]:
    """From 0.4 to 2 of the fair share, so that half of them are full; one ratio: none is.

    They sum to more than there is: where there is enough for all, nothing is levelled.
    """
    if ratios == 1:
        return [math.inf] * alive
    step = 1.6 / (ratios - 1)
    return [(0.4 + step * (number % ratios)) / alive for number in range(alive)]


MIXED = (0.25, 0.5, 0.75, 1.0, 1.0, 1.5, 2.0, float("inf"))
"""Caps of the eight threads of a VM, in vCPU."""


def virtual_machines(count: int, dice: Dice, mixed: bool) -> World:
    """VMs of 4 vCPU on a host oversubscribed twofold; 8 threads each, think and run."""
    world = World(Clock(), pace=2.0 * count)
    host = SharedCapacity(world.env, 2.0 * count)

    def thread(vm: Group, cap: float) -> simpy.events.ProcessGenerator:
        while True:
            yield world.env.timeout(dice())
            yield vm.run(dice(), cap=cap)
            world.jobs += 1

    for _ in range(count):
        vm = host.group(weight=4.0, cap=4.0)
        for cap in MIXED if mixed else (1.0,) * len(MIXED):
            world.env.process(thread(vm, cap))
    return world


def floor_of_machines(count: int, dice: Dice) -> World:
    """Bare SimPy: as many processes, each job two timeouts."""
    world = World(simpy.Environment(), pace=4.0 * count)

    def thread() -> simpy.events.ProcessGenerator:
        while True:
            yield world.env.timeout(dice())
            yield world.env.timeout(dice())
            world.jobs += 1

    for _ in range(count * len(MIXED)):
        world.env.process(thread())
    return world
