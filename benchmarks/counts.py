"""What an answer costs, in counts that no machine's noise touches; `make bench`.

    python -m benchmarks.counts           # beside the figures kept; 1 if one is above by a tenth
    python -m benchmarks.counts --keep    # keep today's

Modules are counted in a fresh interpreter, events and requests in the simulation, bytes by
`tracemalloc`, bytecodes by a trace function. Bytes and bytecodes are those of one Python and of the
interpreted core: with another Python, or a compiled core, they are shown and not compared.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import simpy

from benchmarks.fleet import fleet, waves
from benchmarks.scale_out import begun, deployed, until_ready
from sim import catalog
from sim.core.recorder import Keep
from sim.core.world import World
from sim.sharing import SharedCapacity, capacity
from sim.studies.density import bench
from sim.studies.density.study import density

KEPT = Path(__file__).with_name("counts.json")
MORE = 1.1
"""Times the figure kept that a count may be."""
OF_ONE_PYTHON = ("bytes", "bytecodes", "objects")
"""What a count begins with that depends on the Python it was taken with."""

VERBS = {
    "--help": ["--help"],
    "instances": ["instances", "g*"],
    "startup --help": ["startup", "--help"],
    "density --by reservation": ["density", "--by", "reservation", "--out"],
}
COUNT_MODULES = """
import contextlib, io, sys
from sim.cli import main
sys.argv[1:] = {}
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main()
print(len(sys.modules))
"""

PLATFORMS: dict[str, Callable[[Any], Any]] = {
    "docker": lambda image: catalog.docker(catalog.bare("m5.4xlarge"), warm=image),
    "ECS": lambda image: catalog.ecs("m5.4xlarge", warm=image),
    "EKS": lambda image: catalog.eks("m5.4xlarge", warm=image),
    "Fargate, cold": lambda _: catalog.ecs_on_fargate(),
}


def modules() -> Iterator[tuple[str, float]]:
    """That a command imports."""
    for name, words in VERBS.items():
        with tempfile.TemporaryDirectory() as folder:
            argv = [*words, folder] if words[-1] == "--out" else words
            code = COUNT_MODULES.format(argv)
            done = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True
            )
        yield f"modules, {name}", int(done.stdout)


def events(starts: int = 10) -> Iterator[tuple[str, float]]:
    """Of the clock, a task: idle hosts are there already."""
    node = catalog.service("node")
    for name, made in PLATFORMS.items():
        world = World()
        live = made([node.image]).deploy(world)
        world.env.run()
        before = next(world.env._eid)
        live.launch(node, starts)
        world.env.run()
        yield f"events a task, {name}", (next(world.env._eid) - before - 1) / starts


def alone(starts: int = 200, hosts: int = 50) -> Iterator[tuple[str, float]]:
    """Events of a start that has its host to itself, and is stopped when it is ready."""
    for orchestrator in ("ecs", "eks"):
        world, start = in_waves(orchestrator, starts, hosts)
        before = next(world.env._eid)
        start()
        happened = next(world.env._eid) - before - 1
        yield f"events a start alone on its host, {orchestrator.upper()}", happened / starts


def in_waves(orchestrator: str, starts: int, hosts: int) -> tuple[World, Callable[[], object]]:
    """A fleet that is up, and what starts so many on it, each alone on its host."""
    node = catalog.service("node")
    world = World(keep="totals")
    live = fleet(orchestrator, hosts, [node.image]).deploy(world)
    world.env.run()
    return world, lambda: world.env.run(world.env.process(waves(live, node, starts, hosts)))


def requests() -> Iterator[tuple[str, float]]:
    """Simulated for an answer of density by use."""
    for name, instance, app in (("Node", "m5.xlarge", "node"), ("Java", "m5.4xlarge", "java")):
        tallies: list[Any] = []

        class Counted(bench._Tally):
            def __init__(self, total: int, kept: list[Any] = tallies) -> None:
                super().__init__(total)
                kept.append(self)

        plain, bench._Tally = bench._Tally, Counted  # type: ignore[misc]
        try:
            density(instance=instance, app=app, by="use", window=10.0)
        finally:
            bench._Tally = plain  # type: ignore[misc]
        yield f"requests an answer, {name} on {instance}", sum(tally.served for tally in tallies)


KEPT_SPANS: dict[Keep, str] = {"totals": "bytes a start", "all": "bytes a start with its spans"}


def memory(starts: int = 1_000, hosts: int = 10, jobs: int = 10_000) -> Iterator[tuple[str, float]]:
    """Allocated for a start that has gone again, and for a job that runs."""
    node = catalog.service("node")
    for keep, name in KEPT_SPANS.items():
        world = World(keep=keep)
        live = fleet("ecs", hosts, [node.image]).deploy(world)
        tracemalloc.start()
        sizes = []
        for count in (20 * hosts, starts):  # what a host has once, it has after the first of these
            world.env.run(world.env.process(waves(live, node, count, hosts)))
            assert world.record.filed is not None  # what waits for its columns is in them
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        yield name, (sizes[1] - sizes[0]) / starts
    yield "bytes a task that runs, Fargate", alive_bytes("fargate", starts)
    env = simpy.Environment()
    cpu = SharedCapacity(env, 1.0)
    gc.collect()
    tracemalloc.start()
    running = [cpu.run(1.0 + number / jobs) for number in range(jobs)]
    yield "bytes a job", tracemalloc.get_traced_memory()[0] / len(running)
    tracemalloc.stop()


def objects(tasks: int = 200) -> Iterator[tuple[str, float]]:
    """That the collector has to look through for a task that runs: those of so many more."""
    for name in ("fargate", "eks-karpenter", "ecs-asg"):
        sizes = []
        for count in (20, tasks, 2 * tasks):  # as below
            gc.collect()
            before = len(gc.get_objects())
            world, live = deployed(name, count)
            until_ready(world, count)
            sizes.append(len(gc.get_objects()) - before)
            assert live.hosts()
        yield f"objects a task that runs, {name}", (sizes[2] - sizes[1]) / tasks


def alive_bytes(platform: str, tasks: int) -> float:
    """Allocated for a task that runs, and its microVM: that of so many more of them."""
    sizes = []
    for count in (20, tasks, 2 * tasks):  # what is made once, is there after the first of these
        gc.collect()
        tracemalloc.start()
        world, live = deployed(platform, count)
        until_ready(world, count)
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert live.hosts()  # the hosts live as long as their deployment does
    return (sizes[2] - sizes[1]) / tasks


def bytecodes(starts: int = 5) -> Iterator[tuple[str, float]]:
    """Executed for a start on a warm host, from request to ready."""
    node = catalog.service("node")
    for name in ("docker", "ECS"):
        world = World(keep="totals")
        live = PLATFORMS[name]([node.image]).deploy(world)
        world.env.run()
        live.launch(node, 1)
        world.env.run()  # what is made once, has been made

        def start(live: Any = live, world: World = world) -> None:
            live.launch(node, starts)
            world.env.run()

        yield f"bytecodes a start, {name}", executed(start) / starts
    for orchestrator in ("ecs", "eks"):
        _, alone_on_hosts = in_waves(orchestrator, 100, 50)
        alone_on_hosts()
        count = executed(alone_on_hosts) / 100
        yield f"bytecodes a start alone on its host, {orchestrator.upper()}", count


def executed(what: Callable[[], object]) -> int:
    """Bytecodes that a call takes."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    sys.settrace(trace)
    try:
        what()
    finally:
        sys.settrace(None)
    return count


def scale_outs(tasks: int = 60) -> Iterator[tuple[str, float]]:
    """Of a task where the machines come first, from none to so many at once."""
    for name in ("fargate", "eks-karpenter"):
        until_ready(begun(name, tasks), tasks)  # what is made once, has been made
        world = begun(name, tasks)
        count = executed(lambda world=world: until_ready(world, tasks))  # type: ignore[misc]
        yield f"events a task of a scale-out, {name}", (next(world.env._eid) - 1) / tasks
        yield f"bytecodes a task of a scale-out, {name}", count / tasks


def taken() -> dict[str, float]:
    """All counts, by name."""
    ran = (events(), alone(), requests(), memory(), objects(), bytecodes(), scale_outs())
    parts = (modules(), *ran)
    return {name: round(count, 1) for part in parts for name, count in part}


def about() -> str:
    """The Python, and whether the core is compiled."""
    compiled = not str(capacity.__file__).endswith(".py")
    version = ".".join(platform.python_version_tuple()[:2])
    return f"Python {version}, {'compiled' if compiled else 'interpreted'}"


def above(now: dict[str, float], kept: dict[str, float], *, same: bool) -> list[str]:
    """Names of counts that are above what was kept of them by more than a tenth.

    Args:
        same: whether both were taken with the same Python and core.
    """
    return [
        name
        for name, count in now.items()
        if name in kept and count > MORE * kept[name]
        if same or not name.startswith(OF_ONE_PYTHON)
    ]


def main() -> int:
    """Print them beside what was kept; 1 where one has grown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="keep these")
    options = parser.parse_args()
    now = taken()
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    grown = above(now, kept.get("counts", {}), same=kept.get("about") == about())
    print(f"{about()}; kept: {kept.get('about', 'nothing')}")
    for name, count in now.items():
        before = kept.get("counts", {}).get(name, "-")
        print(f"  {name:45} {count:>12} {before:>12}{'  ABOVE' if name in grown else ''}")
    if options.keep:
        KEPT.write_text(json.dumps({"about": about(), "counts": now}, indent=1) + "\n")
        return 0
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
