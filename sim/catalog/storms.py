"""How runtimes start sandboxes, and the hosts on which that was measured."""

from typing import NamedTuple

from sim.catalog.data import rows
from sim.catalog.figures import figure, figures
from sim.core.cited import Number, plain
from sim.core.fitted import remembered
from sim.core.names import unknown
from sim.sandbox.storm.processor import Processor
from sim.sandbox.storm.profile import Footprint, LockCost, StartProfile
from sim.units import GiB


class Runtime(NamedTuple):
    """What is known of a runtime beside its figures."""

    host: str
    """The validation host on which it was measured."""
    threads: int = 1
    """Threads of a start that run at once: 2 where more CPU was measured than time."""
    vmm: str = ""
    """The figure of its VMM's memory, where the whole was not measured."""


_FC, _CH, _QEMU = (
    f"vm.memory.vmm{name}"
    for name in ("_overhead.firecracker", "_overhead.cloud_hypervisor", ".qemu")
)

RUNTIMES = {
    "kata-qemu": Runtime("rund"),
    "kata-fc": Runtime("rund"),
    "kata-template": Runtime("rund"),
    "rund": Runtime("rund", threads=2),
    "firecracker": Runtime("m5d.metal", vmm=_FC),
    "firecracker-file": Runtime("m5d.metal", vmm=_FC),
    "firecracker-net": Runtime("m5d.metal", vmm=_FC),
    "firecracker-nopci": Runtime("m5d.metal", vmm=_FC),
    "cloud-hypervisor": Runtime("m5d.metal", vmm=_CH),
    "cloud-hypervisor-net": Runtime("m5d.metal", vmm=_CH),
    "cloud-hypervisor-bzimage": Runtime("m5d.metal", vmm=_CH),
    "qemu": Runtime("m5d.metal", vmm=_QEMU),
    "qemu-qboot": Runtime("m5d.metal", vmm=_QEMU),
    "qemu-qboot-net": Runtime("m5d.metal", vmm=_QEMU),
    "qemu-uvm": Runtime("m5d.metal", vmm=_QEMU),
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


class Fitted(NamedTuple):
    """The largest storms that a profile was fitted to."""

    at_once: int = 1
    """Starts under way at a time."""
    running: int = 0
    """Sandboxes that were up."""

    def reaches(self, at_once: int, running: int) -> bool:
        """Whether such a storm is no larger."""
        return at_once <= self.at_once and running <= self.running


@remembered
def profile(runtime: str) -> StartProfile:
    """How `runtime` starts a sandbox.

    Raises:
        UnknownName: there is no such runtime.
    """
    known = _runtime(runtime)

    def of(name: str, default: float = 0.0) -> Number:
        return _known(f"start.{runtime}.{name}", default)

    return StartProfile(
        name=runtime,
        cpu=of("cpu"),
        cpu_per_running=of("cpu_per_running"),
        wait=of("wait"),
        threads=known.threads,
        lock=LockCost(
            fixed=of("lock"),
            on_empty_host=of("lock_on_empty_host"),
            per_running=of("lock_per_running"),
            per_running_squared=of("lock_per_running_squared"),
            passes=of("passes", 1.0),
            spin=of("spin"),
        ),
        idle_cpu=_known(f"sandbox.{runtime}.idle_cpu", 0.0),
        spread=_known(f"start.{runtime}.spread", plain(figure("spread.boot"))),
    )


def fitted(runtime: str) -> Fitted:
    """The largest storms that the profile of `runtime` was fitted to; 1 beside 0 where none was.

    Raises:
        UnknownName: there is no such runtime.
    """
    _runtime(runtime)
    at_once = _known(f"start.{runtime}.fitted_at_once", 1.0)
    running = _known(f"start.{runtime}.fitted_running", 0.0)
    return Fitted(int(plain(at_once)), int(plain(running)))


@remembered
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
    key = f"sandbox.memory.{runtime}"
    each = figure(f"{key}.each")
    if f"{key}.shared" not in figures():
        return Footprint(each=each)
    return Footprint(
        shared=figure(f"{key}.shared"),
        each=each,
        guest=figure("sandbox.guest_of_footprint"),
        per_guest_byte=figure("sandbox.memory.slope"),
    )


@remembered
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


def _known(key: str, default: float) -> Number:
    """The figure of that key, or the default where there is none."""
    return figure(key) if key in figures() else default


def _host(row: dict[str, str]) -> ValidationHost:
    shared = int(row["threads_per_core"]) > 1
    processor = Processor(
        cpus=float(row["cpus"]),
        threads_per_core=int(row["threads_per_core"]),
        thread_yield=figure("host.thread_yield") if shared else 1.0,
        core_speed=_known(f"host.{row['host']}.core_speed", 1.0),
        background=_known(f"host.{row['host']}.background", 0.0),
    )
    return ValidationHost(row["host"], processor, float(row["memory_gib"]) * GiB, row["what"])
