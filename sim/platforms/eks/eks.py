"""EKS: pods on EC2 nodes, or on Fargate."""

from collections.abc import Sequence
from math import fsum
from typing import Literal

from pydantic import model_validator
from simpy import Event

from sim.core.cited import plain
from sim.core.description import description
from sim.core.randomness import Varying
from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.host import Kernel, Machine
from sim.platforms.autoscaling.node_pool import LiveNodePool, NodePool
from sim.platforms.eks.fargate_profile import FargatePods, FargateProfile
from sim.platforms.fargate import Fargate, FargateSize
from sim.platforms.fleet import Fleet
from sim.platforms.kubernetes.allocatable import NodeConfig
from sim.platforms.kubernetes.cluster import EVICTION, REPLACEMENT, NodeCluster
from sim.platforms.kubernetes.kubelet import Kubelet
from sim.platforms.kubernetes.node_limits import node_ceilings
from sim.platforms.kubernetes.pod import Pod, PodTemplate
from sim.platforms.kubernetes.scheduler import Scoring
from sim.platforms.limits import BudgetItem, fits, smallest_first
from sim.sandbox import Container
from sim.start import Ceiling, Refused, Start, Story
from sim.workload import PerService, Service


@description
class KubernetesControlPlane:
    """API server, controllers and scheduler."""

    call: Varying
    """Seconds of the call that asks for pods (`kubectl scale`)."""
    creations: Quota
    """Pods that the controllers create."""
    bindings: Quota
    """Pods that the scheduler binds."""
    notice: Varying = 0.0
    """Seconds from binding until the kubelet acts on it."""


@description
class EKS:
    """Amazon EKS over one kind of capacity."""

    capacity: Fleet | Fargate | NodePool
    control_plane: KubernetesControlPlane
    kubelet: Kubelet
    node: NodeConfig | None = None
    """Of the nodes of a fleet."""
    profile: FargateProfile | None = None
    """Of Fargate."""
    pod: PodTemplate = PodTemplate()
    """What a pod is besides the service's container."""
    scoring: Scoring = "LeastAllocated"
    when_full: Literal["refuse", "wait"] = "refuse"
    """What becomes of a pod that fits on no node: `wait` where nodes may come."""

    @model_validator(mode="after")
    def _has_what_its_capacity_needs(self) -> "EKS":
        on_fargate = isinstance(self.capacity, Fargate)
        needed, value = ("profile", self.profile) if on_fargate else ("node", self.node)
        if value is None and not isinstance(self.capacity, NodePool):
            raise ValueError(f"{needed}: missing; capacity {type(self.capacity).__name__} needs it")
        return self

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """How many pods one host takes by reservation, smallest first."""
        if isinstance(self.capacity, Fargate):
            return self._profile.ceilings(self.capacity, self.pod, service)
        mine = node_ceilings(self._node, self.machine, self.pod.request(service))
        return smallest_first(*mine, *self._fleet.disk(service))

    def slots(self, service: Service) -> tuple[Ceiling, ...]:
        """Limits that stand whatever the pods really use."""
        if isinstance(self.capacity, Fargate):
            return ()
        return tuple(c for c in self.ceilings(service) if c.limit not in ("vCPU", "memory"))

    def fits_in_memory(self, service: Service) -> int:
        """How many pods fit by what they use, with the kubelet's and the DaemonSets' own use."""
        beside = fsum(container.private for container in self.pod.sidecars)
        hot = service.hot + fsum(container.hot for container in self.pod.sidecars)
        each = service.private + beside + plain(self.kubelet.sandbox_memory)
        return fits(self._fleet.room(hot + self._node.held), each)

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        """Where a host's nominal memory goes with `count` pods at work."""
        shim = plain(self.kubelet.sandbox_memory)
        if isinstance(self.capacity, Fargate):
            size = self.fargate_size(service)
            return self._profile.budget(self.capacity, size, service, count, shim)
        own = BudgetItem("kubelet and DaemonSets", self._node.held)
        return self._fleet.budget(service, count, own, shim=shim)

    def fargate_size(self, service: Service) -> FargateSize | None:
        """What a pod is given and what is paid on Fargate; None where no size holds it."""
        return self._profile.size_for(self.fargate, self.pod.request(service))

    @property
    def fargate(self) -> Fargate:
        """Its capacity where that is Fargate.

        Raises:
            ValueError: it is a fleet.
        """
        if not isinstance(self.capacity, Fargate):
            raise ValueError(f"capacity: a {type(self.capacity).__name__} is not Fargate")
        return self.capacity

    @property
    def machine(self) -> Machine:
        """The type of its nodes, the cheapest where there are several.

        Raises:
            ValueError: it has none.
        """
        return self._fleet.machine

    def deploy(self, world: World) -> "LiveEKS":
        """A cluster whose capacity is up already."""
        return LiveEKS(self, world)

    def live_capacity(self, world: World) -> NodeCluster | FargatePods:
        """Its nodes, joined already, or Fargate."""
        if isinstance(self.capacity, Fargate):
            return FargatePods(world, self.capacity, self._profile, self.kubelet, self.pod)
        control = self.control_plane
        cluster = NodeCluster(
            world,
            self.kubelet,
            self.scoring,
            bindings=control.bindings.deploy(world.env),
            notice=world.random.sampler("eks/notice", control.notice),
            waits=isinstance(self.capacity, NodePool) or self.when_full == "wait",
        )
        if isinstance(self.capacity, NodePool):
            LiveNodePool(self.capacity, world, cluster)
            return cluster
        for _ in range(self.capacity.count):
            cluster.join(self.capacity, self._node)
        return cluster

    @property
    def _fleet(self) -> Fleet:
        if isinstance(self.capacity, Fargate):
            raise ValueError("capacity: Fargate has no nodes to fill; a Fleet is needed here")
        capacity = self.capacity
        return capacity.kinds[0].fleet if isinstance(capacity, NodePool) else capacity

    @property
    def _node(self) -> NodeConfig:
        if isinstance(self.capacity, NodePool):
            return self.capacity.kinds[0].node
        if self.node is None:
            raise ValueError("node: missing; a Fleet needs it")
        return self.node

    @property
    def _profile(self) -> FargateProfile:
        if self.profile is None:
            raise ValueError("profile: missing; Fargate needs it")
        return self.profile


class LiveEKS:
    """A live cluster and its API server."""

    def __init__(self, eks: EKS, world: World) -> None:
        self.world = world
        control = eks.control_plane
        self._pods = PerService(lambda service: Pod(world, eks.pod, service))
        self._call = world.random.sampler("eks/call", control.call)
        self._creations = control.creations.deploy(world.env)
        self.replaced: dict[Start, Start] = {}
        """The pod that was made for each one that was evicted."""
        self.capacity = eks.live_capacity(world)
        if isinstance(self.capacity, NodeCluster):
            self.capacity.evicted.append(self._make_anew)

    def launch(self, service: Service, count: int = 1) -> Sequence[Start]:
        """One call for `count` pods, which the controllers then create."""
        accepted = self.world.env.timeout(self._call())
        pod = self._pods.of(service)
        return [
            Start(self.world, pod.main, lambda start: self._story(start, pod, accepted))
            for _ in range(count)
        ]

    def stop(self, start: Start) -> Event:
        """Delete a pod, or whichever stands in for it: on its way or long since ready."""
        start = self.current(start)
        start.kill("stopped")
        start.end()
        return start

    def current(self, start: Start) -> Start:
        """The pod that stands in for `start`: itself, unless it was evicted."""
        while start in self.replaced:
            start = self.replaced[start]
        return start

    def settle(self, service: Service, count: int) -> list[Container]:
        """`count` pods on one node that are up already; their own containers."""
        if isinstance(self.capacity, FargatePods):
            raise ValueError("capacity: a Fargate host takes one pod; there is nothing to settle")
        return self.capacity.settle(self._pods.of(service), count)

    def hosts(self) -> Sequence[Kernel]:
        """The kernels of its nodes or microVMs."""
        return self.capacity.kernels

    def _make_anew(self, start: Start, pod: Pod) -> None:
        """The controller of an evicted pod makes up for it, at once and without a call."""
        again = pod.again(self.world)
        new = Start(self.world, again.main, lambda new: self._story(new, again, None))
        self.world.record.event(new.task, REPLACEMENT, EVICTION)
        self.replaced[start] = new

    def _story(self, start: Start, pod: Pod, accepted: Event | None) -> Story:
        start.phase("request")
        if accepted is not None and not accepted.processed:
            yield accepted
        if not self._creations.try_take():
            since = self.world.env.now
            yield from self._creations.queue()
            self._spent(start, "controller", since)
        if isinstance(self.capacity, FargatePods):
            refused = self.capacity.refuses(start)
            if refused is not None:
                return Refused(refused)
            asked = self.world.env.now
            yield from self.capacity.admit()
            self._spent(start, "launch quota", asked)
        return self.capacity.run(start, pod)

    def _spent(self, start: Start, part: str, since: float) -> None:
        if self.world.env.now > since:
            self.world.record.spent(start.task, part, "request", since, self.world.env.now)
