"""What nodes offer to pods, and what a cluster lays down for both."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from sim.core.cited import plain
from sim.core.description import description
from sim.core.randomness import Varying
from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.host import Kernel, Machine
from sim.platforms.fleet import Fleet
from sim.platforms.hosting import Hosting
from sim.platforms.kubernetes.allocatable import NodeConfig
from sim.platforms.kubernetes.cluster import NodeCluster
from sim.platforms.kubernetes.kubelet import Kubelet
from sim.platforms.kubernetes.live_pod import Pod
from sim.platforms.kubernetes.node_limits import node_ceilings
from sim.platforms.kubernetes.pod import PodTemplate
from sim.platforms.kubernetes.scheduler import Scoring, empty_node, score
from sim.platforms.limits import BudgetItem, fits, smallest_first
from sim.platforms.packing.placing import ROUNDING, Placing
from sim.sandbox import Container
from sim.start import Ceiling, Start, Story
from sim.workload import Service, task_size


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTerms:
    """What a cluster lays down for its pods and nodes; see `EKS`."""

    control_plane: KubernetesControlPlane
    kubelet: Kubelet
    pod: PodTemplate
    scoring: Scoring
    waits: bool
    """Whether a pod that fits on no node waits for one, or is refused."""


class PodCapacity(Protocol):
    """Live capacity of a cluster: nodes or microVMs that bring created pods to ready."""

    @property
    def kernels(self) -> list[Kernel]: ...

    def run(self, start: Start, pod: Pod) -> Story: ...

    def lose(self, kernel: Kernel) -> None: ...

    def add_host(self) -> None: ...

    def settle(self, pod: Pod, count: int) -> list[Container]: ...


@dataclass(frozen=True, slots=True)
class PodsOnNodes(Hosting):
    """What nodes of one type offer to pods."""

    fleet: Fleet
    node: NodeConfig
    terms: ClusterTerms

    @property
    def machine(self) -> Machine:
        """The instance type."""
        return self.fleet.machine

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """Pods that fit on one node by reservation, limit by limit, smallest first."""
        own = node_ceilings(self.node, self.machine, self.terms.pod.request(service))
        return smallest_first(*own, *self.fleet.disk(service))

    def placing(self) -> Placing:
        """Nodes, and the scheduler's score among them; whose pods are made first is chance."""
        in_order = self.fleet.placing(
            empty_node(self.node, self.machine),
            self.terms.pod.request,
            score(self.terms.scoring),
            wobble=ROUNDING,
        )
        return replace(in_order, in_any_order=True)

    def slots(self, service: Service) -> tuple[Ceiling, ...]:
        """Limits that hold whatever the pods really use."""
        return tuple(c for c in self.ceilings(service) if c.limit not in ("vCPU", "memory"))

    def fits_in_memory(self, service: Service) -> int:
        """Pods that fit by what they use, beside the kubelet and the DaemonSets.

        Together they stay within Node Allocatable, or the kubelet evicts one.
        """
        pod = task_size(service)
        each = pod.private + plain(self.terms.kubelet.sandbox_memory)
        allocatable = self.node.memory_of_pods(self.machine) - plain(self.node.eviction_memory)
        on_host = fits(self.fleet.room(pod.hot + self.node.held), each)
        return min(on_host, fits(allocatable - pod.hot, pod.private)) if pod.private else on_host

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        """How a node's nominal memory is used with `count` pods at work."""
        own = BudgetItem("kubelet and DaemonSets", self.node.held)
        shim = plain(self.terms.kubelet.sandbox_memory)
        return self.fleet.budget(service, count, own, shim=shim)

    def deploy(self, world: World, evicted: Callable[[Start, Pod], None]) -> NodeCluster:
        """Its nodes, joined already; `evicted` is told of each pod that has to move."""
        cluster = self.cluster(world, evicted)
        cluster.begin_with(self.fleet, self.node)
        return cluster

    def cluster(self, world: World, evicted: Callable[[Start, Pod], None]) -> NodeCluster:
        """A cluster that has no node yet."""
        terms, control = self.terms, self.terms.control_plane
        return NodeCluster(
            world,
            terms.kubelet,
            terms.scoring,
            bindings=control.bindings.deploy(world.env),
            notice=world.random.sampler("eks/notice", control.notice),
            waits=terms.waits,
            evicted=evicted,
        )
