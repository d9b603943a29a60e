"""What the node image, the VPC CNI and a managed node group make of settings, on every type."""

import math
from collections.abc import Mapping
from typing import Any

from sim.catalog.figures import figure
from sim.catalog.instances.machines import machine
from sim.catalog.instances.table import instance, known_network
from sim.catalog.nodes.expression import is_expression
from sim.catalog.nodes.max_pods import HOST_NETWORK_PODS, pod_cap
from sim.catalog.nodes.max_pods import max_pods as evaluated_max_pods
from sim.catalog.nodes.settings import NodeSettings
from sim.core.names import shown
from sim.platforms import DaemonSet, NodeConfig


def node_config(
    type_: str,
    *,
    prefix_delegation: bool = False,
    max_pods: int | str | None = None,
    settings: NodeSettings | None = None,
) -> NodeConfig:
    """What EKS's node image sets on an instance type.

    Args:
        prefix_delegation: as asked for; the VPC CNI leaves types on Xen as they are.
        max_pods: a number is the kubelet's own; an expression is nodeadm's, by whose value it
            keeps memory back, too; None: what EKS recommends.

    Raises:
        UnknownName: there is no such type.
        ValueError: its network interfaces are not known, or nobody reads an expression.
    """
    own = NodeSettings() if settings is None else settings
    prefix_delegation = prefix_delegation and instance(type_).prefixes
    plain_, prefixed = (_network(type_, own, prefixes=on) for on in (False, True))
    most, addresses = prefixed if prefix_delegation else plain_
    if max_pods is not None:
        most = _asked(type_, max_pods, own)
    can = instance(type_).prefixes and not prefix_delegation
    return NodeConfig(
        max_pods=most,
        addresses=addresses,
        prefix_delegation=prefix_delegation,
        prefix_max_pods=(most if max_pods else prefixed[0]) if can else None,
        prefix_addresses=prefixed[1] if can else None,
        branch_interfaces=_branches(type_, own),
        daemon_sets=(*daemon_sets(), *own.daemon_sets),
        kubelet_memory=figure("eks.kubelet.memory"),
        **{**_reserved(type_, max_pods, own), **_of_the_user(type_, own)},
    )


def daemon_sets() -> tuple[DaemonSet, ...]:
    """What every EKS node runs; CoreDNS is a Deployment and counts as any other pod."""
    return (
        DaemonSet(
            name="aws-node",
            cpu=figure("eks.daemon.aws_node.cpu"),
            used=figure("eks.daemon.aws_node.memory"),
            host_network=True,
        ),
        DaemonSet(
            name="kube-proxy",
            cpu=figure("eks.daemon.kube_proxy.cpu"),
            used=figure("eks.daemon.kube_proxy.memory"),
            host_network=True,
        ),
    )


def _network(type_: str, own: NodeSettings, *, prefixes: bool) -> tuple[int, int]:
    """Max pods as EKS recommends them, and the addresses there are for pods.

    The VPC CNI leaves the primary ENI alone with custom networking, and one more for the trunk of
    branch interfaces, which max pods take no notice of.
    """
    known = instance(type_)
    each = known_network(type_, "network interfaces", known.ipv4_per_eni) - 1
    slots = _classic(type_) - HOST_NETWORK_PODS - own.custom_networking * each
    of_slot = int(figure("eks.prefix_delegation.addresses").value) if prefixes else 1
    most = max(0, slots) * of_slot + HOST_NETWORK_PODS
    if prefixes or own.group == "managed":
        most = min(most, pod_cap(type_))
    return most, max(0, slots - own.security_groups * each) * of_slot


def _classic(type_: str) -> int:
    """Max pods by ENIs and addresses alone, as node images know it of each type."""
    return known_network(type_, "network interfaces", instance(type_).max_pods)


def _asked(type_: str, max_pods: int | str, own: NodeSettings) -> int:
    """The `maxPods` that somebody set; a managed node group caps an expression, not a number."""
    if not isinstance(max_pods, str):
        return max_pods
    try:
        value = evaluated_max_pods(max_pods, type_)
    except ValueError as error:
        raise ValueError(f"max-pods: {error}") from error
    if not is_expression(max_pods):
        return value
    if own.ami not in (None, "al2023"):
        raise ValueError(
            f"max-pods: {shown(max_pods)} is not allowed with {own.ami}, which reads no "
            f"expression; a number, or al2023"
        )
    return min(value, pod_cap(type_)) if own.group == "managed" else value


def _branches(type_: str, own: NodeSettings) -> int:
    if not own.security_groups:
        return 0
    return known_network(type_, "branch interfaces", instance(type_).branch_enis)


def _reserved(type_: str, max_pods: int | str | None, own: NodeSettings) -> Mapping[str, Any]:
    """kube-reserved: Bottlerocket's follows `max_pods`, Amazon Linux's its own number.

    That is the type's by ENIs, or what nodeadm's expression comes to, and neither the kubelet's
    `maxPods` nor a managed node group's moves it.
    """
    pods = None if own.ami == "bottlerocket" else _classic(type_)
    if pods is not None and is_expression(max_pods):
        pods = evaluated_max_pods(str(max_pods), type_)
    first, second, next_two, rest = (
        figure(f"eks.kube_reserved.cpu.{part}")
        for part in ("first", "second", "third_and_fourth", "rest")
    )
    return {
        "reserved_memory": figure("eks.kube_reserved.memory"),
        "reserved_memory_per_pod": figure("eks.kube_reserved.memory_per_pod"),
        "reserved_pods": pods,
        "reserved_cpu": (first, second, next_two, rest),
        "eviction_memory": figure("eks.eviction.memory"),
    }


def _of_the_user(type_: str, own: NodeSettings) -> Mapping[str, Any]:
    """What takes the place of the node image's, or comes on top."""
    said: dict[str, Any] = {}
    if own.kube_reserved is not None:
        said["reserved_vcpu"] = own.kube_reserved.cpu
        if own.kube_reserved.memory is not None:
            said |= {"reserved_memory": own.kube_reserved.memory, "reserved_memory_per_pod": 0.0}
    if own.system_reserved is not None:
        said["system_vcpu"] = own.system_reserved.cpu or 0.0
        said["system_memory"] = own.system_reserved.memory or 0.0
    if own.eviction is not None:
        of = machine(type_, own.ami).memory_visible if own.eviction < 1.0 else 1.0
        said["eviction_memory"] = float(math.floor(own.eviction * of))
    return said
