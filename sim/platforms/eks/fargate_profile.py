"""Fargate under EKS: a microVM a pod, which joins the cluster as a node of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.randomness import Varying
from sim.core.world import World
from sim.host import Kernel
from sim.platforms.fargate import FargateHost
from sim.platforms.hosting import FargateSize
from sim.platforms.kubernetes.live_kubelet import CONDITION, LiveKubelet
from sim.platforms.kubernetes.live_pod import Pod
from sim.platforms.kubernetes.pod import PodRequest, PodTemplate
from sim.platforms.kubernetes.pods_on_nodes import ClusterTerms
from sim.platforms.limits import BudgetItem
from sim.sandbox import Container
from sim.start import Ceiling, Refused, Start, Story
from sim.workload import PerService, Service, task_size


@description
class FargateProfile:
    """What EKS adds to Fargate."""

    overhead: Number
    """Bytes on top of a pod's memory request, for kubelet, kube-proxy and containerd, its shims
    and the pause container included: what the pod asked for is always there for it."""
    registration: Varying = 0.0
    """Seconds from a microVM that is up until it is a ready node of the cluster."""


@dataclass(frozen=True, slots=True)
class PodsOnFargate(FargateHost):
    """What Fargate offers to pods."""

    profile: FargateProfile
    terms: ClusterTerms

    def size_of(self, request: PodRequest) -> FargateSize | None:
        """Request and overhead, rounded up to the next size; None where none holds them."""
        if request.gpus:
            return None
        memory = request.memory + plain(self.profile.overhead)
        return self.fargate.holding(request.cpu / 1000.0, memory)

    @property
    def held(self) -> float:
        """Bytes of the overhead that are taken before the pod's sandbox is there."""
        shims = plain(self.terms.kubelet.sandbox_memory)
        return max(0.0, plain(self.profile.overhead) - shims)

    def fargate_size(self, service: Service) -> FargateSize | None:
        """What a pod is given and pays for; None where no size holds it."""
        return self.size_of(self.terms.pod.request(service))

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """One pod a microVM, if Fargate takes it at all."""
        refused = unsupported(self.terms.pod, service)
        if refused is not None:
            return (Ceiling("not supported on Fargate", 0, "run it on EC2 nodes", refused),)
        return FargateHost.ceilings(self, service)

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        """How the memory of a pod's microVM is used; the OS comes on top of the size."""
        os = plain(self.fargate.os_and_daemons) + plain(self.fargate.runtime.shim)
        return self._budget(
            service,
            count,
            BudgetItem("OS and daemons", count * os),
            BudgetItem("kubelet and DaemonSets", count * self.held),
            BudgetItem("shims", count * plain(self.terms.kubelet.sandbox_memory)),
        )

    def deploy(self, world: World, evicted: Callable[[Start, Pod], None]) -> "FargatePods":  # noqa: ARG002 (Fargate evicts no pod)
        """Fargate as one account sees it."""
        return FargatePods(world, self)


def unsupported(pod: PodTemplate, service: Service) -> str | None:
    """What EKS's Fargate scheduler says of a pod that it does not take, or None."""
    lacking = (
        (pod.host_network, "fields not supported: HostNetwork"),
        (pod.privileged, "invalid SecurityContext fields: Privileged"),
        (bool(task_size(service).gpus), "Fargate has no nvidia.com/gpu"),
        (bool(task_size(service).ports), "port contains HostIP or HostPort"),
    )
    words = ", ".join(word for applies, word in lacking if applies)
    return f"Pod not supported on Fargate: {words}" if words else None


class FargatePods:
    """Live Fargate under EKS."""

    __slots__ = ("_hosting", "_live", "_offers", "_registration", "world")

    def __init__(self, world: World, hosting: PodsOnFargate) -> None:
        self.world = world
        self._hosting = hosting
        self._live = hosting.fargate.deploy(world)
        self._offers = PerService(self._offer)
        self._registration = world.random.sampler(
            "fargate/registration", hosting.profile.registration
        )

    def run(self, start: Start, pod: Pod) -> Story:
        """From a created pod to ready; the launch quota is part of the request."""
        terms, fargate = self._hosting.terms, self._hosting.fargate
        refused, size, held = self._offers.of(start.service)
        if refused is not None:
            return Refused(refused)
        yield from self._live.admit(start)
        if size is None:
            return Refused(f"Fargate size ({fargate.largest})")
        joining = self._registration()
        engine = yield from self._live.provision(start, size, held=held, joining=joining)
        self.world.record.event(start.task, "PodScheduled", CONDITION)
        kubelet = LiveKubelet(terms.kubelet, engine, engine.kernel.cpu, float("inf"))
        return kubelet.run(start, pod)

    def _offer(self, service: Service) -> tuple[str | None, FargateSize | None, float]:
        """Why Fargate takes no such pod; the size of one, and the bytes of it that are held."""
        hosting = self._hosting
        refused = unsupported(hosting.terms.pod, service)
        return refused, hosting.fargate_size(service), hosting.held

    def lose(self, kernel: Kernel) -> None:
        """A microVM that dies leaves with its pod."""

    def add_host(self) -> None:
        """Fargate brings a host with each pod."""

    def settle(self, pod: Pod, count: int) -> list[Container]:  # noqa: ARG002 (one signature)
        """There is nothing to fill.

        Raises:
            ValueError: always.
        """
        raise ValueError("capacity: a Fargate host takes one pod; there is nothing to settle")

    @property
    def kernels(self) -> list[Kernel]:
        """The kernels of its microVMs."""
        return list(self._live.kernels)
