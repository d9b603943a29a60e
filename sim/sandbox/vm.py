"""Virtual machines: a guest with a kernel and an OS of its own, under a VMM.

A *microVM* (Firecracker class) is one without firmware, with a small kernel and a small VMM.
"""

import math
from collections.abc import Callable, Generator
from typing import Any, Literal

from simpy import Event, Interrupt

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.host import Kernel, Memory, Step
from sim.sandbox.app_process import InstalledApp, RunningApp
from sim.sandbox.task import run_task
from sim.sharing import Group
from sim.start import READY, Start, Starting, Story
from sim.units import MiB
from sim.workload import Demand, Requests, RequestServer

GRANULE = 128 * MiB
"""Guests are sized in steps of this many bytes."""


@description
class VirtualMachine:
    """What a guest needs besides its app."""

    vmm: Step
    """The VMM process, from fork to the first guest instruction."""
    firmware: Step | None = None
    """BIOS or UEFI; None makes it a microVM."""
    kernel: Step
    """From the first guest instruction to init."""
    user_space: Step
    """From init to user space up."""
    vmm_memory: Number = 0.0
    """Bytes the VMM itself holds on the host."""
    guest_kernel_fixed: Number = 0.0
    """Bytes of the guest kernel that do not depend on the guest's size."""
    guest_kernel_per_byte: Number = 0.0
    """Bytes of the guest kernel per byte of guest memory (struct page and tables)."""
    guest_os: Number = 0.0
    """Bytes the guest's OS uses before any app."""
    backing: Literal["reserved", "on_touch"] = "reserved"
    """Whether the host backs all nominal memory from the start, or only what was ever touched."""

    def visible(self, nominal: float) -> float:
        """Bytes the guest's kernel manages, of `nominal` bytes."""
        fixed, slope = plain(self.guest_kernel_fixed), plain(self.guest_kernel_per_byte)
        return nominal - fixed - slope * nominal

    def nominal_memory(self, app: float) -> float:
        """The least multiple of 128 MiB that leaves `app` bytes beside guest kernel and OS."""
        fixed = plain(self.guest_kernel_fixed) + plain(self.guest_os) + app
        return GRANULE * math.ceil(fixed / (1.0 - plain(self.guest_kernel_per_byte)) / GRANULE)

    def vcpus(self, cpu: float) -> int:
        """A guest has whole vCPUs, one at least."""
        return max(1, math.ceil(cpu))

    def on_host(self, app: float) -> float:
        """Bytes one guest may take on its host, sized for an app of `app` bytes."""
        return self.nominal_memory(app) + plain(self.vmm_memory)

    def resident(self, app: float, used: float) -> float:
        """Bytes it takes once up, sized for `app` bytes of which `used` are in use."""
        nominal = self.nominal_memory(app)
        touched = nominal - self.visible(nominal) + plain(self.guest_os) + used
        return (nominal if self.backing == "reserved" else touched) + plain(self.vmm_memory)


class Guest:
    """A live guest on a host's kernel, with one app in it."""

    __slots__ = (
        "_app",
        "_beside",
        "_nominal",
        "_on_host",
        "_start",
        "_there",
        "_vm",
        "_vmm",
        "host",
        "kernel",
    )

    def __init__(
        self, vm: VirtualMachine, host: Kernel, demand: Demand, start: Start | None
    ) -> None:
        self._vm = vm
        self._start = start
        self.host = host
        self._there = True
        nominal = vm.nominal_memory(demand.size.memory)
        vcpus = vm.vcpus(demand.size.cpu)
        self._vmm = host.cpu.group(weight=1024.0 * vcpus, cap=float(vcpus))
        self._on_host = host.memory.cgroup(math.inf, self._killed)
        self._nominal = nominal
        grow = None if vm.backing == "reserved" else self._back
        memory = Memory(vm.visible(nominal), on_growth=grow)
        self.kernel = Kernel(
            world=host.world,
            name=host.name,
            architecture=host.architecture,
            cpu=self._vmm,
            core_speed=host.core_speed,
            memory=memory,
            disk=host.disk,
            nic=host.nic,
            quota_period=host.quota_period,
        )
        self._app = RunningApp(self.kernel, demand, demand.shares, self._killed)
        self._beside: list[InstalledApp] = []
        """Other containers of the task, as programs of the same guest."""

    @property
    def alive(self) -> bool:
        """Whether its app runs, or will."""
        return self._there and self._app.memory.alive

    @property
    def cpu(self) -> Group:
        """The CPU cgroup of its app."""
        return self._app.cpu

    @property
    def server(self) -> RequestServer:
        """What serves its requests, once it is ready."""
        return self._app.server

    def undisturbed(self, requests: Requests) -> list[float]:
        """Seconds each request takes when it has the host to itself."""
        return self._app.undisturbed(requests)

    def power_on(self) -> bool:
        """Take memory from the host: VMM, guest kernel, OS; whether it survived that."""
        vm = self._vm
        reserved = vm.backing == "reserved"
        kernel = self._nominal - vm.visible(self._nominal)
        self._back(plain(vm.vmm_memory) + (self._nominal if reserved else kernel))
        if self.alive:
            self.kernel.memory.hold(plain(vm.guest_os))
        return self.alive

    def settle(self) -> bool:
        """Be up at once with the working set in memory; whether it survived that."""
        up = self.power_on()
        for demand in self._app.demand.sidecars:
            self._install(demand, self._killed).app.settle()
        return up and self._app.settle() and self.alive

    def crash(self) -> None:
        """The app's process ends by itself; the guest runs on."""
        self._app.stop()

    def restart(self, start: Start, *, created: bool) -> Generator[Event, Any, None]:  # noqa: ARG002 (one signature)
        """Run its app anew, to its first healthy answer."""
        self._app = self._app.anew(self._killed)
        yield from self._app.run(start)

    def stop(self) -> None:
        """Power off: the host gets everything back; idempotent."""
        if self._there:
            self._there = False
            self._start = None
            self._app.stop()
            for each in self._beside:
                each.stop()
            self.kernel.memory.hold(-self.kernel.memory.held)
            self._on_host.release()
            self._vmm.remove()

    def boot(self, start: Start) -> Story:
        """From the VMM to the app's first healthy answer."""
        vm = self._vm
        yield from self._phase(start, "vmm", vm.vmm, self.power_on)
        if vm.firmware is not None:
            yield from self._phase(start, "firmware", vm.firmware)
        yield from self._phase(start, "kernel", vm.kernel)
        yield from self._phase(start, "user_space", vm.user_space)
        if not start.demand.alone:
            return run_task(start, self._bring_up)
        start.phase("app")
        yield from self._app.run(start)
        return READY

    def _bring_up(self, start: Starting) -> Generator[Event, Any, None]:
        """One of several programs of the guest."""
        start.phase("app")
        if start.demand is self._app.demand:
            yield from self._app.run(start)
            return
        installed = self._install(start.demand, start.kill)
        start.attach_sandbox(installed)
        yield from installed.app.run(start)

    def _install(self, demand: Demand, killed: Callable[[str], None]) -> InstalledApp:
        app = InstalledApp(RunningApp(self.kernel, demand, demand.shares, killed))
        self._beside.append(app)
        return app

    def _phase(
        self, start: Start, name: str, step: Step, first: Callable[[], bool] = lambda: True
    ) -> Generator[Event, Any, None]:
        noise = start.world.random.sampler(f"vm/{name}", step.noise)()
        start.phase(name)
        if not first():
            raise Interrupt(self._on_host.killed_by)
        with self.kernel.start_work(step.plain(), self._vmm, noise) as job:
            yield job

    def _back(self, amount: float) -> None:
        if self._there:
            self._on_host.allocate(amount)

    def _killed(self, reason: str) -> None:
        start = self._start
        if self._there:
            self._app.kill(reason)
        self.stop()
        if start is not None:
            start.kill(reason)
