"""EKS: pods on EC2 nodes, or on Fargate."""

from dataclasses import replace
from typing import Literal

from pydantic import model_validator

from sim.core.description import description
from sim.core.world import World
from sim.platforms.autoscaling.node_pool import NodePool, PodsOnNodePool
from sim.platforms.eks.fargate_profile import FargateProfile, PodsOnFargate
from sim.platforms.eks.live_eks import LiveEKS
from sim.platforms.fargate import Fargate
from sim.platforms.fleet import Fleet
from sim.platforms.kubernetes.allocatable import NodeConfig
from sim.platforms.kubernetes.kubelet import Kubelet
from sim.platforms.kubernetes.pod import PodTemplate
from sim.platforms.kubernetes.pods_on_nodes import (
    ClusterTerms,
    KubernetesControlPlane,
    PodsOnNodes,
)
from sim.platforms.kubernetes.scheduler import Scoring
from sim.platforms.orchestrator import Orchestrator


@description
class EKS(Orchestrator):
    """Amazon EKS over one kind of capacity."""

    capacity: Fleet | Fargate | NodePool
    control_plane: KubernetesControlPlane
    kubelet: Kubelet
    node: NodeConfig | None = None
    """Kubelet settings of a fleet's nodes."""
    profile: FargateProfile | None = None
    """What EKS adds to Fargate."""
    pod: PodTemplate = PodTemplate()
    """What a pod is apart from the service's container."""
    scoring: Scoring = "LeastAllocated"
    when_full: Literal["refuse", "wait"] = "refuse"
    """What becomes of a pod that fits on no node: `wait` where nodes may come."""

    @model_validator(mode="after")
    def _has_what_its_capacity_needs(self) -> "EKS":
        _ = self.hosting
        return self

    @property
    def hosting(self) -> PodsOnNodes | PodsOnFargate:
        """What its capacity offers to pods.

        Raises:
            ValueError: it lacks what this capacity needs.
        """
        match self.capacity:
            case Fleet() as fleet:
                if self.node is None:
                    raise ValueError("node: missing; capacity Fleet needs it")
                return PodsOnNodes(fleet, self.node, self._terms)
            case NodePool() as pool:  # a pod that finds no room waits for a node
                cheapest, terms = pool.kinds[0], replace(self._terms, waits=True)
                return PodsOnNodePool(cheapest.fleet, cheapest.node, terms, pool)
            case Fargate() as fargate:
                if self.profile is None:
                    raise ValueError("profile: missing; capacity Fargate needs it")
                return PodsOnFargate(fargate, self.profile, self._terms)

    def without_slots(self) -> "EKS":
        """This platform without its addresses: what decides density by use apart from slots.

        Max pods stay: what a node reserves, and so what pods may use together, grows with them.
        """
        if self.node is None:
            return self
        return replace(self, node=replace(self.node, addresses=None))

    def deploy(self, world: World) -> LiveEKS:
        """A cluster whose capacity is up already."""
        return LiveEKS(world, self.hosting, self.control_plane, self.pod)

    @property
    def _terms(self) -> ClusterTerms:
        return ClusterTerms(
            control_plane=self.control_plane,
            kubelet=self.kubelet,
            pod=self.pod,
            scoring=self.scoring,
            waits=self.when_full == "wait",
        )
