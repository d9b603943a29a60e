"""A node: a machine of a fleet with its kubelet, as long as it belongs to the cluster."""

from collections import Counter

from sim.core.world import World
from sim.host import MemorySlice
from sim.image import KUBERNETES
from sim.image.transfer.registry import LiveRegistry
from sim.platforms.fleet import Fleet
from sim.platforms.kubernetes.allocatable import NodeConfig
from sim.platforms.kubernetes.kubelet import Kubelet
from sim.platforms.kubernetes.live_kubelet import LiveKubelet
from sim.platforms.kubernetes.live_pod import Pod
from sim.platforms.kubernetes.pod import PodRequest, cpu_weight
from sim.platforms.scaling.instance_launch import LaunchedInstance
from sim.start import Start

OOM_ALLOCATABLE = "OOM kill: pods together over Node Allocatable"
"""What is said of a pod that dies because `kubepods.slice` is full, however much the host has."""

SYSTEM_WEIGHT = 100.0
"""`cpu.weight` of what runs beside `kubepods.slice`: the kernel's default."""


class Node:
    """A live node, up and registered.

    Args:
        number: unique in its cluster.
    """

    __slots__ = ("_counted", "_held", "kubelet", "launched", "number", "pods", "touched")

    def __init__(
        self,
        world: World,
        number: int,
        *,
        fleet: Fleet,
        config: NodeConfig,
        kubelet: Kubelet,
        registry: LiveRegistry,
        launched: LaunchedInstance | None = None,
    ) -> None:
        self.number = number
        self.pods: dict[Start, Pod] = {}
        """Pods that are bound to it."""
        self._counted: Counter[PodRequest] | None = None
        self.touched = world.env.now
        """Time at which it came, or a pod last came or went."""
        self.launched = launched
        """The launch that brought it; None: it was there from the beginning."""
        engine = fleet.boot(
            world,
            registry,
            number,
            held=config.held,
            policy=KUBERNETES["IfNotPresent"],
            daemon_weight=SYSTEM_WEIGHT,
        )
        self._held = engine.kernel.memory.held
        weight = cpu_weight(config.allocatable(fleet.machine).cpu)
        own = config.for_own_pods
        addresses = float("inf") if own is None else float(own)
        slice_ = engine.kernel.cpu.group(weight=weight)
        memory = MemorySlice(
            engine.kernel.memory, config.memory_of_pods(fleet.machine), OOM_ALLOCATABLE
        )
        self.kubelet = LiveKubelet(kubelet, engine, slice_, addresses, memory)

    @property
    def name(self) -> str:
        """Its name in the tables."""
        return self.kubelet.engine.kernel.name

    def bind(self, start: Start, pod: Pod, now: float) -> None:
        """A pod comes to it."""
        self.pods[start] = pod
        self.touched, self._counted = now, None

    def release(self, start: Start, now: float) -> Pod:
        """A pod leaves it."""
        self.touched, self._counted = now, None
        return self.pods.pop(start)

    @property
    def requests(self) -> Counter[PodRequest]:
        """How many pods it has of each request; counted anew only where one has come or gone, for a
        controller asks all nodes of a cluster every few seconds."""
        if self._counted is None:
            self._counted = Counter([pod.request for pod in self.pods.values()])
        return self._counted

    def shut_down(self) -> None:
        """End OS, kubelet and DaemonSets; the caller has seen to the pods."""
        self.kubelet.engine.store.abandon()
        self.kubelet.engine.kernel.memory.hold(-self._held)
        self._held = 0.0
