"""The clock of a run: SimPy's environment, in which any SimPy process runs, with a quicker loop.

Events come in SimPy's order: by time, priority and number. What differs is cost alone: the loop is
one function, time is read without a call, and where the core is compiled so are the loop, its
timeouts and the resuming of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from itertools import count
from typing import Any, Final

from simpy import Environment, Event, Process
from simpy.core import StopSimulation
from simpy.events import NORMAL, PENDING, URGENT, EventPriority, Initialize

PUSH: Final = heappush
"""A constant is read at once where the core is compiled; a name that is imported is looked up."""

NEXT: Final = next
"""The same; and a call of the bound `__next__` is twice as long."""

NOBODY: Final = ()
"""The callbacks of an event for which nobody has asked yet."""

FIRST = EventPriority(-1)
"""Before all else of an instant: what is left of an event at which a run has stopped."""

SOME: Final = 100_000
"""Events between two looks at whether anything happens in a run."""


class Endless(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """A run that does not come to an end."""


class Happening(Event):
    """An event that keeps in places of its own what SimPy keeps in a dictionary.

    That is a quarter of a job's bytes, and compiled code reads it at once.
    """

    __slots__ = ("_callbacks", "_ok", "_value", "env")

    env: Environment
    _callbacks: Any
    _ok: bool
    _value: Any

    def __init__(self, env: Environment) -> None:
        self.env = env
        self._callbacks = NOBODY
        self._value = PENDING

    @property
    def callbacks(self) -> Any:
        """Who is told of it, a list; made for who asks first, or a fifth of a job's bytes."""
        if self._callbacks is NOBODY:
            self._callbacks = []
        return self._callbacks

    @callbacks.setter
    def callbacks(self, callbacks: Any) -> None:
        self._callbacks = callbacks


class Clock(Environment):
    """SimPy's environment; a start asks it for the time two dozen times."""

    __slots__ = (
        "_active_proc",
        "_bounded",
        "_eid",
        "_idle",
        "_mark",
        "_now",
        "_queue",
        "happened",
        "patience",
    )

    _now: float
    _queue: list[tuple[float, Any, Any, Event]]
    _eid: count[int]
    _active_proc: Process | None

    def __init__(self, initial_time: float = 0.0) -> None:
        super().__init__(float(initial_time))
        self.happened: Callable[[], object] | None = None
        """Gives another value whenever something has happened that counts; None: all does."""
        self.patience = 20_000_000
        """Events in which nothing happens, after which nothing will."""
        self._bounded = False
        """Whether the run ends by itself as time goes on."""
        self._mark: object = None
        self._idle = 0
        """Events since the last of which a look has seen something happen."""

    @property
    def now(self) -> float:
        """The time; it is read without a call (below), and where the core is compiled, in C."""
        return self._now

    def schedule(self, event: Event, priority: Any = NORMAL, delay: float = 0.0) -> None:
        """Let an event happen after `delay` seconds."""
        PUSH(self._queue, (self._now + delay, priority, NEXT(self._eid), event))

    def timeout(self, delay: Any = 0.0, value: object = None) -> Pause:  # type: ignore[override]
        """An event that happens after `delay` seconds."""
        return Pause(self, float(delay), value)

    def event(self) -> Happening:
        """An event that happens when somebody says so."""
        return Happening(self)

    def process(self, generator: Generator[Event, Any, Any]) -> Following:
        """A process that follows a generator."""
        return Following(self, generator)

    def run(self, until: float | Event | None = None) -> Any:
        """Run to a time, to an event, whose value is returned, or until nothing is left to happen.

        Raises:
            Endless: too many events have come in which nothing happened.
            RuntimeError: nothing is left to happen, and the event has not happened.
        """
        end: Any = until
        self._bounded, self._mark = until is not None, None
        if until is not None and not isinstance(until, Event):
            end = self._at(float(until))
        if end is not None:
            if end.callbacks is None:
                return end.value
            end.callbacks.append(StopSimulation.callback)
        try:
            self._run_all()
        except StopSimulation as stop:
            return stop.args[0]
        if end is not None:
            raise RuntimeError(
                f'No scheduled events left but "until" event was not triggered: {until}'
            )
        return None

    def _at(self, time: float) -> Event:
        """An event at that time, before all others of its instant."""
        if time <= self._now:
            raise ValueError(f"until ({time}) must be greater than the current simulation time")
        end = Event(self)
        end._ok, end._value = True, None
        self.schedule(end, URGENT, time - self._now)
        return end

    def _run_all(self) -> None:
        """What `Environment.step` does, again and again."""
        while self._run_some():
            self._look()

    def _run_some(self) -> bool:
        """Let some events happen; whether any may be left."""
        queue, take = self._queue, heappop
        for _nth in range(SOME):
            try:
                self._now, _, _, event = take(queue)
            except IndexError:  # nothing is left to happen
                return False
            callbacks: Any
            ok: bool
            if isinstance(event, Happening):
                ok, callbacks, event._callbacks = event._ok, event._callbacks, None
            else:
                ok, callbacks = event._ok, event.callbacks
                event.callbacks = None  # type: ignore[assignment]
            try:
                for callback in callbacks:
                    callback(event)
            except StopSimulation:
                event.callbacks = callbacks[callbacks.index(callback) + 1 :]
                self.schedule(event, FIRST)
                raise
            if not ok and not event.defused:
                raise _once_more(event._value)
        return True

    def _look(self) -> None:
        """Raise `Endless` where nothing has happened for too many events.

        Where a run ends by itself, it is enough that time goes on.
        """
        happened = self.happened
        ends = self._bounded or happened is None
        mark = None if happened is None else happened(), self._now if ends else None
        self._idle = self._idle + SOME if mark == self._mark else 0
        self._mark = mark
        if self._idle >= self.patience:
            told = f"in its last {self._idle:,} events nothing has happened"
            if ends:
                raise Endless(
                    f"until: its clock does not get there from {self._now:,.10g} s; {told}, so "
                    f"a process waits for 0 s again and again"
                )
            raise Endless(
                f"until: missing; {told}, and its clock is at {self._now:,.10g} s, so a process "
                f"waits again and again, and never ends"
            )


def _once_more(failed: Any) -> BaseException:
    """The failure of an event that nobody has handled, for who runs it all."""
    error: BaseException = type(failed)(*failed.args)
    error.__cause__ = failed
    return error


# To mypy, and to what is compiled with it, it stays the property it is.
setattr(Clock, "now", vars(Clock)["_now"])  # noqa: B010


def time_of(env: Environment) -> float:
    """The time of any environment; of a `Clock` it is read without a look-up, where compiled."""
    return env._now if isinstance(env, Clock) else env.now


class Pause(Happening):
    """A timeout."""

    __slots__ = ()

    def __init__(self, env: Clock, delay: float, value: object = None) -> None:
        if not delay >= 0.0:  # NaN is before nothing and after nothing: all order would be lost
            raise ValueError(f"{'Negative' if delay < 0.0 else 'Impossible'} delay {delay}")
        self.env = env
        self._callbacks = NOBODY
        self._value = value
        self._ok = True
        env.schedule(self, NORMAL, delay)


class Following(Process):
    """A process."""

    __slots__ = ("_generator", "_ok", "_target", "_value", "callbacks", "env")

    env: Clock
    callbacks: Any
    _generator: Generator[Event, Any, Any]
    _ok: bool
    _target: Any
    _value: Any

    def __init__(self, env: Clock, generator: Generator[Event, Any, Any]) -> None:
        if not hasattr(generator, "throw"):
            raise ValueError(f"{generator} is not a generator.")
        self.env = env
        self.callbacks = []
        self._value = PENDING
        self._generator = generator
        self._target = Initialize(env, self)

    def _resume(self, event: Event) -> None:
        """Go on with the value of an event that has happened, up to one that has not."""
        env = self.env
        env._active_proc = self
        happened: Any = event
        while True:
            try:
                if isinstance(happened, Happening) and happened._ok:  # noqa: SIM114 (quicker)
                    happened = self._generator.send(happened._value)
                elif happened._ok:
                    happened = self._generator.send(happened._value)
                else:
                    happened = self._throw(happened)
            except StopIteration as end:
                happened = None
                self._ok, self._value = True, end.value
                self._over()
                break
            except BaseException as error:
                happened = None
                self._ok, self._value = False, error
                env.schedule(self)
                break
            if isinstance(happened, Happening) and happened._callbacks is NOBODY:
                happened._callbacks = [self._resume]
                break
            callbacks = (
                happened._callbacks
                if isinstance(happened, Happening)
                else _callbacks(self._generator, happened)
            )
            if callbacks is not None:
                callbacks.append(self._resume)
                break
        self._target = happened
        env._active_proc = None

    def _throw(self, event: Any) -> Any:
        """Go on with the failure of an event: the process handles it, or fails itself."""
        event._defused = True
        failed = event._value
        copy = type(failed)(*failed.args)
        copy.__cause__ = failed
        return self._generator.throw(copy)

    def _over(self) -> None:
        """It has ended: tell who waits for it."""
        self.env.schedule(self)


def _callbacks(generator: object, yielded: Any) -> list[Any] | None:
    """Those of an event of SimPy's own, or of anybody's.

    Raises:
        RuntimeError: it is no event; where a process yields that.
    """
    try:
        callbacks: list[Any] | None = yielded.callbacks
    except AttributeError:
        raise _no_event(generator, yielded) from None
    return callbacks


def _no_event(generator: object, yielded: object) -> RuntimeError:
    """What is wrong with a process that yields something else, and where it does."""
    inner: Any = generator
    while getattr(inner, "gi_yieldfrom", None) is not None:
        inner = inner.gi_yieldfrom
    frame = getattr(inner, "gi_frame", None)
    where = "" if frame is None else f"{frame.f_code.co_filename}, line {frame.f_lineno}: "
    return RuntimeError(f"{where}Invalid yield value {yielded!r}; an event is allowed")
