"""Probes of density by use: so many sandboxes serve their load, until it is clear who is late.

What decides is the tree of CPU groups that are loaded, and the requests. So platforms whose trees
are equal share their verdicts (Docker, ECS and EKS on one machine), and sandboxes that are equal
run as a crowd, outside SimPy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sim.core.names import shown
from sim.core.world import World
from sim.start import Deployment, Sandbox
from sim.workload import (
    Peers,
    Requests,
    Service,
    draw_requests,
    peers,
    serve,
    served_in_crowd,
)

LATE = 0.05
"""Share of requests that may be slower than the target: p95."""

EASILY = 0.5
"""Of the late requests that are allowed: a number that has no more is not probed for fewer.

Fewer neighbours leave each request sooner served, but for what is late for a period of its quota:
that can go either way, by a few.
"""

SLOW = "p95 slow-down"


class HostDeployment(Deployment, Protocol):
    """A live host that can be filled at once."""

    def settle(self, service: Service, count: int) -> Sequence[Sandbox]:
        """`count` sandboxes that are up already, as long after their start."""
        ...


class Settles(Protocol):
    """A platform that can be probed."""

    def deploy(self, world: World) -> HostDeployment: ...


@dataclass(frozen=True, slots=True)
class Probe:
    """One run with so many sandboxes."""

    sandboxes: int
    passed: bool
    reason: str
    """What stopped it: empty when it passed."""


@dataclass(frozen=True, slots=True)
class Probed:
    """A probe, and by how much it passed or failed."""

    probe: Probe
    late: float = 1.0
    """Share of late requests among those served until it was decided."""


class Bench:
    """The same tasks for every probe: what task k does is drawn once.

    Args:
        vcpu: of the host.
        window: simulated seconds of load.
        slowdown: target for the p95 slow-down, at least 1.
        seed: seed and replication.

    Raises:
        ValueError: the service has no load, or the target is below 1.
    """

    def __init__(
        self,
        service: Service,
        *,
        vcpu: float,
        window: float,
        slowdown: float,
        seed: tuple[int, int],
    ) -> None:
        if service.load is None:
            raise ValueError("load: a service without requests has no density by use")
        if service.cpu == 0.0:
            raise ValueError("cpu: 0 has no density by use: its load is a fraction of cpu")
        if slowdown < 1.0:
            raise ValueError(f"slowdown: {shown(slowdown)} is not allowed; at least 1")
        self.service = service
        self.load = service.load
        self.vcpu = vcpu
        self._window = window
        self._slowdown = slowdown
        self._seed = seed
        self._requests: list[Requests] = []
        self._limits: dict[tuple[object, ...], list[float]] = {}
        """Seconds after which each request of a task is late; tasks are told apart by what
        their undisturbed requests depend on."""
        self._known: dict[Peers, _Tally] = {}

    def probe(self, platform: Settles, count: int) -> Probed:
        """Run `count` sandboxes side by side until it is decided."""
        world = World(*self._seed)
        sandboxes = platform.deploy(world).settle(self.service, count)
        if not all(sandbox.alive for sandbox in sandboxes):
            return Probed(Probe(count, False, "memory (OOM kill)"))
        self._draw(world, count)
        alike = peers([sandbox.server for sandbox in sandboxes])
        tally = self._as_known(alike, count)
        if tally is None:
            tally = self._new_tally(count)
            self._run(world, sandboxes, alike, tally)
            if alike is not None:
                self._known[alike] = tally
        return Probed(Probe(count, not tally.failed, SLOW if tally.failed else ""), tally.share)

    def _draw(self, world: World, count: int) -> None:
        for task in range(len(self._requests), count):
            drawn = draw_requests(world, task, self.load, self.service.cpu, self._window)
            self._requests.append(drawn)

    def _new_tally(self, count: int) -> _Tally:
        return _Tally(sum(len(requests.times) for requests in self._requests[:count]))

    def _as_known(self, alike: Peers | None, count: int) -> _Tally | None:
        """What is known without a run: more of the same that were easily served, or just these."""
        if alike is None:
            return None
        if alike in self._known:
            return self._known[alike]
        wanted = self._new_tally(count)
        for more, tally in self._known.items():
            easily = tally.late <= EASILY * wanted.allowed
            if easily and len(more.cpu_max) > count and more.first(count) == alike:
                wanted.served, wanted.late = tally.served, tally.late
                return wanted
        return None

    def _run(
        self, world: World, sandboxes: Sequence[Sandbox], alike: Peers | None, tally: _Tally
    ) -> None:
        """Serve until no further request can change the verdict."""
        requests = self._requests[: len(sandboxes)]
        late_after = [
            self._late_after(task, sandbox, alike) for task, sandbox in enumerate(sandboxes)
        ]
        crowding = self.load.crowded(len(sandboxes) / self.vcpu)
        if alike is None:
            ends = _served_in_world(world, requests, sandboxes, crowding)
        else:
            ends = served_in_crowd(alike, requests, crowding)
        for task, number, sojourn in ends:
            tally.count(sojourn > late_after[task][number])
            if tally.failed:
                return

    def _late_after(self, task: int, sandbox: Sandbox, alike: Peers | None) -> list[float]:
        """Platforms whose containers are alone in the same way have one yardstick."""
        if alike is None:
            return self._yardstick(task, sandbox)
        key = task, alike.cpu_max[task], alike.capacity, alike.core_speed, alike.threads
        limits = self._limits.get(key)
        if limits is None:
            limits = self._limits[key] = self._yardstick(task, sandbox)
        return limits

    def _yardstick(self, task: int, sandbox: Sandbox) -> list[float]:
        target = self._slowdown * (1.0 + 1e-9)
        return [target * each for each in sandbox.undisturbed(self._requests[task])]


class _Tally:
    """Counts late requests."""

    def __init__(self, total: int) -> None:
        self.allowed = LATE * total
        self.late = self.served = 0

    def count(self, late: bool) -> None:
        """One more is served."""
        self.served += 1
        self.late += late

    @property
    def failed(self) -> bool:
        """Whether more requests are late than may be."""
        return self.late > self.allowed

    @property
    def share(self) -> float:
        """Share of those that are late among those that were served."""
        return self.late / max(1, self.served)


def _served_in_world(
    world: World, requests: Sequence[Requests], sandboxes: Sequence[Sandbox], crowding: float
) -> Iterator[tuple[int, int, float]]:
    """App, number and sojourn of each request, where apps are not equal: by the whole model."""
    ended: list[tuple[int, int, float]] = []

    def note(task: int, number: int, sojourn: float) -> None:
        ended.append((task, number, sojourn))

    for task, sandbox in enumerate(sandboxes):
        served = partial(note, task)
        world.env.process(serve(world, requests[task], sandbox.server, served, crowding=crowding))
    while world.env.peek() < math.inf:
        world.env.step()
        yield from ended
        ended.clear()
