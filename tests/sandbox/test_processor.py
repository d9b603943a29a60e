"""Hardware threads share cores: what they do together, and what `top` shows of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simpy import Environment, Interrupt

from sim.sandbox.storm.processor import Processor


@pytest.mark.parametrize(
    ("cpus", "capacity"), [(1.0, 1.0), (2.0, 1.25), (3.0, 2.5), (4.0, 2.5), (104.0, 65.0)]
)
def test_two_threads_of_a_core_do_a_quarter_more_than_one(cpus: float, capacity: float) -> None:
    """A host of n threads is worth n / 2 cores times 1.25, and never more than n."""
    processor = Processor(cpus=cpus, threads_per_core=2, thread_yield=1.25)

    assert processor.capacity == capacity


@given(st.integers(1, 400), st.integers(1, 4), st.floats(1.0, 2.0))
def test_one_more_thread_is_never_less_capacity(cpus: int, per_core: int, gain: float) -> None:
    """And no host is worth more than its threads."""

    def capacity(count: int) -> float:
        processor = Processor(
            cpus=float(count), threads_per_core=per_core, thread_yield=min(gain, per_core)
        )
        return processor.capacity

    assert capacity(cpus) <= capacity(cpus + 1)
    assert capacity(cpus) <= cpus


def test_a_busy_core_makes_both_its_threads_slow_and_both_are_busy() -> None:
    """Two jobs of 1 core-second on one core of yield 1.25 take 1.6 s each: 3.2 thread-seconds."""
    env = Environment()
    cores = Processor(cpus=2, threads_per_core=2, thread_yield=1.25).deploy(env)
    env.process(cores.compute(1.0))
    env.process(cores.compute(1.0))
    env.run()

    assert env.now == pytest.approx(1.6)
    assert cores.busy == pytest.approx(3.2)


def test_no_more_threads_are_busy_than_there_are() -> None:
    """Four jobs of 1 core-second on 2 CPUs of speed 0.5: 4 s, 8 thread-seconds."""
    env = Environment()
    cores = Processor(cpus=2, core_speed=0.5).deploy(env)
    for _ in range(4):
        env.process(cores.compute(1.0))
    env.run()

    assert env.now == pytest.approx(4.0)
    assert cores.busy == pytest.approx(8.0)


def test_a_load_takes_its_share_until_it_is_set_anew() -> None:
    """One job beside a load of 3 threads on 2 CPUs gets half a CPU; without it a whole one."""
    env = Environment()
    cores = Processor(cpus=2).deploy(env)
    load = cores.load()
    load.set(3.0)
    job = env.process(cores.compute(1.5))

    def lift() -> Any:
        yield env.timeout(1.0)
        load.set(0.0)

    env.process(lift())
    env.run(job)

    assert env.now == pytest.approx(2.0)
    assert cores.busy == pytest.approx(3.0)


def test_who_spins_or_computes_and_is_interrupted_leaves_the_cores_idle() -> None:
    """No job and no busy thread is left behind."""
    env = Environment()
    cores = Processor(cpus=2).deploy(env)

    def spinner() -> Any:
        with cores.wanting(1.0):
            yield env.timeout(10.0)

    def kill(process: Any) -> Any:
        yield env.timeout(1.0)
        process.interrupt()

    def guarded(story: Any) -> Any:
        try:
            yield from story
        except Interrupt:
            return

    for story in (spinner(), cores.compute(10.0)):
        env.process(kill(env.process(guarded(story))))
    env.run(until=5.0)

    assert cores.cpu.rate == 0.0
    assert cores.busy == pytest.approx(2.0)
