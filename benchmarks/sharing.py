"""CPU time of the sharing law against its floor and its peers; `make bench`.

    python -m benchmarks.sharing [--quick] [--json FILE]

The floor is bare SimPy: processes that yield one timeout per job, as many of them alive. Floor and
law run in turns in one process; a figure is the median over the turns of their ratio, so that what
else the machine does falls out. Nothing here is a time to be compared between machines.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import tracemalloc
from collections.abc import Iterable
from itertools import cycle
from pathlib import Path

import simpy

from benchmarks import interleaved, peers
from sim.sharing import SharedCapacity

Row = dict[str, float | int | str]


def dice(size: int) -> interleaved.Dice:
    """Exponential work of mean 1, drawn before, each world from the same list."""
    draw = random.Random(size)
    return cycle([draw.expovariate(1.0) for _ in range(max(1 << 17, 3 * size))]).__next__


def flat(sizes: Iterable[int], jobs: int) -> list[Row]:
    """One capacity; one ratio of cap to weight, or eight, or each job its own."""
    rows: list[Row] = []
    for alive in sizes:
        for ratios in (1, 8, alive):
            worlds = [
                interleaved.floor(alive, dice(alive)),
                interleaved.flat(alive, dice(alive), ratios),
            ]
            interleaved.timed(worlds, jobs)
            rows.append(_row({"alive": alive, "ratios": ratios}, *worlds))
    return rows


def processes(sizes: Iterable[int], jobs: int) -> list[Row]:
    """The comparison with each job a process of its own, on both sides."""
    rows: list[Row] = []
    for alive in sizes:
        for ratios in (1, 8):
            worlds = [
                interleaved.floor_of_processes(alive, dice(alive)),
                interleaved.flat_of_processes(alive, dice(alive), ratios),
            ]
            interleaved.timed(worlds, jobs)
            rows.append(_row({"alive": alive, "ratios": ratios}, *worlds))
    return rows


def machines(sizes: Iterable[int], jobs: int) -> list[Row]:
    """VMs on a host: one ratio in each, or six."""
    rows: list[Row] = []
    for count in sizes:
        for mixed in (False, True):
            worlds = [
                interleaved.floor_of_machines(count, dice(8 * count)),
                interleaved.virtual_machines(count, dice(8 * count), mixed),
            ]
            interleaved.timed(worlds, jobs)
            rows.append(_row({"vms": count, "ratios": "mixed" if mixed else "one"}, *worlds))
    return rows


def _row(key: Row, floor: interleaved.World, law: interleaved.World) -> Row:
    return key | {
        "floor_us": round(floor.us, 2),
        "law_us": round(law.us, 2),
        "times_floor": round(interleaved.ratio(law, floor), 2),
        "events_per_job": round(law.events / law.jobs, 3),
    }


def against_peers(count: int, alive: int, plain_alive: int) -> list[Row]:
    """The same work by Ciw, by SimGrid, by the plain version and by the law."""
    work = peers.jobs(count, alive)
    runs = sorted((peers.by_sim(work) for _ in range(9)), key=lambda served: served.cpu_s)
    law = runs[len(runs) // 2]  # the median; the peer's one run is long enough
    others = {"Ciw PSNode": peers.by_ciw(work), "SimGrid": peers.by_simgrid(work)}
    if others["SimGrid"] is None:
        print("SimGrid: not measured; Debian's python3-simgrid is not installed.")
    world = interleaved.flat(plain_alive, dice(plain_alive))
    interleaved.timed([world], 50_000)
    plain = peers.plain_s_per_job(plain_alive, 20)
    return [
        *(
            {
                "peer": name,
                "jobs": count,
                "alive": alive,
                "peer_us": round(them.cpu_s / count * 1e6, 1),
                "law_us": round(law.cpu_s / count * 1e6, 2),
                "times": round(them.cpu_s / law.cpu_s),
                "mean_differs_by": abs(them.mean_sojourn_s / law.mean_sojourn_s - 1.0),
            }
            for name, them in others.items()
            if them is not None
        ),
        {
            "peer": "plain version",
            "jobs": 20,
            "alive": plain_alive,
            "peer_us": round(plain * 1e6, 1),
            "law_us": round(world.us, 2),
            "times": round(plain * 1e6 / world.us),
        },
    ]


def memory(alive: int) -> list[Row]:
    """Bytes allocated per running job, and per group with one job in it."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, 1.0)
    draw = random.Random(1)
    works = [draw.expovariate(1.0) for _ in range(alive)]
    jobs: list[object] = [None] * alive
    tracemalloc.start()
    for number, work in enumerate(works):
        jobs[number] = cpu.run(work)
    job = tracemalloc.get_traced_memory()[0] / alive
    tracemalloc.stop()
    host = SharedCapacity(env, 1.0)
    tracemalloc.start()
    for number, work in enumerate(works[: alive // 10]):
        jobs[number] = host.group(cap=1.0).run(work, cap=math.inf)
    group = tracemalloc.get_traced_memory()[0] / (alive // 10)
    tracemalloc.stop()
    return [{"bytes_per_job": round(job), "bytes_per_group_with_a_job": round(group)}]


def table(title: str, rows: list[Row]) -> None:
    """Print rows that have the same columns, or nearly."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[f"{row.get(key, '-')}" for key in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    print(f"\n{title}")
    for line in [columns, *cells]:
        print("  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def main() -> None:
    """Measure, print, and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it works")
    parser.add_argument("--json", type=Path, help="save the figures here")
    options = parser.parse_args()
    quick = options.quick
    sizes, jobs = ((10, 1_000), 5_000) if quick else ((10, 100, 1_000, 10_000, 100_000), 100_000)
    vms = (10, 100) if quick else (10, 100, 1_000)
    measured = {
        "One capacity (floor: a process yields one timeout per job)": flat(sizes, jobs),
        "One capacity, each job a process of its own, on both sides": processes(sizes, jobs),
        "VMs of 4 vCPU and 8 threads on a host oversubscribed twofold": machines(vms, jobs // 4),
        "Peers": against_peers(*((500, 50, 500) if quick else (10_000, 1_000, 10_000))),
        "Memory": memory(10_000 if quick else 100_000),
    }
    for title, rows in measured.items():
        table(title, rows)
    print("\n" + json.dumps(measured))
    if options.json:
        options.json.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
