"""VMMs that boot a guest, one after the other or in a closed loop: Firecracker, NSDI'20."""

import re
from collections.abc import Iterator
from dataclasses import replace

from sim import catalog
from sim.catalog import UnknownName
from sim.studies.storm.study import storm
from sim.units import MiB
from sim.validation.case import Case
from sim.validation.format import Format
from sim.validation.table import TableRow

SCENARIO = re.compile(r"serial-(?P<one>.+)|parallel-(?P<launchers>[1-9][0-9]*)-(?P<many>.+)")
RUNTIMES = {
    "fc-api": "firecracker",
    "fc-file": "firecracker-file",
    "fc-net-api": "firecracker-net",
    "fc-nopci-api": "firecracker-nopci",
    "chv": "cloud-hypervisor",
    "chv-net": "cloud-hypervisor-net",
    "chv-bz": "cloud-hypervisor-bzimage",
    "qemu": "qemu",
    "qboot": "qemu-qboot",
    "qboot-net": "qemu-qboot-net",
}
"""Names in the published file, as the catalogue has them."""

GUEST = 256 * MiB
STARTS = 1000
"""Starts of a closed loop, as many as were measured."""


def judge(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row: `launchers` under way at any time, from the VMM's fork to the guest's exit."""
    measured = row.measured("mean_ms")
    if measured is None:
        return
    host, scenario, metric = row.text("host"), row.text("scenario"), _metric(row)
    name = f"{host}, {scenario}" + ("" if metric == "end_to_end" else f", {metric}")
    mean: float | None = None
    try:
        mean, p50, p99 = _boot(host, scenario, metric)
        reason = ""
    except UnknownName as error:
        reason = str(error)
    if mean is not None and row.split != "calibrated" and _larger(scenario):
        row = replace(row, split="extrapolated")
    yield ours.case(row, name, "ms", measured, mean, reason=reason)
    if mean is not None:
        yield from ours.others(row, name, [("p50_ms", "ms", p50), ("p99_ms", "ms", p99)])


def _larger(scenario: str) -> bool:
    """Whether more are under way than any case that the runtime was fitted to had."""
    runtime, launchers = _asked(scenario)
    return not catalog.fitted(runtime).reaches(launchers, running=0)


def _asked(scenario: str) -> tuple[str, int]:
    """Runtime as the catalogue has it, and launchers.

    Raises:
        UnknownName: it is no such scenario.
    """
    match = SCENARIO.fullmatch(scenario)
    if match is None:
        raise UnknownName(f"scenario: {scenario!r} is not serial-NAME or parallel-COUNT-NAME")
    named = match["one"] or match["many"]
    return RUNTIMES.get(named, named), int(match["launchers"] or 1)


def _metric(row: TableRow) -> str:
    return row.text("metric").split("(")[0] if row.optional_text("metric") else "end_to_end"


def _boot(host: str, scenario: str, metric: str) -> tuple[float, float | None, float | None]:
    """Mean, p50 and p99 in ms.

    Raises:
        UnknownName: host or runtime are not in the catalogue, or the metric is another.
    """
    if metric != "end_to_end":
        raise UnknownName(f"metric: {metric!r} is a part of a start; end_to_end is predicted")
    runtime, launchers = _asked(scenario)
    if host not in catalog.validation_hosts():
        raise catalog.unknown("host", host, catalog.validation_hosts())
    answer = storm(
        runtime,
        starts=STARTS if launchers > 1 else 1,
        launchers=launchers,
        host=host,
        memory=GUEST,
        replications=1 if launchers > 1 else 100,
        ending=True,
    )
    return answer.mean_ms, answer.p50_ms, answer.p99_ms


FIRECRACKER = Format(
    "firecracker", ("host", "scenario", "mean_ms"), ("firecracker_boot.csv",), judge
)
