"""Ways to run beside a neighbour, and what stands between the two by resource."""

from sim.core.description import description
from sim.workload.hog import Hogged


@description
class Separation:
    """A way to run many on one machine."""

    name: str
    guests: bool
    """Whether each has a kernel and vCPUs of its own."""
    micro: bool = False
    """Whether its guests are microVMs."""
    limited: bool
    """Whether CPU, memory, disk and network of each are limited."""
    own: bool = False
    """Whether each has a volume and a network interface of its own."""


WAYS = (
    Separation(name="containers, no limits", guests=False, limited=False),
    Separation(name="containers, limits", guests=False, limited=True),
    Separation(name="microVMs", guests=True, micro=True, limited=True),
    Separation(name="VMs, a volume each", guests=True, limited=True, own=True),
)

_GUEST = {
    "cpu": "vCPUs of its own",
    "memory": "memory of its own guest",
    "cache": "cores of its own; the last-level cache is shared",
    "bandwidth": "nothing; all share the memory bus of the socket",
    "fork": "a kernel of its own",
}

BETWEEN: dict[str, dict[Hogged, str]] = {
    "containers, no limits": {
        "cpu": "cpu.weight, which guarantees each its reservation",
        "memory": "nothing; when memory is full, the kernel kills the largest process",
        "cache": "nothing; cgroups do not divide caches",
        "bandwidth": "nothing; cgroups do not divide the memory bus",
        "disk": "nothing; the disk serves whoever queues the most requests",
        "network": "nothing; the link is shared per flow, whoever opens them",
        "fork": "cpu.weight; the process table, memory and kernel are shared",
    },
    "containers, limits": {
        "cpu": "cpu.max",
        "memory": "memory.max",
        "cache": "nothing; cgroups do not divide caches",
        "bandwidth": "nothing; cgroups do not divide the memory bus",
        "disk": "io.max (Docker can set it; ECS, Fargate and Kubernetes do not)",
        "network": "a rate outside cgroups (tc; Kubernetes' bandwidth plugin)",
        "fork": "cpu.max, memory.max and pids.max; the kernel is shared",
    },
    "microVMs": {
        **_GUEST,  # type: ignore[dict-item]
        "disk": "the VMM's rate limiter",
        "network": "the VMM's rate limiter",
    },
    "VMs, a volume each": {
        **_GUEST,  # type: ignore[dict-item]
        "disk": "an EBS volume of its own",
        "network": "an ENI of its own, with a baseline",
    },
}
"""What stands between a hog and its neighbours."""
