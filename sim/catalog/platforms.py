"""The platforms of the story, composed of cited figures."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from sim.catalog.figures import control_plane, figure, rows
from sim.catalog.instances import by_price, machine
from sim.catalog.registries import registry
from sim.core.cited import Cited, plain
from sim.core.token_bucket import Quota
from sim.host import Machine, Step
from sim.host.machine import Architecture
from sim.image import AgentPull, Image, ImageCleanup, Lazy, Registry, Unpacking
from sim.platforms import EC2, ECS, ControlPlane, Docker, Fargate, FargateSize, Fleet, Hypervisor
from sim.platforms.ec2 import DockerOnInstance
from sim.platforms.ecs.placement import Strategy
from sim.sandbox import ContainerRuntime, VirtualMachine
from sim.units import MiB
from sim.workload import Service


def unpacking(*, lazy: bool = False) -> Unpacking:
    """containerd's defaults; with a SOCI index, images are loaded lazily."""
    return Unpacking(
        decompress_rate=figure("image.gunzip.rate"),
        zstd_rate=figure("image.zstd.rate"),
        unpack_cpu=figure("image.unpack.cpu"),
        layer_overhead=figure("image.layer_overhead"),
        shared_thread=figure("image.unpack.shared_thread"),
        downloads=int(figure("image.layer_downloads").value),
        lazy=lazy_loading() if lazy else None,
    )


def lazy_loading() -> Lazy:
    """SOCI: an index for each layer of 10 MiB or more."""
    return Lazy(
        needed=figure("image.lazy.needed"),
        index=figure("image.lazy.index"),
        least=figure("image.lazy.least"),
    )


def agent_cleanup() -> ImageCleanup:
    """The ECS agent's: every 30 minutes up to five images whose tasks have been removed."""
    return ImageCleanup(
        every=figure("ecs.image_cleanup.interval"),
        min_age=figure("ecs.image_cleanup.min_age"),
        idle=figure("ecs.task_cleanup.wait"),
        per_cycle=int(figure("ecs.image_cleanup.per_cycle").value),
    )


def kubelet_cleanup() -> ImageCleanup:
    """kubelet's: above 85 % of the disk, down to 80 %."""
    return ImageCleanup(
        every=figure("kubelet.image_gc.interval"),
        min_age=figure("kubelet.image_gc.min_age"),
        unused=True,
        high=figure("kubelet.image_gc.high"),
        low=figure("kubelet.image_gc.low"),
    )


def with_volume(type_: Machine, size: Cited, os: Cited) -> Machine:
    """The machine with a root volume of `size`, unless it has one, of which the OS takes `os`."""
    if math.isfinite(plain(type_.disk_size)):
        return type_
    return replace(type_, disk_size=size, disk_used=os)


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
    cleanup: ImageCleanup | None = None,
    lazy: bool = False,
) -> Fleet:
    """Machines that run containers."""
    return Fleet(
        machine=type_,
        count=count,
        runtime=runtime(),
        registry=registry() if pulls_from is None else pulls_from,
        unpacking=unpacking(lazy=lazy),
        os_and_daemons=figure("vm.memory.guest_os.ubuntu_docker"),
        warm=tuple(warm),
        cleanup=cleanup,
    )


def docker(
    server: Machine,
    *,
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
    cpu_overcommit: float = 1.0,
    lazy: bool = False,
) -> Docker:
    """Docker on a bare machine; it deletes no image by itself.

    Args:
        lazy: load images lazily (containerd's image store with the SOCI snapshotter).
    """
    daemon = fleet(server, warm=warm, pulls_from=pulls_from, lazy=lazy)
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
    """EC2 with the cheapest non-metal type that holds the service, or None where none does.

    Raises:
        ValueError: `service` is none.
    """
    if not isinstance(service, Service):
        raise ValueError(
            f"service: {service!r} is not allowed; a Service, such as catalog.service('java')"
        )
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
    pull_behavior: AgentPull = "default",
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
) -> ECS:
    """ECS on EC2: `count` container instances of one type, up already."""
    return ECS(
        capacity=container_instances(type_, count=count, warm=warm, pulls_from=pulls_from),
        control_plane=ecs_control_plane(),
        network=network,
        trunking=trunking,
        strategy=strategy,
        pull_behavior=pull_behavior,
        agent_memory=figure("ecs.agent.memory"),
        reserved_memory=figure("ecs.reserved_memory"),
    )


def container_instances(
    type_: str | Machine,
    *,
    count: int = 1,
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
) -> Fleet:
    """Instances of the ECS-optimized AMI."""
    instance = machine(type_) if isinstance(type_, str) else type_
    return fleet(
        with_volume(instance, figure("ecs.ami.root_volume"), figure("ecs.ami.os_disk")),
        count=count,
        warm=warm,
        pulls_from=pulls_from,
        cleanup=agent_cleanup(),
    )


def ecs_on_fargate(
    architecture: Architecture = "amd64",
    *,
    pulls_from: Registry | None = None,
    lazy: bool = False,
    ephemeral: float | None = None,
) -> ECS:
    """ECS on Fargate.

    Args:
        lazy: load images lazily; Fargate does where they have a SOCI index.
        ephemeral: bytes of a task's storage; None: 20 GiB.
    """
    capacity = fargate(architecture, pulls_from=pulls_from, lazy=lazy, ephemeral=ephemeral)
    return ECS(capacity=capacity, control_plane=ecs_control_plane())


def fargate(
    architecture: Architecture = "amd64",
    *,
    pulls_from: Registry | None = None,
    lazy: bool = False,
    ephemeral: float | None = None,
) -> Fargate:
    """Fargate's sizes, quotas and prices (us-east-1, Linux)."""
    price = "fargate.price.arm64" if architecture == "arm64" else "fargate.price"
    return Fargate(
        sizes=fargate_sizes(),
        architecture=architecture,
        launches=Quota(
            size=figure("fargate.launch.bucket"), refill=figure("fargate.launch.refill")
        ),
        provision=control_plane("fargate.provision"),
        runtime=runtime(),
        registry=registry() if pulls_from is None else pulls_from,
        unpacking=unpacking(lazy=lazy),
        os_and_daemons=figure("vm.memory.guest_os.debian_minimal"),
        ephemeral=figure("fargate.ephemeral") if ephemeral is None else ephemeral,
        nic=figure("fargate.nic"),
        disk=figure("fargate.disk"),
        account_vcpus=figure("fargate.account.vcpus"),
        usd_per_vcpu_hour=figure(f"{price}.vcpu_hour"),
        usd_per_gb_hour=figure(f"{price}.gb_hour"),
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
