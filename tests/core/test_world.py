"""The clock of a world is SimPy's, read without a call."""

from collections.abc import Generator
from typing import Any

from simpy import Environment, Event

from sim.clock import Clock
from sim.core.world import World


def test_the_clock_shows_what_simpy_shows() -> None:
    """From its beginning, inside processes and after a run that was stopped on the way."""
    shown: dict[str, list[float]] = {"plain": [], "clock": []}

    def story(env: Environment, seen: list[float]) -> Generator[Event, Any, None]:
        for seconds in (0.5, 0.0, 2.25):
            yield env.timeout(seconds)
            seen.append(env.now)

    for name, env in (("plain", Environment(3.0)), ("clock", Clock(3.0))):
        shown[name].append(env.now)
        env.process(story(env, shown[name]))
        env.run(until=4.0)
        shown[name].append(env.now)
        env.run()
        shown[name].append(env.now)

    assert shown["clock"] == shown["plain"] == [3.0, 3.5, 3.5, 4.0, 5.75, 5.75]


def test_a_world_has_that_clock() -> None:
    world = World()
    world.env.run(until=1.5)

    assert (type(world.env), world.env.now) == (Clock, 1.5)
