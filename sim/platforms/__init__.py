"""Thin compositions of machines and sandboxes: capacity, and what orchestrates it."""

from sim.platforms.capacity_provider import CapacityProvider
from sim.platforms.docker import Docker
from sim.platforms.ec2 import EC2
from sim.platforms.ecs import ECS, ControlPlane, Network
from sim.platforms.eks import EKS, KubernetesControlPlane
from sim.platforms.eks_fargate import FargateProfile
from sim.platforms.fargate import Fargate, FargateSize
from sim.platforms.fleet import Fleet
from sim.platforms.hypervisor import Hypervisor
from sim.platforms.kubelet import Kubelet
from sim.platforms.launching import InstanceLaunch
from sim.platforms.node_config import DaemonSet, NodeConfig
from sim.platforms.node_pool import NodeKind, NodePool
from sim.platforms.pod import PodTemplate, Resources

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
    "Network",
    "NodeConfig",
    "NodeKind",
    "NodePool",
    "PodTemplate",
    "Resources",
]
