"""The only place with numbers about the world, each one cited.

The facade is lazy: to list instance types, no platform is imported.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    "with_volume",
]

_HOME = {
    "sim.catalog.apps": "app apps image images load service",
    "sim.catalog.builder": "builder official repository",
    "sim.catalog.containers": "agent_cleanup docker fleet kubelet_cleanup unpacking with_volume",
    "sim.catalog.ecs": "ecs ecs_capacity_provider ecs_managed ecs_managed_instances "
    "ecs_on_fargate ecs_service_on_fargate fargate",
    "sim.catalog.eks": "eks eks_auto eks_auto_nodes eks_cluster_autoscaler eks_karpenter "
    "eks_on_fargate nodes",
    "sim.catalog.figures": "control_plane digest figure figures",
    "sim.catalog.known_images": "known_image",
    "sim.catalog.instances.machines": "bare custom machine",
    "sim.catalog.instances.table": "DEFAULT_TYPE Instance core_speeds instance instances matching",
    "sim.catalog.isolation.recovery": "recovering",
    "sim.catalog.max_pods": "max_pods",
    "sim.catalog.nodes.config": "node_config",
    "sim.catalog.nodes.max_pods": "max_pods prefix_max_pods",
    "sim.catalog.nodes.settings": "NodeSettings Reserved",
    "sim.catalog.prices": "ClusterTier DEFAULT_REGION Purchase cluster_price ec2_price ec2_ratio "
    "fargate_price fargate_spot_ratio fee_share regions spot_interruptions",
    "sim.catalog.registries": "ecs_agent kubelet_retry_policy registry registry_names",
    "sim.catalog.services.autoscalers": "AutoscalerName autoscaler",
    "sim.catalog.services.hops": "hops",
    "sim.catalog.services.right_sizing": "RULES RuleName right_size",
    "sim.catalog.storms": "RUNTIMES fitted footprint home profile validation_hosts",
    "sim.catalog.vms": "ec2 ec2_for hypervisor micro_vm virtual_machine vm_images",
    "sim.core.names": "UnknownName unknown",
}
"""By module, the names that are taken from it."""
_MODULE = {name: module for module, names in _HOME.items() for name in names.split()}


class _Facade(ModuleType):
    """Keeps a function from being hidden by the module of its name, as `ecs` by `ecs.py`."""

    def __getattr__(self, name: str) -> Any:
        if name not in _MODULE:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        found = getattr(import_module(_MODULE[name]), name)
        super().__setattr__(name, found)
        return found

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _MODULE or not isinstance(value, ModuleType):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted(__all__)


sys.modules[__name__].__class__ = _Facade
