"""Density by use: the most sandboxes on one host that serve their load and are not disturbed.

The slow-down of a request is its sojourn over the sojourn of the same request when its sandbox
has the host to itself: it measures the neighbours, not the sandbox's own queue.
"""

import math
from dataclasses import dataclass
from typing import Protocol

from sim.experiment.running.progress import Progress
from sim.host import Machine
from sim.start import Ceiling
from sim.studies.density.bench import Bench, Probe, Settles
from sim.studies.density.search import Search
from sim.studies.platform_row import StudiedPlatform
from sim.workload import Load, Service


class OneHost(Settles, Protocol):
    """A platform of which one host takes many sandboxes."""

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
class ByUse:
    """The answer, what stopped it, and the probes it took."""

    count: int
    stopped_by: str
    probes: tuple[Probe, ...]
    last_fit: int | None = None
    """The most of which none is killed for memory, however slow they are; None: not known."""


FAR = 1.5
"""So many times the number that is wanted are too many to begin with."""

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
    bench: Bench | None = None,
    window: float | None = None,
    slowdown: float = 2.0,
    most: int | None = None,
    told: Progress | None = None,
    seed: int = 1,
    replication: int = 0,
) -> ByUse:
    """The most sandboxes on one host, searched for under common random numbers.

    It begins at the top, in steps that double: the answer is rarely far below what arithmetic
    allows, and a probe that fails is over sooner than one that passes. Then the logarithm of the
    late share says where to look: it is nearly linear in the number of sandboxes.

    Slots (ENIs, ports) are arithmetic and stand beside this answer: whoever asks takes the less,
    and may say as `most` that so many are as good as more.

    Args:
        vcpu: of the host.
        sustained: vCPUs it gives for ever; None: all of them.
        core_speed: of its cores.
        bench: of the same service, host and question, with what other platforms have had probed;
            None: a new one, of the following.
        window: simulated seconds of load; None: `window_for` the host.
        slowdown: target for the p95 slow-down, at least 1.
        most: so many are as good as more, and the search need not go beyond; None: none are.
        told: of each probe, and of how many there may be.

    Raises:
        ValueError: the service has no load, or the target is below 1.
    """
    if bench is None:
        bench = Bench(
            service,
            vcpu=vcpu,
            window=window_for(vcpu) if window is None else window,
            slowdown=slowdown,
            seed=(seed, replication),
        )
    use = bench.load.mean_use(service.cpu, core_speed)
    settled = _settled(bench.load, vcpu, use, vcpu if sustained is None else sustained)
    bound = _bracket(platform, service, settled)
    stopped_by = bound.limit
    probes: list[Probe] = []
    search = Search(_top(bound.allows, most))
    while search.low < search.high:
        probed = bench.probe(platform, search.trial())
        probes.append(probed.probe)
        search.learn(probed)
        if not probed.probe.passed:
            stopped_by = probed.probe.reason
        if told is not None:
            told.total = len(probes) + search.left
            told.update()
    return ByUse(search.low, stopped_by, tuple(probes), platform.last_in_memory(service))


def window_for(vcpu: float) -> float:
    """Seconds of a probe: a minute up to 16 vCPU, then as many requests, but 10 s at least.

    A larger host serves more requests a second, and its queue forgets sooner.
    """
    return max(10.0, 60.0 * min(1.0, 16.0 / vcpu))


def _top(allows: int, most: int | None) -> int:
    """Where a search begins: at the top, as others on the same bench did, unless that is far."""
    return most if most is not None and FAR * most <= allows else allows


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
