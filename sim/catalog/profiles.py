"""How runtimes start sandboxes, and the hosts on which that was measured."""

from functools import cache
from typing import NamedTuple

from sim.catalog.figures import figure, figures, rows
from sim.catalog.names import unknown
from sim.core.cited import Number
from sim.host.processor import Processor
from sim.sandbox.footprint import Footprint
from sim.sandbox.profile import Lock, StartProfile
from sim.units import GiB, MiB


class Runtime(NamedTuple):
    """What is known of a runtime beside its figures."""

    host: str
    """The validation host on which it was measured."""
    threads: int = 1
    """Threads of a start that run at once: 2 where more CPU was measured than time."""
    vmm: str = ""
    """The figure of its VMM's memory, where the whole was not measured."""


RUNTIMES = {
    "kata-qemu": Runtime("rund", threads=2),
    "kata-fc": Runtime("rund", threads=2),
    "kata-template": Runtime("rund", threads=2),
    "rund": Runtime("rund", threads=2),
    "firecracker": Runtime("m5d.metal", vmm="vm.memory.vmm_overhead.firecracker"),
    "firecracker-file": Runtime("m5d.metal", vmm="vm.memory.vmm_overhead.firecracker"),
    "cloud-hypervisor": Runtime("m5d.metal", vmm="memory.cloud-hypervisor.vmm"),
    "qemu": Runtime("m5d.metal", vmm="vm.memory.vmm.qemu"),
    "runc": Runtime("epyc"),
    "docker": Runtime("epyc"),
}


class ValidationHost(NamedTuple):
    """A machine on which published figures were measured."""

    name: str
    processor: Processor
    memory: float
    """Bytes."""
    what: str


@cache
def profile(runtime: str) -> StartProfile:
    """How `runtime` starts a sandbox.

    Raises:
        UnknownName: there is no such runtime.
    """
    known = _runtime(runtime)

    def of(name: str, default: float = 0.0) -> Number:
        key = f"start.{runtime}.{name}"
        return figure(key) if key in figures() else default

    return StartProfile(
        name=runtime,
        cpu=of("cpu"),
        cpu_per_running=of("cpu_per_running"),
        wait=of("wait"),
        threads=known.threads,
        lock=Lock(
            fixed=of("lock"),
            per_running=of("lock_per_running"),
            per_running_squared=of("lock_per_running_squared"),
            passes=of("passes", 1.0),
            spin=of("spin"),
        ),
        idle_cpu=of("idle_cpu"),
        spread=figure("spread.boot"),
    )


@cache
def footprint(runtime: str) -> Footprint:
    """Resident memory of the sandboxes of `runtime`.

    Raises:
        UnknownName: there is no such runtime.
    """
    vmm = _runtime(runtime).vmm
    if vmm:  # a VMM and the guest's kernel; no measurement of the whole
        slope = figure("vm.memory.guest_kernel_slope")
        own = figure(vmm).value + figure("vm.memory.guest_kernel_fixed").value
        return Footprint(each=own, per_guest_byte=slope)
    key = f"memory.{runtime}"
    each = figure(f"{key}.each")
    if f"{key}.shared" not in figures():
        return Footprint(each=each)
    return Footprint(
        shared=figure(f"{key}.shared"),
        each=each,
        guest=128 * MiB,
        per_guest_byte=figure("memory.slope"),
    )


@cache
def validation_hosts() -> dict[str, ValidationHost]:
    """The hosts by name."""
    return {row["host"]: _host(row) for row in rows("validation_hosts.csv")}


def home(runtime: str) -> ValidationHost:
    """The host on which a runtime was measured.

    Raises:
        UnknownName: there is no such runtime.
    """
    return validation_hosts()[_runtime(runtime).host]


def _runtime(name: str) -> Runtime:
    if name not in RUNTIMES:
        raise unknown("runtime", name, RUNTIMES)
    return RUNTIMES[name]


def _host(row: dict[str, str]) -> ValidationHost:
    key = f"host.{row['host']}.core_speed"
    shared = int(row["threads_per_core"]) > 1
    processor = Processor(
        cpus=float(row["cpus"]),
        threads_per_core=int(row["threads_per_core"]),
        thread_yield=figure("host.thread_yield") if shared else 1.0,
        core_speed=figure(key) if key in figures() else 1.0,
    )
    return ValidationHost(row["host"], processor, float(row["memory_gib"]) * GiB, row["what"])
