"""The only place with numbers about the world, each one cited.

The facade is lazy: to list instance types, no platform is imported.
"""

from typing import TYPE_CHECKING

from sim.facade import facade

if TYPE_CHECKING:
    from sim.catalog.apps import app, apps, image, images, load, service
    from sim.catalog.builder import builder, official, repository
    from sim.catalog.containers import (
        agent_cleanup,
        docker,
        fleet,
        kubelet_cleanup,
        unpacking,
        with_disk,
        with_volume,
    )
    from sim.catalog.ecs import (
        ecs,
        ecs_capacity_provider,
        ecs_managed,
        ecs_managed_instances,
        ecs_on_fargate,
        ecs_service_on_fargate,
        fargate,
    )
    from sim.catalog.eks import (
        eks,
        eks_auto,
        eks_auto_nodes,
        eks_cluster_autoscaler,
        eks_karpenter,
        eks_on_fargate,
        nodes,
    )
    from sim.catalog.figures import control_plane, digest, figure, figures
    from sim.catalog.instances.machines import bare, custom, machine
    from sim.catalog.instances.table import (
        DEFAULT_TYPE,
        Instance,
        core_speeds,
        general_purpose,
        instance,
        instances,
        matching,
    )
    from sim.catalog.isolation.recovery import recovering
    from sim.catalog.known_images import known_image
    from sim.catalog.nodes.config import node_config
    from sim.catalog.nodes.max_pods import max_pods, prefix_max_pods
    from sim.catalog.nodes.settings import NodeSettings, Reserved
    from sim.catalog.prices import (
        DEFAULT_REGION,
        ClusterTier,
        Purchase,
        cluster_price,
        ec2_price,
        ec2_ratio,
        fargate_price,
        fargate_spot_ratio,
        fee_share,
        regions,
        spot_interruptions,
    )
    from sim.catalog.registries import ecs_agent, kubelet_retry_policy, registry, registry_names
    from sim.catalog.services.autoscalers import AutoscalerName, autoscaler
    from sim.catalog.services.hops import hops
    from sim.catalog.services.right_sizing import RULES, RuleName, right_size
    from sim.catalog.storms import RUNTIMES, fitted, footprint, home, profile, validation_hosts
    from sim.catalog.vms import ec2, ec2_for, hypervisor, micro_vm, virtual_machine, vm_images
    from sim.core.names import UnknownName, unknown

__all__ = [
    "DEFAULT_REGION",
    "DEFAULT_TYPE",
    "RULES",
    "RUNTIMES",
    "AutoscalerName",
    "ClusterTier",
    "Instance",
    "NodeSettings",
    "Purchase",
    "Reserved",
    "RuleName",
    "UnknownName",
    "agent_cleanup",
    "app",
    "apps",
    "autoscaler",
    "bare",
    "builder",
    "cluster_price",
    "control_plane",
    "core_speeds",
    "custom",
    "digest",
    "docker",
    "ec2",
    "ec2_for",
    "ec2_price",
    "ec2_ratio",
    "ecs",
    "ecs_agent",
    "ecs_capacity_provider",
    "ecs_managed",
    "ecs_managed_instances",
    "ecs_on_fargate",
    "ecs_service_on_fargate",
    "eks",
    "eks_auto",
    "eks_auto_nodes",
    "eks_cluster_autoscaler",
    "eks_karpenter",
    "eks_on_fargate",
    "fargate",
    "fargate_price",
    "fargate_spot_ratio",
    "fee_share",
    "figure",
    "figures",
    "fitted",
    "fleet",
    "footprint",
    "general_purpose",
    "home",
    "hops",
    "hypervisor",
    "image",
    "images",
    "instance",
    "instances",
    "known_image",
    "kubelet_cleanup",
    "kubelet_retry_policy",
    "load",
    "machine",
    "matching",
    "max_pods",
    "micro_vm",
    "node_config",
    "nodes",
    "official",
    "prefix_max_pods",
    "profile",
    "recovering",
    "regions",
    "registry",
    "registry_names",
    "repository",
    "right_size",
    "service",
    "spot_interruptions",
    "unknown",
    "unpacking",
    "validation_hosts",
    "virtual_machine",
    "vm_images",
    "with_disk",
    "with_volume",
]

facade(__name__, checked=True)
