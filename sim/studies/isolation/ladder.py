"""The ladder: each rung's memory, start, system calls, density, and what crosses it."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import Any

from sim import catalog
from sim.core.cited import plain
from sim.core.quantity import shown_duration, shown_mib
from sim.core.randomness import median
from sim.host import Machine, Step
from sim.sandbox import VirtualMachine
from sim.workload import Service


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to keep a program apart; the higher, the less crosses."""

    name: str
    memory: float
    """Bytes beside the application."""
    start: float
    """Seconds until the application's first instruction, its image on disk."""
    syscall: str
    """What a system call goes through."""
    crosses: str
    """What a neighbour can still do to it."""
    density: int | None = None
    """Of the service asked about on the machine by reservation; None: as a container."""

    def flat(self) -> dict[str, Any]:
        """One line of a table."""
        data: dict[str, Any] = {
            "rung": self.name,
            "memory_bytes": self.memory,
            "start_s": self.start,
            "syscall": self.syscall,
            "crosses": self.crosses,
        }
        return data | ({} if self.density is None else {"density": self.density})

    def cells(self) -> list[str]:
        """The same as it is read."""
        density = "as containers" if self.density is None else f"{self.density:,}"
        return [
            self.name,
            shown_mib(self.memory),
            shown_duration(self.start),
            density,
            self.crosses,
        ]


def ladder(service: Service, instance: str) -> list[Rung]:
    """From a container to a host of one's own, for a service on a machine of that size."""
    bare = catalog.bare(instance)
    return [_container(service, bare), _gvisor(bare), *_guests(service, bare), _host(instance)]


def _container(service: Service, bare: Machine) -> Rung:
    docker = catalog.docker(bare)
    runtime = docker.server.runtime
    call = catalog.figure("isolation.runc.syscall")
    return Rung(
        "container (runc)",
        plain(runtime.shim),
        _seconds(runtime.create) + _seconds(runtime.start),
        f"{call.value:g} us: the host's kernel",
        "a bug or a crash of the kernel; caches, locks, disk",
        docker.ceilings(service)[0].allows,
    )


def _gvisor(bare: Machine) -> Rung:
    runtime = catalog.docker(bare).server.runtime
    call = catalog.figure("isolation.gvisor.syscall")
    more = catalog.figure("isolation.gvisor.start").value
    return Rung(
        "gVisor (runsc)",
        plain(runtime.shim) + catalog.figure("isolation.gvisor.memory").value,
        _seconds(runtime.create) + _seconds(runtime.start) + more,
        f"{call.value:g} to {call.high:g} us: a kernel in user space",
        "the host's kernel only through the sentry; caches, disk",
    )


def _guests(service: Service, bare: Machine) -> list[Rung]:
    rungs = []
    for name, vm, bug in (
        ("microVM (Firecracker)", catalog.micro_vm(), "a bug of the VMM; the last-level cache"),
        ("VM (QEMU)", catalog.virtual_machine(), "a bug of the hypervisor; the last-level cache"),
    ):
        density = catalog.hypervisor(bare, vm=vm).ceilings(service)[0].allows
        rungs.append(
            Rung(name, vm.resident(0.0, 0.0), _boot(vm), "native in the guest", bug, density)
        )
    return rungs


def _host(instance: str) -> Rung:
    ec2 = catalog.ec2(catalog.machine(instance))
    machine = catalog.machine(instance)
    start = median(ec2.api_call) + median(ec2.pending) + _seconds(ec2.booting)
    held = plain(machine.memory_lost) + plain(ec2.guest_os)
    return Rung(
        f"instance of its own ({instance})",
        held,
        start,
        "native in the guest",
        "a bug of Nitro; as a dedicated host nothing of other tenants",
        1,
    )


def _boot(vm: VirtualMachine) -> float:
    steps = (vm.vmm, vm.firmware, vm.kernel, vm.user_space)
    return fsum(_seconds(step) for step in steps if step is not None)


def _seconds(step: Step) -> float:
    """Median seconds of a step that has a core for each of its threads."""
    return step.work / step.threads + step.delay
