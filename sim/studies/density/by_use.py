"""Density by use: the most sandboxes on one host that serve their load and are not disturbed.

The slow-down of a request is its sojourn over the sojourn of the same request when its sandbox
has the host to itself: it measures the neighbours, not the sandbox's own queue.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from simpy import Event
from tqdm import tqdm

from sim.core.world import World
from sim.host import Machine
from sim.start import Ceiling, Deployment, Sandbox
from sim.studies.platform_row import StudiedPlatform
from sim.workload import Load, Requests, Service, draw_requests, serve

LATE = 0.05
"""Share of requests that may be slower than the target: p95."""


class HostDeployment(Deployment, Protocol):
    """A live host that can be filled at once."""

    def settle(self, service: Service, count: int) -> Sequence[Sandbox]:
        """`count` sandboxes that are up already, as long after their start."""
        ...


class OneHost(Protocol):
    """A platform of which one host takes many sandboxes."""

    def deploy(self, world: World) -> HostDeployment: ...

    def fits_in_memory(self, service: Service) -> int:
        """How many fit by the memory they use."""
        ...

    def last_in_memory(self, service: Service) -> int:
        """How many crawl before one is killed."""
        ...


class Sized(OneHost, StudiedPlatform, Protocol):
    """What this question asks of a platform of which one host takes many."""

    @property
    def machine(self) -> Machine: ...

    def slots(self, service: Service) -> tuple[Ceiling, ...]: ...

    def without_slots(self) -> object:
        """The same but for its slots: what decides density by use besides them."""
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """One run with so many sandboxes."""

    sandboxes: int
    passed: bool
    reason: str
    """What stopped it: empty when it passed."""


@dataclass(frozen=True, slots=True)
class ByUse:
    """The answer, what stopped it, and the probes it took."""

    count: int
    stopped_by: str
    probes: tuple[Probe, ...]
    last_fit: int | None = None
    """The most of which none is killed for memory, however slow they are; None: not known."""


SLOW = "p95 slow-down"
UNSETTLED = "CPU (the queue would never settle)"
THRASHING = "memory (thrashing)"
"""File pages in use are dropped and read again; only far beyond is somebody killed."""


def largest_by_use(
    platform: OneHost,
    service: Service,
    *,
    vcpu: float,
    core_speed: float,
    sustained: float | None = None,
    window: float | None = None,
    slowdown: float = 2.0,
    seed: int = 1,
    replication: int = 0,
) -> ByUse:
    """The most sandboxes on one host, by bisection under common random numbers.

    It begins at the top, in steps that double: the answer is rarely far below what arithmetic
    allows, and a probe that fails is over sooner than one that passes.

    Slots (ENIs, ports) are arithmetic and stand beside this answer: whoever asks takes the less.

    Args:
        vcpu: of the host.
        sustained: vCPUs it gives for ever; None: all of them.
        core_speed: of its cores.
        window: simulated seconds of load; None: `window_for` the host.
        slowdown: target for the p95 slow-down, at least 1.

    Raises:
        ValueError: the service has no load, or the target is below 1.
    """
    if service.load is None:
        raise ValueError("load: a service without requests has no density by use")
    if service.cpu == 0.0:
        raise ValueError("cpu: 0 has no density by use: its load is a fraction of cpu")
    if slowdown < 1.0:
        raise ValueError(f"slowdown: {slowdown!r} is not allowed; at least 1")
    lasting = vcpu if sustained is None else sustained
    use = service.load.mean_use(service.cpu, core_speed)
    bound = _bracket(platform, service, _settled(service.load, vcpu, use, lasting))
    seconds = window_for(vcpu) if window is None else window
    bench = _Bench(
        platform,
        service=service,
        load=service.load,
        vcpu=vcpu,
        window=seconds,
        slowdown=slowdown,
        seed=(seed, replication),
    )
    probes: list[Probe] = []
    low, high, stopped_by = 0, bound.allows, bound.limit
    trial, step = high, 1
    with tqdm(desc="probing density by use", unit="probe", delay=1.0, leave=False) as bar:
        while low < high:
            probe = bench.probe(trial)
            probes.append(probe)
            bar.update()
            if probe.passed:
                low = trial
            else:
                high, stopped_by, step = trial - 1, probe.reason, 2 * step
            trial = (low + high + 1) // 2
            if low == 0:
                trial = max(trial, high + 1 - step)
    return ByUse(low, stopped_by, tuple(probes), platform.last_in_memory(service))


def window_for(vcpu: float) -> float:
    """Seconds of a probe: a minute up to 16 vCPU, then as many requests, but 10 s at least.

    A larger host serves more requests a second, and its queue forgets sooner.
    """
    return max(10.0, 60.0 * min(1.0, 16.0 / vcpu))


def _bracket(platform: OneHost, service: Service, settled: int) -> Ceiling:
    """Arithmetic: a host used up has a queue that never settles, one full thrashes or kills."""
    memory = platform.fits_in_memory(service)
    if memory <= settled:
        thrashes = platform.last_in_memory(service) > memory
        return Ceiling(THRASHING if thrashes else "memory", memory, "")
    return Ceiling(UNSETTLED, settled, "")


def _settled(load: Load, vcpu: float, use: float, sustained: float) -> int:
    """The most sandboxes of mean use `use` that leave something of what the host gives."""
    low, high = 0, max(0, math.ceil(sustained / use * (1.0 - 1e-12)) - 1)
    while low < high:
        trial = (low + high + 1) // 2
        if trial * use * load.crowded(trial / vcpu) < sustained * (1.0 - 1e-12):
            low = trial
        else:
            high = trial - 1
    return low


class _Bench:
    """The same tasks for every probe: what task k does is drawn once."""

    def __init__(
        self,
        platform: OneHost,
        *,
        service: Service,
        load: Load,
        vcpu: float,
        window: float,
        slowdown: float,
        seed: tuple[int, int],
    ) -> None:
        self.platform = platform
        self.service = service
        self.load = load
        self.vcpu = vcpu
        self.window = window
        self.slowdown = slowdown
        self.seed = seed
        self.tasks: list[tuple[Requests, list[float]]] = []

    def probe(self, count: int) -> Probe:
        """Run `count` sandboxes side by side until it is decided."""
        world = World(*self.seed)
        sandboxes = self.platform.deploy(world).settle(self.service, count)
        if not all(sandbox.alive for sandbox in sandboxes):
            return Probe(count, False, "memory (OOM kill)")
        tasks = self._draw(world, sandboxes)
        crowding = self.load.crowded(count / self.vcpu)
        tally = _Tally(world, sum(len(requests.times) for requests, _ in tasks))
        for sandbox, (requests, undisturbed) in zip(sandboxes, tasks, strict=True):
            served = tally.watch(undisturbed, self.slowdown)
            world.env.process(serve(world, requests, sandbox.server, served, crowding=crowding))
        if tally.total:
            world.env.run(until=tally.decided)
        return Probe(count, not tally.failed, SLOW if tally.failed else "")

    def _draw(
        self, world: World, sandboxes: Sequence[Sandbox]
    ) -> list[tuple[Requests, list[float]]]:
        """Task k has the phase of its quota from the k-th sandbox, which is the same each time."""
        for task in range(len(self.tasks), len(sandboxes)):
            requests = draw_requests(world, task, self.load, self.service.cpu, self.window)
            self.tasks.append((requests, sandboxes[task].undisturbed(requests)))
        return self.tasks[: len(sandboxes)]


class _Tally:
    """Counts late requests, and knows when no further one can change the verdict."""

    def __init__(self, world: World, total: int) -> None:
        self.total = total
        self.decided: Event = world.env.event()
        self.allowed = LATE * total
        self.late = self.served = 0

    @property
    def failed(self) -> bool:
        """Whether more requests are late than may be."""
        return self.late > self.allowed

    def watch(self, undisturbed: list[float], target: float) -> "_Served":
        """What to call when a request of one sandbox has been served."""

        def served(number: int, sojourn: float) -> None:
            self.served += 1
            self.late += sojourn > target * undisturbed[number] * (1.0 + 1e-9)
            settled = self.late + self.total - self.served <= self.allowed
            if (settled or self.failed) and not self.decided.triggered:
                self.decided.succeed()

        return served


class _Served(Protocol):
    def __call__(self, number: int, sojourn: float, /) -> None: ...
