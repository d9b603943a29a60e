"""A machine boots into a kernel: what it has left, how quick it computes and transfers."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import idle, kernel, machine

from sim.core.world import World
from sim.host import Kernel, Step
from sim.units import MiB


def timed(world: World, story: Any) -> float:
    """Seconds a story takes."""
    began = world.env.now
    world.env.run(until=world.env.process(story))
    return world.env.now - began


def test_a_kernel_sees_nominal_less_what_is_lost() -> None:
    """And its OS holds the rest it needs from the start."""
    live = kernel(World(), machine(memory=1000 * MiB, memory_lost=100 * MiB), held=50 * MiB)

    assert live.memory.capacity == 900 * MiB
    assert live.memory.used == 50 * MiB


@given(st.floats(0.01, 50), st.integers(1, 16), st.floats(0.25, 16), st.floats(0.5, 2))
def test_work_takes_work_over_speed_over_what_may_run(
    work: float, threads: int, vcpu: float, speed: float
) -> None:
    """Core-seconds of the reference core, divided by the core's speed once."""
    world = World()
    live = kernel(world, machine(vcpu=vcpu, core_speed=speed))
    seconds = timed(world, live.compute(live.cpu, work, threads))

    assert seconds == pytest.approx(work / speed / min(threads, vcpu))
    assert live.cpu.root.busy_integral == pytest.approx(work / speed)


def test_threads_of_one_step_are_jobs_of_their_own_to_the_neighbours() -> None:
    """Three threads against one on 2 vCPUs get 1.5: 3 core-seconds are done after 2 s."""
    world = World()
    live = kernel(world, machine(vcpu=2.0))
    world.env.process(live.compute(live.cpu, 100.0, 1))

    assert timed(world, live.compute(live.cpu, 3.0, 3)) == pytest.approx(2.0)


def test_a_step_is_work_and_then_a_wait() -> None:
    """`cpu / threads + wait` on an idle host, both times the noise."""
    world = World()
    live = kernel(world)
    step = Step(cpu=4.0, wait=1.0, threads=2).plain()

    world.env.run(until=live.start_work(step, live.cpu))
    assert world.env.now == pytest.approx(3.0)
    world.env.run(until=live.start_work(step, live.cpu, 1.5))
    assert world.env.now == pytest.approx(3.0 + 4.5)


def test_an_empty_step_takes_no_time() -> None:
    """Not even of the clock."""
    world = World()
    live = kernel(world)
    world.env.run(until=live.start_work(Step().plain(), live.cpu))

    assert world.env.now == 0.0


@pytest.mark.parametrize(
    ("nic", "cap", "seconds"), [(10.0, math.inf, 10.0), (10.0, 5.0, 20.0), (math.inf, 5.0, 20.0)]
)
def test_a_transfer_goes_at_the_least_of_card_and_flow(
    nic: float, cap: float, seconds: float
) -> None:
    """A hundred bytes."""
    world = World()
    live: Kernel = kernel(world, machine(nic=nic))
    world.env.run(until=live.transfer(live.nic, 100.0, cap))

    assert world.env.now == pytest.approx(seconds)


def test_what_never_binds_takes_no_time() -> None:
    """No card, no cap: an event at once."""
    world = World()
    live = kernel(world)
    world.env.run(until=live.transfer(live.disk, 1e12))

    assert (live.disk, world.env.now) == (None, 0.0)


def test_two_flows_share_a_card() -> None:
    """Weighted max-min with equal weights: 100 bytes each at 10 bytes/s take 20 s."""
    world = World()
    live = kernel(world, machine(nic=10.0))
    world.env.run(until=live.transfer(live.nic, 100.0) & live.transfer(live.nic, 100.0))

    assert world.env.now == pytest.approx(20.0)


def test_a_disk_counts_what_it_moves_from_when_it_is_first_used() -> None:
    """Idle until then; known before that is how quick it is."""
    world = World()
    live = kernel(world, machine(disk=8.0 * MiB))
    world.env.run(until=5.0)

    assert live.disk_rate == 8.0 * MiB
    assert timed(world, live.read(16.0 * MiB)) == pytest.approx(2.0)
    assert live.disk is not None and live.disk.busy_integral == pytest.approx(16.0 * MiB)
    assert math.isinf(live.nic_rate) and live.nic is None


def test_a_disk_is_no_smaller_than_what_its_os_takes() -> None:
    """Refused where it is said, and not where images find less than no room."""
    with pytest.raises(ValueError, match="disk_size: 1 B is not allowed; at least disk_used = 3"):
        machine(disk_size=1.0, disk_used=3 * 2.0**30)


@pytest.mark.parametrize("part", ["disk", "nic"])
def test_a_machine_that_moves_no_byte_is_refused(part: str) -> None:
    """Where it is described, not where somebody reads."""
    with pytest.raises(ValueError, match=f"{part}: 0 is not allowed; more than 0"):
        machine(**{part: 0.0})


def test_an_interrupted_step_leaves_the_cpu_idle() -> None:
    """Leaving the block cancels the job."""
    world = World()
    live = kernel(world)
    process = world.env.process(live.compute(live.cpu, 100.0))
    process.defused = True
    world.env.run(until=1.0)
    assert not idle(live)
    process.interrupt()
    world.env.run()

    assert idle(live)


def test_a_machine_cannot_lose_more_than_it_has() -> None:
    """A modelling mistake is found at construction."""
    with pytest.raises(ValueError, match="memory_lost"):
        machine(memory=100 * MiB, memory_lost=200 * MiB)


def test_cpu_work_is_counted_in_the_core_it_was_measured_on() -> None:
    """3 core-seconds of a core twice as fast as the reference are 6; the wait stays what it was."""
    step = Step(cpu=3.0, core=2.0, wait=1.0)

    assert (step.work, step.delay) == (6.0, 1.0)
    alone = Step(wall=5.0, cpu=3.0, core=2.0)
    assert (alone.work, alone.delay) == (6.0, 2.0)


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_on_its_own_core_work_takes_as_long_as_measured(speed: float) -> None:
    """Whatever that core's speed: only elsewhere does it matter."""
    world = World()
    live = kernel(world, machine(core_speed=speed))

    def story() -> Any:
        with live.start_work(Step(cpu=3.0, core=speed, wait=1.0).plain(), live.cpu) as job:
            yield job

    assert timed(world, story()) == pytest.approx(4.0)
