"""The kubelet: it brings a pod that is bound to its node from there to ready."""

import math
from collections.abc import Generator
from typing import Any

from simpy import Event, Resource

from sim.core.back_off import back_off
from sim.core.cited import plain
from sim.host import MemorySlice
from sim.image import Image
from sim.platforms.kubernetes.kubelet import Kubelet
from sim.platforms.kubernetes.live_pod import Pod
from sim.sandbox import Container, ContainerEngine
from sim.sandbox.task import run_init, run_together
from sim.sharing import Group
from sim.start import READY, Refused, Start, Starting, Story
from sim.workload import Demand, HealthCheck

NO_ADDRESS = "FailedCreatePodSandBox: aws-cni: failed to assign an IP address to container"
"""What the VPC CNI says when the node has no address left."""

BACK_OFF = "ImagePullBackOff"
"""Kubernetes' word for a pod between two tries."""

SERIAL = "pulls of other images"
"""What a pod waits for where the kubelet pulls only so many images at once."""

PROBE = "readiness probe"
"""The part of `app` in which a program would answer, and has not been looked at."""

CONDITION = "condition"
"""The name of a pod's conditions in the record."""


class LiveKubelet:
    """A kubelet on a live node.

    Args:
        engine: the node's containerd.
        pods: the CPU cgroup of all pods (`kubepods.slice`).
        addresses: IPv4 addresses that the node has for pods.
        memory: the same slice's memory; None: pods may fill the host.
    """

    __slots__ = (
        "_address_given_back",
        "_back_off",
        "_longest",
        "_memory",
        "_noise",
        "_pulls",
        "_sandbox",
        "_sandbox_gone",
        "_sandbox_memory",
        "_turns",
        "addresses",
        "engine",
        "pods",
    )

    def __init__(
        self,
        kubelet: Kubelet,
        engine: ContainerEngine,
        pods: Group,
        addresses: float,
        memory: MemorySlice | None = None,
    ) -> None:
        world = engine.kernel.world
        self.engine = engine
        self.pods = pods
        self.addresses = addresses
        self._memory = memory
        self._pulls = kubelet.pulls.deploy(world.env)
        at_once = kubelet.parallel_pulls
        self._turns = None if at_once is None else Resource(world.env, at_once)
        self._back_off, self._longest = plain(kubelet.back_off), plain(kubelet.longest_back_off)
        self._sandbox = kubelet.sandbox.plain()
        self._noise = world.random.sampler("kubelet/sandbox", kubelet.sandbox.noise)
        self._sandbox_memory = plain(kubelet.sandbox_memory)
        self._address_given_back = self._give_address_back
        self._sandbox_gone = self._let_sandbox_go
        """Bound here, and not once a pod: each of these would be an object as long as it runs."""

    def run(self, start: Start, pod: Pod) -> Story:
        """From a bound pod to ready; the record gets its conditions as events."""
        start.phase("network")
        if not self._take_address(start, pod):
            return Refused(NO_ADDRESS)
        self._hold_sandbox(start)
        with self.engine.prepare(self._sandbox, self._noise()) as preparing:
            yield preparing
        self._report(start, "PodReadyToStartContainers")
        cgroup = self._cgroup(start, pod)

        def bring_up(container: Starting) -> Generator[Event, Any, None]:
            return self._bring_up(container, pod, cgroup)

        yield from run_init(start, bring_up)
        self._report(start, "Initialized")
        if pod.main.sidecars:
            yield from run_together(start, bring_up, one_by_one=True)
        else:
            yield from bring_up(start)
        self._report(start, "ContainersReady")
        self._report(start, "Ready")
        return READY

    def settle(self, pod: Pod) -> Container:
        """A pod that is up already, long after its start; returns the service's own container."""
        self.engine.kernel.memory.hold(self._sandbox_memory)
        for container in pod.main.sidecars:
            self._settle(pod, container)
        return self._settle(pod, pod.main)

    def _settle(self, pod: Pod, container: Demand) -> Container:
        score = pod.oom_score_adj(container, self.engine.kernel.memory.capacity)
        return self.engine.settle(
            container, parent=self.pods, oom_score_adj=score, memory=self._memory
        )

    def _bring_up(self, start: Starting, pod: Pod, cgroup: Group) -> Generator[Event, Any, None]:
        """Pull, create and start one container; the more memory it requests, the later it dies."""
        start.phase("pull")
        if start.service.image is not None:
            yield from self._pull_image(start, start.service.image)
        self.engine.write(start)
        score = pod.oom_score_adj(start.demand, self.engine.kernel.memory.capacity)
        running = yield from self.engine.up(
            start, parent=cgroup, oom_score_adj=score, memory=self._memory
        )
        start.phase("app")
        since = start.world.env.now
        yield from running.run(start)
        if start.service.check is not None:
            yield from self._probe(start, start.service.check, since)

    @staticmethod
    def _probe(start: Starting, check: HealthCheck, since: float) -> Generator[Event, Any, None]:
        """Until the next good readiness probe: before that no Service sends it anything."""
        env = start.world.env
        answers, good = env.now, since + check.healthy_at(env.now - since)
        if good > answers:
            yield env.timeout(good - answers)
            start.world.record.spent(start.task, PROBE, "app", answers, env.now)

    def _pull_image(self, start: Starting, image: Image) -> Generator[Event, Any, None]:
        """Pull an image, unless it is here, in its turn where only so many are pulled at once."""
        if self._turns is None or self.engine.store.has(image):
            yield from self._pull_now(start, image)
            return
        with self._turns.request() as turn:
            if not turn.triggered:
                with start.phase("throttled", "pull") as span:
                    span.waits(SERIAL)
                    yield turn
            yield from self._pull_now(start, image)

    def _pull_now(self, start: Starting, image: Image) -> Generator[Event, Any, None]:
        """Above its rate the kubelet backs off."""
        pauses = back_off(self._back_off, self._longest)
        while not self.engine.store.has(image) and not self._pulls.try_take():
            with start.phase("throttled", "pull") as span:
                span.waits(BACK_OFF)
                yield start.world.env.timeout(next(pauses))
        yield from self.engine.pull(start, image)

    def _cgroup(self, start: Start, pod: Pod) -> Group:
        """The cgroup of a pod; a container alone in its pod needs none beside its own."""
        if pod.main.alone:
            return self.pods
        cgroup = self.pods.group(weight=pod.weight)
        start.at_end.append(cgroup.remove)
        return cgroup

    def _take_address(self, start: Start, pod: Pod) -> bool:
        if not pod.own_network or math.isinf(self.addresses):
            return True
        if self.addresses < 1:
            return False
        self.addresses -= 1
        start.at_end.append(self._address_given_back)
        return True

    def _give_address_back(self) -> None:
        self.addresses += 1

    def _hold_sandbox(self, start: Start) -> None:
        self.engine.kernel.memory.hold(self._sandbox_memory)
        start.at_end.append(self._sandbox_gone)

    def _let_sandbox_go(self) -> None:
        self.engine.kernel.memory.hold(-self._sandbox_memory)

    @staticmethod
    def _report(start: Start, condition: str) -> None:
        start.world.record.event(start.task, condition, CONDITION)
