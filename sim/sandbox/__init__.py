"""What isolates a workload: a container on a kernel, or a guest with a kernel of its own."""

from typing import TYPE_CHECKING

from sim.facade import facade

if TYPE_CHECKING:
    from sim.sandbox.container import Container, ContainerEngine
    from sim.sandbox.container_runtime import ContainerRuntime
    from sim.sandbox.vm import Guest, VirtualMachine

__all__ = ["Container", "ContainerEngine", "ContainerRuntime", "Guest", "VirtualMachine"]

facade(__name__)
