"""`maxPods` as a number of the kubelet's, or as nodeadm's expression over an instance type."""

from sim.catalog.figures import figure
from sim.catalog.instances.table import instance, known_network
from sim.catalog.nodes.expression import evaluated
from sim.core.names import shown
from sim.platforms.kubernetes.daemon_set import MOST_PODS
from sim.units import MiB

VARIABLES = ("default_enis", "ips_per_eni", "max_pods", "vcpus", "memory_mib")
ALLOWED = (
    f"an integer of at least 1, or an expression of {', '.join(VARIABLES)} such as "
    f"'max_pods < 110 ? max_pods : 110'"
)
HOST_NETWORK_PODS = 2
"""Pods that the VPC CNI's table adds to the addresses: aws-node and kube-proxy need none."""


def max_pods(text: str, type_: str) -> int:
    """What an expression comes to on an instance type.

    Raises:
        UnknownName: there is no such type.
        ValueError: it cannot be read, or comes to less than 1.
    """
    known = instance(type_)
    each = known_network(type_, "network interfaces", known.ipv4_per_eni)
    own = known_network(type_, "network interfaces", known.max_pods)
    variables = {
        # those of the default network card: a type may have ENIs on others, too
        "default_enis": (own - HOST_NETWORK_PODS) // (each - 1),
        "ips_per_eni": each,
        "max_pods": own,
        "vcpus": known.vcpu,
        "memory_mib": int(known.memory / MiB),
    }
    try:
        pods = evaluated(text, variables)
    except ValueError as error:
        raise ValueError(f"{shown(text)} is not allowed; {ALLOWED}: {error}") from error
    if not 1 <= pods <= MOST_PODS:
        raise ValueError(
            f"{shown(text)} is not allowed; it comes to {pods} on {type_}: from 1 to {MOST_PODS}"
        )
    return pods


def pod_cap(type_: str) -> int:
    """Pods that a managed node group lets a node have, and EKS recommends with prefixes."""
    large = instance(type_).vcpu >= figure("eks.prefix_delegation.large").value
    return int(figure("eks.prefix_delegation.max_pods" + (".large" if large else "")).value)


def prefix_max_pods(type_: str) -> int:
    """Max pods with prefix delegation as EKS recommends it: what the ENIs hold, capped."""
    known = instance(type_)
    slots = known_network(type_, "network interfaces", known.max_pods) - HOST_NETWORK_PODS
    held = slots * int(figure("eks.prefix_delegation.addresses").value) + HOST_NETWORK_PODS
    return min(held, pod_cap(type_))
