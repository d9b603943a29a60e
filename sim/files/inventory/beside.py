"""What other tables tell of the machines of a first one: use, clocks, tags, hosts, series."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from sim.files.inventory.forms import BITBRAINS
from sim.files.inventory.machines import ListedMachine, Register
from sim.files.inventory.rows import Row, rows
from sim.files.inventory.sheet import Sheet
from sim.files.text.findings import Findings
from sim.studies.migrate.guest import OldHost
from sim.workload.sizing.use import SHARES, Use, use_of

MILLISECONDS = 1e11
"""A time of today in seconds is below it, one in milliseconds above."""
MOST_READINGS = 1_000_000
"""Of series that are kept as they are; of more only quantiles are."""


def tell_cpu(machine: ListedMachine, row: Row) -> None:
    """RVTools vCPU: MHz in use at one instant, of those that its vCPUs make."""
    most, now = row.number("mhz"), row.number("mhz_now")
    if machine.vcpu is None:
        machine.vcpu = row.number("vcpu", 1024.0)
    if not (most and machine.vcpu):
        return
    machine.ghz = min(10.0, most / machine.vcpu / 1000.0)
    if now is not None and machine.state == "on":
        machine.cpu = replace(machine.cpu, instant=min(1.0, now / most) * machine.vcpu)


def tell_memory(machine: ListedMachine, row: Row) -> None:
    """RVTools vMemory: what the guest touched lately."""
    machine.memory = machine.memory or row.amount("memory")
    now = row.amount("memory_now")
    if now is not None and machine.state == "on":
        machine.memory_use = replace(machine.memory_use, instant=now)


def tell_tag(machine: ListedMachine, row: Row) -> None:
    """Migration Center tagInfo."""
    if row.text("key"):
        machine.groups[f"tag:{row.text('key')}"] = row.text("value")


def tell_performance(register: Register, told: Iterable[Row]) -> None:
    """Migration Center perfInfo: readings of CPU and memory in percent."""
    readings: dict[int, tuple[ListedMachine, list[float], list[float]]] = {}
    for row in told:
        machine = register.find(row)
        if machine is None or not (machine.vcpu and machine.memory):
            continue
        _, cpus, memories = readings.setdefault(id(machine), (machine, [], []))
        cpu, memory = row.part("cpu_now", machine.vcpu), row.part("memory_now", machine.memory)
        free = row.amount("memory_free")
        if memory is None and free is not None:
            memory = max(0.0, machine.memory - free)
        cpus += [cpu] if cpu is not None else []
        memories += [memory] if memory is not None else []
    for machine, cpus, memories in readings.values():
        if cpus:
            machine.cpu, machine.cpu_mean = quantiles(cpus), float(np.mean(cpus))
        if memories:
            machine.memory_use = quantiles(memories)
            machine.memory_mean = float(np.mean(memories))


def quantiles(amounts: list[float]) -> Use:
    """The use that readings show, without their times."""
    found = np.quantile(amounts, [*SHARES.values()]).tolist()
    return Use(**dict(zip(SHARES, found, strict=True)))


def old_host(row: Row) -> OldHost | None:
    """RVTools vHost: a machine as it is today."""
    cores, ghz = row.number("cores", 4096.0), row.number("ghz", 10.0)
    name = row.text("name")
    if not name:
        return None
    return OldHost(
        name=name,
        cores=int(cores) if cores else None,
        memory=row.amount("memory") or None,
        ghz=ghz or None,
    )


def machine_of_series(
    name: str, sheet: Sheet, findings: Findings, keep: bool
) -> ListedMachine | None:
    """Bitbrains: one machine a file, a row a reading; None where no row can be used.

    Args:
        keep: whether the readings are kept beside their quantiles.
    """
    readings = [reading for row in rows(sheet, BITBRAINS, findings) for reading in _reading(row)]
    if not readings:
        return None
    last = readings[-1]
    times = [at if at < MILLISECONDS else at / 1000.0 for at, *_ in readings]
    cpus, memories = [r[3] for r in readings], [r[4] for r in readings]
    first = next(rows(sheet, BITBRAINS, findings))
    return ListedMachine(
        row=first,
        name=name,
        id="",
        vcpu=last[1],
        memory=max(r[2] for r in readings),
        cpu=use_of(times, cpus) if keep else quantiles(cpus),
        cpu_mean=float(np.mean(cpus)),
        memory_use=use_of(times, memories) if keep else quantiles(memories),
        memory_mean=float(np.mean(memories)),
        ghz=min(10.0, last[5] / last[1] / 1000.0),
    )


def _reading(row: Row) -> Iterator[tuple[float, float, float, float, float, float]]:
    """Time, vCPUs, memory, vCPUs in use, memory in use, MHz; nothing of a machine that is off."""
    at, vcpu, mhz = row.number("time"), row.number("vcpu", 1024.0), row.number("mhz")
    memory, used, now = row.amount("memory"), row.amount("memory_now"), row.number("mhz_now")
    if at is None or used is None or now is None or not (vcpu and mhz and memory):
        return
    yield at, vcpu, memory, min(1.0, now / mhz) * vcpu, min(used, memory), mhz
