"""The loop is SimPy's: any process of SimPy's runs in it, and events come in SimPy's order."""

from collections.abc import Generator
from itertools import count
from typing import Any

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st
from simpy.events import ConditionValue

from sim.clock import Clock, Endless
from sim.core.world import World

Steps = Generator[simpy.Event, Any, Any]


class Office:
    """Processes that wait, queue, fail, and interrupt each other, and what happened when."""

    def __init__(self, env: simpy.Environment, programs: list[list[tuple[str, int]]]) -> None:
        self.env = env
        self.log: list[Any] = []
        self.desk = simpy.Resource(env, capacity=1)
        self.processes = [
            env.process(self.follow(name, steps)) for name, steps in enumerate(programs)
        ]

    def follow(self, name: int, steps: list[tuple[str, int]]) -> Steps:
        """One process."""
        for kind, number in steps:
            try:
                told = yield from getattr(self, kind)(number)
            except simpy.Interrupt as interrupt:
                told = f"interrupted: {interrupt.cause}"
            except LookupError as error:
                told = repr(error)
            self.log.append((self.env.now, name, kind, told))
        return name

    def wait(self, number: int) -> Steps:
        return (yield self.env.timeout(number, value=number))

    def queue(self, number: int) -> Steps:
        with self.desk.request() as turn:
            yield turn
            return (yield self.env.timeout(number))

    def race(self, number: int) -> Steps:
        first = yield self.env.timeout(number) | self.env.timeout(2, value="two")
        return sorted(map(str, first.values()))

    def ask(self, number: int) -> Steps:
        return (yield self.env.process(self.fail(number)))

    def fail(self, number: int) -> Steps:
        yield self.env.timeout(number)
        raise LookupError(str(number))

    def interrupt(self, number: int) -> Steps:
        other = self.processes[number % len(self.processes)]
        if other.is_alive and other is not self.env.active_process:
            other.interrupt(number)
        return (yield self.env.timeout(0))

    def call(self, number: int) -> Steps:
        called = self.env.event()
        called.callbacks.append(lambda event: self.log.append((self.env.now, event.value)))
        return (yield called.succeed(number))


STEP = st.tuples(
    st.sampled_from(["wait", "queue", "race", "ask", "fail", "interrupt", "call"]),
    st.integers(0, 3),
)
PROGRAMS = st.lists(st.lists(STEP, max_size=6), min_size=1, max_size=5)


def log_of(env: simpy.Environment, programs: list[list[tuple[str, int]]]) -> list[str]:
    """What happened, in order, in a run that stops at a time and goes on to an event."""
    office = Office(env, programs)
    for until in (2, env.all_of(office.processes), None, None, None):
        try:
            told = env.run(until=until)
        except (LookupError, RuntimeError, ValueError) as error:  # nobody has handled it
            told = type(error)
        values = list(told.values()) if isinstance(told, ConditionValue) else told
        office.log.append((float(env.now), values))
    return [*map(repr, office.log)]


@settings(max_examples=60, deadline=None)
@given(PROGRAMS)
def test_any_processes_do_what_they_do_in_simpy(programs: list[list[tuple[str, int]]]) -> None:
    """Also where many things happen in one instant, and step by step."""
    assert log_of(Clock(), programs) == log_of(simpy.Environment(0.0), programs)


def test_an_error_that_nobody_handles_ends_the_run() -> None:
    """It is told with where it came from, as by SimPy."""
    env = Clock()

    def broken() -> Generator[simpy.Event, Any, None]:
        yield env.timeout(1.0)
        raise LookupError("gone")

    env.process(broken())
    with pytest.raises(LookupError, match="gone") as told:
        env.run()

    assert isinstance(told.value.__cause__, LookupError)
    assert env.now == 1.0


def test_what_is_no_event_is_refused_with_its_place() -> None:
    """The line that yields it, in the innermost generator."""
    env = Clock()

    def inner() -> Generator[Any, Any, None]:
        yield 5

    def outer() -> Generator[Any, Any, None]:
        yield from inner()

    env.process(outer())
    with pytest.raises(RuntimeError, match=r"test_clock\.py, line \d+: Invalid yield value 5"):
        env.run()


def test_a_run_stops_where_it_is_told_to() -> None:
    """At a time that is still to come, or at an event that is still to happen."""
    env = Clock()
    with pytest.raises(ValueError, match="must be greater than the current simulation time"):
        env.run(until=0.0)
    with pytest.raises(RuntimeError, match="was not triggered"):
        env.run(until=env.event())
    with pytest.raises(ValueError, match="Negative delay -1"):
        env.timeout(-1)
    with pytest.raises(ValueError, match="Impossible delay nan"):  # all order would be lost
        env.timeout(float("nan"))

    pause = env.timeout(3, value="done")
    assert env.run(until=pause) == "done"
    assert env.run(until=pause) == "done"  # it has happened
    assert env.now == 3.0


def polling(pause: float = 1.0, sees: int = 10**9) -> World:
    """A world, soon impatient, in which somebody polls for ever, and sees something each time
    that it has polled so often.
    """
    world = World()
    world.env.patience = 200_000

    def polls() -> Steps:
        task = world.record.task("web")
        yield world.env.timeout(3.0)
        for number in count(1):
            yield world.env.timeout(pause if number < 500_000 else 1.0)
            if number % sees == 0:
                world.record.event(task, "seen", "polls")

    world.env.process(polls())
    return world


@pytest.mark.parametrize(
    ("pause", "until", "told"),
    [
        (0.0, None, "missing; in its last 200,000 events nothing has happened, and its clock is "),
        (1.0, None, "missing; .* so a process waits again and again, and never ends"),
        (0.0, 9.0, "its clock does not get there from 3 s; .* waits for 0 s again and again"),
    ],
)
def test_a_run_in_which_nothing_happens_any_more_ends_in_a_sentence(
    pause: float, until: float | None, told: str
) -> None:
    """At one instant, or as time goes on to no end."""
    with pytest.raises(Endless, match=f"until: {told}"):
        polling(pause).env.run(until)


def test_a_run_that_goes_on_is_not_taken_for_endless() -> None:
    """Time goes on to its end, or something is recorded now and then."""
    world = polling(1.0)
    world.env.run(until=300_000.0)
    assert world.env.now == 300_000.0

    seen = polling(0.0, sees=90_000)
    seen.env.run(until=9.0)
    assert seen.env.now == 9.0
