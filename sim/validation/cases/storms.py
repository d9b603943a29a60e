"""Sandboxes started at once beside others that run: RunD (USENIX ATC'22), and runc."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sim import catalog
from sim.catalog import UnknownName
from sim.core.fitted import remembered
from sim.studies.storm.study import storm
from sim.validation.bars import Bar, What
from sim.validation.case import Case
from sim.validation.format import Format
from sim.validation.table import TableRow

RUNTIMES = {"kata": "kata-qemu", "katafc": "kata-fc", "katatemplate": "kata-template"}
"""Names in the published files, as the catalogue has them."""

HELD_OUT: tuple[tuple[What, float], ...] = (("median", 10.0), ("p90", 25.0), ("worst", 50.0))
"""Percent, of what was not fitted to."""

FIGURES = ("mean_ms", "p50_ms", "p99_ms", "makespan_ms", "host_cpu_ms_per_start")
"""What rows are compared with."""

NAMED = re.compile(r"(?P<runtime>.+), (?P<starts>[0-9]+) at once, (?P<running>[0-9]+) running")


def named(case: str) -> tuple[str, int, int]:
    """Runtime as the catalogue has it, starts at once and sandboxes running of a case's name."""
    match = NAMED.fullmatch(case)
    if match is None:
        raise ValueError(f"case: {case!r} is not the name of a storm")
    runtime = match["runtime"]
    return RUNTIMES.get(runtime, runtime), int(match["starts"]), int(match["running"])


def judge_rund(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row: `concurrency` starts on a host where `background_running` are up."""
    running = row.whole("background_running", default=row.whole("running", default=0))
    yield from _judge(
        ours,
        row,
        running,
        {
            "lat_mean_ms": "mean_ms",
            "lat_p50_ms": "p50_ms",
            "lat_p99_ms": "p99_ms",
            "batch_makespan_ms_mean": "makespan_ms",
            "host_cpu_ms_per_start": "host_cpu_ms_per_start",
        },
    )


def judge_runc(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row: `concurrency` starts of a container on a host of 2 vCPU."""
    yield from _judge(
        ours,
        row,
        row.whole("running"),
        {
            "mean_ms": "mean_ms",
            "p50_ms": "p50_ms",
            "makespan_ms": "makespan_ms",
            "cpu_ms_per_start": "host_cpu_ms_per_start",
        },
    )


def _judge(ours: Format, row: TableRow, running: int, columns: dict[str, str]) -> Iterator[Case]:
    """`columns`: measured, the first one with a bar, and what the model calls them."""
    runtime = row.text("runtime")
    starts = row.whole("concurrency", 1)
    name = f"{runtime}, {starts} at once, {running} running"
    judged, *rest = columns
    known = RUNTIMES.get(runtime, runtime)
    figures, reason = _storm(known, starts, running)
    if figures is not None and row.split != "calibrated":
        within = catalog.fitted(known).reaches(starts, running)
        row = replace(row, split="interpolated" if within else "extrapolated")
    measured = row.measured(judged)
    if measured is not None:
        mean = None if figures is None else figures["mean_ms"]
        yield ours.case(row, name, "ms", measured, mean, reason=reason)
    if figures is not None:
        others = [(column, "ms", figures[columns[column]]) for column in rest]
        yield from ours.others(row, name, others)


@remembered
def _storm(
    runtime: str, starts: int, running: int
) -> tuple[Mapping[str, float | None] | None, str]:
    """The model's figures, or why there are none; rows of one storm share a run."""
    try:
        answer = storm(runtime, starts=starts, running=running)
    except UnknownName as error:
        return None, str(error)
    return {name: getattr(answer, name) for name in FIGURES}, ""


RUND = Format(
    "rund",
    ("runtime", "concurrency", "lat_mean_ms"),
    ("rund_empty_host.csv", "rund_by_running.csv"),
    judge_rund,
    bars=(
        Bar("median", 5.0, "calibrated"),
        *(Bar(what, limit, "held out") for what, limit in HELD_OUT),
        *(Bar(what, limit, "extrapolated") for what, limit in HELD_OUT),
    ),
)
RUNC = Format(
    "runc",
    ("runtime", "running", "concurrency", "mean_ms"),
    ("measured_containers.csv",),
    judge_runc,
    bars=(Bar("median", 15.0),),
)
