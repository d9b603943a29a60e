"""Fargate under EKS: a microVM a pod, which joins the cluster as a node of its own."""

from collections.abc import Generator
from typing import Any

from simpy import Event

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.randomness import Varying
from sim.core.world import World
from sim.host import Kernel
from sim.platforms.fargate import Fargate, FargateSize
from sim.platforms.kubernetes.kubelet import CONDITION, Kubelet, LiveKubelet
from sim.platforms.kubernetes.pod import Pod, PodRequest, PodTemplate
from sim.platforms.limits import BudgetItem, with_free
from sim.start import Ceiling, Refused, Start, Story
from sim.workload import Service


@description
class FargateProfile:
    """What EKS adds to Fargate."""

    overhead: Number
    """Bytes on top of a pod's memory request, for kubelet, kube-proxy and containerd."""
    registration: Varying = 0.0
    """Seconds from a microVM that is up until it is a ready node of the cluster."""

    def size_for(self, fargate: Fargate, request: PodRequest) -> FargateSize | None:
        """Request and overhead, rounded up to the next size; None where none holds them."""
        return fargate.holding(request.cpu / 1000.0, request.memory + plain(self.overhead))

    def ceilings(self, fargate: Fargate, pod: PodTemplate, service: Service) -> tuple[Ceiling, ...]:
        """One pod a microVM, if Fargate takes it at all."""
        refused = unsupported(pod, service)
        if refused is not None:
            return (Ceiling("not supported on Fargate", 0, "run it on EC2 nodes", refused),)
        full = fargate.full_disk(service)
        return full or fargate.ceilings_at(self.size_for(fargate, pod.request(service)))

    def budget(
        self, fargate: Fargate, size: FargateSize | None, service: Service, count: int, shim: float
    ) -> tuple[BudgetItem, ...]:
        """Where the memory of a pod's microVM goes; the OS comes on top of the size."""
        os = plain(fargate.os_and_daemons) + plain(fargate.runtime.shim)
        return with_free(
            (size.memory if size is not None else 0.0) + count * os,
            BudgetItem("OS and daemons", count * os),
            BudgetItem("kubelet and DaemonSets", count * plain(self.overhead)),
            BudgetItem("shims", count * shim),
            BudgetItem("apps", count * service.private),
            BudgetItem("shared files", count * service.hot),
        )


def unsupported(pod: PodTemplate, service: Service) -> str | None:
    """What EKS's Fargate scheduler says of a pod that it does not take, or None."""
    lacking = (
        (pod.host_network, "fields not supported: HostNetwork"),
        (pod.privileged, "invalid SecurityContext fields: Privileged"),
        (service.host_port is not None, "port contains HostIP or HostPort"),
    )
    words = ", ".join(word for applies, word in lacking if applies)
    return f"Pod not supported on Fargate: {words}" if words else None


class FargatePods:
    """Live Fargate under EKS.

    Args:
        pod: what its pods are besides the service's container.
    """

    __slots__ = ("_fargate", "_kubelet", "_live", "_profile", "_registration", "_template", "world")

    def __init__(
        self,
        world: World,
        fargate: Fargate,
        profile: FargateProfile,
        kubelet: Kubelet,
        pod: PodTemplate,
    ) -> None:
        self.world = world
        self._live = fargate.deploy(world)
        self._fargate = fargate
        self._profile = profile
        self._kubelet = kubelet
        self._template = pod
        self._registration = world.random.sampler("fargate/registration", profile.registration)

    def refuses(self, start: Start) -> str | None:
        """Why Fargate does not take a pod, if it does not."""
        return unsupported(self._template, start.service)

    def admit(self) -> Generator[Event, Any, None]:
        """Wait until the account's launch quota lets one more pod through."""
        return self._live.admit()

    def run(self, start: Start, pod: Pod) -> Story:
        """From an accepted pod to ready."""
        size = self._profile.size_for(self._fargate, pod.request)
        if size is None:
            return Refused(f"Fargate size ({self._fargate.largest})")
        overhead = plain(self._profile.overhead)
        engine = yield from self._live.provision(
            start, size, held=overhead, joining=self._registration()
        )
        self.world.record.event(start.task, "PodScheduled", CONDITION)
        kubelet = LiveKubelet(self._kubelet, engine, engine.kernel.cpu, float("inf"))
        return kubelet.run(start, pod)

    @property
    def kernels(self) -> list[Kernel]:
        """Of its microVMs."""
        return list(self._live.kernels)
