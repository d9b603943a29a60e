"""EKS as AWS runs it: node images and quotas; on EC2 nodes, on nodes that Karpenter or the Cluster
Autoscaler bring, and on Fargate."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from sim.catalog.containers import fleet, kubelet_cleanup, runtime, with_volume
from sim.catalog.ecs import fargate
from sim.catalog.figures import control_plane, core_of, figure, quota
from sim.catalog.instances.machines import machine
from sim.catalog.instances.table import DEFAULT_TYPE, instance, known_network
from sim.catalog.registries import kubelet_retry_policy, registry
from sim.host import Machine, Step
from sim.image import Image, Registry
from sim.platforms import (
    EKS,
    DaemonSet,
    FargateProfile,
    Fleet,
    InstanceLaunch,
    Kubelet,
    KubernetesControlPlane,
    NodeConfig,
    NodeKind,
    NodePool,
    PodTemplate,
)
from sim.platforms.autoscaling.autoscaler import Autoscaler, ClusterAutoscaler, Karpenter
from sim.platforms.autoscaling.consolidation import Consolidation
from sim.platforms.autoscaling.scale_down import ScaleDown
from sim.platforms.kubernetes.scheduler import Scoring

HOST_NETWORK_PODS = 2
"""Pods that the VPC CNI's table adds to the addresses: aws-node and kube-proxy need none."""


def eks(
    type_: str | Machine = DEFAULT_TYPE,
    *,
    count: int = 1,
    prefix_delegation: bool = False,
    max_pods: int | None = None,
    pod: PodTemplate | None = None,
    scoring: Scoring = "LeastAllocated",
    when_full: Literal["refuse", "wait"] = "refuse",
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
) -> EKS:
    """EKS on EC2: `count` nodes of one type, up already.

    Args:
        max_pods: of the kubelet; None: what EKS recommends for the type.
    """
    machine_ = machine(type_) if isinstance(type_, str) else type_
    return EKS(
        capacity=nodes(machine_, count=count, warm=warm, pulls_from=pulls_from),
        control_plane=kubernetes_control_plane(),
        kubelet=kubelet(),
        node=node_config(machine_.name, prefix_delegation=prefix_delegation, max_pods=max_pods),
        pod=PodTemplate() if pod is None else pod,
        scoring=scoring,
        when_full=when_full,
    )


def eks_on_fargate(*, pod: PodTemplate | None = None, pulls_from: Registry | None = None) -> EKS:
    """EKS on Fargate, in an account that uses Fargate under EKS only; amd64, as EKS runs it."""
    launches = quota("eks.fargate.launch")
    capacity = replace(
        fargate(pulls_from=_from_kubelet(pulls_from)),
        launches=launches,
        runtime=replace(runtime(), shim=0.0),
    )
    return EKS(
        capacity=capacity,
        control_plane=kubernetes_control_plane(),
        kubelet=kubelet(),
        profile=FargateProfile(
            overhead=figure("eks.fargate.pod_overhead"),
            registration=control_plane("eks.fargate.registration"),
        ),
        pod=PodTemplate() if pod is None else pod,
    )


def eks_karpenter(*types: str, warm: Sequence[Image] = ()) -> EKS:
    """EKS whose nodes Karpenter launches: of each batch the cheapest types that hold its pods.

    Args:
        types: instance types it may launch.
    """
    autoscaler = Karpenter(
        batch_idle=figure("karpenter.batch_idle"),
        batch_most=figure("karpenter.batch_most"),
        simulation=figure("karpenter.simulation"),
        simulation_most=figure("karpenter.simulation.most"),
        consolidation=Consolidation(
            after=figure("karpenter.consolidate_after"),
            poll=figure("karpenter.poll"),
            validation=figure("karpenter.validation"),
            budget=figure("karpenter.budget"),
        ),
    )
    return _growing_eks(autoscaler, types, warm, group=False)


def eks_cluster_autoscaler(type_: str, *, warm: Sequence[Image] = ()) -> EKS:
    """EKS with one node group that the Cluster Autoscaler grows and shrinks."""
    autoscaler = ClusterAutoscaler(
        scan=figure("cas.scan"),
        simulation=figure("cas.simulation"),
        scale_down=ScaleDown(
            threshold=figure("cas.threshold"),
            unneeded=figure("cas.unneeded"),
            after_add=figure("cas.after_add"),
            after_taint=figure("cas.after_taint"),
            drains=int(figure("cas.drains").value),
            deletions=int(figure("cas.deletions").value),
        ),
    )
    return _growing_eks(autoscaler, (type_,), warm, group=True)


def _growing_eks(
    autoscaler: Autoscaler, types: Sequence[str], warm: Sequence[Image], *, group: bool
) -> EKS:
    priced = sorted(types, key=lambda name: instance(name).usd_per_hour or float("inf"))
    kinds = [
        NodeKind(fleet=nodes(machine(t), warm=warm), node=node_config(t, managed=group))
        for t in priced
    ]
    pool = NodePool(
        kinds=tuple(kinds),
        autoscaler=autoscaler,
        launch=eks_node_launch(group=group),
        termination=figure("kubernetes.termination_grace"),
    )
    return replace(eks(priced[0]), capacity=pool, node=None)


def eks_node_launch(*, group: bool) -> InstanceLaunch:
    """A node of EKS's own image, until pods may go there.

    Args:
        group: whether an Auto Scaling group asks for it; else Karpenter does, with CreateFleet.
    """
    calls = "ec2.run_instances" if group else "ec2.create_fleet"
    return InstanceLaunch(
        decided=control_plane("asg.reaction" if group else "karpenter.decision"),
        calls=quota(f"{calls}.requests"),
        instances=quota("ec2.run_instances"),
        per_call=int(figure("asg.instances_per_call").value),
        stages=(
            control_plane("ec2.fleet_to_pending"),
            control_plane("eks.node.registered"),
            control_plane("eks.node.ready"),
        ),
        network=quota("ec2.mutating"),
        network_calls=figure("eks.node.ec2_calls"),
    )


def nodes(
    machine_: Machine,
    *,
    count: int = 1,
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
) -> Fleet:
    """Machines that may become nodes; the shim is the pod's, not the container's."""
    made = fleet(
        with_volume(machine_, figure("eks.node.root_volume"), figure("ecs.ami.os_disk")),
        count=count,
        warm=warm,
        pulls_from=_from_kubelet(pulls_from),
        cleanup=kubelet_cleanup(),
    )
    return replace(made, runtime=replace(runtime(), shim=0.0))


def node_config(
    type_: str,
    *,
    prefix_delegation: bool = False,
    max_pods: int | None = None,
    managed: bool = True,
) -> NodeConfig:
    """What EKS's node image sets on an instance type.

    Args:
        managed: whether a managed node group brings the node: it caps pods, prefixes or not.

    Raises:
        UnknownName: there is no such type.
        ValueError: its network interfaces are not known.
    """
    recommended = known_network(type_, "network interfaces", instance(type_).max_pods)
    slots = recommended - HOST_NETWORK_PODS
    addresses = slots * int(figure("eks.prefix_delegation.addresses").value)
    prefixed = prefix_max_pods(type_)
    most = recommended
    if prefix_delegation:
        most = prefixed
    elif managed:
        most = min(recommended, _cap(type_))
    first, second, next_two, rest = (
        figure(f"eks.kube_reserved.cpu.{part}")
        for part in ("first", "second", "third_and_fourth", "rest")
    )
    return NodeConfig(
        max_pods=most if max_pods is None else max_pods,
        addresses=addresses if prefix_delegation else slots,
        prefix_delegation=prefix_delegation,
        prefix_max_pods=None if prefix_delegation else (max_pods or prefixed),
        prefix_addresses=None if prefix_delegation else addresses,
        reserved_memory=figure("eks.kube_reserved.memory"),
        reserved_memory_per_pod=figure("eks.kube_reserved.memory_per_pod"),
        reserved_cpu=(first, second, next_two, rest),
        eviction_memory=figure("eks.eviction.memory"),
        kubelet_memory=figure("eks.kubelet.memory"),
        daemon_sets=daemon_sets(),
    )


def prefix_max_pods(type_: str) -> int:
    """Max pods with prefix delegation as EKS recommends it: what the ENIs hold, capped."""
    known = instance(type_)
    slots = known_network(type_, "network interfaces", known.max_pods) - HOST_NETWORK_PODS
    held = slots * int(figure("eks.prefix_delegation.addresses").value) + HOST_NETWORK_PODS
    return min(held, _cap(type_))


def _cap(type_: str) -> int:
    """Pods that a managed node group lets a node have, and EKS recommends with prefixes."""
    large = instance(type_).vcpu >= figure("eks.prefix_delegation.large").value
    return int(figure("eks.prefix_delegation.max_pods" + (".large" if large else "")).value)


def daemon_sets() -> tuple[DaemonSet, ...]:
    """What every EKS node runs; CoreDNS is a Deployment and counts as any other pod."""
    return (
        DaemonSet(
            name="aws-node",
            cpu=figure("eks.daemon.aws_node.cpu"),
            used=figure("eks.daemon.aws_node.memory"),
        ),
        DaemonSet(
            name="kube-proxy",
            cpu=figure("eks.daemon.kube_proxy.cpu"),
            used=figure("eks.daemon.kube_proxy.memory"),
        ),
    )


def kubelet() -> Kubelet:
    """The kubelet as EKS's node image configures it."""
    return Kubelet(
        pulls=quota("kubelet.registry_pull"),
        back_off=figure("kubelet.image_back_off"),
        longest_back_off=figure("kubelet.image_back_off.longest"),
        sandbox=Step(
            wall=figure("eks.pod.sandbox"),
            cpu=figure("eks.pod.sandbox.cpu"),
            core=core_of("eks.pod.sandbox.cpu"),
            spread=figure("spread.boot"),
        ),
        sandbox_memory=figure("container.memory.sleep"),
    )


def kubernetes_control_plane() -> KubernetesControlPlane:
    """API server, controllers and scheduler; EKS does not publish their rates."""
    return KubernetesControlPlane(
        call=control_plane("eks.call"),
        creations=quota("eks.controller"),
        bindings=quota("eks.scheduler"),
        notice=control_plane("eks.notice"),
    )


def _from_kubelet(pulls_from: Registry | None) -> Registry:
    """A registry whose client is the kubelet: it backs off (ImagePullBackOff), and never ends."""
    # The limit of pulls a second is the kubelet's own here: its pods look for the image first.
    retry_policy = replace(kubelet_retry_policy(), pulls=None)
    return replace(registry() if pulls_from is None else pulls_from, retry_policy=retry_policy)
