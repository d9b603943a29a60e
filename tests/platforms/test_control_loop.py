"""Controllers that sleep until something changes."""

from collections.abc import Generator
from typing import Any

import pytest
from simpy import Environment, Event

from sim.platforms.scaling.control_loop import ControlLoop, until_next_tick


@pytest.mark.parametrize(
    ("now", "phase", "wait"),
    [(0.0, 3.0, 3.0), (3.0, 3.0, 10.0), (12.0, 3.0, 1.0), (13.0 - 1e-9, 3.0, 10.0 + 1e-9)],
)
def test_ticks_come_every_ten_seconds_wherever_one_falls(
    now: float, phase: float, wait: float
) -> None:
    """A tick that has just been, but for the last bits of a float, is not seen twice."""
    assert until_next_tick(now, phase, 10.0) == pytest.approx(wait, abs=1e-12)


class Worker:
    """Works off jobs, one a round of two seconds; gives up at a job of 0."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.jobs: list[int] = []
        self.done: list[tuple[float, int]] = []
        self.loop = ControlLoop(env, lambda: bool(self.jobs), self._one_round)

    def _one_round(self) -> Generator[Event, Any, bool]:
        yield self.env.timeout(2.0)
        job = self.jobs.pop(0)
        self.done.append((self.env.now, job))
        return job > 0


def test_a_loop_works_while_there_is_work_and_sleeps_until_it_is_woken() -> None:
    """Woken twice at once it runs once; asleep, nothing is scheduled."""
    env = Environment()
    worker = Worker(env)
    worker.jobs += [1, 2]
    worker.loop.wake()
    worker.loop.wake()
    env.run()

    assert worker.done == [(2.0, 1), (4.0, 2)]
    assert not worker.loop.awake
    assert env.peek() == float("inf")

    worker.jobs.append(3)
    env.run(until=10.0)
    assert len(worker.done) == 2, "nobody woke it"
    worker.loop.wake()
    env.run()
    assert worker.done[-1] == (12.0, 3)


def test_a_round_that_can_do_nothing_sends_it_to_sleep() -> None:
    """Work is left; the next change wakes it."""
    env = Environment()
    worker = Worker(env)
    worker.jobs += [0, 1]
    worker.loop.wake()
    env.run()

    assert worker.done == [(2.0, 0)]
    assert worker.jobs == [1]
    worker.loop.wake()
    env.run()
    assert worker.done[-1] == (4.0, 1)
