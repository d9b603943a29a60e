"""How many machine instructions does a start take, and a timeout of bare SimPy?

    python -m benchmarks.instructions                  # a start on ECS, a minute; needs valgrind
    python -m benchmarks.instructions --platform eks
    python -m benchmarks.instructions --hosts 10000    # as many starts, ten minutes

No other process on the machine changes that, and a compiled core is counted, too. Starts are those
of `benchmarks.fleet`: alone on their hosts, warm, stopped when they are ready. Instructions are no
time: a start touches more memory than a timeout, so in CPU time it is more floors than here.
"""

import argparse
import gc
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.fleet import fleet, floor, waves
from sim import catalog
from sim.core.world import World
from sim.sharing import COMPILED

STARTS, TIMEOUTS = 1_000, 20_000


def start(platform: str, hosts: int) -> None:
    """Starts on hosts that have had some before, one on each host at least."""
    service = catalog.service("node", cpu=0.25, memory=512 * 2**20)
    assert service.image is not None
    world = World(keep="totals")
    live = fleet(platform, hosts, [service.image]).deploy(world)
    world.env.run(world.env.process(waves(live, service, 2 * hosts, hosts)))
    starts = max(STARTS, hosts)
    counted(lambda: world.env.run(world.env.process(waves(live, service, starts, hosts))))


def timeout() -> None:
    """Timeouts of one process."""
    floor(TIMEOUTS)
    counted(lambda: floor(TIMEOUTS))


def counted(what: Callable[[], object]) -> None:
    """Have valgrind count, while it runs."""
    gc.collect()
    gc.freeze()
    gc.disable()
    for switch, then in (("on", what), ("off", lambda: None)):
        command = ["callgrind_control", "-i", switch, str(os.getpid())]
        subprocess.run(command, capture_output=True, check=True)
        then()


def instructions(part: str, hosts: int = 0) -> int:
    """That a part of this module takes while it is counted."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no"]
        valgrind += [f"--callgrind-out-file={out}"]
        python = [sys.executable, "-m", "benchmarks.instructions", "--count", part]
        python += ["--hosts", str(hosts)]
        subprocess.run([*valgrind, *python], capture_output=True, check=True)
        found = re.search(r"^totals: (\d+)", out.read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1])


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--platform", choices=("ecs", "eks"), default="ecs")
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--count", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.count == "timeout":
        timeout()
    elif options.count:
        start(options.count, options.hosts)
    else:
        starts = max(STARTS, options.hosts)
        one = instructions(options.platform, options.hosts) / starts
        bare = instructions("timeout") / TIMEOUTS
        print(f"{'compiled' if COMPILED else 'pure'}: {one:,.0f} a start on {options.platform}")
        print(f"{bare:,.0f} a timeout of bare SimPy: {one / bare:.1f} of them a start")


if __name__ == "__main__":
    main()
