"""A task of several containers: the story that all platforms share.

Init containers run one after the other, each to its end. Then the others start beside each other,
each once what it waits for is true; to whoever brings it up, a container is a start of its own.
The phase of the task is that of the container that is behind the others, so that phases tile the
start; those of each container are parts of a phase with its name.
"""

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from simpy import AllOf, Event, Process

from sim.core.recorder import TILE, Span
from sim.start import READY, Ready, Sandbox, Start, Starting, Story
from sim.workload import Demand, Wait
from sim.workload.waiting import waits_for

BringUp: TypeAlias = Callable[[Starting], Generator[Event, Any, object]]
"""Brings one container from its place in the order to ready, phase by phase."""

INIT = "init"

_BEHIND = {"pull": 0, "create": 1, "start": 2, "app": 4, "": 5}
"""Who is behind whom, by phase; whoever waits stands before a container whose app starts up."""
_WAITING = 3


def part_of(demand: Demand) -> str:
    """What the phases of one of several containers are parts of, in the record."""
    return f"container {demand.service.name}"


class ContainerStart:
    """One container of a task on its way; to an engine it is a start.

    Args:
        within: the phase that its own are parts of.
        moved: called whenever it enters a phase.
    """

    __slots__ = (
        "_moved",
        "_start",
        "_within",
        "at_end",
        "begun",
        "demand",
        "sandbox",
        "service",
        "since",
        "startup_noise",
        "state",
        "task",
        "world",
    )

    def __init__(
        self,
        start: Start,
        demand: Demand,
        within: str,
        moved: "Callable[[ContainerStart], None]" = lambda _: None,
    ) -> None:
        self._start = start
        self._within = within
        self._moved = moved
        self.demand = demand
        self.service = demand.service
        self.world = start.world
        self.task = start.task
        self.startup_noise = start.startup_noise
        self.at_end = start.at_end
        self.begun = False
        self.state = ""
        self.since = 0.0
        """Time at which it entered its phase."""
        self.sandbox: Sandbox | None = None

    @property
    def essential(self) -> bool:
        """Whether the task ends with it."""
        return self.service.essential or self.demand is self._start.demand

    def phase(self, name: str, parent: str = "") -> Span:
        """Its next phase, or a part of one; the last is without a name: it is ready."""
        if parent:
            return self._start.phase(name, parent)
        record, now = self.world.record, self.world.env.now
        if self.state:
            record.spent(self.task, self.state, self._within, self.since, now)
        self.begun, self.state, self.since = True, name, now
        self._moved(self)
        return TILE

    def attach_sandbox(self, sandbox: Sandbox) -> None:
        """Attach its sandbox; that of the main container serves the task's requests."""
        self.sandbox = sandbox
        if self.demand is self._start.demand:
            self._start.attach_sandbox(sandbox)
        else:
            self.at_end.append(sandbox.stop)

    def kill(self, reason: str) -> None:
        """The kernel has killed it: the task ends with it, if it is essential."""
        if self.essential:
            self._start.kill(reason)
        else:
            self.world.record.event(self.task, f"killed: {reason}", part_of(self.demand))

    def end(self) -> None:
        """It has run to its end."""
        if self.sandbox is not None:
            self.sandbox.stop()


def run_init(start: Start, bring_up: BringUp) -> Generator[Event, Any, None]:
    """Init containers, one after the other, each to its end."""
    if start.demand.init:
        start.phase(INIT)
    for demand in start.demand.init:
        container = ContainerStart(start, demand, INIT)
        yield from bring_up(container)
        container.phase("")
        container.end()


def run_together(
    start: Start, bring_up: BringUp, *, one_by_one: bool = False
) -> Generator[Event, Any, Ready]:
    """The containers that run side by side, up to where all essential ones are ready.

    Args:
        one_by_one: whether each waits until the one before it runs, as the kubelet has it.
    """
    yield from _Together(start, bring_up, one_by_one=one_by_one).run()
    return READY


def run_task(start: Start, bring_up: BringUp) -> Story:
    """All containers of a task."""
    yield from run_init(start, bring_up)
    return run_together(start, bring_up)


class _Together:
    """The containers of a task that start side by side."""

    __slots__ = (
        "_bring_up",
        "_containers",
        "_ended",
        "_one_by_one",
        "_reached",
        "_ready",
        "_start",
    )

    def __init__(self, start: Start, bring_up: BringUp, *, one_by_one: bool) -> None:
        self._start = start
        self._bring_up = bring_up
        self._one_by_one = one_by_one
        self._ready = False
        every = [*start.demand.sidecars, start.demand]
        self._containers = [ContainerStart(start, d, part_of(d), self._moved) for d in every]
        waits = dict.fromkeys(w for each in self._containers for w in each.service.after)
        self._ended = {wait.part for wait in waits if wait.until == "completed"}
        """Those that run to their end, apart from init containers."""
        if one_by_one:
            waits |= dict.fromkeys(Wait(part=each.service.name) for each in self._containers)
        self._reached = {wait: start.env.event() for wait in waits}
        ended = {demand.service.name for demand in start.demand.init}
        for wait in waits:
            if wait.part in ended:
                self._reach(wait)

    def run(self) -> Generator[Event, Any, None]:
        """Start them all, and wait until the essential ones are ready."""
        env = self._start.env
        starting: list[Process] = []
        before = ""
        for container in self._containers:
            process = env.process(self._follow(container, before))
            process.defused = True  # what goes wrong in it is told by the task
            self._start.at_end.append(_interrupting(process))
            if container.essential:
                starting.append(process)
            before = container.service.name if self._one_by_one else ""
        ready = AllOf(env, starting)
        ready.defused = True
        yield ready
        self._ready = True

    def _follow(self, container: ContainerStart, before: str) -> Generator[Event, Any, None]:
        """One container: what it waits for, its start, and its end where that is waited for."""
        if before:
            yield self._reached[Wait(part=before)]
        for wait in container.service.after:
            reached = self._reached[wait]
            if not reached.processed:
                container.phase(waits_for(wait.part))
                yield reached
        yield from self._bring_up(container)
        running = container.since
        container.phase("")
        name = container.service.name
        self._reach_healthy(container, running)
        if name in self._ended:
            container.end()
            self._reach(Wait(part=name, until="completed"))

    def _moved(self, container: ContainerStart) -> None:
        """Tell the task's phase; where somebody else moves in this instant, that one tells it."""
        if container.state == "app" and self._reach(Wait(part=container.service.name)):
            return
        states = [each.state for each in self._containers if each.begun and each.essential]
        state = min(states, key=lambda s: _BEHIND.get(s, _WAITING), default="")
        if state and state != self._start.state and not self._ready:
            self._start.phase(state)

    def _reach_healthy(self, container: ContainerStart, running: float) -> None:
        """Now that it is ready: the next look at it finds it healthy."""
        wait, check = Wait(part=container.service.name, until="healthy"), container.service.check
        if wait not in self._reached:
            return
        env = self._start.env
        if check is None:
            self._reach(wait)
            return
        look = env.timeout(running + check.healthy_at(env.now - running) - env.now)

        def seen(_: Event) -> None:
            self._reach(wait)

        look.callbacks.append(seen)

    def _reach(self, wait: Wait) -> bool:
        """It is true now; whether somebody waits for it."""
        event = self._reached.get(wait)
        if event is None or event.triggered:
            return False
        event.succeed()
        return bool(event.callbacks)


def _interrupting(process: Process) -> Callable[[], None]:
    """Ends a container's start with that of its task."""

    def interrupt() -> None:
        if process.is_alive and process is not process.env.active_process:
            process.interrupt()

    return interrupt
