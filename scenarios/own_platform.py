"""A platform, an app and a sharing law of my own: do snapshots help, or taking turns?

    python scenarios/own_platform.py     # eight Java-like tasks at once, three ways; about 2 s

Three things that berthsim does not have, in about fifty lines. *Snapshots* restore a process from a
memory image on disk: no start-up work, but every page has to be read. With *Turns* a CPU finishes
one job before it begins the next. The *app* is a description. All the numbers are made up;
docs/extend.md explains how the parts fit together.
"""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import simpy
from simpy import Environment, Event

import sim
from sim.cli.script import answer, picture, script
from sim import App, Burst, Ready, Refused, Scenario, Service, Step, catalog, description, plots

billing = App(
    name="billing",
    startup=Step(cpu=12.0, threads=2, spread=0.1),  # core-seconds
    private=400e6,
    hot_files=80e6,
)
service = Service(name="billing", app=billing, cpu=0.5, memory=1e9, cpu_quota=False)


@description
class Snapshots:
    """Restores finished processes from memory images on its disk."""

    machine: sim.Machine

    def deploy(self, world: sim.World) -> "SnapshotHost":
        """Its one host, up and running."""
        return SnapshotHost(self.machine.boot(world, "host-0", held=1e9), world)


class SnapshotHost(sim.StoryDeployment):
    """What it does with each start, from the request to ready."""

    def __init__(self, kernel: sim.Kernel, world: sim.World) -> None:
        super().__init__(world, self._restore)
        self._hosts.append(kernel)

    def _restore(self, start: sim.Start) -> sim.Story:
        (kernel,) = self._hosts
        memory = kernel.memory.cgroup(start.service.memory, on_kill=start.kill)
        start.at_end.append(memory.release)
        start.place(kernel)
        with start.phase("restore"):
            yield from kernel.read(start.demand.size.working_set)
        with start.phase("app"):
            fits = memory.allocate(start.demand.size.private)
        return Ready() if fits else Refused("memory")


class InTurns:
    """Work waits in line until the vCPUs that it can use are free, and keeps them to its end."""

    def __init__(self, env: Environment, vcpus: float) -> None:
        self.env, self.vcpus = env, vcpus
        self.free = simpy.Container(env, capacity=vcpus, init=vcpus)

    def run(self, work: float, weight: float, cap: float) -> Event:  # noqa: ARG002
        """Start work here and now; an event that succeeds when it is done."""
        return self.env.process(self._turn(work, min(cap, self.vcpus)))

    def _turn(self, work: float, vcpus: float) -> Generator[Event, Any, None]:
        yield self.free.get(vcpus)
        yield self.env.timeout(work / vcpus)
        yield self.free.put(vcpus)


@description
class Turns:
    """The law as a machine has it: one for each host that boots."""

    def boot(self, env: Environment, vcpus: float) -> InTurns:
        """Of one host."""
        return InTurns(env, vcpus)


shared = catalog.machine("m5.xlarge")
WAYS = {
    "docker": catalog.docker(shared),
    "docker, in turns": catalog.docker(replace(shared, cpu_law=Turns())),
    "snapshots": Snapshots(machine=shared),
}


@script(replications=30)
def main(replications: int, seed: int, out: Path) -> None:
    """Start eight at once each way, save, say."""
    burst = Burst(service=service, tasks=8)
    scenarios = {
        way: Scenario(name="own-platform", platform=platform, arrivals=(burst,))
        for way, platform in WAYS.items()
    }
    results = sim.compare(scenarios, times=replications, seed=seed, out=out)
    folder = results.save(out)
    ready = results.starts().groupby("variant", sort=False)["time_to_ready_s"]
    table = ready.quantile([0.0, 0.5, 1.0]).unstack()
    table.columns = ["first_s", "median_s", "last_s"]
    drawn = picture(plots.ready_ecdf(results.starts(), app="billing"), folder / "ready.png")
    half, last = table["median_s"], table["last_s"]
    turns = "docker, in turns"
    answer(
        f"Of eight tasks that start at once, half are ready after {half['docker']:.1f} s where "
        f"they share the CPU and after {half[turns]:.1f} s where they take turns; the work is the "
        f"same, so the last is ready after {last['docker']:.1f} and {last[turns]:.1f} s. Restored "
        f"from snapshots, all are ready after {half['snapshots']:.1f} s: they read from one disk.",
        table.reset_index(),
        folder,
        drawn,
    )


if __name__ == "__main__":
    main()
