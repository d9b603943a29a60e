"""The only place with numbers about the world, each one cited."""

from sim.catalog.apps import app, apps, image, images, load, service
from sim.catalog.builder import builder, official, repository
from sim.catalog.containers import (
    agent_cleanup,
    docker,
    fleet,
    kubelet_cleanup,
    unpacking,
    with_volume,
)
from sim.catalog.ecs import (
    ecs,
    ecs_capacity_provider,
    ecs_on_fargate,
    ecs_service_on_fargate,
    fargate,
)
from sim.catalog.eks import (
    eks,
    eks_cluster_autoscaler,
    eks_karpenter,
    eks_on_fargate,
    node_config,
    nodes,
    prefix_max_pods,
)
from sim.catalog.figures import control_plane, digest, figure, figures
from sim.catalog.instances import (
    Instance,
    bare,
    core_speeds,
    custom,
    instance,
    instances,
    machine,
    matching,
)
from sim.catalog.max_pods import max_pods
from sim.catalog.registries import ecs_agent, kubelet_retry_policy, registry, registry_names
from sim.catalog.storms import RUNTIMES, fitted, footprint, home, profile, validation_hosts
from sim.catalog.vms import ec2, ec2_for, hypervisor, micro_vm, virtual_machine
from sim.core.names import UnknownName, unknown

__all__ = [
    "RUNTIMES",
    "Instance",
    "UnknownName",
    "agent_cleanup",
    "app",
    "apps",
    "bare",
    "builder",
    "control_plane",
    "core_speeds",
    "custom",
    "digest",
    "docker",
    "ec2",
    "ec2_for",
    "ecs",
    "ecs_agent",
    "ecs_capacity_provider",
    "ecs_on_fargate",
    "ecs_service_on_fargate",
    "eks",
    "eks_cluster_autoscaler",
    "eks_karpenter",
    "eks_on_fargate",
    "fargate",
    "figure",
    "figures",
    "fitted",
    "fleet",
    "footprint",
    "home",
    "hypervisor",
    "image",
    "images",
    "instance",
    "instances",
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
    "registry",
    "registry_names",
    "repository",
    "service",
    "unknown",
    "unpacking",
    "validation_hosts",
    "virtual_machine",
    "with_volume",
]
