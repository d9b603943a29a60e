"""Many sandboxes started at once: how soon is each one up, and what does it cost the host."""

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from math import fsum
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from sim import catalog
from sim.core.description import description
from sim.core.names import shown
from sim.core.quantity import LARGEST_VCPU, parse_vcpu, shown_duration, shown_size
from sim.core.question import Mistake, Question, Typed, asking, without_effect
from sim.experiment import Results, replicate
from sim.experiment.statistics.estimate import TooFew, needed, quantile
from sim.studies.kinds import Count, Replications, Seed, Size, among, number, whole
from sim.studies.storm.host import CONTAINERS, check_memory, processor_of, storm_host
from sim.studies.storm.run import METRICS, StormRun, latencies
from sim.units import MiB, ms

Runtime: TypeAlias = Annotated[
    str,
    among("runtime", tuple(catalog.RUNTIMES)),
    Typed(shape="<name>", help=f"{', '.join(catalog.RUNTIMES)}."),
]
MOST = 100_000
"""Sandboxes of one host: each start is a process of its own, and all are under way at once."""
Sandboxes: TypeAlias = Annotated[int, whole(1, MOST), Typed(shape="<integer>")]
SandboxesOrNone: TypeAlias = Annotated[int, whole(0, MOST), Typed(shape="<integer>")]
Cpus: TypeAlias = Annotated[
    float,
    number(
        f"a number above 0 and at most {LARGEST_VCPU:g}", lambda cpus: 0.0 < cpus <= LARGEST_VCPU
    ),
    BeforeValidator(lambda value: parse_vcpu(value) if isinstance(value, str) else value),
    Typed(shape="<number>"),
]


@description
class StormQuestion(Question):
    """How soon is each of many sandboxes up when they start at once, and what does it cost?"""

    runtime: Runtime = Field(default="kata-fc", kw_only=False)
    starts: Sandboxes = 100
    """Sandboxes to start."""
    running: SandboxesOrNone = 0
    """Sandboxes that are up already."""
    launchers: Count | None = None
    """Starts under way at any time; default: all at once."""
    cpus: Cpus | None = None
    """CPUs of the host, as its kernel counts them."""
    host: Annotated[str, AfterValidator(storm_host), Typed(shape="<machine>")] | None = None
    """Validation host (rund, m5d.metal, rn.haswell, ...), EC2 type or size such as 16x64GiB;
    default: cores like those the runtime was measured on."""
    memory: Size = 128 * MiB
    """Memory of one guest."""
    ending: bool = False
    """Each ends once it is ready, so that memory holds only those under way."""
    seed: Seed = 1
    """Seed of what varies from start to start."""
    replications: Replications = 20
    """Storms of which this is the mean; the published experiments repeated as many."""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """A container has no guest."""
        if self.runtime in CONTAINERS:
            reason = f"with --runtime {self.runtime}, which has no guest"
            yield from without_effect(given, ("memory",), "runtime", reason)

    @property
    def at_once(self) -> int:
        """Starts that are under way at any time."""
        return min(self.launchers or self.starts, self.starts)


OF_ITS_OWN = (
    "Storms have a model of their own, fitted to measured storms; sim startup and the platforms do "
    "not have its lock (docs/decisions/0020)."
)


@dataclass(frozen=True, slots=True)
class StormAnswer:
    """The answer: times in milliseconds, as the field gives them."""

    question: StormQuestion
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
    results: Results = field(kw_only=True, repr=False, compare=False)
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
        known = {key: value for key, value in data.items() if value is not None}
        outside = self.outside()
        said = {"extrapolated": outside} if outside else {}
        return {**known, **said, **({"refused": self.refused} if self.refused else {})}

    def sentence(self) -> str:
        """The answer in one sentence."""
        question = self.question
        how = (
            " at once" if question.at_once == question.starts else f" {question.at_once} at a time"
        )
        noun, how, verb = (
            ("sandbox", "", "is") if question.starts == 1 else ("sandboxes", how, "are")
        )
        what = f"{question.starts} {question.runtime} {noun}"
        runs = "runs" if question.running == 1 else "run"
        beside = f" beside {question.running} that already {runs}" if question.running else ""
        cpus = f"{self.cpus:g} {'CPU' if self.cpus == 1 else 'CPUs'}"
        return (
            f"{what} started{how}{beside} on {cpus} {verb} up after "
            f"{shown_ms(self.mean_ms)} (mean), the last after {shown_ms(self.makespan_ms)}; "
            f"the lock that every start passes is held {self.lock_share:.0%} of that time, and "
            f"{self.cpu_share:.0%} of the CPUs are busy."
        )

    def outside(self) -> str:
        """That the question lies outside what the runtime's profile was fitted to; else empty."""
        question = self.question
        known = catalog.fitted(question.runtime)
        joined = 0 if question.ending else question.starts - question.at_once
        if known.reaches(question.at_once, question.running + joined):
            return ""
        starts = "start" if known.at_once == 1 else "starts"
        return (
            f"This is beyond what {question.runtime} was fitted to: at most "
            f"{known.at_once} {starts} at a time, with at most {known.running} already running"
        )

    def title(self) -> str:
        """How many storms, and of which guests where there are any."""
        count = self.question.replications
        storms = "1 storm" if count == 1 else f"{count} storms"
        if self.question.runtime in CONTAINERS:
            return storms
        return f"{storms}, guests of {shown_size(self.question.memory)}"

    def notes(self) -> list[str]:
        """How far it can be trusted, what its quantiles are of, and why some are not given."""
        lines = [OF_ITS_OWN]
        if outside := self.outside():
            lines.insert(0, f"{outside}.")
        several = self.question.replications > 1
        if several and quantile_of_each(self.question.starts, 0.99):
            lines.append(
                "All figures are means over the storms, also p50 and p99, which are of one storm "
                "each."
            )
        elif several and self.p99_ms is not None:
            lines.append(
                "p99 is taken over the starts of all storms together, as one storm has too few; it "
                "can lie above the mean time of the last one."
            )
        return [*lines, *(f"Not given: {reason}." for reason in self.refused.values())]


def shown_ms(milliseconds: float | None) -> str:
    """A time of a storm: `45 ms`, `1.20 s`."""
    if milliseconds is None:
        return "too few"
    return shown_duration(milliseconds * ms, least=1.0, decimals=2)


def answer(question: StormQuestion) -> StormAnswer:
    """Start the sandboxes on a host, as often as there are replications.

    Raises:
        NoMemory: all that run at the end take more memory than the host that was named has.
    """
    runtime, starts, running = question.runtime, question.starts, question.running
    profile = catalog.profile(runtime)
    processor = processor_of(runtime, question.host, question.cpus)
    there = running + (question.at_once if question.ending else starts)
    check_memory(runtime, question.host, sandboxes=there, guest=question.memory)
    one = StormRun(
        profile=profile,
        processor=processor,
        starts=starts,
        launchers=question.at_once,
        running=running,
    )
    results = replicate(
        one, times=question.replications, seed=question.seed, catalogue=catalog.digest()
    )
    storms = latencies(results)
    makespan, busy, held = (fsum(results.runs[name].tolist()) for name in METRICS)
    refused: dict[str, str] = {}
    count = question.replications * starts
    return StormAnswer(
        question=question,
        mean_ms=fsum(map(fsum, storms)) / count / ms,
        p50_ms=_quantile(storms, 0.50, "p50_ms", refused),
        p99_ms=_quantile(storms, 0.99, "p99_ms", refused),
        makespan_ms=makespan / question.replications / ms,
        host_cpu_ms_per_start=busy / count / ms,
        memory_bytes=resident(runtime, sandboxes=there, memory=question.memory),
        cpus=processor.cpus,
        cpu_share=busy / makespan / processor.cpus,
        lock_share=held / makespan,
        refused=refused,
        results=results,
    )


storm = asking(StormQuestion, answer, "storm")


def resident(runtime: str, *, sandboxes: int, memory: float) -> float:
    """Bytes of host memory that so many idle sandboxes take, guests of `memory` bytes each.

    Raises:
        ValueError: the name is not known, or a value is out of range.
    """
    if sandboxes < 0:
        raise ValueError(f"sandboxes: {shown(sandboxes)} is not allowed; an integer of at least 0")
    if not memory > 0.0:
        raise ValueError(f"memory: {shown(memory)} is not allowed; a number of bytes above 0")
    return catalog.footprint(runtime).resident(sandboxes, memory)


def quantile_of_each(starts: int, q: float) -> bool:
    """Whether one storm of so many starts supports the quantile on its own."""
    return starts >= needed(q)


def _quantile(
    storms: list[list[float]], q: float, key: str, refused: dict[str, str]
) -> float | None:
    """The mean of the storms' own quantiles; that of all starts where a storm has too few."""
    if quantile_of_each(len(storms[0]), q):
        return fsum(quantile(one, q) for one in storms) / len(storms) / ms
    try:
        return quantile([latency for one in storms for latency in one], q) / ms
    except TooFew as error:
        refused[key] = str(error)
        return None
