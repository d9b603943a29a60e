"""EKS: pods on EC2 nodes, or on Fargate."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import model_validator
from simpy import Event

from sim.core.description import description
from sim.core.world import World
from sim.host import Kernel
from sim.platforms.autoscaling.node_pool import NodePool, PodsOnNodePool
from sim.platforms.deployment import REPLACEMENT, BareDeployment, record_wait
from sim.platforms.eks.fargate_profile import FargateProfile, PodsOnFargate
from sim.platforms.fargate import Fargate
from sim.platforms.fleet import Fleet
from sim.platforms.kubernetes.allocatable import NodeConfig
from sim.platforms.kubernetes.cluster import EVICTION
from sim.platforms.kubernetes.kubelet import Kubelet
from sim.platforms.kubernetes.pod import Pod, PodTemplate
from sim.platforms.kubernetes.pods_on_nodes import (
    ClusterTerms,
    KubernetesControlPlane,
    PodCapacity,
    PodsOnNodes,
)
from sim.platforms.kubernetes.scheduler import Scoring
from sim.platforms.orchestrator import Orchestrator
from sim.sandbox import Container
from sim.start import Start, StartGate, Story
from sim.workload import PerService, Service


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

    def deploy(self, world: World) -> "LiveEKS":
        """A cluster whose capacity is up already."""
        return LiveEKS(self, world)

    @property
    def _terms(self) -> ClusterTerms:
        return ClusterTerms(
            control_plane=self.control_plane,
            kubelet=self.kubelet,
            pod=self.pod,
            scoring=self.scoring,
            waits=self.when_full == "wait",
        )


class LiveEKS(BareDeployment):
    """A live cluster and its API server."""

    def __init__(self, eks: EKS, world: World) -> None:
        super().__init__(world)
        control = eks.control_plane
        self._pods = PerService(lambda service: Pod(world, eks.pod, service))
        self._call = world.random.sampler("eks/call", control.call)
        self._creations = control.creations.deploy(world.env)
        self.capacity: PodCapacity = eks.hosting.deploy(world, self._make_anew)

    def launch(
        self, service: Service, count: int = 1, gate: StartGate | None = None
    ) -> Sequence[Start]:
        """One call for `count` pods, which the controllers then create."""
        accepted = self.world.env.timeout(self._call())
        pod = self._pods.of(service)
        return [
            Start(self.world, pod.main, lambda start: self._story(start, pod, accepted), gate)
            for _ in range(count)
        ]

    def settle(self, service: Service, count: int) -> list[Container]:
        """`count` pods on one node that are up already; their own containers."""
        return self.capacity.settle(self._pods.of(service), count)

    def hosts(self) -> Sequence[Kernel]:
        """The kernels of its nodes or microVMs."""
        return self.capacity.kernels

    def lose(self, kernel: Kernel) -> None:
        """A node or a microVM has died."""
        self.capacity.lose(kernel)

    def add_host(self) -> None:
        """The group of nodes has brought one more."""
        self.capacity.add_host()

    def _make_anew(self, start: Start, pod: Pod) -> None:
        """The controller of an evicted pod makes up for it, at once and without a call."""
        new = self._stands_in(start, self._of(pod))
        self.world.record.event(new.task, REPLACEMENT, EVICTION)

    def _again(self, start: Start) -> Start:
        return self._of(self._pods.of(start.service))

    def _of(self, pod: Pod) -> Start:
        again = pod.again(self.world)
        return Start(self.world, again.main, lambda new: self._story(new, again, None))

    def _story(self, start: Start, pod: Pod, accepted: Event | None) -> Story:
        """A pod is asked for, created by its controller, and goes to its capacity."""
        start.phase("request")
        if accepted is not None and not accepted.processed:
            yield accepted
        if not self._creations.try_take():
            since = self.world.env.now
            yield from self._creations.queue()
            record_wait(start, "controller", since, self.world.env.now)
        return self.capacity.run(start, pod)
