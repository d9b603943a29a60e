"""How many pods a node takes by reservation, and what would make it take more: pure.

Max pods feed on memory: the kubelet reserves memory for each of its slots, so that lifting one
limit moves the other.
"""

import math
from collections.abc import Sequence

from sim.core.cited import plain
from sim.host import Machine
from sim.platforms.kubernetes.allocatable import NodeConfig
from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.limits import fits, gpu_ceilings, smallest_first
from sim.start import Ceiling
from sim.units import MiB

REFUSALS = {
    "host ports": "node(s) didn't have free ports for the requested pod ports",
    "pod slots": "Too many pods",
    "vCPU": "Insufficient cpu",
    "memory": "Insufficient memory",
    "GPU": "Insufficient nvidia.com/gpu",
    "branch interfaces": "Insufficient vpc.amazonaws.com/pod-eni",
    "IP addresses": "failed to assign an IP address to container",
}
"""Kubernetes' own word for each limit, in the order in which they are found out."""


def node_ceilings(config: NodeConfig, machine: Machine, request: PodRequest) -> tuple[Ceiling, ...]:
    """The limits of one node, smallest first; equals as they are found out."""
    more_addresses = _more_addresses(config, machine, request)
    ports = [] if not request.ports else [_ceiling("host ports", 1, _NO_HOST_PORT)]
    cpu = [*_cpu(config, machine, request), *_gpus(machine, request)]
    addresses = _addresses(config, request, more_addresses)
    slots = _slots(config, addresses)
    beside = (*ports, *cpu, *addresses)
    # what memory is kept back for need not be the slots that there are
    memory = _memory(config, machine, request, (*beside, slots) if config.reserved_pods else beside)
    if all(slots.allows <= other.allows for other in (*beside, *memory)):
        matched = _memory_of_slots_to_match(config, machine, request) if memory else []
        slots = _slots(config, addresses, (*beside, *matched))
    return smallest_first(*ports, slots, *cpu, *memory, *addresses)


def _cpu(config: NodeConfig, machine: Machine, request: PodRequest) -> list[Ceiling]:
    if not request.cpu:
        return []
    return [_ceiling("vCPU", fits(config.for_pods(machine).cpu, request.cpu), _MORE_CPU)]


def _gpus(machine: Machine, request: PodRequest) -> list[Ceiling]:
    return [_ceiling(c.limit, c.allows, c.how) for c in gpu_ceilings(machine, request.gpus)]


def _memory(
    config: NodeConfig, machine: Machine, request: PodRequest, others: Sequence[Ceiling]
) -> list[Ceiling]:
    """`others` stay where they are, however many slots there are."""
    if not request.memory:
        return []
    allows = fits(config.for_pods(machine).memory, request.memory)
    best = config.fit_with_slots(machine, request)
    best = min((best, *(other.allows for other in others)))
    return [_ceiling("memory", allows, _more_memory(config, machine, request, allows, best))]


def _memory_of_slots_to_match(
    config: NodeConfig, machine: Machine, request: PodRequest
) -> list[Ceiling]:
    """What memory allows where there is a slot for each pod, and none more."""
    if config.memory_of_slot:
        return [_ceiling("memory", config.fit_with_slots(machine, request), _LARGER)]
    return [_ceiling("memory", fits(config.for_pods(machine).memory, request.memory), _LARGER)]


def _addresses(config: NodeConfig, request: PodRequest, more: str) -> list[Ceiling]:
    """Of secondary addresses, or for pods with security groups of their own branch interfaces."""
    if request.branches:
        return [_ceiling("branch interfaces", config.branch_interfaces, _MORE_BRANCHES)]
    if config.for_own_pods is None:
        return []
    return [_ceiling("IP addresses", config.for_own_pods, more)]


def _slots(
    config: NodeConfig, addresses: Sequence[Ceiling], others: Sequence[Ceiling] = ()
) -> Ceiling:
    """Slots of the kubelet; `others` are those that stop you once there are more."""
    allows = max(0, config.max_pods - len(config.daemon_sets))
    how = _more_slots(config, allows, addresses)
    return Ceiling("pod slots", allows, how, REFUSALS["pod slots"], smallest_first(*others))


def _more_slots(config: NodeConfig, allows: int, addresses: Sequence[Ceiling]) -> str:
    for ceiling in addresses:
        if ceiling.allows <= allows:
            return f"{ceiling.how} ({_ENDS[ceiling.limit]} end there, too)"
    each = config.memory_of_slot / MiB
    taken = f"; each slot more takes {each:g} MiB of memory (kube-reserved)" if each else ""
    return f"raise --max-pods above {config.max_pods}{taken}"


def _more_addresses(config: NodeConfig, machine: Machine, request: PodRequest) -> str:
    """Prefixes are advised only where the model gives more with them: EKS caps their pods."""
    more, prefixed = "take a type with more ENIs", config.with_prefixes()
    if prefixed is None:
        return more
    without = min(config.for_own_pods or 0, config.max_pods - len(config.daemon_sets))
    with_them = node_ceilings(prefixed, machine, request)[0].allows
    return f"turn on prefix delegation, or {more}" if with_them > without else more


def _more_memory(
    config: NodeConfig, machine: Machine, request: PodRequest, allows: int, best: int
) -> str:
    """Less kept back for pods where that takes it, up to the `best` that fit then, else a larger
    type."""
    if best <= allows:
        return _LARGER
    enough = best + len(config.daemon_sets)
    takes = (
        f"kube-reserved takes {config.kube_reserved() / MiB:.0f} of "
        f"{machine.memory_visible / MiB:.0f} MiB for {config.reserved_pods or config.max_pods} pods"
    )
    if config.reserved_pods:
        each = plain(config.reserved_memory_per_pod)
        least = math.floor((plain(config.reserved_memory) + each * enough) / MiB)
        among = f" ({len(config.daemon_sets)} of them DaemonSets')" if config.daemon_sets else ""
        return (
            f"{takes}: with --kube-reserved {least}MiB, enough for {enough}{among}, {best} fit; or "
            f"{_LARGER}"
        )
    if allows:
        return f"lower --max-pods to {enough}, and {best} fit; or {_LARGER}"
    most = config.most_slots(machine, request)
    lower = f"{most} or fewer" if best == 1 else f"{most} for one pod, {enough} for {best}"
    return f"{takes}: lower --max-pods to {lower}"


def _ceiling(limit: str, allows: int, how: str) -> Ceiling:
    return Ceiling(limit, allows, how, REFUSALS[limit])


_MORE_CPU = "request less CPU per pod (--cpu), or take a larger type"
_ENDS = {"IP addresses": "addresses", "branch interfaces": "branch interfaces"}
_MORE_BRANCHES = (
    "take a type whose trunk has more branch interfaces, or give fewer pods security groups"
)
_LARGER = "take a larger type, or request less memory"
_NO_HOST_PORT = "reach it through a Service instead of a hostPort"
