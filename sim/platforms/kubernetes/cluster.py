"""The nodes of a cluster: they join and leave, pods are bound to them, and some pods wait."""

from collections.abc import Callable, Generator
from typing import Any

from simpy import Event, Interrupt

from sim.core.randomness import Sampler
from sim.core.token_bucket import Bucket
from sim.core.world import World
from sim.host import Kernel
from sim.image import Registry
from sim.image.transfer.registry import LiveRegistry
from sim.platforms.fleet import Fleet
from sim.platforms.kubernetes.allocatable import NodeConfig
from sim.platforms.kubernetes.kubelet import Kubelet
from sim.platforms.kubernetes.live_kubelet import CONDITION
from sim.platforms.kubernetes.live_pod import Pod
from sim.platforms.kubernetes.node import Node
from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.kubernetes.scheduler import Scheduler, Scoring, empty_node
from sim.platforms.scaling.instance_launch import LaunchedInstance, record_waits
from sim.platforms.scaling.pending_queue import PendingQueue
from sim.sandbox import Container
from sim.start import Refused, Start, Story

EVICTED, EVICTION = "evicted", "eviction"
"""Event of a pod that is moved, and its name in the record; the one made for it replaces it."""


class PlaceOnNode:
    """A pod's place on its node, which is given back when it is called.

    It is there as long as the pod, so it is one object: a bound method in a `partial` is four.
    """

    __slots__ = ("_cluster", "_node", "_start")

    def __init__(self, cluster: "NodeCluster", node: Node, start: Start) -> None:
        self._cluster, self._node, self._start = cluster, node, start

    def __call__(self) -> None:
        self._cluster.release(self._start, self._node)


class NodeCluster:
    """The live nodes of a cluster.

    Args:
        kubelet: settings of the kubelet on every node.
        bindings: rate at which the scheduler binds pods.
        notice: draws the seconds from binding until the kubelet acts.
        waits: whether a pod that fits on no node waits for one, or is refused.
        evicted: called with each pod that is evicted: its controller.
    """

    __slots__ = (
        "_bindings",
        "_evicted",
        "_kubelet",
        "_next",
        "_notice",
        "_own",
        "_registries",
        "nodes",
        "on_change",
        "on_pending",
        "scheduler",
        "unschedulable",
        "waits",
        "world",
    )

    def __init__(
        self,
        world: World,
        kubelet: Kubelet,
        scoring: Scoring,
        *,
        bindings: Bucket,
        notice: Sampler,
        waits: bool,
        evicted: Callable[[Start, Pod], None],
    ) -> None:
        self.world = world
        self.waits = waits
        self.nodes: dict[int, Node] = {}
        """All nodes that belong to it, cordoned ones too."""
        self.scheduler = Scheduler(scoring)
        self.unschedulable: PendingQueue[PodRequest, Node] = PendingQueue(
            world.env, self._take, self._notify
        )
        self.on_pending: list[Callable[[], None]] = []
        """Called whenever one more pod waits for a node: an autoscaler listens here."""
        self.on_change: list[Callable[[], None]] = []
        """Called whenever a node has come or gone, or a pod has left its node or the queue."""
        self._evicted = evicted
        self._kubelet = kubelet
        self._bindings = bindings
        self._notice = notice
        self._next = 0
        self._own: tuple[Fleet, NodeConfig] | None = None
        self._registries: dict[Registry, LiveRegistry] = {}

    def join(
        self, fleet: Fleet, config: NodeConfig, launched: LaunchedInstance | None = None
    ) -> Node:
        """One more machine of a fleet is up, registered and ready; pods that wait may go there."""
        registry = self._registries.get(fleet.registry)
        if registry is None:
            registry = self._registries[fleet.registry] = fleet.registry.deploy(self.world)
        node = Node(
            self.world,
            self._next,
            fleet=fleet,
            config=config,
            kubelet=self._kubelet,
            registry=registry,
            launched=launched,
        )
        self._next += 1
        self.nodes[node.number] = node
        self.scheduler.add(node, empty_node(config, fleet.machine))
        self.unschedulable.place_waiting()
        _call(self.on_change)
        return node

    def begin_with(self, fleet: Fleet, config: NodeConfig) -> None:
        """Let all machines of a fleet join; those that replace them are of the same kind."""
        self._own = fleet, config
        for _ in range(fleet.count):
            self.join(fleet, config)

    def cordon(self, node: Node) -> None:
        """No new pods go there; those that are there stay."""
        self.scheduler.remove(node)

    def leave(self, node: Node, reason: str = "node removed") -> None:
        """The node goes, and its pods with it."""
        self.cordon(node)
        for start in list(node.pods):
            start.kill(reason)
        node.shut_down()
        self.nodes.pop(node.number, None)  # it may have died meanwhile
        _call(self.on_change)

    def lose(self, kernel: Kernel) -> None:
        """A node has died: no pod goes there any more. Who evicts those on it knows them."""
        dead = [node for node in self.nodes.values() if node.kubelet.engine.kernel is kernel]
        for node in dead:
            self.cordon(node)
            del self.nodes[node.number]
            node.kubelet.engine.store.abandon()
            _call(self.on_change)

    def add_host(self) -> None:
        """One more machine like those of the beginning is up."""
        if self._own is not None:
            self.join(*self._own)

    def evict(self, start: Start, pod: Pod) -> None:
        """Tell a pod to end; the caller removes it when its time has come."""
        self.world.record.event(start.task, EVICTED, EVICTION)
        self._evicted(start, pod)

    def run(self, start: Start, pod: Pod) -> Story:
        """From a pod that is created to ready."""
        start.phase("placement")
        if not self._bindings.try_take():
            yield from self._bindings.queue()
        since = self.world.env.now
        if self.waits:
            node = yield from self._wait(start, pod.request)
        else:
            free = self.scheduler.take(pod.request)
            if free is None:
                return Refused(self.scheduler.refusal(pod.request))
            node = free
        self._bind(start, node, pod)
        if self.world.env.now > since:
            yield from self._second_write(start)
        self.world.record.event(start.task, "PodScheduled", CONDITION)
        yield self.world.env.timeout(self._notice())
        return node.kubelet.run(start, pod)

    @property
    def kernels(self) -> list[Kernel]:
        """The kernels of all nodes."""
        return [node.kubelet.engine.kernel for node in self.nodes.values()]

    def settle(self, pod: Pod, count: int) -> list[Container]:
        """`count` pods on the first node that are up already."""
        first = next(iter(self.nodes.values()))
        return [first.kubelet.settle(pod) for _ in range(count)]

    def _wait(self, start: Start, request: PodRequest) -> Generator[Event, Any, Node]:
        """Wait until a node has room; a pod that is stopped meanwhile leaves the queue."""
        since = self.world.env.now
        placed = self.unschedulable.enter(request)
        try:
            node: Node = yield placed
            while node.number not in self.nodes:  # it has gone in the same instant
                placed = self.unschedulable.enter(request)
                node = yield placed
        except Interrupt:
            self.unschedulable.leave(request, placed, self.scheduler.give_back)
            self.unschedulable.place_waiting()
            _call(self.on_change)
            raise
        record_waits(self.world.record, start.task, since, node.launched)
        return node

    def _second_write(self, start: Start) -> Generator[Event, Any, None]:
        """Bind a pod of which the scheduler has written before that it fits nowhere."""
        since = self.world.env.now
        if not self._bindings.try_take():
            yield from self._bindings.queue()
            self.world.record.spent(start.task, "scheduler", "placement", since, self.world.env.now)

    def _bind(self, start: Start, node: Node, pod: Pod) -> None:
        """The pod goes to a node, and gives its room back when it ends."""
        node.bind(start, pod, self.world.env.now)
        self.scheduler.changed.add(node.number)
        start.at_end.append(PlaceOnNode(self, node, start))
        start.place(node.kubelet.engine.kernel)

    def release(self, start: Start, node: Node) -> None:
        """A pod has ended, and takes no room of its node any more."""
        pod = node.release(start, self.world.env.now)
        self.scheduler.give_back(node, pod.request)
        if self.waits:
            self.unschedulable.place_waiting()
        _call(self.on_change)

    def _take(self, request: PodRequest) -> Node | str:
        return self.scheduler.take(request) or "no node"

    def _notify(self) -> None:
        _call(self.on_pending)


def _call(listeners: list[Callable[[], None]]) -> None:
    for listener in listeners:
        listener()
