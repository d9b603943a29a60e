"""How many events the sharing law costs: counts, which do not depend on the machine."""

from __future__ import annotations

import math
import random
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
import simpy

from sim.sharing import Group, SharedCapacity

JOBS = 5_000


def events_per_job(build: Callable[[simpy.Environment, Callable[[], None]], None]) -> float:
    """Events of a run of about `JOBS` jobs, a completed job; `build` calls back for each."""
    env = simpy.Environment()
    done = 0

    def count() -> None:
        nonlocal done
        done += 1

    build(env, count)
    while done < JOBS // 5:  # till the first wake-up, armed for a job alone, is spent
        env.step()
    done, first = 0, next(env._eid)
    while done < JOBS:
        env.step()
    return (next(env._eid) - first - 1) / done


def client(
    group: Group, count: Callable[[], None], draw: Callable[[], float], cap: float = math.inf
) -> Iterator[simpy.Event]:
    """One job after the other."""
    while True:
        yield group.run(draw(), cap=cap)
        count()


def draws(seed: int) -> Callable[[], float]:
    """Exponential numbers of mean 1."""
    dice = random.Random(seed)
    return lambda: dice.expovariate(1.0)


@pytest.mark.parametrize("alive", [1, 10, 1_000])
@pytest.mark.parametrize("cap", [math.inf, 0.01])
def test_a_constant_number_of_jobs_of_one_ratio_costs_one_wake_up_a_job(
    alive: int, cap: float
) -> None:
    """Exactly one: the completion of a job is not an event of its own, nor is what follows it."""

    def build(env: simpy.Environment, count: Callable[[], None]) -> None:
        cpu = SharedCapacity(env, 1.0)
        for number in range(alive):
            env.process(client(cpu, count, draws(number), cap))

    assert events_per_job(build) == 1.0


def test_so_does_a_constant_number_of_jobs_in_vms() -> None:
    """A wake-up of the host completes the job of the guest, two floors down."""

    def build(env: simpy.Environment, count: Callable[[], None]) -> None:
        host = SharedCapacity(env, 20.0)
        for number in range(20):
            vm = host.group(weight=2.0, cap=2.0)
            for thread in range(3):
                env.process(client(vm.group(), count, draws(100 * number + thread), 1.0))

    assert events_per_job(build) == pytest.approx(1.0, abs=0.01)


def test_arrivals_cost_few_wake_ups_that_come_early() -> None:
    """M/M/1-PS at load 0.8: at most 1.7 wake-ups a job, those that find nothing due counted."""

    def build(env: simpy.Environment, count: Callable[[], None]) -> None:
        cpu = SharedCapacity(env, 1.0)
        gap, work = draws(1), draws(2)

        def arrivals() -> Iterator[simpy.Event]:
            while True:
                yield env.timeout(gap() / 0.8)
                cpu.run(work()).callbacks.append(lambda _: count())

        env.process(arrivals())

    assert events_per_job(build) - 1.0 < 1.7  # one event is the arrival's own


def test_a_burst_of_equal_jobs_ends_in_one_wake_up() -> None:
    """A thousand jobs that end together are one event, not a thousand."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, 8.0)
    jobs = [cpu.run(1.0, cap=1.0) for _ in range(1_000)]
    first = next(env._eid)
    env.run()

    assert all(job.processed for job in jobs)
    assert next(env._eid) - first - 1 == 1  # armed by the one for the first job, which came early


@pytest.mark.parametrize("machines", [20, 200])
def test_vms_of_mixed_threads_are_left_alone_while_the_level_moves(
    machines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Levelling looks at a few groups a job, not at all of them: growth by the number is lazy."""
    looked_at = 0
    settle = Group.settle

    def counted(group: Group, now: float, slack: float) -> None:
        nonlocal looked_at
        looked_at += 1
        settle(group, now, slack)

    monkeypatch.setattr(Group, "settle", counted)
    caps = (0.25, 0.5, 0.75, 1.0, 1.0, 1.5, 2.0, math.inf)

    def build(env: simpy.Environment, count: Callable[[], None]) -> None:
        host = SharedCapacity(env, 2.0 * machines)

        def thread(vm: Group, cap: float, draw: Callable[[], float]) -> Iterator[simpy.Event]:
            while True:
                yield env.timeout(draw())
                yield vm.run(draw(), cap=cap)
                count()

        for number in range(machines):
            vm = host.group(weight=4.0, cap=4.0)
            for thread_number, cap in enumerate(caps):
                env.process(thread(vm, cap, draws(10 * number + thread_number)))

    events = events_per_job(build)

    assert events < 4.0  # one is the thought; the others are wake-ups
    assert looked_at / JOBS < 12.0


def lines_per_job(ratios: int) -> float:
    """Lines of Python a job, with so many jobs alive, each of a ratio that is new."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, 1.0)
    draw = random.Random(ratios)
    done = lines = 0

    def count_lines(_: FrameType, event: str, __: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return count_lines

    def clients() -> Iterator[simpy.Event]:
        nonlocal done
        while True:
            yield cpu.run(draw.expovariate(1.0), cap=draw.uniform(0.3, 1.7) / ratios)
            done += 1

    for _ in range(ratios):
        env.process(clients())
    while done < ratios:
        env.step()
    done = 0
    before = sys.gettrace()
    sys.settrace(count_lines)
    try:
        while done < 1_000:
            env.step()
    finally:
        sys.settrace(before)
    return lines / done


def test_jobs_that_each_have_a_ratio_of_their_own_cost_logarithmically() -> None:
    """Forty times as many ratios: less than twice the steps a job. Counted, not timed."""
    assert lines_per_job(2_000) < 2.0 * lines_per_job(50)


def test_a_running_job_is_small() -> None:
    """At most 300 bytes, with its entry in the heap: nobody waits for it yet."""
    cpu, count = SharedCapacity(simpy.Environment(), 1.0), 2000
    tracemalloc.start()
    running = [cpu.run(1.0 + number / count) for number in range(count)]
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert taken / len(running) <= 300


def test_who_waits_late_is_told_too() -> None:
    """Callbacks of a job are made for who asks first, and are the same for who asks next."""
    env = simpy.Environment()
    job, told = SharedCapacity(env, 1.0).run(2.0), []
    env.run(until=1.0)
    job.callbacks.append(lambda _: told.append(env.now))
    job.callbacks.append(lambda _: told.append(env.now))
    env.run(until=job)

    assert told == [2.0, 2.0]
    assert job.triggered


def test_an_idle_capacity_has_nothing_scheduled() -> None:
    """Nothing is armed for a host on which nothing runs."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, 1.0)
    cpu.group().run(1.0)
    env.run()

    assert env.peek() == math.inf
    assert env.now == 1.0


def test_jobs_that_all_have_enough_cost_one_event_each_and_their_delays_none() -> None:
    """Fifteen containers of a vCPU on 16 vCPUs, whatever comes, ends and goes beside them."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, 16.0)
    pods = cpu.group(weight=3.0)
    ends: list[tuple[float, float]] = []

    def container(number: int) -> Iterator[simpy.Event]:
        for step in range(5):
            group = pods.group(weight=1.0 + number, cap=1.0)
            work, delay = 0.5 + number / 16.0, 0.25 * step
            began = env.now
            yield group.run(work, weight=2.0, cap=4.0, delay=delay)
            ends.append((env.now - began, work + delay))
            group.remove()

    for number in range(15):
        env.process(container(number))
    crowd = [pods.run(99.0, cap=0.0625) for _ in range(16)]
    env.run(until=0.25)
    for job in crowd:
        assert job.cancel() == 99.0 - 0.25 * 0.0625
    before = next(env._eid)
    env.run()

    assert ends == [(pytest.approx(work), pytest.approx(work)) for _, work in ends]
    assert cpu.busy_integral == pytest.approx(5 * (15 * 0.5 + 105 / 16.0) + 0.25)
    assert next(env._eid) - before - 1 <= 5 * 15 + 15 + 1  # and the end of each process
