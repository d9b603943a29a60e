"""Many sandboxes started at once: how soon is each one up, and what does it cost the host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sim import catalog
from sim.experiment import Results, replicate
from sim.experiment.statistics.estimate import TooFew, needed, quantile
from sim.studies.storm.host import check_memory, processor_of
from sim.studies.storm.run import METRICS, StormRun, latencies
from sim.units import MiB, ms

REPLICATIONS = 20
"""Storms of which the answer is the mean: as many as the published experiments repeated."""


@dataclass(frozen=True, slots=True)
class StormAnswer:
    """The answer: times in milliseconds, as the field gives them."""

    mean_ms: float
    """From request to ready, mean of all starts."""
    p50_ms: float | None
    p99_ms: float | None
    """Quantiles; None where `refused` says why. Each is the mean of those of the storms, as
    `makespan_ms` is, where a storm has the starts for it; else it is of all starts together."""
    makespan_ms: float
    """First request to last ready, mean of the storms."""
    host_cpu_ms_per_start: float
    """Thread-milliseconds of the whole host from first request to last ready, over the starts."""
    memory_bytes: float
    """Host memory of all sandboxes that run at the end, or are under way where each ends."""
    cpus: float
    """CPUs of the host, as its kernel counts them."""
    cpu_share: float
    """Busy part of the host's CPU time, from first request to last ready."""
    lock_share: float
    """Part of that time in which the lock was held."""
    refused: dict[str, str] = field(default_factory=dict)
    """By key, why a figure is not given."""
    results: Results | None = field(default=None, repr=False, compare=False)
    """The storms: every start a task, `makespan_s`, `cpu_s` and `lock_s` of each run."""

    def json(self) -> dict[str, Any]:
        """Plain data; what was refused is absent, with the reason under `refused`."""
        data = {
            "mean_ms": self.mean_ms,
            "p50_ms": self.p50_ms,
            "p99_ms": self.p99_ms,
            "makespan_ms": self.makespan_ms,
            "host_cpu_ms_per_start": self.host_cpu_ms_per_start,
            "memory_bytes": self.memory_bytes,
        }
        given = {key: value for key, value in data.items() if value is not None}
        return {**given, "refused": self.refused} if self.refused else given


def storm(
    runtime: str,
    *,
    starts: int,
    running: int = 0,
    launchers: int | None = None,
    cpus: float | None = None,
    host: str | None = None,
    memory: float = 128 * MiB,
    seed: int = 1,
    replications: int = REPLICATIONS,
    ending: bool = False,
) -> StormAnswer:
    """Start `starts` sandboxes on a host where `running` are up.

    Args:
        runtime: `kata-qemu`, `kata-fc`, `kata-template`, `rund`, `firecracker`, `qemu`, `runc`,
            `docker` and others of the catalogue.
        launchers: starts under way at any time, in a closed loop; None: all at once.
        cpus: of the host, as its kernel counts them; None: all it has.
        host: a validation host, an EC2 type or a size such as 16x64GiB; None: cores like those of
            the machine on which the runtime was measured, and as much memory as it takes.
        memory: bytes of a guest; containers do not depend on it.
        replications: storms of which the answer is the mean.
        ending: whether each ends once it is ready, so that memory holds only those under way.

    Raises:
        NoMemory: all that run at the end take more memory than the host that was named has.
        ValueError: a name is not known, or a value is out of range.
    """
    profile = catalog.profile(runtime)
    processor = processor_of(runtime, host, cpus)
    at_once = starts if launchers is None else launchers
    _check(starts, running, at_once, memory, replications)
    there = running + (min(at_once, starts) if ending else starts)
    check_memory(runtime, host, sandboxes=there, guest=memory)
    one = StormRun(
        profile=profile, processor=processor, starts=starts, launchers=at_once, running=running
    )
    results = replicate(one, times=replications, seed=seed, catalogue=catalog.digest())
    storms = latencies(results)
    makespan, busy, held = (sum(results.runs[name].tolist()) for name in METRICS)
    refused: dict[str, str] = {}
    count = replications * starts
    return StormAnswer(
        mean_ms=sum(map(sum, storms)) / count / ms,
        p50_ms=_quantile(storms, 0.50, "p50_ms", refused),
        p99_ms=_quantile(storms, 0.99, "p99_ms", refused),
        makespan_ms=makespan / replications / ms,
        host_cpu_ms_per_start=busy / count / ms,
        memory_bytes=resident(runtime, sandboxes=there, memory=memory),
        cpus=processor.cpus,
        cpu_share=busy / makespan / processor.cpus,
        lock_share=held / makespan,
        refused=refused,
        results=results,
    )


def resident(runtime: str, *, sandboxes: int, memory: float) -> float:
    """Bytes of host memory that so many idle sandboxes take, guests of `memory` bytes each.

    Raises:
        ValueError: the name is not known, or a value is out of range.
    """
    _at_least("sandboxes", sandboxes, 0)
    if not memory > 0.0:
        raise ValueError(f"memory: {memory!r} is not allowed; a number of bytes above 0")
    return catalog.footprint(runtime).resident(sandboxes, memory)


def _check(starts: int, running: int, launchers: int, memory: float, replications: int) -> None:
    _at_least("starts", starts, 1)
    _at_least("running", running, 0)
    _at_least("launchers", launchers, 1)
    _at_least("replications", replications, 1)
    if not memory > 0.0:
        raise ValueError(f"memory: {memory!r} is not allowed; a number of bytes above 0")


def _at_least(name: str, value: int, low: int) -> None:
    if value < low:
        raise ValueError(f"{name}: {value!r} is not allowed; an integer of at least {low}")


def quantile_of_each(starts: int, q: float) -> bool:
    """Whether one storm of so many starts supports the quantile on its own."""
    return starts >= needed(q)


def _quantile(
    storms: list[list[float]], q: float, key: str, refused: dict[str, str]
) -> float | None:
    """Of each storm, and the mean of these; of all starts where a storm has too few."""
    if quantile_of_each(len(storms[0]), q):
        return sum(quantile(one, q) for one in storms) / len(storms) / ms
    try:
        return quantile([latency for one in storms for latency in one], q) / ms
    except TooFew as error:
        refused[key] = str(error)
        return None
