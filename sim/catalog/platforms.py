"""The platforms of the story, composed of cited figures."""

from collections.abc import Sequence
from typing import Literal

from sim.catalog.figures import control_plane, figure, rows
from sim.catalog.instances import by_price, machine
from sim.catalog.registries import registry
from sim.core.bucket import Quota
from sim.host import Machine, Step
from sim.host.machine import Architecture
from sim.image import Image, Registry, Unpacking
from sim.platforms import EC2, ECS, ControlPlane, Docker, Fargate, FargateSize, Fleet, Hypervisor
from sim.platforms.ec2 import DockerOnInstance
from sim.platforms.placement import Strategy
from sim.sandbox import ContainerRuntime, VirtualMachine
from sim.units import MiB
from sim.workload import Service

Pull = Literal["default", "prefer-cached"]


def unpacking() -> Unpacking:
    """containerd's defaults."""
    return Unpacking(
        decompress_rate=figure("image.gunzip.rate"),
        unpack_cpu=figure("image.unpack.cpu"),
        layer_overhead=figure("image.layer_overhead"),
        shared_thread=figure("image.unpack.shared_thread"),
        downloads=int(figure("image.layer_downloads").value),
    )


def runtime() -> ContainerRuntime:
    """Docker: dockerd, containerd and runc."""
    spread = figure("spread.boot")
    return ContainerRuntime(
        create=Step(
            wall=figure("container.create"), cpu=figure("container.create.cpu"), spread=spread
        ),
        start=Step(
            wall=figure("container.start.runc.wall"),
            cpu=figure("container.start.runc.cpu"),
            spread=spread,
        ),
        shim=figure("container.shim_rss"),
    )


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


def hypervisor(
    server: Machine, *, cpu_overcommit: float = 1.0, vm: VirtualMachine | None = None
) -> Hypervisor:
    """A hypervisor on a bare machine; its OS takes what an OS with a daemon takes."""
    return Hypervisor(
        machine=server,
        vm=virtual_machine() if vm is None else vm,
        host_os=figure("vm.memory.guest_os.ubuntu_docker"),
        bridge_ports=figure("docker.bridge.ports"),
        cpu_overcommit=cpu_overcommit,
    )


def fleet(
    type_: Machine,
    *,
    count: int = 1,
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
) -> Fleet:
    """Machines that run containers."""
    return Fleet(
        machine=type_,
        count=count,
        runtime=runtime(),
        registry=registry() if pulls_from is None else pulls_from,
        unpacking=unpacking(),
        os_and_daemons=figure("vm.memory.guest_os.ubuntu_docker"),
        warm=tuple(warm),
    )


def docker(
    server: Machine,
    *,
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
    cpu_overcommit: float = 1.0,
) -> Docker:
    """Docker on a bare machine."""
    daemon = fleet(server, warm=warm, pulls_from=pulls_from)
    return Docker(
        server=daemon,
        bridge_ports=figure("docker.bridge.ports"),
        cpu_overcommit=cpu_overcommit,
    )


def ec2(type_: Machine, *, docker: DockerOnInstance | None = None) -> EC2:
    """An instance a task, from a current Amazon Linux image, perhaps with Docker on it."""
    boot = Step(
        wall=figure("ec2.guest_boot.al2023"),
        cpu_share=figure("vm.boot.cpu_share"),
        spread=figure("spread.boot"),
    )
    return EC2(
        machine=type_,
        api_call=control_plane("ec2.api_call"),
        requests=Quota(
            size=figure("ec2.run_instances.requests"),
            refill=figure("ec2.run_instances.requests.refill"),
        ),
        instances=Quota(
            size=figure("ec2.run_instances.bucket"), refill=figure("ec2.run_instances.refill")
        ),
        pending=control_plane("ec2.pending_to_running"),
        boot=boot,
        guest_os=figure("vm.memory.guest_os.debian_minimal"),
        docker=docker,
        account_vcpus=figure("ec2.account.vcpus"),
    )


def ec2_for(
    service: Service, architecture: Architecture = "amd64", *, burstable: bool = True
) -> EC2 | None:
    """EC2 with the cheapest non-metal type that holds the service, or None where none does."""
    os = figure("vm.memory.guest_os.debian_minimal").value
    for type_ in by_price(architecture, burstable=burstable):
        if type_.vcpu >= service.cpu and type_.memory_visible - os >= service.memory:
            return ec2(machine(type_.name))
    return None


def ecs(
    type_: str | Machine = "m5.xlarge",
    *,
    count: int = 1,
    network: Literal["bridge", "host", "awsvpc"] = "bridge",
    trunking: bool = False,
    strategy: Strategy = "binpack",
    pull_behavior: Pull = "default",
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
) -> ECS:
    """ECS on EC2: `count` container instances of one type, up already."""
    instance = machine(type_) if isinstance(type_, str) else type_
    return ECS(
        capacity=fleet(instance, count=count, warm=warm, pulls_from=pulls_from),
        control_plane=ecs_control_plane(),
        network=network,
        trunking=trunking,
        strategy=strategy,
        pull_behavior=pull_behavior,
        agent_memory=figure("ecs.agent.memory"),
        reserved_memory=figure("ecs.reserved_memory"),
    )


def ecs_on_fargate(
    architecture: Architecture = "amd64", *, pulls_from: Registry | None = None
) -> ECS:
    """ECS on Fargate."""
    capacity = fargate(architecture, pulls_from=pulls_from)
    return ECS(capacity=capacity, control_plane=ecs_control_plane())


def fargate(architecture: Architecture = "amd64", *, pulls_from: Registry | None = None) -> Fargate:
    """Fargate's sizes, quotas and prices (us-east-1, Linux on x86)."""
    return Fargate(
        sizes=fargate_sizes(),
        architecture=architecture,
        launches=Quota(
            size=figure("fargate.launch.bucket"), refill=figure("fargate.launch.refill")
        ),
        provision=control_plane("fargate.provision"),
        runtime=runtime(),
        registry=registry() if pulls_from is None else pulls_from,
        unpacking=unpacking(),
        os_and_daemons=figure("vm.memory.guest_os.debian_minimal"),
        nic=figure("fargate.nic"),
        disk=figure("fargate.disk"),
        account_vcpus=figure("fargate.account.vcpus"),
        usd_per_vcpu_hour=figure("fargate.price.vcpu_hour"),
        usd_per_gb_hour=figure("fargate.price.gb_hour"),
    )


def ecs_control_plane() -> ControlPlane:
    """ECS's side of a start."""
    return ControlPlane(
        call=control_plane("ecs.run_task.call"),
        tasks_per_call=int(figure("ecs.run_task.tasks_per_call").value),
        placement=control_plane("ecs.placement"),
        eni_attach=control_plane("ecs.eni_attach"),
        dynamic_ports=figure("linux.dynamic_ports"),
        bridge_ports=figure("docker.bridge.ports"),
    )


def fargate_sizes() -> tuple[FargateSize, ...]:
    """Every size on the price list, by vCPU, then memory."""
    sizes = [
        FargateSize(vcpu=float(row["vcpu"]), memory=mib * MiB)
        for row in rows("fargate_sizes.csv")
        for mib in _memory_steps(row)
    ]
    return tuple(sorted(sizes, key=lambda size: (size.vcpu, size.memory)))


def _memory_steps(row: dict[str, str]) -> Sequence[int]:
    low, high, step = (int(row[f"mem_{part}_mib"]) for part in ("min", "max", "step"))
    return range(low, high + 1, step) if step else (512, 1024, 2048)
