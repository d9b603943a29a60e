"""EKS as AWS runs it: node images and quotas; on EC2 nodes, on nodes that Karpenter or the Cluster
Autoscaler bring, and on Fargate."""

from collections.abc import Sequence
from dataclasses import replace
from math import fsum
from typing import Literal

from sim.catalog.containers import fleet, kubelet_cleanup, runtime, with_disk, with_volume
from sim.catalog.ecs import fargate, fargate_sizes
from sim.catalog.figures import control_plane, core_of, figure, quota
from sim.catalog.instances.machines import machine
from sim.catalog.instances.table import DEFAULT_TYPE, instance
from sim.catalog.nodes.config import daemon_sets, node_config
from sim.catalog.nodes.settings import NodeSettings, PullMode
from sim.catalog.registries import kubelet_retry_policy, registry
from sim.core.cited import plain
from sim.host import Machine, Step
from sim.image import Image, Registry
from sim.platforms import (
    EKS,
    FargateProfile,
    Fleet,
    InstanceLaunch,
    Kubelet,
    KubernetesControlPlane,
    NodeKind,
    NodePool,
    PodTemplate,
)
from sim.platforms.autoscaling.autoscaler import Autoscaler, ClusterAutoscaler, Karpenter
from sim.platforms.autoscaling.consolidation import Consolidation
from sim.platforms.autoscaling.scale_down import ScaleDown
from sim.platforms.kubernetes.allocatable import NodeConfig
from sim.platforms.kubernetes.scheduler import Scoring

AUTO_NODES = NodeSettings(ami="bottlerocket", group="self-managed")
"""Nodes of EKS Auto Mode: no managed node group brings them."""


def eks(
    type_: str | Machine = DEFAULT_TYPE,
    *,
    count: int = 1,
    prefix_delegation: bool = False,
    max_pods: int | str | None = None,
    settings: NodeSettings | None = None,
    pod: PodTemplate | None = None,
    scoring: Scoring = "LeastAllocated",
    when_full: Literal["refuse", "wait"] = "refuse",
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
) -> EKS:
    """EKS on EC2: `count` nodes of one type, up already.

    Args:
        max_pods: of the kubelet, or nodeadm's expression; None: what EKS recommends for the type.
        settings: of its nodes; None: as EKS has them.
    """
    set_ = NodeSettings() if settings is None else settings
    machine_ = machine(type_, set_.ami) if isinstance(type_, str) else type_
    config = node_config(
        machine_.name, prefix_delegation=prefix_delegation, max_pods=max_pods, settings=set_
    )
    template = PodTemplate() if pod is None else pod
    return EKS(
        capacity=nodes(
            machine_, count=count, warm=warm, pulls_from=pulls_from, pull_mode=set_.pull_mode
        ),
        control_plane=kubernetes_control_plane(),
        kubelet=kubelet(parallel_pulls=set_.parallel_pulls),
        node=config,
        pod=replace(template, security_groups=template.security_groups or set_.security_groups),
        scoring=scoring,
        when_full=when_full,
    )


def eks_on_fargate(*, pod: PodTemplate | None = None, pulls_from: Registry | None = None) -> EKS:
    """EKS on Fargate, in an account that uses Fargate under EKS only; amd64, as EKS runs it."""
    launches = quota("eks.fargate.launch")
    most = figure("eks.fargate.most_vcpu").value
    capacity = replace(
        fargate(pulls_from=_from_kubelet(pulls_from)),
        sizes=tuple(size for size in fargate_sizes() if size.vcpu <= most),
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


def eks_karpenter(
    *types: str,
    warm: Sequence[Image] = (),
    settings: NodeSettings | None = None,
    disk: float | None = None,
) -> EKS:
    """EKS whose nodes Karpenter launches: of each batch the cheapest types that hold its pods.

    Args:
        types: instance types it may launch.
        settings: of their nodes, which no managed node group brings; None: as EKS has them.
        disk: bytes of their root volumes; None: as EKS has them.
    """
    own = replace(NodeSettings() if settings is None else settings, group="self-managed")
    kinds = _kinds(types, warm, own, disk)
    return _growing_eks(karpenter(), kinds, eks_node_launch(group=False), own)


def karpenter() -> Karpenter:
    """Karpenter with the settings it has by default."""
    return Karpenter(
        batch_idle=figure("karpenter.batch_idle"),
        batch_most=figure("karpenter.batch_most"),
        simulation=figure("karpenter.simulation"),
        simulation_most=figure("karpenter.simulation.most"),
        vm_memory_overhead=figure("karpenter.vm_memory_overhead"),
        arm64_carved=figure("karpenter.arm64_carved"),
        consolidation=Consolidation(
            after=figure("karpenter.consolidate_after"),
            poll=figure("karpenter.poll"),
            validation=figure("karpenter.validation"),
            budget=figure("karpenter.budget"),
        ),
    )


def eks_auto(
    type_: str | Machine,
    *,
    count: int = 1,
    pod: PodTemplate | None = None,
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
) -> EKS:
    """EKS Auto Mode: nodes of one type that are up, Bottlerocket with prefixes for its pods."""
    machine_ = machine(type_, "bottlerocket") if isinstance(type_, str) else type_
    made = eks(machine_, prefix_delegation=True, settings=AUTO_NODES, pod=pod)
    fleet_ = _auto_fleet(machine_, count=count, warm=warm, pulls_from=pulls_from)
    return replace(made, capacity=fleet_, node=_auto_node(machine_.name))


def eks_auto_nodes(*types: str, warm: Sequence[Image] = (), disk: float | None = None) -> EKS:
    """EKS Auto Mode whose nodes come: of each batch the cheapest types that hold its pods.

    Args:
        types: instance types it may launch.
        disk: bytes of their volumes; None: those of Auto Mode.
    """
    kinds = []
    for name in _by_price(types):
        fleet_ = _auto_fleet(with_disk(machine(name, "bottlerocket"), disk), warm=warm)
        kinds.append(NodeKind(fleet=fleet_, node=_auto_node(name)))
    boot = (control_plane("bottlerocket.node.total"),)
    launch = replace(eks_node_launch(group=False), stages=boot, network=None, network_calls=0.0)
    return _growing_eks(karpenter(), kinds, launch, AUTO_NODES)


def _auto_node(type_: str) -> NodeConfig:
    """A node of Auto Mode, whose pods EKS caps whatever its size."""
    config = node_config(type_, prefix_delegation=True, settings=AUTO_NODES)
    most = min(config.max_pods, int(figure("eks.auto.max_pods").value))
    return replace(config, max_pods=most, daemon_sets=())


def _auto_fleet(
    machine_: Machine,
    *,
    count: int = 1,
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
) -> Fleet:
    """Nodes of Auto Mode: DaemonSets of other nodes are services of its OS, which use as much."""
    box = with_volume(machine_, figure("eks.auto.volume"), figure("ecs.ami.os_disk"))
    made = nodes(box, count=count, warm=warm, pulls_from=pulls_from)
    services = fsum(plain(each.used) for each in daemon_sets())
    return replace(made, os_and_daemons=plain(made.os_and_daemons) + services)


def eks_cluster_autoscaler(
    type_: str, *, warm: Sequence[Image] = (), settings: NodeSettings | None = None
) -> EKS:
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
    set_ = NodeSettings() if settings is None else settings
    kinds = _kinds((type_,), warm, set_)
    return _growing_eks(autoscaler, kinds, eks_node_launch(group=True), set_)


def _growing_eks(
    autoscaler: Autoscaler,
    kinds: Sequence[NodeKind],
    launch: InstanceLaunch,
    settings: NodeSettings,
) -> EKS:
    pool = NodePool(
        kinds=tuple(kinds),
        autoscaler=autoscaler,
        launch=launch,
        termination=figure("kubernetes.termination_grace"),
    )
    cheapest = kinds[0].fleet.machine.name
    return replace(eks(cheapest, settings=settings), capacity=pool, node=None)


def _kinds(
    types: Sequence[str],
    warm: Sequence[Image],
    settings: NodeSettings,
    disk: float | None = None,
) -> list[NodeKind]:
    """Nodes of EKS's own image, cheapest first."""
    return [
        NodeKind(
            fleet=nodes(
                with_disk(machine(t, settings.ami), disk), warm=warm, pull_mode=settings.pull_mode
            ),
            node=node_config(t, settings=settings),
        )
        for t in _by_price(types)
    ]


def _by_price(types: Sequence[str]) -> list[str]:
    return sorted(types, key=lambda name: (instance(name).usd_per_hour or float("inf"), name))


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
    pull_mode: PullMode = "containerd",
) -> Fleet:
    """Machines that may become nodes; the shim is the pod's, not the container's."""
    made = fleet(
        with_volume(machine_, figure("eks.node.root_volume"), figure("ecs.ami.os_disk")),
        count=count,
        warm=warm,
        pulls_from=_from_kubelet(pulls_from),
        cleanup=kubelet_cleanup(),
        pull_mode=pull_mode,
    )
    return replace(made, runtime=replace(runtime(), shim=0.0))


def kubelet(*, parallel_pulls: int | None = None) -> Kubelet:
    """The kubelet as EKS's node images configure it: `serializeImagePulls: false`.

    Args:
        parallel_pulls: images that it pulls at once; None: any number, as they have it.
    """
    return Kubelet(
        pulls=quota("kubelet.registry_pull"),
        parallel_pulls=parallel_pulls,
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
