"""The answer about a call graph: what users wait for, what stops them, and what comes next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sim.core.cited import plain
from sim.core.quantity import shown_duration
from sim.experiment import Results
from sim.experiment.statistics.estimate import Estimate
from sim.studies.calls.question import CallsQuestion
from sim.studies.calls.run import CallsRun
from sim.workload.calls import every_call, find, visits

if TYPE_CHECKING:
    import pandas as pd

ENTRY_KEYS = ("p50_s", "p95_s", "p99_s", "mean_s")


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """What users of one entry wait for."""

    name: str
    times: dict[str, Estimate]
    """By key, means over the runs with their intervals; absent where a run has too few."""


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """One service under the load."""

    name: str
    copies: int
    use: float
    """Share of the CPU of all its copies."""
    visits: float
    """A request, with those that were tried again."""
    cpu_saturates: float
    """Requests a second that its CPU takes."""
    pool_saturates: float
    """Requests a second that its threads take, at the time that one is held now."""
    p50_part_s: float | None
    p95_part_s: float | None
    """Its part of the request around p50 and p95; None: too few requests."""

    @property
    def saturates_per_s(self) -> float:
        """Requests a second at which it stops the application."""
        return min(self.cpu_saturates, self.pool_saturates)

    @property
    def stopped_by(self) -> str:
        """What of it is used up first."""
        return "threads" if self.pool_saturates < self.cpu_saturates else "CPU"

    def copies_for(self, rate: float) -> int:
        """Copies of it that take more than so many requests a second."""
        return math.floor(rate * self.copies / self.saturates_per_s * (1.0 - 1e-9)) + 1


@dataclass(frozen=True, slots=True)
class Beside:
    """The same requests under another form of the application."""

    p95_s: Estimate
    difference_s: Estimate
    """Of p95, against the application as it is, run by run under the same random numbers."""
    saturates_per_s: float
    vcpus: float


@dataclass(frozen=True, slots=True)
class ScalingAnswer:
    """What became of a change of the rate under an autoscaler."""

    within_s: float
    """Seconds in which 95% shall be answered."""
    holds_again_s: Estimate | None
    """From the change until they are again; None: not in every run."""
    late: Estimate
    """Share of the answers until then that took longer."""
    new_copy_s: Estimate | None
    """From asking for a copy until it is ready; None: none was asked for."""
    copies: dict[str, tuple[int, float]]
    """By service, copies before and, on average, after."""
    results: Results = field(repr=False, compare=False)
    """Copies and rate over time are its samples."""

    def json(self) -> dict[str, Any]:
        """Plain data."""
        data: dict[str, Any] = {"within_s": self.within_s, "late": self.late.value}
        if self.holds_again_s is not None:
            data["holds_again_s"] = self.holds_again_s.value
        if self.new_copy_s is not None:
            data["new_copy_s"] = self.new_copy_s.value
        copies = {name: {"before": b, "after": a} for name, (b, a) in self.copies.items()}
        return {**data, "copies": copies}


@dataclass(frozen=True, slots=True)
class CallsAnswer:
    """The answer; times in seconds."""

    question: CallsQuestion
    throughput_per_s: Estimate
    all: EntryAnswer
    """All requests, whatever their entry."""
    entries: Sequence[EntryAnswer]
    services: Sequence[ServiceAnswer]
    failed: float
    """Share of requests that were answered with an error."""
    keeps_up: bool
    """Whether as many requests are answered as come."""
    one_more: dict[str, Beside] = field(default_factory=dict)
    """By service, with one more copy of it."""
    one_program: Beside | None = None
    scaling: ScalingAnswer | None = None
    hosts: int = 0
    """Hosts that copies share; 0: each copy has one to itself, or they come and go."""
    hosts_saturate_per_s: float = math.inf
    """Requests a second at which the CPU of all those hosts is used up."""
    refused: dict[str, str] = field(default_factory=dict)
    results: Results = field(kw_only=True, repr=False, compare=False)
    run: CallsRun = field(kw_only=True, repr=False, compare=False)
    """One of its runs, as it is described."""

    @property
    def by_rate(self) -> list[ServiceAnswer]:
        """Services that can stop it, the first to do so first."""
        known = [each for each in self.services if each.saturates_per_s < math.inf]
        return sorted(known, key=lambda each: each.saturates_per_s)

    @property
    def bottleneck(self) -> ServiceAnswer | None:
        """What stops it first."""
        return next(iter(self.by_rate), None)

    @property
    def next_bottleneck(self) -> ServiceAnswer | None:
        """What stops it once the first has copies enough."""
        return next(iter(self.by_rate[1:]), None)

    def paths(self) -> pd.DataFrame:
        """The steps of one request; they tile it.

        Every run keeps the one around its own p95; this is the one nearest to the p95 of all runs,
        as the table has it. Where copies are started on a platform, their starts are kept, too.
        """
        spans = self.results.spans
        named = spans["phase"].astype(str).str.rpartition(": ")[0]
        spans = spans[named.isin([each.name for each in self.services]) & (spans["parent"] == "")]
        lengths = (spans["end_s"] - spans["start_s"]).groupby(spans["run"]).sum()
        p95 = self.all.times.get("p95_s")
        wanted = float(lengths.median()) if p95 is None else p95.value
        nearest = spans[spans["run"] == (lengths - wanted).abs().idxmin()]
        steps = nearest[["phase", "start_s", "end_s"]]
        steps = steps.assign(seconds=steps["end_s"] - steps["start_s"])
        tidy: pd.DataFrame = steps.reset_index(drop=True)
        return tidy

    def table(self) -> pd.DataFrame:
        """A row a service."""
        import pandas as pd

        rows = []
        for each in self.services:
            more = self.one_more.get(each.name)
            rows.append(
                {
                    "part": each.name,
                    "copies": each.copies,
                    "use": each.use,
                    "visits": each.visits,
                    "p50_part_s": each.p50_part_s,
                    "p95_part_s": each.p95_part_s,
                    "saturates_per_s": each.saturates_per_s,
                    "stopped_by": each.stopped_by,
                    "one_more_p95_s": more.difference_s.value if more else math.nan,
                }
            )
        return pd.DataFrame(rows)

    def uses(self) -> pd.DataFrame:
        """A row a service: `service`, `use`, `saturates_per_s`, `bottleneck`."""
        import pandas as pd

        first = self.bottleneck
        return pd.DataFrame(
            [
                {
                    "service": each.name,
                    "use": each.use,
                    "saturates_per_s": each.saturates_per_s,
                    "bottleneck": first is not None and each.name == first.name,
                }
                for each in self.services
            ]
        )

    def calls(self) -> pd.DataFrame:
        """A row for each two services of which one calls the other: calls a request."""
        import pandas as pd

        operations = self.run.application.operations
        mean = visits(operations, self.run.application.entries)
        rows: dict[tuple[str, str], list[Any]] = {}
        for place, call in every_call(operations):
            pair = (place.part, find(operations, call.to).part)
            row = rows.setdefault(pair, [0.0, False])
            row[0] += mean[place] * plain(call.times)
            row[1] = row[1] or call.how != "async"
        columns = ["caller", "callee", "per_request", "waited_for"]
        return pd.DataFrame([(*pair, *row) for pair, row in rows.items()], columns=columns)

    def curve(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """What users wait for at rates up to the knee, run anew; and the closed form."""
        from sim.studies.calls.curve import closed_form_line, latency_points

        first = self.bottleneck
        if first is None:
            raise ValueError("curve: no service does any CPU work, so none is ever full")
        question = self.question
        points = latency_points(
            self.run,
            first.saturates_per_s,
            requests=question.requests / 2.0,
            seed=question.seed,
            times=min(4, question.replications),
        )
        return points, closed_form_line(self.run, first.cpu_saturates)

    def json(self) -> dict[str, Any]:
        """Plain data; what was refused is absent."""
        data: dict[str, Any] = {
            "throughput_per_s": self.throughput_per_s.value,
            "entries": [
                {"name": entry.name}
                | {key: entry.times[key].value for key in ENTRY_KEYS if key in entry.times}
                for entry in self.entries
            ],
            "services": [_service(each) for each in self.services],
        }
        first, second = self.bottleneck, self.next_bottleneck
        data |= {"bottleneck": first.name} if first else {}
        data |= {"next_bottleneck": second.name} if second else {}
        if self.hosts_saturate_per_s < math.inf:
            data["hosts"] = {"count": self.hosts, "saturate_per_s": self.hosts_saturate_per_s}
        if self.one_program is not None:
            data["one_program"] = {
                "p95_s": self.one_program.p95_s.value,
                "saturates_per_s": self.one_program.saturates_per_s,
            }
        if self.one_more:
            data["one_more"] = [
                {"name": name, "p95_change_s": each.difference_s.value}
                for name, each in self.one_more.items()
            ]
        if self.scaling is not None:
            data["scaling"] = self.scaling.json()
        if self.failed > 0.0:
            data["failed"] = self.failed
        return {**data, **({"refused": self.refused} if self.refused else {})}


def _service(each: ServiceAnswer) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": each.name,
        "copies": each.copies,
        "use": each.use,
        "visits": each.visits,
    }
    if each.saturates_per_s < math.inf:
        row["saturates_per_s"] = each.saturates_per_s
    if each.p95_part_s is not None:
        row["p95_part_s"] = each.p95_part_s
    return row


def shown_time(value: float | None) -> str:
    """A time as it is said here: `41 ms`, `4.1 ms`, `1.20 s`."""
    if value is None:
        return "-"
    if value < 0.00995:
        return f"{1000.0 * value:.1f} ms"
    return shown_duration(value, least=0.995, decimals=2)
