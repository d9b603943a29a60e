"""Virtual machines: QEMU and Firecracker under a hypervisor of one's own, and EC2 instances."""

from dataclasses import replace

from sim.catalog.containers import unpacking
from sim.catalog.figures import control_plane, core_of, figure, quota
from sim.catalog.instances.machines import machine
from sim.catalog.instances.table import by_price
from sim.catalog.registries import registry
from sim.core.names import Architecture
from sim.host import Machine, Step
from sim.platforms import EC2, Hypervisor
from sim.platforms.ec2 import DockerOnInstance
from sim.platforms.hypervisor import GuestImages
from sim.sandbox import VirtualMachine
from sim.workload import Service, task_size


def virtual_machine() -> VirtualMachine:
    """QEMU with a cloud distribution in the guest, memory reserved as a cloud does it."""
    spread = figure("spread.boot")
    user_space = Step(
        wall=figure("vm.boot.user_space"), cpu_share=figure("vm.boot.cpu_share"), spread=spread
    )
    return VirtualMachine(
        vmm=Step(cpu=figure("vm.boot.vmm"), spread=spread),
        firmware=Step(cpu=figure("vm.boot.firmware"), spread=spread),
        kernel=Step(cpu=figure("vm.boot.kernel"), spread=spread),
        user_space=user_space,
        vmm_memory=figure("vm.memory.vmm.qemu"),
        guest_kernel_fixed=figure("vm.memory.guest_kernel_fixed"),
        guest_kernel_per_byte=figure("vm.memory.guest_kernel_slope"),
        guest_os=figure("vm.memory.guest_os.debian_minimal"),
    )


def micro_vm() -> VirtualMachine:
    """Firecracker: no firmware, a minimal kernel and no distribution, memory backed on touch."""
    spread = figure("spread.boot")
    return VirtualMachine(
        vmm=Step(cpu=figure("microvm.boot.vmm"), spread=spread),
        kernel=Step(cpu=figure("vm.boot.kernel"), spread=spread),
        user_space=Step(),
        vmm_memory=figure("vm.memory.vmm_overhead.firecracker"),
        guest_kernel_fixed=figure("vm.memory.guest_kernel_fixed"),
        guest_kernel_per_byte=figure("vm.memory.guest_kernel_slope"),
        backing="on_touch",
    )


def vm_images(*, here: bool = False) -> GuestImages:
    """Compressed disk images of a cloud distribution with the app in it, from a store beside the
    host that hands them out as a registry does layers.

    Args:
        here: whether the host has them already.
    """
    return GuestImages(
        registry=replace(registry(), layers=None, pulls=None),
        unpacking=unpacking(),
        os_wire=figure("vm.image.os.wire"),
        os_files=figure("vm.image.os.files"),
        here=here,
    )


def hypervisor(
    server: Machine,
    *,
    cpu_overcommit: float = 1.0,
    vm: VirtualMachine | None = None,
    images: GuestImages | None = None,
) -> Hypervisor:
    """A hypervisor on a bare machine; its OS takes what an OS with a daemon takes.

    Args:
        images: what brings images of its guests; None: they are on its disk.
    """
    return Hypervisor(
        machine=server,
        vm=virtual_machine() if vm is None else vm,
        host_os=figure("vm.memory.guest_os.ubuntu_docker"),
        bridge_ports=figure("docker.bridge.ports"),
        cpu_overcommit=cpu_overcommit,
        images=images,
    )


def ec2(type_: Machine, *, docker: DockerOnInstance | None = None) -> EC2:
    """An instance a task, from a current Amazon Linux image, perhaps with Docker on it."""
    boot = Step(
        cpu=figure("ec2.boot.cpu"), core=core_of("ec2.boot.cpu"), spread=figure("spread.boot")
    )
    return EC2(
        machine=type_,
        api_call=control_plane("ec2.api_call"),
        requests=quota("ec2.run_instances.requests"),
        instances=quota("ec2.run_instances"),
        pending=control_plane("ec2.pending_to_running"),
        boot=boot,
        up=figure("ec2.launch.total.al2023"),
        guest_os=figure("vm.memory.guest_os.debian_minimal"),
        docker=docker,
        account_vcpus=figure("ec2.account.vcpus"),
    )


def ec2_for(
    service: Service, architecture: Architecture = "amd64", *, burstable: bool = True
) -> EC2 | None:
    """EC2 with the cheapest usual type that holds the service, or None where none does.

    Metal, old and HPC types are left out.
    """
    os = figure("vm.memory.guest_os.debian_minimal").value
    size = task_size(service)
    for type_ in by_price(architecture, burstable=burstable, gpus=size.gpus):
        if type_.vcpu >= size.cpu and type_.memory_visible - os >= size.memory:
            return ec2(machine(type_.name))
    return None
