"""ECS as AWS runs it: its agents, quotas and scheduler; on instances, on instances that come and
go, and on Fargate with its sizes and prices."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from sim.catalog.containers import agent_cleanup, fleet, runtime, unpacking, with_volume
from sim.catalog.data import rows
from sim.catalog.figures import control_plane, figure, quota
from sim.catalog.instances.amis import Ami
from sim.catalog.instances.machines import machine
from sim.catalog.instances.table import DEFAULT_TYPE, instance, known_network, table
from sim.catalog.registries import registry
from sim.core.cited import Cited, plain
from sim.core.names import Architecture
from sim.core.randomness import Lognormal
from sim.core.token_bucket import Quota
from sim.host import Machine
from sim.image import AgentPull, Image, Registry
from sim.platforms import (
    ECS,
    CapacityProvider,
    ControlPlane,
    Fargate,
    FargateSize,
    Fleet,
    InstanceLaunch,
    ManagedInstances,
    Network,
)
from sim.platforms.ecs.placement import Strategy
from sim.units import MiB


def ecs(
    type_: str | Machine = DEFAULT_TYPE,
    *,
    count: int = 1,
    ami: Ami | None = None,
    network: Network = "bridge",
    trunking: bool = False,
    strategy: Strategy = "binpack",
    pull_behavior: AgentPull = "default",
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
    reserved_memory: float | None = None,
    attributes: Mapping[str, str] | None = None,
) -> ECS:
    """ECS on EC2: `count` container instances of one type, up already.

    Args:
        ami: machine image of a type that is given by its name; None: any.
        reserved_memory: bytes of `ECS_RESERVED_MEMORY`; None: the agent's default.
        attributes: of the instances, beside their own.

    Raises:
        UnknownName: there is no such type.
        ValueError: its network interfaces are not known, and each task wants one.
    """
    box = machine(type_, ami) if isinstance(type_, str) else type_
    name = box.name
    if network == "awsvpc" and name in table():
        known_network(name, "network interfaces", instance(name).enis)
    return ECS(
        capacity=container_instances(box, count=count, warm=warm, pulls_from=pulls_from),
        control_plane=ecs_control_plane(),
        network=network,
        trunking=trunking,
        strategy=strategy,
        pull_behavior=pull_behavior,
        agent_memory=figure("ecs.agent.memory"),
        reserved_memory=figure("ecs.reserved_memory")
        if reserved_memory is None
        else reserved_memory,
        attributes=tuple(sorted((attributes or {}).items())),
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
    instances = fleet(
        with_volume(instance, figure("ecs.ami.root_volume"), figure("ecs.ami.os_disk")),
        count=count,
        warm=warm,
        pulls_from=pulls_from,
        cleanup=agent_cleanup(),
    )
    return replace(instances, os_and_daemons=figure("ecs.ami.os_memory"))


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


def ecs_capacity_provider(
    type_: str, *, instances: int = 0, warm: Sequence[Image] = (), ami: Ami | None = None
) -> ECS:
    """An ECS service on an Auto Scaling group with managed scaling, at AWS's defaults.

    Args:
        instances: that are up at the beginning.
        ami: of its instances; None: any.
    """
    provider = CapacityProvider(
        fleet=container_instances(machine(type_, ami), count=max(1, instances), warm=warm),
        begin_empty=instances == 0,
        launch=container_instance_launch(),
        metric_period=figure("ecs.capacity_provider.metric_period"),
        warm_up=figure("ecs.capacity_provider.warmup"),
        from_zero=int(figure("ecs.capacity_provider.from_zero").value),
        provisioning=int(figure("ecs.provisioning_cap").value),
        scale_in_points=int(figure("ecs.capacity_provider.scale_in_points").value),
        most=int(figure("ecs.cluster.instances").value),
    )
    return replace(ecs(type_), capacity=provider, service_rate=service_rate("ec2"))


def ecs_managed(
    type_: str | Machine,
    *,
    count: int = 1,
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
) -> ECS:
    """ECS on Managed Instances of one type, up already: AWS's own Bottlerocket, awsvpc with trunks.

    Raises:
        UnknownName: there is no such type.
        ValueError: its network interfaces are not known.
    """
    box = machine(type_, "bottlerocket") if isinstance(type_, str) else type_
    trunk = 1.0 if box.trunk_tasks is None else plain(box.trunk_tasks)
    made = ecs(box, network="awsvpc", trunking=trunk > 0.0)
    return replace(made, capacity=_managed_fleet(box, count, warm, pulls_from))


def ecs_managed_instances(type_: str | Machine, *, warm: Sequence[Image] = ()) -> ECS:
    """An ECS service on Managed Instances of one type that come for its tasks, from none."""
    box = machine(type_, "bottlerocket") if isinstance(type_, str) else type_
    capacity = ManagedInstances(
        fleet=_managed_fleet(box, 1, warm, None),
        begin_empty=True,
        launch=InstanceLaunch(
            decided=0.0,
            calls=quota("ec2.run_instances.requests"),
            instances=quota("ec2.run_instances"),
            per_call=int(figure("asg.instances_per_call").value),
            stages=(Lognormal(median=_managed_boot(), spread=figure("spread.control_plane")),),
        ),
        gathers=figure("ecs.mi.start.to_instance"),
        idle=figure("ecs.mi.idle"),
        provisioning=int(figure("ecs.provisioning_cap").value),
        most=int(figure("ecs.cluster.instances").value),
    )
    return replace(ecs_managed(box), capacity=capacity, service_rate=service_rate("ec2"))


def _managed_boot() -> Cited:
    """From launch to registered: what placement and ENI leave of the time to the pull."""
    pull, launched = figure("ecs.mi.start.to_pull"), figure("ecs.mi.start.to_instance")
    after = sum(figure(key).value for key in ("ecs.placement", "ecs.eni_attach"))
    return replace(
        pull,
        key="ecs.mi.boot",
        value=pull.value - launched.value - after,
        low=0.0,
        high=28.0,
        grade="C",
        note="launch to pull is 22 to 28 s (n = 3); less placement and ENI, of other measurements",
    )


def _managed_fleet(
    box: Machine, count: int, warm: Sequence[Image], pulls_from: Registry | None
) -> Fleet:
    """Container instances with the volume of Managed Instances; the OS uses what ECS's AMI does."""
    disk = with_volume(box, figure("ecs.mi.volume"), figure("ecs.ami.os_disk"))
    return container_instances(disk, count=count, warm=warm, pulls_from=pulls_from)


def ecs_service_on_fargate(architecture: Architecture = "amd64") -> ECS:
    """An ECS service on Fargate."""
    return replace(ecs_on_fargate(architecture), service_rate=service_rate("fargate"))


def ecs_control_plane() -> ControlPlane:
    """ECS's side of a start."""
    return ControlPlane(
        call=control_plane("ecs.run_task.call"),
        tasks_per_call=int(figure("ecs.run_task.tasks_per_call").value),
        placement=control_plane("ecs.placement"),
        eni_attach=control_plane("ecs.eni_attach"),
        dynamic_ports=figure("linux.dynamic_ports"),
        bridge_ports=figure("docker.bridge.ports"),
        least_task_cpu=figure("ecs.task.least_cpu"),
    )


def service_rate(capacity: str) -> Quota:
    """Tasks that ECS's scheduler starts of one service.

    Args:
        capacity: `ec2` or `fargate`.
    """
    return Quota(
        size=figure("ecs.service_scheduler.bucket"),
        refill=figure(f"ecs.service_scheduler.rate_{capacity}"),
    )


def container_instance_launch() -> InstanceLaunch:
    """An Auto Scaling group, the ECS-optimized Amazon Linux 2023, and the agent's registration."""
    return InstanceLaunch(
        decided=control_plane("asg.reaction"),
        calls=quota("ec2.run_instances.requests"),
        instances=quota("ec2.run_instances"),
        per_call=int(figure("asg.instances_per_call").value),
        stages=(
            control_plane("ec2.launch.total.al2023"),
            control_plane("ecs.instance.register"),
        ),
    )


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
        launches=quota("fargate.launch"),
        provision=control_plane("fargate.provision"),
        runtime=runtime(),
        registry=registry() if pulls_from is None else pulls_from,
        unpacking=unpacking(lazy=lazy),
        os_and_daemons=figure("vm.memory.guest_os.debian_minimal"),
        ephemeral=figure("fargate.ephemeral") if ephemeral is None else ephemeral,
        nic=figure("fargate.nic"),
        disk=figure("fargate.disk"),
        iops=figure("fargate.iops"),
        quota_period=figure("linux.quota_period"),
        account_vcpus=figure("fargate.account.vcpus"),
        usd_per_vcpu_hour=figure(f"{price}.vcpu_hour"),
        usd_per_gb_hour=figure(f"{price}.gb_hour"),
    )


@cache
def fargate_sizes() -> tuple[FargateSize, ...]:
    """Every size on the price list, by vCPU, then memory."""
    sizes = [
        FargateSize(vcpu=float(row["vcpu"]), memory=mib * MiB)
        for row in rows("fargate_sizes.csv")
        for mib in _memory_steps(row)
    ]
    return tuple(sorted(sizes, key=lambda size: (size.vcpu, size.memory)))


def _memory_steps(row: dict[str, str]) -> Sequence[int]:
    """In steps, or one by one."""
    if row["mem_listed_mib"]:
        return [int(mib) for mib in row["mem_listed_mib"].split(";")]
    low, high, step = (int(row[f"mem_{part}_mib"]) for part in ("min", "max", "step"))
    return range(low, high + 1, step)
