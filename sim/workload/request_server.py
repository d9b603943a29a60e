"""An app serving requests in its cgroup, beside whatever else runs on the kernel."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

from simpy import Environment, Event

from sim.core.world import World
from sim.host.cpu_quota import CpuMax
from sim.sharing import Group, Job
from sim.sharing.member import MemberGroup
from sim.workload.requests.crowd import Peers
from sim.workload.requests.load import Requests
from sim.workload.requests.serving import Serving

Served: TypeAlias = Callable[[float], None]
"""Called with the seconds from a request's arrival to its end."""


class RequestServer(Serving[Served]):
    """The serving side of a live app: its jobs run under the sharing law.

    Args:
        cpu: the cgroup of the app; with `cpu_max` it has no cap of its own.
        vcpus: of the host, or of the guest.
        core_speed: of its cores; the work of a request is divided by it.
        threads: requests in service at most; the others queue in order of arrival.
        cpu_max: None where the quota of the cgroup, if any, is fluid.
    """

    __slots__ = ("_closed", "_job", "_wake_up", "cpu", "env")

    def __init__(
        self,
        env: Environment,
        cpu: Group,
        *,
        vcpus: float,
        core_speed: float = 1.0,
        threads: float = math.inf,
        cpu_max: CpuMax | None = None,
    ) -> None:
        super().__init__(
            vcpus=vcpus, core_speed=core_speed, threads=threads, cpu_max=cpu_max, now=env.now
        )
        self.env = env
        self.cpu = cpu
        self._job: Job | None = None
        self._wake_up: Event | None = None
        self._closed = False

    def serve(self, work: float, served: Served) -> None:
        """A request arrives now.

        Args:
            work: core-seconds of the reference core.
            served: told of its end; never called when the app is stopped before.
        """
        if self.full:
            self.arrive(work, served, self.env.now)
            return
        self._halt()
        self.arrive(work, served, self.env.now)
        self._go_on()

    def close(self) -> None:
        """The app is stopped; what it had in hand is lost."""
        self._closed = True
        self._job = self._wake_up = None
        self.drop()

    def _halt(self) -> None:
        """Bring the books up to now, for another request joins those in service."""
        job, self._job, self._wake_up = self._job, None, None
        if job is not None:
            self.account(self.job_work - job.cancel(), self.env.now)

    def _go_on(self) -> None:
        """Start the job up to whatever comes next, or wait for the next slice."""
        now = self.env.now
        until = self.next_job(now)
        if until:
            timeout: Any = self.env.timeout(max(0.0, until - now))
            timeout.callbacks.append(self._woken)
            self._wake_up = timeout
            return
        self._job = self.cpu.run(self.job_work, weight=self.width, cap=self.job_cap)
        self._job.callbacks.append(self._done)

    def _woken(self, event: Event) -> None:
        if event is self._wake_up and not self._closed:
            self._wake_up = None
            self._go_on()

    def _done(self, event: Event) -> None:
        """The job is through: an answer goes out, or the slice is used up, or a period begins."""
        if event is not self._job or self._closed:
            return
        self._job = None
        now = self.env.now
        self.account(self.job_work, now)
        while (ended := self.leave()) is not None:
            arrived, served = ended
            served(now - arrived)
            if self._closed or self._job is not None or self._wake_up is not None:
                return
        if self.width:
            self._go_on()


def serve(
    world: World,
    requests: Requests,
    server: RequestServer,
    served: Callable[[int, float], None],
    *,
    crowding: float = 1.0,
    alive: Callable[[], bool] = lambda: True,
) -> Generator[Event, Any, None]:
    """Send every request to its server; `served(number, sojourn_s)` is told of each end.

    It ends when its sandbox is no longer `alive`. The CPU of each request is `crowding` times what
    it is when its sandbox has the host to itself.
    """
    env = world.env
    began = env.now
    for number, (time, work) in enumerate(zip(requests.times, requests.work, strict=True)):
        yield env.timeout(max(0.0, began + time - env.now))
        if not alive():
            return
        server.serve(work * crowding, partial(served, number))


def peers(servers: Sequence[RequestServer]) -> Peers | None:
    """What idle apps share that are equal before the law; None where they are not.

    They are equal where all levels of the tree between them and what they share have the same
    weights and caps. Nothing else may be under way in their world.
    """
    first = servers[0]
    chains = [[*_groups_around(server)] for server in servers]
    kinds = {
        (server.vcpus, server.core_speed, server.threads, server.cpu_max and server.cpu_max[:2])
        for server in servers
    }
    if first.env.peek() < math.inf or first.env.now > 0.0 or len(kinds) > 1:
        return None
    if len({len(chain) for chain in chains}) > 1:
        return None
    capacity, most = first.cpu.root.capacity, math.inf
    for level in zip(*chains, strict=True):
        if len(set(level)) == 1:
            capacity = min(capacity, level[0].cap)
        elif len(set(level)) < len(level) or len({(each.weight, each.cap) for each in level}) > 1:
            return None
        else:
            most = min(most, level[0].cap)
    cpu_max = tuple(server.cpu_max for server in servers)
    return Peers(capacity, most, first.vcpus, first.core_speed, first.threads, cpu_max)


def _groups_around(server: RequestServer) -> Iterator[MemberGroup]:
    """From the cgroup of an app up to the capacity."""
    group: MemberGroup = server.cpu
    while group.siblings is not None:
        yield group
        group = group.parent
