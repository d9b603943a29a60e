"""Capacity that comes when it is needed, composed of cited figures."""

from collections.abc import Sequence
from dataclasses import replace

from sim.catalog.eks import eks, node_config, nodes
from sim.catalog.figures import control_plane, figure
from sim.catalog.instances import instance, machine
from sim.catalog.platforms import container_instances, ecs, ecs_on_fargate
from sim.core.token_bucket import Quota
from sim.host.machine import Architecture
from sim.image import Image
from sim.platforms import ECS, EKS, CapacityProvider, InstanceLaunch, NodeKind, NodePool
from sim.platforms.autoscaling.autoscaler import Autoscaler, ClusterAutoscaler, Karpenter
from sim.platforms.autoscaling.consolidation import Consolidation
from sim.platforms.autoscaling.scale_down import ScaleDown


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
        calls=Quota(
            size=figure("ec2.run_instances.requests"),
            refill=figure("ec2.run_instances.requests.refill"),
        ),
        instances=Quota(
            size=figure("ec2.run_instances.bucket"), refill=figure("ec2.run_instances.refill")
        ),
        per_call=int(figure("asg.instances_per_call").value),
        stages=(
            control_plane("ec2.api_call"),
            control_plane("ec2.pending_to_running"),
            control_plane("ec2.guest_boot.al2023"),
            control_plane("ecs.instance.register"),
        ),
    )


def ecs_capacity_provider(type_: str, *, instances: int = 0, warm: Sequence[Image] = ()) -> ECS:
    """An ECS service on an Auto Scaling group with managed scaling, at AWS's defaults.

    Args:
        instances: that are up at the beginning.
    """
    provider = CapacityProvider(
        fleet=container_instances(type_, count=max(1, instances), warm=warm),
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


def ecs_service_on_fargate(architecture: Architecture = "amd64") -> ECS:
    """An ECS service on Fargate."""
    return replace(ecs_on_fargate(architecture), service_rate=service_rate("fargate"))


def eks_node_launch(*, group: bool) -> InstanceLaunch:
    """A node of EKS's own image, until pods may go there.

    Args:
        group: whether an Auto Scaling group asks for it; else Karpenter does, with CreateFleet.
    """
    calls = "ec2.run_instances" if group else "ec2.create_fleet"
    return InstanceLaunch(
        decided=control_plane("asg.reaction" if group else "karpenter.decision"),
        calls=Quota(size=figure(f"{calls}.requests"), refill=figure(f"{calls}.requests.refill")),
        instances=Quota(
            size=figure("ec2.run_instances.bucket"), refill=figure("ec2.run_instances.refill")
        ),
        per_call=int(figure("asg.instances_per_call").value),
        stages=(control_plane("eks.node.registered"), control_plane("eks.node.ready")),
    )


def eks_karpenter(*types: str, warm: Sequence[Image] = ()) -> EKS:
    """EKS whose nodes Karpenter launches: of each batch the cheapest types that hold its pods.

    Args:
        types: instance types it may launch.
    """
    autoscaler = Karpenter(
        batch_idle=figure("karpenter.batch_idle"),
        batch_most=figure("karpenter.batch_most"),
        consolidation=Consolidation(
            after=figure("karpenter.consolidate_after"),
            poll=figure("karpenter.poll"),
            validation=figure("karpenter.validation"),
            budget=figure("karpenter.budget"),
        ),
    )
    return _growing_eks(autoscaler, types, warm, group=False)


def eks_cluster_autoscaler(type_: str, *, warm: Sequence[Image] = ()) -> EKS:
    """EKS with one node group that the Cluster Autoscaler grows and shrinks."""
    autoscaler = ClusterAutoscaler(
        scan=figure("cas.scan"),
        scale_down=ScaleDown(
            threshold=figure("cas.threshold"),
            unneeded=figure("cas.unneeded"),
            after_add=figure("cas.after_add"),
            after_taint=figure("cas.after_taint"),
            drains=int(figure("cas.drains").value),
            deletions=int(figure("cas.deletions").value),
        ),
    )
    return _growing_eks(autoscaler, (type_,), warm, group=True)


def _growing_eks(
    autoscaler: Autoscaler, types: Sequence[str], warm: Sequence[Image], *, group: bool
) -> EKS:
    priced = sorted(types, key=lambda name: instance(name).usd_per_hour or float("inf"))
    kinds = [NodeKind(fleet=nodes(machine(t), warm=warm), node=node_config(t)) for t in priced]
    pool = NodePool(
        kinds=tuple(kinds),
        autoscaler=autoscaler,
        launch=eks_node_launch(group=group),
        termination=figure("kubernetes.termination_grace"),
    )
    return replace(eks(priced[0]), capacity=pool, node=None)
