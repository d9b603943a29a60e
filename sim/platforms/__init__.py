"""Thin compositions of machines and sandboxes: capacity, and what orchestrates it."""

from typing import TYPE_CHECKING

from sim.facade import facade

if TYPE_CHECKING:
    from sim.platforms.autoscaling.node_pool import NodeKind, NodePool
    from sim.platforms.docker import Docker
    from sim.platforms.ec2 import EC2
    from sim.platforms.ecs.capacity_provider import CapacityProvider
    from sim.platforms.ecs.ecs import ECS
    from sim.platforms.ecs.instance_limits import ControlPlane, Network
    from sim.platforms.ecs.managed_instances import ManagedInstances
    from sim.platforms.eks.eks import EKS
    from sim.platforms.eks.fargate_profile import FargateProfile
    from sim.platforms.fargate import Fargate
    from sim.platforms.fleet import Fleet
    from sim.platforms.hosting import FargateSize
    from sim.platforms.hypervisor import Hypervisor
    from sim.platforms.kubernetes.allocatable import NodeConfig
    from sim.platforms.kubernetes.daemon_set import DaemonSet
    from sim.platforms.kubernetes.kubelet import Kubelet
    from sim.platforms.kubernetes.pod import PodTemplate, Resources
    from sim.platforms.kubernetes.pods_on_nodes import KubernetesControlPlane
    from sim.platforms.scaling.instance_launch import InstanceLaunch

__all__ = [
    "EC2",
    "ECS",
    "EKS",
    "CapacityProvider",
    "ControlPlane",
    "DaemonSet",
    "Docker",
    "Fargate",
    "FargateProfile",
    "FargateSize",
    "Fleet",
    "Hypervisor",
    "InstanceLaunch",
    "Kubelet",
    "KubernetesControlPlane",
    "ManagedInstances",
    "Network",
    "NodeConfig",
    "NodeKind",
    "NodePool",
    "PodTemplate",
    "Resources",
]

facade(__name__)
