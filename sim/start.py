"""A start: one task on its way from request to ready, and what may become of it.

The two protocols that every platform satisfies stand here too: the experiment floor replicates
anything that satisfies them, without knowing what a platform is.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from simpy import Environment, Event, Interrupt
from simpy.events import PENDING

from sim.clock import Clock, Following, Happening
from sim.core.recorder import Span
from sim.core.world import World
from sim.host import Kernel
from sim.image import NoSpace, PullFailed
from sim.workload import Demand, Requests, RequestServer, Service


@dataclass(frozen=True, slots=True)
class Ready:
    """The app gave its first healthy answer."""

    def __str__(self) -> str:
        return "ready"


READY: Final = Ready()
"""That of all starts: it says no more of one than of another."""


@dataclass(frozen=True, slots=True)
class Refused:
    """There was no room; `limit` is the platform's own word for what was missing."""

    limit: str

    def __str__(self) -> str:
        return f"refused: {self.limit}"


@dataclass(frozen=True, slots=True)
class Killed:
    """The start was stopped on the way."""

    reason: str

    def __str__(self) -> str:
        return f"killed: {self.reason}"


_NOW: Final = Happening(Environment())
"""An event that has happened."""
_NOW._ok, _NOW._value = True, None


Outcome: TypeAlias = Ready | Refused | Killed
NextStory: TypeAlias = "Outcome | Story"
Story: TypeAlias = Generator[Event, Any, NextStory]
"""What happens to a start, up to its outcome or to where another story goes on.

One story goes on after the other, not within it: an event passes through all that are under way.
"""


class Sandbox(Protocol):
    """A live container or guest that runs an app."""

    @property
    def alive(self) -> bool: ...

    @property
    def server(self) -> RequestServer:
        """What serves its requests, once it is ready."""
        ...

    def undisturbed(self, requests: Requests) -> list[float]:
        """Seconds each request takes when it has the host to itself."""
        ...

    def stop(self) -> None: ...


class Starting(Protocol):
    """A container on its way from request to ready: a start, or one of several of a task."""

    world: World
    service: Service
    demand: Demand
    task: int
    startup_noise: float
    at_end: list[Callable[[], None]]

    def phase(self, name: str, parent: str = "") -> Span:
        """A phase of it, or with a parent a part of one."""
        ...

    def attach_sandbox(self, sandbox: Sandbox) -> None:
        """Attach its sandbox, which is stopped when the start ends."""
        ...

    def kill(self, reason: str) -> None:
        """The kernel has killed it."""
        ...


class StartGate(Protocol):
    """Where a start waits for other parts of its application."""

    @property
    def orders(self) -> bool:
        """Whether it is held before its containers start, or only before it is ready."""
        ...

    def before(self, start: "Start") -> Generator[Event, Any, None]:
        """Its images are here: hold it until its containers may start."""
        ...

    def running(self, start: "Start") -> None:
        """Its containers run."""
        ...

    def after(self, start: "Start") -> Generator[Event, Any, None]:
        """Its program is up: hold it until it can be ready."""
        ...


class Start(Following):
    """One start: the process that follows its story, an event whose value is its outcome.

    What belongs to the workload is drawn here, in order of arrival, from the workload's own
    streams: so task k is the same task on every platform.

    Args:
        anew: whether it is begun in place of another.
    """

    __slots__ = (
        "_kill_reason",
        "at_end",
        "demand",
        "gate",
        "kernel",
        "placed_at",
        "sandbox",
        "service",
        "startup_noise",
        "state",
        "task",
        "world",
    )

    def __init__(
        self,
        world: World,
        demand: Demand,
        story: "Callable[[Start], NextStory]",
        gate: StartGate | None = None,
        *,
        anew: bool = False,
    ) -> None:
        self.world = world
        self.gate = gate
        self.service = demand.service
        self.demand = demand
        """What it gets; more than its service asks for where a platform rounds up."""
        self.task = world.record.task(self.service.name)
        self.startup_noise = (demand.anew(world) if anew else demand.noise)()
        self.state = ""
        self.kernel: Kernel | None = None
        """The host that it is on, once it has one."""
        self.placed_at = 0.0
        """When it got it."""
        self.sandbox: Sandbox | None = None
        self.at_end: list[Callable[[], None]] = []
        self._kill_reason = ""
        """Why it is being killed, from the kill until its process is interrupted."""
        self._begin(world.env, self._follow(story))

    def phase(self, name: str, parent: str = "") -> Span:
        """A phase of this start: it lasts until the next one, so that they tile the start.

        One with a parent is a part of that, and lasts as long as its `with` block.
        """
        if parent:
            return self.world.record.span(self.task, name, parent)
        self.state = name
        span = self.world.record.phase(self.task, name)
        if self.gate is not None and name == "app":
            self.gate.running(self)
        return span

    @property
    def lone(self) -> int | None:
        """Its number, where nothing of it is at work while its image comes; None: something is."""
        orders = self.gate is not None and self.gate.orders
        return self.task if self.demand.alone and not orders else None

    def place(self, kernel: Kernel) -> None:
        """Note the host that it goes to."""
        self.kernel = kernel
        self.placed_at = self.world.env.now
        self.world.record.place(self.task, kernel.name)

    def attach_sandbox(self, sandbox: Sandbox) -> None:
        """Attach its sandbox, which is stopped when the start ends."""
        self.sandbox = sandbox
        self.at_end.append(sandbox.stop)

    def end(self) -> None:
        """Give back all it holds: its sandbox, its reservation; idempotent."""
        while self.at_end:
            self.at_end.pop()()

    def kill(self, reason: str) -> None:
        """Stop it, for the kernel or a user; before it is ready this ends the start.

        A start that is killed for what it does itself raises its own interrupt.
        """
        if self._value is PENDING:
            if self is not self.env._active_proc:
                self._kill_reason = reason
                self.interrupt(reason)
            return
        if isinstance(self._value, Ready):
            self.world.record.outcome(self.task, f"killed: {reason}")
        self.end()

    def _follow(self, story: "Callable[[Start], NextStory]") -> Story:
        """Follow the story, and those that go on after it, to an outcome."""
        try:
            following: Any = story(self)
            while hasattr(following, "throw"):  # a compiled generator has a type of its own
                following = yield from following
            if not isinstance(following, (Ready, Refused, Killed)):
                raise _no_outcome(following, story)
            gate = self._last_gate(following, story)
            if gate is not None:
                yield from gate.after(self)
            outcome: Outcome = Killed(self._kill_reason) if self._kill_reason else following
        except Interrupt as interrupt:
            outcome = Killed(str(interrupt.cause))
        except NoSpace as full:
            outcome = Refused(f"disk: {full}")
        except PullFailed as failed:
            outcome = Killed(str(failed))
        self.world.record.outcome(self.task, str(outcome))
        if not isinstance(outcome, Ready):
            self.end()
        return outcome

    def _last_gate(self, ended: Outcome, story: "Callable[[Start], NextStory]") -> StartGate | None:
        """What holds it between the end of its story and ready."""
        if not isinstance(ended, Ready):
            return None
        if self.state != "app":
            raise _no_app(self.state, story)
        return self.gate

    def _begin(self, env: Clock, story: Story) -> None:
        """Run to the first event now; `Process.__init__` would schedule an event for that."""
        self.env = env
        self.callbacks = []
        self._value = PENDING
        self._target = None
        self._generator = story
        active = env._active_proc
        self._resume(_NOW)
        env._active_proc = active

    def _over(self) -> None:
        """It has ended; what nobody waits for needs no event, but in the instant of its launch."""
        self._generator = _ENDED  # its own would keep its frame, as long as the start runs on
        if self.callbacks or self._target is None:
            super()._over()
        else:
            self.callbacks = None


def _ended() -> Story:
    yield _NOW
    return READY


_ENDED = _ended()
"""Stands in for the stories of all starts that have ended; nobody follows it."""


def _no_outcome(ended: object, story: object) -> ValueError:
    """What is wrong with a story of a platform of one's own."""
    name = getattr(story, "__qualname__", type(story).__name__)
    return ValueError(
        f"story: {name} ended with {ended!r}; a story ends with return Ready(), Refused(LIMIT) or "
        f"Killed(REASON), or with the story that goes on"
    )


def _no_app(last: str, story: object) -> ValueError:
    """What is wrong with a story that does not tell running from ready."""
    name = getattr(story, "__qualname__", type(story).__name__)
    return ValueError(
        f"story: the last phase of {name} is {last!r}; it has to be 'app', which begins when the "
        f"process runs and ends when it is ready"
    )


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
    of_account: bool = False
    """Whether it is the account's, which all its hosts share, and not the host's own."""


class Deployment(Protocol):
    """A live platform, one a world."""

    def launch(
        self, service: Service, count: int = 1, gate: StartGate | None = None
    ) -> Sequence[Start]:
        """Ask for `count` sandboxes now.

        Args:
            gate: where they wait for other parts of their application.
        """
        ...

    def stop(self, start: Start) -> Event:
        """Stop one, and give back what it held."""
        ...

    def hosts(self) -> Sequence[Kernel]:
        """The kernels that run its sandboxes, as far as they are up."""
        ...


class Recoverable(Deployment, Protocol):
    """A deployment whose hosts can be lost, and that begins starts in place of others."""

    def current(self, start: Start) -> Start:
        """The start that stands in for `start` by now."""
        ...

    def lose(self, kernel: Kernel) -> None:
        """A host has died: nothing goes there any more."""
        ...

    def add_host(self) -> None:
        """One more host is up, in place of one that has died."""
        ...

    def replace(self, start: Start) -> Start:
        """Begin another start in place of one that was lost."""
        ...

    def begin_beside(self, start: Start) -> Start:
        """Begin another start like that one, which goes on until it is ended."""
        ...

    def hand_over(self, start: Start, new: Start) -> None:
        """End a start whose place another one takes."""
        ...

    def recover(self, start: Start) -> Start:
        """Begin it anew on a host like its own, with the same disk."""
        ...


class Platform(Protocol):
    """A frozen description of a platform."""

    def deploy(self, world: World) -> Deployment:
        """Set it up in a world."""
        ...

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """How many one host takes by reservation: pure, smallest first."""
        ...
