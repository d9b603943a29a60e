"""Packed machines at work: their containers side by side, each serving what it was seen to do.

Reservations say what fits; here the requests of all containers on a machine share its vCPUs under
their quotas, and what they use of its memory is really held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from sim.core.world import World
from sim.experiment.running.progress import progress
from sim.experiment.statistics.estimate import quantile
from sim.platforms.packing.host import PackedHost
from sim.studies.migrate.ways import Way
from sim.studies.plan.hosts import options_for
from sim.studies.plan.ready import at_request
from sim.workload import Service, draw_requests, serve
from sim.workload.application import Application

WINDOW = 10.0
"""Seconds of requests."""
MOST_MACHINES = 12
"""Machines that are simulated: of more, those that are busiest."""


@dataclass(frozen=True, slots=True)
class MachineAtWork:
    """One machine with its containers, of which some were killed for memory."""

    containers: int
    killed: int
    busy: float
    """Share of its vCPUs that the requests took."""
    slowdowns: tuple[float, ...]
    """Of each request, its time over that with the machine to itself."""


@dataclass(frozen=True, slots=True)
class AtWork:
    """The machines of one way at work."""

    way: str
    machines: tuple[MachineAtWork, ...]
    of: int
    """Machines that there are; the busiest of them are simulated."""

    @property
    def killed(self) -> int:
        """Containers that the kernel killed for memory."""
        return sum(each.killed for each in self.machines)

    @property
    def busiest(self) -> float:
        """Share of its vCPUs that the busiest machine uses."""
        return max((each.busy for each in self.machines), default=0.0)

    @property
    def slowdown(self) -> float | None:
        """The p95 of all requests; None where there are too few."""
        every = [one for each in self.machines for one in each.slowdowns]
        return quantile(every, 0.95) if len(every) >= 100 else None

    def sentence(self) -> str:
        """How they do, in one sentence."""
        few = len(self.machines)
        which = f"all {self.of}" if few == self.of else f"the {few} busiest of {self.of}"
        machines = f"{which} machines" if self.of > 1 else "the machine"
        slow = self.slowdown
        told = [f"the busiest uses {self.busiest:.0%} of its vCPUs"]
        if slow is not None:
            told.append(f"95% of requests take at most {slow:.2f} times as long as alone")
        are = "container is" if self.killed == 1 else "containers are"
        killed = f"{self.killed} {are} killed" if self.killed else "no container is killed"
        return (
            f"{self.way}, {machines} simulated at work for {WINDOW:g} s: {', '.join(told)}; "
            f"{killed} for lack of memory."
        )


def at_work(way: Way, seed: int) -> AtWork | None:
    """The machines of a way at work; None where nobody knows what their containers do."""
    packing = None if way.planned is None else way.planned.packing
    if packing is None or way.app is None:
        return None
    services = {part.name: at_request(part.service) for part in way.app.parts}
    if not any(service.load for service in services.values()):
        return None
    hosts = sorted(packing.hosts, key=lambda host: (-_use(host, services), host.kind.name))
    few = hosts[:MOST_MACHINES]
    machines = []
    with progress(f"{way.name} at work", "machine", total=len(few)) as told:
        for number, host in enumerate(few):
            on = _on(host, services)
            machines.append(_simulated(way, way.app, host.kind.name, on, (seed, number)))
            told.update()
    return AtWork(way.name, tuple(machines), len(hosts))


def _on(host: PackedHost, services: dict[str, Service]) -> list[Service]:
    return [services[copy.part] for copy in host.on]


def _use(host: PackedHost, services: dict[str, Service]) -> float:
    on = _on(host, services)
    return fsum(each.load.mean_use(each.cpu, 1.0) for each in on if each.load is not None)


def _simulated(
    way: Way, app: Application, instance: str, services: Sequence[Service], seed: tuple[int, int]
) -> MachineAtWork:
    world = World(*seed)
    deployment: Any = _platform(way, app, instance).deploy(world)
    sandboxes = [deployment.settle(service, 1)[0] for service in services]
    slowdowns: list[float] = []
    work = 0.0
    for number, (service, sandbox) in enumerate(zip(services, sandboxes, strict=True)):
        if service.load is None or not sandbox.alive:
            continue
        requests = draw_requests(world, number, service.load, service.cpu, WINDOW)
        alone = sandbox.undisturbed(requests)
        work += fsum(requests.work)

        def served(number: int, sojourn: float, alone: Sequence[float] = alone) -> None:
            slowdowns.append(sojourn / alone[number])

        crowding = service.load.crowded(len(services))
        world.env.process(serve(world, requests, sandbox.server, served, crowding=crowding))
    world.env.run(until=60.0 * WINDOW)
    machine = _platform(way, app, instance).machine
    whole = machine.vcpu * _speed(machine.core_speed) * WINDOW
    killed = sum(not sandbox.alive for sandbox in sandboxes)
    return MachineAtWork(len(services), killed, work / whole, tuple(slowdowns))


def _speed(speed: Any) -> float:
    return float(getattr(speed, "value", speed))


def _platform(way: Way, app: Application, instance: str) -> Any:
    """One machine of the way's platform."""
    assert way.platform is not None
    return way.platform.any(options_for(app, instance))
