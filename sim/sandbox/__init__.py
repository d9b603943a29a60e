"""What isolates a workload: a container on a kernel, or a guest with a kernel of its own."""

from sim.sandbox.container import Container, ContainerRuntime, Engine
from sim.sandbox.vm import Guest, VirtualMachine

__all__ = ["Container", "ContainerRuntime", "Engine", "Guest", "VirtualMachine"]
