"""A live EKS cluster: its API server and controllers, in front of its capacity."""

from collections.abc import Sequence

from simpy import Event

from sim.core.world import World
from sim.host import Kernel
from sim.platforms.deployment import REPLACEMENT, BareDeployment, record_wait
from sim.platforms.eks.fargate_profile import PodsOnFargate
from sim.platforms.kubernetes.cluster import EVICTION
from sim.platforms.kubernetes.live_pod import Pod
from sim.platforms.kubernetes.pod import PodTemplate
from sim.platforms.kubernetes.pods_on_nodes import (
    KubernetesControlPlane,
    PodCapacity,
    PodsOnNodes,
)
from sim.sandbox import Container
from sim.start import Start, StartGate, Story
from sim.workload import PerService, Service


class LiveEKS(BareDeployment):
    """A live cluster and its API server."""

    def __init__(
        self,
        world: World,
        hosting: PodsOnNodes | PodsOnFargate,
        control: KubernetesControlPlane,
        template: PodTemplate,
    ) -> None:
        super().__init__(world)
        self._pods = PerService(lambda service: Pod(world, template, service))
        self._call = world.random.sampler("eks/call", control.call)
        self._creations = control.creations.deploy(world.env)
        self.capacity: PodCapacity = hosting.deploy(world, self._make_anew)

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
        return Start(self.world, pod.main, lambda new: self._story(new, pod, None), anew=True)

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
