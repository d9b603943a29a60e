"""Peers of the sharing law, given the same work: Ciw, SimGrid and the plain version."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import ciw
import simpy

from benchmarks import plain_sharing
from sim.sharing import SharedCapacity


@dataclass(frozen=True)
class Served:
    """What serving a list of jobs took, and the mean time a job was there."""

    cpu_s: float
    mean_sojourn_s: float


@dataclass(frozen=True)
class Jobs:
    """The first `alive` jobs come at once, then one a second, as many as are served."""

    works: list[float]
    alive: int

    @property
    def gaps(self) -> list[float]:
        """Time before each arrival."""
        return [0.0] * self.alive + [1.0] * (len(self.works) - self.alive)


def jobs(count: int, alive: int, seed: int = 3) -> Jobs:
    """Exponential work of mean 1."""
    dice = random.Random(seed)
    return Jobs([dice.expovariate(1.0) for _ in range(count)], alive)


def by_ciw(jobs: Jobs) -> Served:
    """Ciw's processor-sharing node: rates of all jobs anew at each event."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*jobs.gaps, math.inf])],
        service_distributions=[ciw.dists.Sequential(jobs.works)],
        number_of_servers=[math.inf],
    )
    simulation = ciw.Simulation(network, node_class=ciw.PSNode)
    begun = time.process_time()
    simulation.simulate_until_max_customers(len(jobs.works), method="Finish")
    spent = time.process_time() - begun
    records = simulation.get_all_records()
    return Served(spent, math.fsum(r.exit_date - r.arrival_date for r in records) / len(records))


def by_simgrid(jobs: Jobs) -> Served | None:
    """SimGrid's host of one core, in a Python that has it; None where none has."""
    python = os.environ.get("SIMGRID_PYTHON", "/usr/bin/python3")
    has = [python, "-c", "import simgrid"]
    if (
        not Path(python).exists()
        or subprocess.run(has, capture_output=True, check=False).returncode
    ):
        return None
    script = Path(__file__).with_name("simgrid_peer.py")
    asked = json.dumps({"works": jobs.works, "gaps": jobs.gaps})
    done = subprocess.run([python, script], input=asked, capture_output=True, text=True, check=True)
    served = json.loads(done.stdout)
    return Served(served["cpu_s"], math.fsum(served["sojourns"]) / len(served["sojourns"]))


def by_sim(jobs: Jobs) -> Served:
    """The sharing law: a capacity of 1, jobs of cap 1, as Ciw's node has it."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, 1.0)
    sojourns: list[float] = []

    def arrivals() -> simpy.events.ProcessGenerator:
        for gap, work in zip(jobs.gaps, jobs.works, strict=True):
            if gap:
                yield env.timeout(gap)
            job = cpu.run(work, cap=1.0)
            job.callbacks.append(lambda _, begun=env.now: sojourns.append(env.now - begun))

    env.process(arrivals())
    begun = time.process_time()
    env.run()
    spent = time.process_time() - begun
    return Served(spent, math.fsum(sojourns) / len(sojourns))


def plain_s_per_job(alive: int, count: int) -> float:
    """CPU time a job of the plain version, `count` jobs one after the other among `alive`."""
    env = simpy.Environment()
    cpu = plain_sharing.SharedCapacity(env, 1.0)
    dice = random.Random(4)
    done = 0

    def client() -> simpy.events.ProcessGenerator:
        nonlocal done
        while True:
            yield cpu.run(dice.expovariate(1.0))
            done += 1

    level = plain_sharing.SharedCapacity.level
    plain_sharing.SharedCapacity.level = lambda _: None  # type: ignore[method-assign]  # not to begin for minutes
    for _ in range(alive):
        env.process(client())
    env.run(until=1e-9)
    plain_sharing.SharedCapacity.level = level  # type: ignore[method-assign]
    cpu.level()
    begun = time.process_time()
    while done < count:
        env.step()
    return (time.process_time() - begun) / done
