"""How long requests take where nothing else runs on the host: the yardstick of a slow-down."""

import math

from sim.host.cpu_quota import CpuMax
from sim.workload.requests.load import Requests
from sim.workload.requests.serving import Serving


def alone(
    requests: Requests,
    vcpus: float,
    core_speed: float,
    *,
    threads: float = math.inf,
    cpu_max: CpuMax | None = None,
) -> list[float]:
    """Seconds each request takes when its sandbox has the host to itself.

    In closed form from one arrival, end, or slice used up to the next.

    Args:
        requests: in order of arrival.
        vcpus: of the host, of the guest, or of a quota without a period.
        core_speed: of its cores.
        threads: requests in service at most.
        cpu_max: its quota, with the period and phase that it has.
    """
    app = _Alone(vcpus, core_speed, threads, cpu_max, len(requests.times))
    for number, (arrival, work) in enumerate(zip(requests.times, requests.work, strict=True)):
        app.run(arrival)
        app.enter(work, number, arrival)
    app.run(math.inf)
    return app.sojourns


class _Alone(Serving[int]):
    """An app alone on its host, from event to event."""

    def __init__(
        self, vcpus: float, speed: float, threads: float, cpu_max: CpuMax | None, number: int
    ) -> None:
        super().__init__(vcpus=vcpus, core_speed=speed, threads=threads, cpu_max=cpu_max)
        self.sojourns = [0.0] * number
        self.end = math.inf
        """When its job ends; infinite where it has none."""
        self.began = 0.0
        self.rate = 0.0
        """vCPUs that the job gets."""
        self.refill = math.inf
        """When the period begins that it waits for."""

    def enter(self, work: float, number: int, now: float) -> None:
        """A request arrives."""
        if self.full:
            self.arrive(work, number, now)
            return
        if self.end < math.inf:
            self.account(min(self.job_work, (now - self.began) * self.rate), now)
        self.arrive(work, number, now)
        self._go_on(now)

    def run(self, until: float) -> None:
        """Serve until then, or until nothing is left."""
        while (now := min(self.end, self.refill)) < until:
            if now == self.end:
                self.account(self.job_work, now)
                while (ended := self.leave()) is not None:
                    arrived, number = ended
                    self.sojourns[number] = now - arrived
            if self.width:
                self._go_on(now)
            else:
                self.end = math.inf

    def _go_on(self, now: float) -> None:
        until = self.next_job(now)
        if until:
            self.end, self.refill = math.inf, max(now, until)
            return
        self.refill = math.inf
        self.began, self.rate = now, min(self.job_cap, self.vcpus)
        self.end = now + self.job_work / self.rate
