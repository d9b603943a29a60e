"""A start: one task on its way from request to ready, and what may become of it.

The two protocols that every platform satisfies stand here too: the experiment floor replicates
anything that satisfies them, without knowing what a platform is.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from simpy import Event, Interrupt, Process

from sim.core.recorder import Span
from sim.core.sharing import Group
from sim.core.world import World
from sim.host import Kernel
from sim.image import NoSpace, PullFailed
from sim.workload import Demand, Service


@dataclass(frozen=True, slots=True)
class Ready:
    """The app gave its first healthy answer."""

    def __str__(self) -> str:
        return "ready"


@dataclass(frozen=True, slots=True)
class Refused:
    """There was no room; `limit` is the platform's own word for what was missing."""

    limit: str

    def __str__(self) -> str:
        return f"refused: {self.limit}"


@dataclass(frozen=True, slots=True)
class Killed:
    """It was stopped on the way."""

    reason: str

    def __str__(self) -> str:
        return f"killed: {self.reason}"


Outcome: TypeAlias = Ready | Refused | Killed
Story: TypeAlias = Generator[Event, Any, Outcome]


class Sandbox(Protocol):
    """A live container or guest that runs an app."""

    @property
    def alive(self) -> bool: ...

    @property
    def cpu(self) -> Group: ...

    @property
    def core_speed(self) -> float: ...

    def stop(self) -> None: ...


class Start(Event):
    """One start; an event whose value is its outcome.

    What belongs to the workload is drawn here, in order of arrival, from the workload's own
    streams: so task k is the same task on every platform.
    """

    __slots__ = (
        "at_end",
        "given",
        "process",
        "sandbox",
        "service",
        "startup_noise",
        "state",
        "task",
        "world",
    )

    def __init__(self, world: World, demand: Demand) -> None:
        super().__init__(world.env)
        self.world = world
        self.service = demand.service
        self.given = demand
        """What it is given; more than it asks for where a platform rounds up."""
        self.task = world.record.task(self.service.name)
        self.startup_noise = demand.noise()
        self.state = ""
        self.sandbox: Sandbox | None = None
        self.process: Process | None = None
        self.at_end: list[Callable[[], None]] = []

    def phase(self, name: str, parent: str = "") -> Span:
        """A phase of this start, to be used in a `with` block."""
        if not parent:
            self.state = name
        return self.world.record.span(self.task, name, parent)

    def place(self, host: str) -> None:
        """It goes to `host`."""
        self.world.record.place(self.task, host)

    def finish(self, outcome: Outcome) -> None:
        """File what became of it, and wake whoever waits."""
        self.world.record.outcome(self.task, str(outcome))
        if not isinstance(outcome, Ready):
            self.end()
        self.succeed(outcome)

    def inhabit(self, sandbox: Sandbox) -> None:
        """It has a sandbox now, which goes when the start ends."""
        self.sandbox = sandbox
        self.at_end.append(sandbox.stop)

    def end(self) -> None:
        """Give back all it holds: its sandbox, its reservation; idempotent."""
        while self.at_end:
            self.at_end.pop()()

    def kill(self, reason: str) -> None:
        """The kernel or a user stops it; before it is ready this ends the start.

        A start that is killed for what it does itself raises its own interrupt.
        """
        process = self.process
        if process is not None and process.is_alive:
            if process is not self.env.active_process:
                process.interrupt(reason)
        elif self.triggered:
            if isinstance(self.value, Ready):
                self.world.record.outcome(self.task, str(Killed(reason)))
            self.end()


def begin(world: World, demand: Demand, story: Callable[[Start], Story]) -> Start:
    """Begin a start and tell its story to the end, whatever the end is."""
    start = Start(world, demand)
    start.process = world.env.process(_tell(start, story))
    return start


def _tell(start: Start, story: Callable[[Start], Story]) -> Generator[Event, Any, None]:
    try:
        outcome = yield from story(start)
    except Interrupt as interrupt:
        outcome = Killed(str(interrupt.cause))
    except NoSpace as full:
        outcome = Refused(f"disk: {full}")
    except PullFailed as failed:
        outcome = Killed(str(failed))
    start.finish(outcome)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A limit of one host: how many sandboxes it allows, and how to lift it."""

    limit: str
    allows: int
    how: str
    refusal: str = ""
    """The platform's own word when this limit refuses a start; empty: the same."""
    others: tuple["Ceiling", ...] = ()
    """The others once this one is lifted, smallest first, where lifting it changes them."""


class Deployment(Protocol):
    """A live platform, one a world."""

    def launch(self, service: Service, count: int = 1) -> Sequence[Start]:
        """Ask for `count` sandboxes now."""
        ...

    def stop(self, start: Start) -> Event:
        """Stop one, and give back what it held."""
        ...

    def hosts(self) -> Sequence[Kernel]:
        """The kernels that run its sandboxes, as far as they are up."""
        ...


class Platform(Protocol):
    """A frozen description of a platform."""

    def deploy(self, world: World) -> Deployment:
        """Set it up in a world."""
        ...

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """How many one host takes by reservation: pure, smallest first."""
        ...
