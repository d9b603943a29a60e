"""Density by use: the most sandboxes on one host that serve their load and are not disturbed.

The slow-down of a request is its sojourn over the sojourn of the same request when its sandbox
has the host to itself: it measures the neighbours, not the sandbox's own queue.
"""

import math
from dataclasses import dataclass
from typing import Protocol

from sim.experiment.running.progress import UNSEEN, Progress
from sim.host import Machine
from sim.start import Ceiling
from sim.studies.density.bench import Bench, Probe, Settles
from sim.studies.density.search import Search
from sim.studies.platform_row import StudiedPlatform
from sim.workload import Service


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
    bench: Bench,
    *,
    core_speed: float,
    sustained: float | None = None,
    most: int | None = None,
    told: Progress = UNSEEN,
) -> ByUse:
    """The most sandboxes on one host, searched for under common random numbers.

    It begins at the top, in steps that double: the answer is rarely far below what arithmetic
    allows, and a probe that fails is over sooner than one that passes. Then the logarithm of the
    late share says where to look: it is nearly linear in the number of sandboxes.

    Slots (ENIs, ports) are arithmetic and stand beside this answer: whoever asks takes the less,
    and may say as `most` that so many are as good as more.

    Args:
        bench: where its service is probed, with what other platforms have had probed there.
        core_speed: of the host's cores.
        sustained: vCPUs that the host gives for ever; None: all of them.
        most: so many are as good as more, and the search need not go beyond; None: none are.
        told: of each probe, and of how many there may be.
    """
    bound = _bracket(platform, bench.service, _settled(bench, core_speed, sustained))
    search = Search(_top(bound.allows, most))
    probes, stopped_by = list[Probe](), bound.limit
    while search.low < search.high:
        probed = bench.probe(platform, search.trial())
        search.learn(probed)
        probes.append(probed.probe)
        stopped_by = probed.probe.reason or stopped_by
        told.total = len(probes) + search.left
        told.update()
    return ByUse(search.low, stopped_by, tuple(probes), platform.last_in_memory(bench.service))


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


def _settled(bench: Bench, core_speed: float, sustained: float | None) -> int:
    """The most sandboxes whose mean use leaves something of what the host gives."""
    gives = (bench.vcpu if sustained is None else sustained) * (1.0 - 1e-12)
    use = bench.load.mean_use(bench.service.cpu, core_speed)
    low, high = 0, max(0, math.ceil(gives / use) - 1)
    while low < high:
        trial = (low + high + 1) // 2
        if trial * use * bench.load.crowded(trial / bench.vcpu) < gives:
            low = trial
        else:
            high = trial - 1
    return low
