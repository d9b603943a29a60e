"""A serial lock: one at a time, in order or not, and nobody is lost."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simpy import Environment, Interrupt

from sim.sandbox.storm.lock import Lock


def served(
    arrivals: Sequence[float], service: float, pick: Callable[[int], int] | None = None
) -> tuple[list[int], list[float], Lock]:
    """Who was served in which order, when each was done, and the lock."""
    env = Environment()
    lock = Lock(env, pick)
    order: list[int] = []
    done = [-1.0] * len(arrivals)

    def customer(number: int, at: float) -> Any:
        yield env.timeout(at)
        with lock.request() as request:
            yield request
            order.append(number)
            yield env.timeout(service)
        done[number] = env.now

    for number, at in enumerate(arrivals):
        env.process(customer(number, at))
    env.run()
    return order, done, lock


def test_a_queue_serves_in_order_and_counts_whom_it_served() -> None:
    """Three at once with 2 s each: done after 2, 4 and 6 s."""
    order, done, lock = served([0.0, 0.0, 0.0], 2.0)

    assert order == [0, 1, 2]
    assert done == [2.0, 4.0, 6.0]
    assert (lock.served, lock.held) == (3, 6.0)


def test_the_last_to_come_may_be_the_next() -> None:
    """Picking the end of the queue is last come, first served."""
    order, _, _ = served([0.0, 0.1, 0.2, 0.3], 1.0, lambda waiting: waiting - 1)

    assert order == [0, 3, 2, 1]


@given(st.lists(st.floats(0, 10), min_size=1, max_size=20), st.floats(0.01, 2), st.integers())
def test_the_order_of_service_changes_who_waits_but_not_how_long_all_wait(
    arrivals: list[float], service: float, seed: int
) -> None:
    """With equal services the sum of the waits and the time held are the same in any order."""
    draw = random.Random(seed)
    _, in_order, _ = served(arrivals, service)
    order, done, any_order = served(arrivals, service, draw.randrange)

    assert sorted(order) == list(range(len(arrivals)))
    assert sum(done) == pytest.approx(sum(in_order))
    assert any_order.held == pytest.approx(len(arrivals) * service)


def test_who_is_interrupted_leaves_the_queue_or_lets_the_next_one_in() -> None:
    """1,000 customers, half of them interrupted at any time: in the end nobody is there."""
    env = Environment()
    lock = Lock(env, lambda waiting: waiting // 2)
    draw = random.Random(1)

    def customer() -> Any:
        try:
            with lock.request() as request:
                yield request
                yield env.timeout(1.0)
        except Interrupt:
            pass

    def killer(process: Any, at: float) -> Any:
        yield env.timeout(at)
        if process.is_alive:
            process.interrupt()

    for _ in range(1000):
        env.process(killer(env.process(customer()), draw.uniform(0.0, 1000.0)))
    env.run()

    assert (lock.waiting, lock.count) == (0, 0)
    assert 0 < lock.served < 1000
