"""A job that has a capacity to itself: whoever asks, or comes, in between changes nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.clock import Clock
from sim.sharing import Group, Job, SharedCapacity


def end_of(job: Job) -> float:
    """When it is over."""
    ends: list[float] = []
    job.callbacks.append(lambda _: ends.append(job.env.now))
    job.env.run()
    (end,) = ends
    return end


def read(cpu: SharedCapacity, own: Group, other: Group) -> None:  # noqa: ARG001 (one signature)
    """A meter is read."""
    assert cpu.busy_integral == pytest.approx(1.5)


def take_away(cpu: SharedCapacity, own: Group, other: Group) -> None:  # noqa: ARG001 (as above)
    """A container that does nothing goes."""
    other.remove()


def set_cap(cpu: SharedCapacity, own: Group, other: Group) -> None:  # noqa: ARG001 (as above)
    """A container that does nothing gets another cap."""
    other.update(cap=0.25)


def come_and_go(cpu: SharedCapacity, own: Group, other: Group) -> None:  # noqa: ARG001 (as above)
    """Somebody comes for whom there is enough, and goes."""
    other.run(1.0, cap=0.5).cancel()


def ask_for_the_rate(cpu: SharedCapacity, own: Group, other: Group) -> None:  # noqa: ARG001
    """Somebody asks for the rate."""
    assert own.rate == pytest.approx(1.5)


@pytest.mark.parametrize("ask", [read, take_away, set_cap, come_and_go, ask_for_the_rate])
@pytest.mark.parametrize("delay", [0.0, 0.5])
def test_who_asks_about_a_job_alone_does_not_change_its_end(
    ask: Callable[[SharedCapacity, Group, Group], None], delay: float
) -> None:
    """3 core-seconds at a cap of 1.5 take 2 s."""
    env = Clock()
    cpu = SharedCapacity(env, 4.0)
    own, other = cpu.group(cap=1.5), cpu.group(cap=1.0)
    job = own.run(3.0, cap=2.0, delay=delay)
    env.timeout(1.0).callbacks.append(lambda _: ask(cpu, own, other))

    assert end_of(job) == pytest.approx(2.0 + delay, rel=1e-12)
    assert cpu.busy_integral == pytest.approx(3.0, rel=1e-12)


def test_a_job_alone_that_is_taken_away_with_its_group_never_ends() -> None:
    """What it has used until then counts; the next one has all to itself."""
    env = Clock()
    cpu = SharedCapacity(env, 4.0)
    own = cpu.group(cap=1.5)
    job = own.run(3.0)
    env.timeout(1.0).callbacks.append(lambda _: own.remove())
    env.run()

    assert not job.triggered
    assert job.remaining == pytest.approx(1.5)
    assert cpu.busy_integral == pytest.approx(1.5)
    began = env.now
    assert end_of(cpu.run(8.0)) == pytest.approx(began + 2.0)


@pytest.mark.parametrize("many", [1, 70, 500])
def test_a_job_after_many_that_were_cancelled_takes_its_time(many: int) -> None:
    """The wake-ups of those that were cancelled come early, and do not end it."""
    env = Clock()
    cpu = SharedCapacity(env, 1000.0)
    for job in [cpu.run(1.0 + n / many, cap=1.0) for n in range(many)]:
        job.cancel()

    assert end_of(cpu.run(5.0, cap=1.0)) == 5.0
