"""How much CPU time does a container start cost, through the whole ECS or EKS path?

    python benchmarks/fleet.py --starts 100000 --hosts 1000
    python benchmarks/fleet.py --platform eks --starts 1000000 --hosts 1000

Warm images, spread over the fleet (ECS: bridge mode, `prefer-cached`); starts come in waves, one a
host unless --at-once says more, and stop when they are ready. The floor is a bare SimPy loop with
as many timeouts as there are starts, measured in the same process; a second one shares them among
as many processes as there are starts under way. Prints a table, or JSON.
"""

import argparse
import gc
import json
import resource
import time
from collections.abc import Generator
from typing import Any

from simpy import Environment, Event

from sim import catalog
from sim.core.world import World
from sim.image import Image
from sim.workload import Service


def floor(starts: int, alive: int = 1) -> float:
    """CPU seconds of bare SimPy: `alive` processes wait for `starts` timeouts in all."""

    def loop(env: Environment, count: int, delay: float) -> Generator[Event, Any, None]:
        for _ in range(count):
            yield env.timeout(delay)

    env = Environment()
    for number in range(alive):
        env.process(loop(env, (starts + number) // alive, 1.0 + number / alive))
    began = time.process_time()
    env.run()
    return time.process_time() - began


def waves(live: Any, service: Service, starts: int, wave: int) -> Any:
    """Launch a wave of tasks, wait until all are ready, stop them, and launch the next."""
    for first in range(0, starts, wave):
        launched = live.launch(service, min(wave, starts - first))
        for start in launched:
            if not start.processed:
                yield start
        for start in launched:
            live.stop(start)


def fleet(platform: str, hosts: int, warm: list[Image]) -> Any:
    """So many hosts, up already and with the image on their disks."""
    if platform == "eks":
        return catalog.eks("m5.xlarge", count=hosts, warm=warm)
    return catalog.ecs(
        "m5.xlarge", count=hosts, warm=warm, pull_behavior="prefer-cached", strategy="spread"
    )


def idle_events(platform: str, hosts: int) -> int:
    """Events that a fleet without a start costs."""
    world = World(keep="totals")
    before = next(world.env._eid)
    fleet(platform, hosts, []).deploy(world)
    world.env.run()
    return next(world.env._eid) - before - 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", choices=("ecs", "eks"), default="ecs")
    parser.add_argument("--starts", type=int, default=100_000)
    parser.add_argument("--hosts", type=int, default=1_000)
    parser.add_argument("--at-once", type=int, default=1, help="starts at once on each host")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    service = catalog.service("node", cpu=0.25, memory=512 * 2**20)
    images = [service.image] if service.image is not None else []
    world = World(keep="totals")
    live = fleet(options.platform, options.hosts, images).deploy(world)
    wave = min(options.starts, options.at_once * options.hosts)
    bare, bare_alive = floor(options.starts), floor(options.starts, wave)
    world.env.process(waves(live, service, options.starts, wave))
    gc.freeze()
    gc.disable()
    began, before = time.process_time(), next(world.env._eid)
    world.env.run()
    spent, events = time.process_time() - began, next(world.env._eid) - before - 1
    ready = world.record.ready
    row = {
        "platform": options.platform,
        "starts": ready,
        "hosts": options.hosts,
        "seconds": round(spent, 2),
        "floor_seconds": round(bare, 3),
        "times_floor": round(spent / bare, 1),
        "floor_alive_seconds": round(bare_alive, 3),
        "times_floor_alive": round(spent / bare_alive, 1),
        "idle_events": idle_events(options.platform, options.hosts),
        "events_per_start": round(events / ready, 2),
        "microseconds_per_start": round(1e6 * spent / ready, 1),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    if options.json:
        print(json.dumps(row, indent=2))
    else:
        print("\n".join(f"{name:>24} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
