"""EKS as AWS runs it: node images and quotas; on EC2 nodes, on nodes that Karpenter or the Cluster
Autoscaler bring, and on Fargate."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from sim.catalog.containers import fleet, kubelet_cleanup, runtime, with_volume
from sim.catalog.ecs import fargate
from sim.catalog.figures import control_plane, core_of, figure, quota
from sim.catalog.instances.machines import machine
from sim.catalog.instances.table import DEFAULT_TYPE, instance
from sim.catalog.nodes.config import node_config
from sim.catalog.nodes.settings import NodeSettings
from sim.catalog.registries import kubelet_retry_policy, registry
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
from sim.platforms.kubernetes.scheduler import Scoring


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
        capacity=nodes(machine_, count=count, warm=warm, pulls_from=pulls_from),
        control_plane=kubernetes_control_plane(),
        kubelet=kubelet(),
        node=config,
        pod=replace(template, security_groups=template.security_groups or set_.security_groups),
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


def eks_karpenter(
    *types: str, warm: Sequence[Image] = (), settings: NodeSettings | None = None
) -> EKS:
    """EKS whose nodes Karpenter launches: of each batch the cheapest types that hold its pods.

    Args:
        types: instance types it may launch.
        settings: of their nodes, which no managed node group brings; None: as EKS has them.
    """
    autoscaler = Karpenter(
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
    own = replace(NodeSettings() if settings is None else settings, group="self-managed")
    return _growing_eks(autoscaler, types, warm, own, group=False)


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
    return _growing_eks(autoscaler, (type_,), warm, set_, group=True)


def _growing_eks(
    autoscaler: Autoscaler,
    types: Sequence[str],
    warm: Sequence[Image],
    settings: NodeSettings,
    *,
    group: bool,
) -> EKS:
    priced = sorted(types, key=lambda name: instance(name).usd_per_hour or float("inf"))
    kinds = [
        NodeKind(
            fleet=nodes(machine(t, settings.ami), warm=warm),
            node=node_config(t, settings=settings),
        )
        for t in priced
    ]
    pool = NodePool(
        kinds=tuple(kinds),
        autoscaler=autoscaler,
        launch=eks_node_launch(group=group),
        termination=figure("kubernetes.termination_grace"),
    )
    return replace(eks(priced[0], settings=settings), capacity=pool, node=None)


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
