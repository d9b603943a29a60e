"""The only place with numbers about the world, each one cited."""

from sim.catalog.apps import app, apps, image, images, load, service
from sim.catalog.figures import control_plane, digest, figure, figures
from sim.catalog.growing import (
    ecs_capacity_provider,
    ecs_service_on_fargate,
    eks_cluster_autoscaler,
    eks_karpenter,
)
from sim.catalog.instances import Instance, bare, custom, instance, instances, machine, matching
from sim.catalog.kubernetes import eks, eks_on_fargate, node_config, nodes, prefix_max_pods
from sim.catalog.names import UnknownName, unknown
from sim.catalog.platforms import (
    docker,
    ec2,
    ec2_for,
    ecs,
    ecs_on_fargate,
    fargate,
    fleet,
    hypervisor,
    micro_vm,
    virtual_machine,
)
from sim.catalog.registries import registry

__all__ = [
    "Instance",
    "UnknownName",
    "app",
    "apps",
    "bare",
    "control_plane",
    "custom",
    "digest",
    "docker",
    "ec2",
    "ec2_for",
    "ecs",
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
    "fleet",
    "hypervisor",
    "image",
    "images",
    "instance",
    "instances",
    "load",
    "machine",
    "matching",
    "micro_vm",
    "node_config",
    "nodes",
    "prefix_max_pods",
    "registry",
    "service",
    "unknown",
    "virtual_machine",
]
