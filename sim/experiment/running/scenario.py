"""A scenario: a platform, what arrives there, and for how long; and how it is run."""

from array import array
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Annotated, Any, Protocol, Self

from pydantic import AfterValidator, Field, model_validator
from simpy import Event

from sim.core.cited import Cited
from sim.core.description import description
from sim.core.fitted import with_fitted
from sim.core.names import FOLDER_NAME, in_name_order, shown
from sim.core.quantity import LONGEST, Between, Count, Rate, Seconds, shown_bound, shown_plain
from sim.core.randomness import Exponential
from sim.core.recorder import Recorder
from sim.core.world import World
from sim.experiment.running.packed import pack_samples
from sim.experiment.running.rollout import Rollout
from sim.experiment.running.run import UnderWay
from sim.start import Deployment, Platform, Ready, Start
from sim.workload import Fault, Service, draw_requests, serve
from sim.workload.requests.serving import refuse_backlog

METERS = ("cpu", "memory", "cache")
"""What is read of each host."""

MOST_DRAWN = 5_000_000
"""Readings of one meter, and requests of a run, of each of which it keeps how long it took: they
are in memory at once."""


@description
class Burst:
    """Tasks of one service, all at once."""

    service: Service
    tasks: Count = 1
    at: Seconds = 0.0
    """Seconds from the beginning of the run."""

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name

    def names(self) -> list[str]:
        """The service of each task, by its number."""
        return [self.name] * self.tasks

    def comes(self) -> float:
        """Seconds until the last task is asked for."""
        return self.at

    def arrive(
        self, world: World, deployment: Deployment, begun: Callable[[Start], None]
    ) -> Generator[Event, Any, None]:
        """Launch all tasks at `at`; `begun` is called with each start."""
        yield world.env.timeout(self.at)
        for start in deployment.launch(self.service, self.tasks):
            begun(start)


@description
class Poisson:
    """Tasks of one service, one by one, in a Poisson stream."""

    service: Service
    tasks: Count
    per_second: Rate
    """Mean arrivals per second."""

    @model_validator(mode="after")
    def _comes_in_time(self) -> Self:
        if self.comes() > LONGEST:
            least = shown_bound(self.tasks / LONGEST, least=True)
            raise ValueError(
                f"per_second: {self.per_second:g} is not allowed; at least {least} for "
                f"{self.tasks:,} tasks in 10 years"
            )
        return self

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name

    def names(self) -> list[str]:
        """The service of each task, by its number."""
        return [self.name] * self.tasks

    def comes(self) -> float:
        """Seconds until the last task is asked for, on average."""
        return self.tasks / self.per_second

    def arrive(
        self, world: World, deployment: Deployment, begun: Callable[[Start], None]
    ) -> Generator[Event, Any, None]:
        """Launch one task after the other; `begun` is called with each start."""
        stream = f"workload/{self.service.name}/arrivals"
        gap = world.random.sampler(stream, Exponential(mean=1.0 / self.per_second))
        for _ in range(self.tasks):
            yield world.env.timeout(gap())
            begun(deployment.launch(self.service, 1)[0])


class HasFigures(Protocol):
    """What has figures of its own by key, as a fit has."""

    @property
    def figures(self) -> Mapping[str, Cited]:
        """By their keys in the catalogue."""


def _is_platform(value: Any) -> Any:
    if isinstance(value, type) or not callable(getattr(value, "deploy", None)):
        raise ValueError(
            f"{shown(value)} is not allowed; a platform, such as catalog.ecs('m5.xlarge')"
        )
    return value


@description
class Scenario:
    """One point of an experiment; frozen, comparable, and the same from Python and from YAML."""

    name: Annotated[str, Field(pattern=FOLDER_NAME)]
    platform: Annotated[Any, AfterValidator(_is_platform)]
    """Anything that satisfies `Platform`."""
    arrivals: Annotated[tuple[Burst | Poisson | Rollout, ...], Field(min_length=1)]
    until: Annotated[Seconds, Field(gt=0)] | None = None
    """Seconds after which the run stops; None: when nothing is left to happen."""
    serve: Seconds = 0.0
    """Seconds for which each task serves its request load once it is ready."""
    sample_every: Between | None = None
    """Seconds between two readings of each host's meters; None: no samples."""
    faults: tuple[Fault, ...] = ()
    """What stops of itself; the platform says who notices."""

    @model_validator(mode="after")
    def _somebody_notices(self) -> "Scenario":
        if self.faults and not hasattr(self.platform, "recovery"):
            raise ValueError(
                f"faults: not allowed on {type(self.platform).__name__} alone; "
                f"catalog.recovering says who notices"
            )
        return self

    @model_validator(mode="after")
    def _faults_hit_what_may_be_there(self) -> Self:
        """What is never there is refused; what is not there at that time, the run finds out."""
        for number, fault in enumerate(self.faults):
            known = self._known(fault)
            if fault.which is not None and known is not None and fault.which >= known:
                raise ValueError(
                    f"faults.{number}.which: {fault.which} is not allowed; at most {known - 1}, "
                    f"counted from 0"
                )
            if self.until is not None and fault.at >= self.until:
                raise ValueError(
                    f"faults.{number}.at: {fault.at:g} s is not allowed; the run stops at "
                    f"{self.until:g} s (until)"
                )
        return self

    def _known(self, fault: Fault) -> int | None:
        """How many processes or zones a fault may choose from; None: the platform decides that."""
        if fault.what == "zone":
            return getattr(self.platform.recovery, "zones", None)
        if fault.what != "process" or any(isinstance(each, Rollout) for each in self.arrivals):
            return None
        return sum(each.tasks for each in self.arrivals if not isinstance(each, Rollout))

    @model_validator(mode="after")
    def _a_name_is_drawn_in_one_way(self) -> Self:
        """Random numbers belong to the name of a service; two of one name draw the same."""
        drawn: dict[tuple[str, str], Any] = {}
        for each in self.arrivals:
            service = each.service
            ways: dict[str, Any] = {"startup.spread": service.app.startup.noise}
            if isinstance(each, Poisson):
                ways["per_second"] = each.per_second
            for field, way in ways.items():
                if drawn.setdefault((service.name, field), way) != way:
                    raise ValueError(
                        f"arrivals: two of service {service.name!r} with another {field} each are "
                        f"not allowed; give one of them another name"
                    )
        return self

    @model_validator(mode="after")
    def _has_a_load(self) -> Self:
        served = (each.service for each in self.arrivals) if self.serve else ()
        if any(service.load is not None and service.cpu == 0.0 for service in served):
            raise ValueError(
                f"serve: {self.serve:g} s is not allowed; a load is a fraction of cpu, which is 0"
            )
        return self

    @model_validator(mode="after")
    def _fits_into_memory(self) -> Self:
        rate = sum(self._rate(each) for each in self.arrivals)
        if self.serve * rate > MOST_DRAWN:
            raise ValueError(
                f"serve: {self.serve:g} s is not allowed; {shown_plain(rate)} requests per second "
                f"of all tasks, for at most {shown_bound(MOST_DRAWN / rate)} s"
            )
        lasts = max(self.serve, self.until or self._comes_to_an_end())
        if self.sample_every is not None and lasts / self.sample_every > MOST_DRAWN:
            raise ValueError(
                f"sample_every: {self.sample_every:g} s is not allowed; at least "
                f"{shown_bound(lasts / MOST_DRAWN, least=True)} s in {lasts:,.10g} s"
            )
        return self

    def _rate(self, arrivals: Burst | Poisson | Rollout) -> float:
        """Requests per second of all its tasks."""
        load, tasks = arrivals.service.load, getattr(arrivals, "tasks", 1)
        return 0.0 if load is None else tasks * load.rate(arrivals.service.cpu)

    def _comes_to_an_end(self) -> float:
        """Seconds until the last has come, and looked healthy, or been struck; at least so many."""
        checks = [each.service.check for each in self.arrivals]
        first = max((check.first or 0.0 for check in checks if check is not None), default=0.0)
        come = max(each.comes() for each in self.arrivals) + first + self.serve
        return max(come, *(fault.at for fault in self.faults), 0.0)

    def with_figures(self, fit: "Mapping[str, Cited] | HasFigures") -> Self:
        """The same with figures that were fitted, as far as it has them; others are left out.

        Args:
            fit: what `sim.fit` gives, what `sim.read_fit` reads, or figures by key.

        Raises:
            ValueError: it has none of them, or one cannot have that value.
        """
        by_key = fit if isinstance(fit, Mapping) else fit.figures
        moved: Self = with_fitted(self, by_key)
        if moved == self and by_key:
            raise ValueError(f"figures: none of {', '.join(sorted(by_key))} is in this scenario")
        return moved

    def deploy(self, world: World) -> Deployment:
        """The platform, live."""
        platform: Platform = self.platform
        live = platform.deploy(world)
        for what in ("launch", "stop", "hosts"):
            if not callable(getattr(live, what, None)):
                raise ValueError(
                    f"platform: {type(live).__name__}, which {type(platform).__name__}.deploy "
                    f"returned, has no {what}(); a class that inherits StoryDeployment has"
                )
        hosts: Any = live.hosts()
        if not isinstance(hosts, Iterable) or not all(hasattr(h, "catch_up") for h in hosts):
            raise ValueError(
                f"platform: {shown(hosts)}, which {type(live).__name__}.hosts returned, is not "
                f"allowed; a list of hosts, as Machine.boot makes them"
            )
        return live

    def run(self, seed: int, replication: int) -> Recorder:
        """One replication: a world, the platform in it, and what arrives, from begin to end.

        What comes at one instant comes in the order of its names, whatever it was written in.
        """
        world = World(seed, replication)
        UnderWay.record = world.record
        world.record.metered = self.sample_every is not None
        deployment, backlog = self.deploy(world), _Backlog()

        def begun(start: Start) -> None:
            if self.serve > 0.0:
                world.env.process(_serve_when_ready(world, start, self.serve, backlog))

        for arrivals in in_name_order(self.arrivals):
            world.env.process(arrivals.arrive(world, deployment, begun))
        if self.faults:
            _expect(world, deployment, self.faults, begun)
        if self.sample_every is not None:
            world.env.process(_read_meters(world, deployment, self.sample_every))
        world.env.run(until=self.until)
        return world.record


def _expect(
    world: World, deployment: Any, faults: tuple[Fault, ...], begun: Callable[[Start], None]
) -> None:
    """Let the faults happen, each at its time; what is begun again serves, too."""

    def happens(fault: Fault) -> Generator[Event, Any, None]:
        yield world.env.timeout(fault.at)
        deployment.strike(fault)

    for fault in in_name_order(faults):
        world.env.process(happens(fault))
    deployment.begun_again.append(begun)


def _serve_when_ready(
    world: World, start: Start, window: float, backlog: "_Backlog"
) -> Generator[Event, Any, None]:
    outcome = (yield start) if not start.processed else start.value
    service, sandbox = start.service, start.sandbox
    if not isinstance(outcome, Ready) or sandbox is None or service.load is None:
        return
    requests = draw_requests(world, start.task, service.load, service.cpu, window)
    undisturbed = array("d", sandbox.undisturbed(requests))
    sent = ended = 0

    def served(number: int, sojourn: float) -> None:
        nonlocal ended
        ended += 1
        backlog.waiting -= 1
        world.record.request(start.task, sojourn, undisturbed[number])

    def goes_on() -> bool:
        nonlocal sent
        if not sandbox.alive:
            backlog.waiting -= sent - ended  # lost with it
            return False
        sent += 1
        backlog.one_more()
        return True

    yield from serve(world, requests, sandbox.server, served, alive=goes_on)


class _Backlog:
    """Requests of a run that have not ended."""

    def __init__(self) -> None:
        self.waiting = 0

    def one_more(self) -> None:
        """Another is sent."""
        self.waiting += 1
        refuse_backlog(self.waiting)


def _read_meters(world: World, deployment: Deployment, every: float) -> Generator[Event, Any, None]:
    """Read each host's meters; CPU is the exact mean since the last reading, not a sample."""
    env, record = world.env, world.record
    meters = array("i", [record.resources[name] for name in METERS])
    before: dict[str, tuple[int, float]] = {}
    while True:
        for kernel in deployment.hosts():
            kernel.catch_up()
            root, memory = kernel.cpu.root, kernel.memory
            host, busy = before.get(kernel.name) or (record.hosts[kernel.name], 0.0)
            now = root.busy_integral
            before[kernel.name] = host, now
            cpu = (now - busy) / every
            used, capacity = [cpu, memory.used, memory.cached], memory.capacity
            record.read_meters(host, meters, used, [root.capacity, capacity, capacity])
        pack_samples(record)
        if env.peek() == float("inf"):
            return
        yield env.timeout(every)
