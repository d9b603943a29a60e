"""What a container daemon costs, as it is described."""

from pydantic import Field

from sim.core.cited import Number
from sim.core.description import description
from sim.host import Step


@description
class ContainerRuntime:
    """A daemon, its shims and the low-level runtime (Docker: dockerd, containerd, runc)."""

    create: Step = Field(default_factory=Step)
    """Snapshot, namespaces, network: from the request to a created container."""
    start: Step = Field(default_factory=Step)
    """From the runtime's exec to the first instruction of the program."""
    shim: Number = 0.0
    """Bytes the host holds for each container, outside the container's own limit."""
