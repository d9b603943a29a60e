"""What isolates a workload: a container on a kernel, or a guest with a kernel of its own."""

from sim.sandbox.container import Container, ContainerEngine, ContainerRuntime
from sim.sandbox.vm import Guest, VirtualMachine

__all__ = ["Container", "ContainerEngine", "ContainerRuntime", "Guest", "VirtualMachine"]
