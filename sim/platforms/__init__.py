"""Thin compositions of machines and sandboxes: capacity, and what orchestrates it."""

from sim.platforms.capacity_provider import CapacityProvider
from sim.platforms.docker import Docker
from sim.platforms.ec2 import EC2
from sim.platforms.ecs import ECS, ControlPlane, Network
from sim.platforms.fargate import Fargate, FargateSize
from sim.platforms.fleet import Fleet
from sim.platforms.hypervisor import Hypervisor
from sim.platforms.launching import InstanceLaunch

__all__ = [
    "EC2",
    "ECS",
    "CapacityProvider",
    "ControlPlane",
    "Docker",
    "Fargate",
    "FargateSize",
    "Fleet",
    "Hypervisor",
    "InstanceLaunch",
    "Network",
]
