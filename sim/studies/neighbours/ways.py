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
    "memory": "the memory of its guest",
    "cache": "cores of its own; the last-level cache is shared",
    "bandwidth": "nothing: the memory bus of the socket is shared",
    "fork": "a kernel of its own",
}

BETWEEN: dict[str, dict[Hogged, str]] = {
    "containers, no limits": {
        "cpu": "cpu.weight: as much as it reserves is its own",
        "memory": "nothing: when RAM is full the kernel kills the largest process",
        "cache": "nothing: no cgroup shares out a cache",
        "bandwidth": "nothing: no cgroup shares out the memory bus",
        "disk": "nothing: each queued request counts alike",
        "network": "nothing: each flow counts alike",
        "fork": "cpu.weight; one process table, RAM and kernel for all",
    },
    "containers, limits": {
        "cpu": "cpu.max",
        "memory": "memory.max",
        "cache": "nothing: no cgroup shares out a cache",
        "bandwidth": "nothing: no cgroup shares out the memory bus",
        "disk": "io.max (Docker has it; ECS, Fargate and Kubernetes do not set it)",
        "network": "a rate outside cgroups (tc; Kubernetes' bandwidth plugin)",
        "fork": "cpu.max, memory.max, pids.max; one kernel for all",
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
