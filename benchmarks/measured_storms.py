"""The measured starts that the catalogue ships, as cases for a fit."""

import csv
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from sim.catalog.figures import DATA
from sim.validation.cases import boots, storms

_SCENARIO = re.compile(r"(?:serial|parallel-([0-9]+))-(.+)")


class Case(NamedTuple):
    """One measured row."""

    runtime: str
    host: str
    starts: int
    launchers: int
    running: int
    measured: dict[str, float]
    """`mean_ms`; where known `makespan_ms`, `cpu_ms` (host CPU per start), `p50_ms`, `p99_ms`."""
    split: str


@cache
def cases() -> list[Case]:
    """All rows that are starts from request to ready."""
    return [*_rund(), *_runc(), *_boots()]


def _rund() -> Iterator[Case]:
    for row in (*_rows("rund_empty_host.csv"), *_rows("rund_by_running.csv")):
        starts = int(row["concurrency"])
        measured = {
            "mean_ms": float(row["lat_mean_ms"]),
            "makespan_ms": float(row["batch_makespan_ms_mean"]),
            "cpu_ms": float(row["host_cpu_ms_per_start"]),
            "p50_ms": float(row["lat_p50_ms"]),
            "p99_ms": float(row["lat_p99_ms"]),
        }
        running = int(row.get("background_running", 0))
        name = storms.RUNTIMES.get(row["runtime"], row["runtime"])
        yield Case(name, "rund", starts, starts, running, measured, row["split"])


def _runc() -> Iterator[Case]:
    for row in _rows("measured_containers.csv"):
        starts = int(row["concurrency"])
        measured = {
            "mean_ms": float(row["mean_ms"]),
            "makespan_ms": float(row["makespan_ms"]),
            "cpu_ms": float(row["cpu_ms_per_start"]),
        }
        running = int(row["running"])
        yield Case(row["runtime"], "epyc", starts, starts, running, measured, row["split"])


def _boots() -> Iterator[Case]:
    for row in _rows("firecracker_boot.csv"):
        match = _SCENARIO.fullmatch(row["scenario"])
        if match is None or row["metric"] != "end_to_end":
            continue
        launchers = int(match[1] or 1)
        starts = 1000 if launchers > 1 else 1
        measured = {"mean_ms": float(row["mean_ms"])}
        yield Case(
            boots.RUNTIMES.get(match[2], match[2]),
            row["host"],
            starts,
            launchers,
            0,
            measured,
            row["split"],
        )


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (DATA / "measured" / name).read_text(encoding="utf-8")
    return csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
