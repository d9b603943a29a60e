"""A platform whose service is kept up: what is lost is noticed, and begun again."""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from simpy import Event, Interrupt

from sim.core.cited import plain
from sim.core.description import description
from sim.core.randomness import Uniform
from sim.core.world import World
from sim.host import Kernel
from sim.platforms.deployment import RECOVERY
from sim.platforms.recovery.balancing import LiveBalancer
from sim.platforms.recovery.clocks import Recovery, Restarts
from sim.platforms.recovery.victims import Victims
from sim.platforms.scaling.instance_launch import InstanceLauncher
from sim.start import Ready, Recoverable, Start, StartGate
from sim.workload import Fault, Service
from sim.workload.fault import PLANNED

LOST, DUE, ERRORS = "lost", "due", "errors"
"""Events of a start that is ended, by a fault or before another one serves, and that is to be
replaced as planned; and the time in which requests to it fail."""

PARTS = ("noticed", "waited", "placed", "started", "balanced")
"""From a fault until requests are served again: they tile it."""

HOST_FAILED, EXITED = "host failed", "process exited"


@description
class Recovering:
    """A platform, and who notices what fails there."""

    platform: Any
    """Anything that satisfies `Platform`, with hosts that can be lost."""
    recovery: Recovery

    def deploy(self, world: World) -> "LiveRecovery":
        """The platform, live, and watched over."""
        return LiveRecovery(self, world)


class Restartable(Protocol):
    """A sandbox whose app may end by itself, and be begun anew in it."""

    def crash(self) -> None: ...

    def restart(self, start: Start, *, created: bool) -> Generator[Event, Any, None]: ...


class _Loss(NamedTuple):
    """A start that a fault has ended: which one was asked for, since when, when it was noticed."""

    asked: Start
    since: float
    noticed: float = 0.0
    out: float = 0.0
    """Seconds from the fault until the balancer leaves it out."""


class LiveRecovery:
    """Keeps up what was launched: the service scheduler, the controllers, the daemons."""

    def __init__(self, recovering: Recovering, world: World) -> None:
        self.world = world
        self.begun_again: list[Callable[[Start], None]] = []
        """Called with each start that is ready again in place of one that was lost."""
        clocks = self._clocks = recovering.recovery
        self.live: Recoverable = recovering.platform.deploy(world)
        self._victims = Victims(self.live, clocks.zones)
        self._look = world.random.sampler("recovery/look", Uniform(high=clocks.status_check))
        self._balancer = None if clocks.balancer is None else LiveBalancer(clocks.balancer, world)
        self._next_host = 0.0
        """When its platform may learn of another dead host."""
        self._restarts: dict[Start, _Series] = {}
        group = clocks.group
        self._launcher = None if group is None else InstanceLauncher(group.launch, world)

    def launch(
        self, service: Service, count: int = 1, gate: StartGate | None = None
    ) -> Sequence[Start]:
        """Ask for `count` sandboxes now; they are kept up until they are stopped."""
        starts = self.live.launch(service, count, gate)
        self._victims.asked.update(dict.fromkeys(starts))
        return starts

    def stop(self, start: Start) -> Event:
        """Stop one; nobody begins another in its place."""
        self._victims.asked.pop(start, None)
        return self.live.stop(start)

    def hosts(self) -> Sequence[Kernel]:
        """The hosts that are up."""
        return self.live.hosts()

    def current(self, start: Start) -> Start:
        """The start that stands in for `start` by now."""
        return self.live.current(start)

    def strike(self, fault: Fault) -> None:
        """Let it happen, now.

        Raises:
            ValueError: there is no such task, host or zone.
        """
        if fault.what == "process":
            self._end_process(self._victims.task(fault))
            return
        if fault.what in PLANNED:
            self._replace_as_planned(fault)
            return
        kernels = self._victims.hosts(fault)
        on = {kernel: self._victims.on(kernel) for kernel in kernels}
        total = len(self.live.hosts())
        for kernel in kernels:
            self.live.lose(kernel)
        for asked in (each for mine in on.values() for each in mine):
            self._lose(asked, HOST_FAILED)
        self.world.env.process(self._recover_hosts(list(on.values()), whole=fault.what == "zone"))
        if self._clocks.group is not None:
            self.world.env.process(self._replace_hosts(len(kernels), total))

    # --- hosts

    def _recover_hosts(
        self, by_host: list[list[Start]], *, whole: bool
    ) -> Generator[Event, Any, None]:
        """Notice the hosts, and give them up, one after the other.

        Args:
            whole: whether their zone is gone, where nothing boots again.
        """
        clocks, env, since = self._clocks, self.world.env, self.world.env.now
        out = {a: self._out_after(silent=True) for mine in by_host for a in mine}
        never = clocks.notices is None or (whole and clocks.in_place)
        notices = float("inf") if never else self._look() + plain(clocks.notices or 0.0)
        dropped = notices + (0.0 if clocks.drops else plain(clocks.gives_up))
        for asked, seconds in out.items():
            self._fails(asked, since, seconds if clocks.in_place else min(seconds, dropped))
        if never:
            return
        yield env.timeout(notices)
        for mine in by_host:
            known = max(env.now, self._next_host)
            self._next_host = known + plain(clocks.between_hosts)
            losses = [_Loss(asked, since, env.now, out[asked]) for asked in mine]
            env.process(self._give_up(losses, known + plain(clocks.gives_up)))

    def _give_up(self, losses: list[_Loss], at: float) -> Generator[Event, Any, None]:
        """Begin others in place of what was lost, as far as it is still wanted."""
        yield self.world.env.timeout(at - self.world.env.now)
        for loss in losses:
            if loss.asked in self._victims.asked:
                old = self.live.current(loss.asked)
                again = self.live.recover if self._clocks.in_place else self.live.replace
                self.world.env.process(self._follow(again(old), loss, self.world.env.now))

    def _follow(self, new: Start, loss: _Loss, began: float) -> Generator[Event, Any, None]:
        """Wait until a start serves in place of one that was lost."""
        outcome = yield new
        if isinstance(outcome, Ready):
            times = [loss.since, loss.noticed, began, max(began, new.placed_at)]
            new_target = not self._clocks.in_place
            yield from self._serves(new, times, loss.out, new=new_target)

    def _serves(
        self, start: Start, times: list[float], out: float, *, new: bool
    ) -> Generator[Event, Any, None]:
        """It is ready: the balancer finds that out, and the parts until now are on record."""
        env = self.world.env
        for listener in self.begun_again:
            listener(start)
        times.append(env.now)
        if self._balancer is not None and (new or env.now - times[0] > out):
            yield env.timeout(self._balancer.in_after(new=new))
        times.append(env.now)
        for part, (since, until) in zip(PARTS, pairwise(times), strict=True):
            self.world.record.spent(start.task, part, RECOVERY, since, until)

    def _replace_hosts(self, count: int, total: int) -> Generator[Event, Any, None]:
        """The group finds them impaired, waits, and launches others, some at a time."""
        group, env = self._clocks.group, self.world.env
        if group is None or self._launcher is None:
            return
        phase = self.world.random.sampler("recovery/group", Uniform(high=group.status_check))
        yield env.timeout(phase() + plain(group.impaired))
        most = max(1, int(plain(group.share) * total))
        while count > 0:
            joined = [env.event() for _ in range(min(most, count))]
            for each in joined:
                self._launcher.launch(1, HOST_FAILED, lambda _, event=each: self._join(event))  # type: ignore[misc]
            yield env.all_of(joined)
            count -= len(joined)

    def _join(self, joined: Event) -> None:
        self.live.add_host()
        joined.succeed()

    # --- as planned

    def _replace_as_planned(self, fault: Fault) -> None:
        """Replace all tasks, or those of a host that takes no others from now on."""
        clocks, asked = self._clocks, list(self._victims.asked)
        rolling = clocks.rolling
        if fault.what == "drain":
            (kernel,) = self._victims.hosts(fault)
            asked, rolling = self._victims.on(kernel), clocks.draining or clocks.rolling
            if rolling is not None:
                self.live.lose(kernel)
        for each in asked:
            self.world.record.event(self.live.current(each).task, DUE, RECOVERY)
        if rolling is not None:
            left, since = deque(asked), self.world.env.now
            many, few = rolling.lanes(len(self._victims.asked))
            for lane in range(many + few):
                self.world.env.process(self._lane(left, since, beside=lane < many))

    def _lane(
        self, left: deque[Start], since: float, *, beside: bool
    ) -> Generator[Event, Any, None]:
        """Replace one task after the other: the new one first, or in place of the old one."""
        env = self.world.env
        while left:
            asked = left.popleft()
            if asked not in self._victims.asked:
                continue
            old, began = self.live.current(asked), env.now
            new = self.live.begin_beside(old)
            if not beside:
                self.world.record.event(old.task, LOST, RECOVERY)
                self.live.hand_over(old, new)
            outcome = yield new
            if isinstance(outcome, Ready):
                times = [since, since, began, max(began, new.placed_at)]
                yield from self._serves(new, times, 0.0, new=True)
            if beside:
                self.live.hand_over(old, new)

    # --- processes

    def _end_process(self, asked: Start) -> None:
        restarts, start = self._clocks.restarts, self.live.current(asked)
        if restarts is None:
            self._lose(asked, EXITED)
            self.world.env.process(self._replace_task(asked))
            return
        sandbox: Any = start.sandbox
        self.world.record.event(start.task, LOST, RECOVERY)
        process = self.world.env.process(self._restart(start, sandbox, restarts))
        start.at_end.append(lambda: process.interrupt() if process.is_alive else None)

    def _replace_task(self, asked: Start) -> Generator[Event, Any, None]:
        """Its task has ended, and another takes its place."""
        env, since = self.world.env, self.world.env.now
        notices, out = plain(self._clocks.exits), self._out_after(silent=False)
        self._fails(asked, since, min(notices, out))
        yield env.timeout(notices)
        yield from self._give_up([_Loss(asked, since, env.now, out)], env.now)

    def _restart(
        self, start: Start, sandbox: Restartable, restarts: Restarts
    ) -> Generator[Event, Any, None]:
        """Begin it anew in its sandbox, after a pause that grows while it does not stay up."""
        env, since = self.world.env, self.world.env.now
        sandbox.crash()
        series = self._restarts.get(start)
        if series is None or since - series.up > plain(restarts.reset):
            series = self._restarts[start] = _Series(restarts)
        out = self._out_after(silent=False)
        try:
            yield env.timeout(series.pause())
            began = env.now
            yield from sandbox.restart(start, created=restarts.creates)
        except Interrupt:  # it was stopped, or killed for its memory
            return
        series.up = env.now
        self._fails(start, since, min(out, env.now - since))
        yield from self._serves(start, [since, since, began, began], out, new=False)

    # --- what both have

    def _lose(self, asked: Start, reason: str) -> None:
        start = self.live.current(asked)
        self.world.record.event(start.task, LOST, RECOVERY)
        start.kill(reason)

    def _out_after(self, *, silent: bool) -> float:
        return float("inf") if self._balancer is None else self._balancer.out_after(silent=silent)

    def _fails(self, asked: Start, since: float, seconds: float) -> None:
        """Requests that are sent to it fail for so long, unless that has no end."""
        if seconds < float("inf"):
            task = self.live.current(asked).task
            self.world.record.spent(task, ERRORS, RECOVERY, since, since + seconds)


class _Series:
    """Restarts of one app that does not stay up."""

    __slots__ = ("_pauses", "up")

    def __init__(self, restarts: Restarts) -> None:
        self._pauses = restarts.pauses()
        self.up = float("inf")
        """When it was last up."""

    def pause(self) -> float:
        """Seconds before the next restart."""
        return next(self._pauses)
