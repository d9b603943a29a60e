"""What queueing theory says of a call graph before any run: loads, saturation, mean responses.

Symbols: v visits a request, S CPU of a visit (s), lam requests a second, c vCPUs of a copy.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sim.core.cited import plain
from sim.workload import Application, Hops, Part
from sim.workload.calls import Call, Operations, Place, find, visits


@dataclass(frozen=True, slots=True)
class Station:
    """A part as a station of a queueing network."""

    copies: int
    cores: float
    """vCPUs that a copy can use at once."""
    load: float
    """Core-seconds a request, of all visits of all its operations: sum of v S."""
    visits: float

    @property
    def saturates(self) -> float:
        """Requests a second at which its CPU is used up; infinite where it does no work."""
        return self.copies * self.cores / self.load if self.load > 0.0 else math.inf

    def use(self, rate: float) -> float:
        """Share of its CPU in use."""
        return rate / self.saturates


def cores_of(part: Part, vcpu: float, *, shared: bool = False) -> float:
    """vCPUs that a copy can use at once on a machine of `vcpu`.

    Without a quota, all of it where it is shared; else what it asks for, in whole vCPUs.
    """
    service = part.service
    free = vcpu if shared else float(max(1, math.ceil(service.cpu)))
    quota = service.cap if service.cpu_quota else free
    threads = math.inf if service.app.threads is None else float(service.app.threads)
    return min(quota, vcpu, threads)


def stations(
    application: Application, vcpu: float, core_speed: float = 1.0, *, shared: bool = False
) -> dict[str, Station]:
    """By part, in order; visits are those without time-outs.

    Args:
        shared: whether copies share machines.
    """
    operations = application.operations
    mean = visits(operations, application.entries)
    found = {}
    for name, many in operations.items():
        part = application.part(name)
        counts = [mean[Place(name, one.name)] for one in many]
        work = (v * plain(one.cpu) for v, one in zip(counts, many, strict=True))
        load = math.fsum(work) / core_speed
        found[name] = Station(
            part.copies, cores_of(part, vcpu, shared=shared), load, math.fsum(counts)
        )
    return found


def hosts_saturate(known: Mapping[str, Station], vcpu: float) -> float:
    """Requests a second at which hosts of so many vCPUs together are used up."""
    load = math.fsum(station.load for station in known.values())
    return vcpu / load if load > 0.0 else math.inf


def erlang_c(servers: int, load: float) -> float:
    """Probability that all servers are busy in M/M/c, `load` below `servers` (A. K. Erlang, 1917).

    By the recursion of Erlang's B, which does not overflow.
    """
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked / (1.0 - load / servers * (1.0 - blocked))


def response(service: float, cores: float, rate: float) -> float:
    """Mean seconds of work of `service` core-seconds on cores that share it, infinite when full.

    M/M/c's mean, which is also that of processor sharing whatever the distribution (insensitive);
    below one core that of M/M/1, between whole numbers of cores by the line.
    """
    load = rate * service
    if load >= cores:
        return math.inf
    if cores <= 1.0:
        return service / cores / (1.0 - load / cores)
    low = math.floor(cores)
    share = cores - low
    ends = [_whole(service, n, load / cores) for n in ((low, low + 1) if share else (low,))]
    return ends[0] if len(ends) == 1 else (1.0 - share) * ends[0] + share * ends[1]


def _whole(service: float, servers: int, use: float) -> float:
    load = use * servers
    return service + erlang_c(servers, load) * service / (servers - load)


def mean_response(
    application: Application, rate: float, vcpu: float, *, core_speed: float = 1.0, hop: float = 0.0
) -> float:
    """Mean seconds of a request at `rate`, without pools, time-outs and periods of quotas.

    Sync calls add; of parallel ones the longest mean counts, which is a lower bound of their join.
    """
    operations = application.operations
    known = stations(application, vcpu, core_speed)
    stretch = {
        name: _stretch(station, rate / station.copies if station.copies else math.inf)
        for name, station in known.items()
    }
    total = math.fsum(plain(entry.weight) for entry in application.entries)
    memo: dict[Place, float] = {}
    return math.fsum(
        plain(entry.weight)
        / total
        * _visit(operations, find(operations, entry.to), stretch, hop, core_speed, memo)
        for entry in application.entries
    )


def _stretch(station: Station, rate: float) -> float:
    """By how much longer than its CPU a visit takes, mean over its operations."""
    if station.load == 0.0:
        return 1.0
    each = station.load / station.visits
    return response(each, station.cores, rate * station.visits) / each


def _visit(  # noqa: PLR0917 (a recursion over plain values)
    operations: Operations,
    place: Place,
    stretch: Mapping[str, float],
    hop: float,
    speed: float,
    memo: dict[Place, float],
) -> float:
    if place not in memo:
        one = next(o for o in operations[place.part] if o.name == place.operation)
        own = plain(one.cpu) / speed * stretch[place.part] + plain(one.wait)

        def call(made: Call) -> float:
            target = find(operations, made.to)
            return hop + _visit(operations, target, stretch, hop, speed, memo)

        sync = [plain(c.times) * call(c) for c in one.calls if c.how == "sync"]
        together = [min(1.0, plain(c.times)) * call(c) for c in one.calls if c.how == "parallel"]
        memo[place] = own + math.fsum(sync) + max(together, default=0.0)
    return memo[place]


def alike(hops: Hops) -> float:
    """Seconds of a hop between copies on hosts of their own in one zone."""
    return plain(hops.same_zone) + plain(hops.sidecar)
