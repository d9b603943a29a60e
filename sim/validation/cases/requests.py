"""Requests served in cgroups on a real kernel: quotas, weights, and neighbours that never rest."""

import csv
import gzip
import io
import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from simpy import Event

from sim.core.names import listed
from sim.core.quantity import number_in
from sim.core.world import World
from sim.host.cpu_quota import CpuMax
from sim.sharing import SharedCapacity
from sim.units import ms
from sim.validation.bars import Bar
from sim.validation.case import Case
from sim.validation.format import Format
from sim.validation.table import MOST, BadData, TableRow
from sim.workload import (
    Load,
    Requests,
    RequestServer,
    draw_requests,
    peers,
    serve,
    served_in_crowd,
)

QUANTILES = {"p50_ms": 0.50, "p95_ms": 0.95, "p99_ms": 0.99}

HELD = 0.10
"""Share of a CPU up to which others took it from the cgroups while they wanted it. Where they had
more, nobody kept the CPU for the cgroups while those were idle or throttled, and others ran then:
that makes no work longer."""

LEAST_RUNS, REQUESTS = 5, 6000
"""A case is run as often as it was measured once: from empty, for as long; the median of the runs
is the prediction. So many runs at least, and so many requests in all."""

PHASES = 5
"""Runs of recorded arrivals, each with other phases of the periods: nobody recorded those."""

LARGEST, MOST_REQUESTS = 8 * 2**20, 200_000
"""Characters of a record of requests, unpacked, and its requests."""

ENDLESS = 1e12
"""Core-seconds of a loop that outlives every case."""


@dataclass(frozen=True, slots=True)
class Served:
    """What was done to the cgroups of a case."""

    cpus: float
    shares: tuple[float, ...]
    """Weight of each cgroup that serves requests."""
    threads: float
    quota: float | None
    """vCPUs."""
    period: float
    """Seconds."""
    loops: tuple[float, ...]
    """Weight of each endless loop beside them."""
    rate: float
    """Requests per second of one cgroup."""
    work: float
    """Mean CPU of a request, seconds."""
    variation: float
    seconds: float


def judge(ours: Format, row: TableRow) -> Iterator[Case]:
    """Three cases of a row: the median, p95 and p99 of all its requests."""
    case = _served(row)
    name = row.text("case") if row.optional_text("case") else row.place
    kind = "quota" if case.quota is not None else "neighbours" if case.loops else "weights"
    if case.cpus > 1.0:
        kind = "two CPUs" if case.quota is None else "quota"
    recorded = _recorded(row, name, case)
    predicted = quantiles(case, recorded)
    for column, value in zip(QUANTILES, predicted, strict=True):
        measured = row.measured(column)
        if measured is not None:
            percentile = column.removesuffix("_ms")
            tags = [kind, f"{kind}, {percentile}"] if recorded else ["arrivals drawn anew"]
            if recorded and kind == "neighbours" and case.work >= 5 * ms:
                tags.append(f"neighbours, long requests, {percentile}")
            yield ours.case(row, f"{name}, {percentile}", "ms", measured, value / ms, tags=tags)


def quantiles(case: Served, recorded: Sequence[Requests] = ()) -> list[float]:
    """Seconds: the quantiles of all requests.

    Args:
        recorded: when requests arrived at each cgroup, and the CPU they took; without them both
            are drawn anew, and the prediction is the median over runs of each quantile.
    """
    each = max(1.0, case.rate * case.seconds * len(case.shares))
    runs = max(LEAST_RUNS, math.ceil(REQUESTS / each))
    if recorded:
        runs = 1 if case.quota is None else PHASES
    sojourns = [_run(case, seed, recorded or _drawn(case, seed)) for seed in range(runs)]
    of_runs = [np.quantile(run, list(QUANTILES.values())) for run in sojourns if run]
    return [float(value) for value in np.median(of_runs, axis=0)]


def _drawn(case: Served, seed: int) -> list[Requests]:
    load = Load(share=case.rate * case.work, request_cpu=case.work, variation=case.variation)
    world = World(seed)
    return [draw_requests(world, k, load, 1.0, case.seconds) for k in range(len(case.shares))]


def _run(case: Served, seed: int, drawn: Sequence[Requests]) -> list[float]:
    """Seconds from arrival to end of every request of one run."""
    world = World(seed)
    cpu = SharedCapacity(world.env, case.cpus)
    for weight in case.loops:
        cpu.group(weight=weight).run(ENDLESS, cap=1.0)
    phase = world.random.generator("cpu.max").uniform(0.0, case.period, len(case.shares))
    servers = []
    for weight, begins in zip(case.shares, phase, strict=True):
        limit = None if case.quota is None else CpuMax(case.quota, case.period, float(begins))
        server = RequestServer(
            world.env,
            cpu.group(weight=weight),
            vcpus=case.cpus,
            threads=case.threads,
            cpu_max=limit,
        )
        servers.append(server)
    alike = peers(servers)
    if alike is not None:
        return [sojourn for *_, sojourn in served_in_crowd(alike, drawn)]
    return _under_the_law(world, servers, drawn)


def _under_the_law(
    world: World, servers: Sequence[RequestServer], drawn: Sequence[Requests]
) -> list[float]:
    """The same where not all cgroups are equal, or something else runs beside them."""
    sojourns: list[float] = []
    over = world.env.event()
    total = sum(len(requests.times) for requests in drawn)
    for server, requests in zip(servers, drawn, strict=True):
        world.env.process(serve(world, requests, server, _told(sojourns, total, over)))
    if total:
        world.env.run(until=over)
    return sojourns


def _told(sojourns: list[float], total: int, over: Event) -> Callable[[int, float], None]:
    def served(_: int, sojourn: float) -> None:
        sojourns.append(sojourn)
        if len(sojourns) == total:
            over.succeed()

    return served


def _recorded(row: TableRow, name: str, case: Served) -> list[Requests]:
    """The arrivals of a case and the CPU of its requests, where `NAME_requests.csv.gz` lies beside
    `NAME.csv`; never how long they took.
    """
    if row.file is None:
        return []
    path = row.file.with_name(f"{row.file.stem}_requests.csv.gz")
    recorded = _record(path).get(name, {}) if path.is_file() else {}
    longer = case.work / (row.number("request_cpu_ms_measured") * ms)
    if len(recorded) != len(case.shares):
        return []
    return [
        Requests(tuple(time for time, _ in each), tuple(work * longer for _, work in each))
        for each in map(sorted, recorded.values())
    ]


@cache
def _record(path: Path) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Arrival and CPU (s) of every request, by case and container.

    Raises:
        BadData: it cannot be read.
    """
    by_case: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for number, cells in enumerate(_cells(path), start=1):
        arrival, work = number_in(cells["arrival_s"]), number_in(cells["cpu_ms"])
        if arrival is None or work is None or not (0.0 <= arrival <= MOST and 0.0 <= work <= MOST):
            raise BadData(
                f"{path}: request {number}: arrival_s {cells['arrival_s'][:40]!r} and cpu_ms "
                f"{cells['cpu_ms'][:40]!r} are not allowed; numbers of at least 0"
            )
        of_case = by_case.setdefault(cells["case"], {})
        of_case.setdefault(cells["container"], []).append((arrival, work * ms))
    return by_case


def _cells(path: Path) -> Iterator[dict[str, str]]:
    """The columns of each request in a record.

    Raises:
        BadData: it cannot be read, or one has none of them.
    """
    needed = "case", "container", "arrival_s", "cpu_ms"
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise BadData(f"{path}: it unpacks to more than {LARGEST // 2**20} MiB")
        lines = (line for line in io.StringIO(text, newline=None) if not line.startswith("#"))
        for number, cells in enumerate(csv.DictReader(lines)):
            if number == MOST_REQUESTS:
                raise BadData(f"{path}: it has more than {MOST_REQUESTS:,} requests")
            if any(cells.get(name) is None for name in needed):
                raise BadData(f"{path}: request {number + 1}: {listed(needed)} are needed")
            yield {name: cells[name] for name in needed}
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        raise BadData(f"{path}: it cannot be read; it is no CSV that gzip has packed") from error


def _served(row: TableRow) -> Served:
    containers = row.whole("containers", 1)
    shares = _weights(row, "cpu_shares", containers)
    loops = row.whole("busy_neighbours", 0, default=0)
    seconds = row.number("seconds", 0.001)
    background = row.optional("background_share") or 0.0
    taken = background if background <= HELD else 0.0
    distribution = row.optional_text("distribution") or "exp"
    variations = {"exp": 1.0, "fixed": 0.0, "const": 0.0, "det": 0.0}
    if distribution not in variations:
        raise BadData(
            f"{row.place}: distribution: {distribution!r} is not allowed; {', '.join(variations)}"
        )
    return Served(
        cpus=row.number("cpus", 0.01),
        shares=shares,
        threads=float(row.whole("threads", 1)),
        quota=row.optional("quota_vcpu", 0.001),
        period=(row.optional("period_ms", 1.0) or 100.0) * ms,
        loops=_weights(row, "neighbour_shares", loops) if loops else (),
        rate=row.number("requests", 1.0) / seconds / containers,
        work=row.number("request_cpu_ms_measured", 1e-6) * ms / (1.0 - taken),
        variation=variations[distribution],
        seconds=seconds,
    )


def _weights(row: TableRow, column: str, number: int) -> tuple[float, ...]:
    """`cpu.shares` of each, with a `;` between them; one is that of all."""
    parts = row.text(column).split(";")
    shares = tuple(number_in(part) or 0.0 for part in parts)
    if len(shares) == 1:
        shares *= number
    if len(shares) != number or min(shares) <= 0.0:
        raise BadData(
            f"{row.place}: {column}: {row.text(column)!r} is not allowed; {number} numbers above "
            f"0, or one for all"
        )
    return shares


REQUESTS_SERVED = Format(
    "requests",
    ("cpus", "containers", "threads", "cpu_shares", "request_cpu_ms_measured", "p95_ms"),
    (
        "requests_quota.csv",
        "requests_weights.csv",
        "requests_neighbours.csv",
        "requests_two_cpus.csv",
    ),
    judge,
    bars=(
        Bar("median", 12.0, "quota, p95"),
        Bar("p90", 30.0, "quota, p95"),
        Bar("median", 6.0, "weights"),
        Bar("p90", 18.0, "weights"),
        Bar("median", 6.0, "neighbours, long requests, p95"),
        Bar(
            "median", 20.0, "arrivals drawn anew"
        ),  # one measured run of 10 to 30 s is that far off
    ),
)
