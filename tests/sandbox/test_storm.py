"""Many sandboxes start on one host: known answers, and which way every cause works."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import catalog
from sim.core.cited import plain
from sim.core.world import World
from sim.sandbox.storm.processor import Processor
from sim.sandbox.storm.profile import LockCost, StartProfile
from sim.sandbox.storm.storm import Storm

LARGE = Processor(cpus=400)


def storm(
    profile: StartProfile,
    on: Processor = LARGE,
    *,
    starts: int = 1,
    launchers: int | None = None,
    running: int = 0,
    seed: int = 1,
) -> Storm:
    """A storm that has come to its end."""
    world = World(seed)
    live = Storm(world, profile, on, starts=starts, launchers=launchers or starts, running=running)
    world.env.run(live.over)
    return live


def profile(lock: dict[str, Any] | None = None, **rest: Any) -> StartProfile:
    return StartProfile(name="box", lock=LockCost(**(lock or {})), **rest)


def mean(live: Storm) -> float:
    return sum(live.latencies) / len(live.latencies)


def test_alone_a_start_takes_its_work_its_wait_and_the_lock() -> None:
    """3 core-seconds on 2 threads, 1 s of waiting, 0.5 s under the lock."""
    live = storm(profile({"fixed": 0.5, "passes": 5}, cpu=3.0, wait=1.0, threads=2))

    assert live.latencies == pytest.approx([3.0])


def test_cpu_work_of_many_is_shared() -> None:
    """Four starts of 1 core-second on 2 CPUs are all ready after 2 s."""
    live = storm(profile(cpu=1.0), Processor(cpus=2), starts=4)

    assert live.latencies == pytest.approx([2.0] * 4)


def test_a_lock_lets_one_through_after_the_other() -> None:
    """Ten starts of 1 s under one lock: 1, 2, ... 10 s, however many CPUs there are."""
    live = storm(profile({"fixed": 1.0}), starts=10)

    assert live.latencies == pytest.approx([float(n) for n in range(1, 11)])
    assert live.lock.held == pytest.approx(10.0)


def test_many_short_passes_end_together_one_long_one_ends_in_turn() -> None:
    """The makespan is the same; the mean is nearer to it, the more passes there are."""
    once, often = (storm(profile({"fixed": 1.0, "passes": n}), starts=50) for n in (1, 20))

    assert max(often.latencies) == pytest.approx(max(once.latencies)) == pytest.approx(50.0)
    assert mean(once) == pytest.approx(25.5)
    assert mean(often) > 40.0


GROWING = profile({"fixed": 1.0, "per_running": 1.0, "per_running_squared": 1.0})


def test_the_lock_is_held_longer_the_more_sandboxes_were_up() -> None:
    """a + b n + c n^2 = 13 s with 3 up, for each of three: those of the same storm do not count."""
    live = storm(GROWING, starts=3, running=3)

    assert live.latencies == pytest.approx([13.0, 26.0, 39.0])


def test_a_start_that_is_requested_later_finds_those_that_are_up_by_then() -> None:
    """One after the other with 3, 4 and 5 up: 13, 21 and 31 s."""
    live = storm(GROWING, starts=3, launchers=1, running=3)

    assert live.latencies == pytest.approx([13.0, 21.0, 31.0])


@pytest.mark.parametrize("passes", [1, 4])
@pytest.mark.parametrize(("running", "service"), [(0, 0.5), (100, 1.2)])
@pytest.mark.parametrize("starts", [1, 10, 100, 400])
def test_a_storm_takes_what_one_takes_and_the_lock_for_each_of_the_others(
    starts: int, running: int, service: float, passes: int
) -> None:
    """Linear in those started: 3 + 0.01 n + S + (c - 1) S, where S = 0.2 + 0.01 n, and 0.3 more
    on an empty host."""
    lock = {"fixed": 0.2, "per_running": 0.01, "on_empty_host": 0.3, "passes": passes}
    live = storm(
        profile(lock, cpu=2.0, cpu_per_running=0.01, wait=1.0), starts=starts, running=running
    )
    alone = 3.0 + 0.01 * running + service

    assert max(live.latencies) == pytest.approx(alone + (starts - 1) * service)


def test_who_waits_for_the_lock_may_spin() -> None:
    """Two starts, 1 s under the lock: 2 thread-seconds of work, and one waiter for 1 s."""
    live = storm(profile({"fixed": 1.0, "spin": 1.0}), starts=2)

    assert live.cores.busy == pytest.approx(3.0)


def test_a_waiter_that_spins_gives_way_to_work() -> None:
    """Ten on one CPU, each 1 s under the lock: the CPU is busy for 10 s, and nobody is slower."""
    live = storm(profile({"fixed": 1.0, "spin": 1.0}), Processor(cpus=1), starts=10)

    assert max(live.latencies) == pytest.approx(10.0)
    assert live.cores.busy == pytest.approx(10.0)


def test_idle_sandboxes_and_the_host_itself_use_cpu() -> None:
    """100 sandboxes at 0.02 threads and the host's own 0.5 beside a start of 4 s: 4 + 10."""
    live = storm(profile(cpu=4.0, idle_cpu=0.02), Processor(cpus=8, background=0.5), running=100)

    assert live.cores.busy == pytest.approx(14.0)


def test_a_closed_loop_keeps_the_law_of_response_times() -> None:
    """R = N / X - Z: 50 launchers, 1 core-second each on 4 CPUs, the wait is part of the start."""
    live = storm(
        profile(cpu=1.0, wait=5.0, spread=0.2), Processor(cpus=4), starts=2000, launchers=50
    )
    within = live.latencies[100:-100]

    assert sum(within) / len(within) == pytest.approx(50 / 4, rel=0.05)


def test_a_slower_host_takes_longer_for_work_and_lock_not_for_waits() -> None:
    """At half the speed 2 + 1 + 1 s become 4 + 1 + 2 s."""
    slow = Processor(cpus=4, core_speed=0.5)
    live = storm(profile({"fixed": 1.0}, cpu=2.0, wait=1.0), slow)

    assert live.latencies == pytest.approx([7.0])


PROFILES = st.builds(
    lambda cpu, wait, fixed, grow: profile(
        {"fixed": fixed, "per_running": grow}, cpu=cpu, wait=wait, cpu_per_running=grow
    ),
    st.floats(0.01, 1),
    st.floats(0, 1),
    st.floats(0.001, 0.5),
    st.floats(0, 0.01),
)
"""One pass: where starts queue again, a longer job may by chance let the others by sooner."""


@given(PROFILES, st.integers(1, 20), st.integers(1, 20), st.integers(0, 100), st.integers(1, 16))
def test_more_load_is_never_faster(
    what: StartProfile, starts: int, more: int, running: int, cpus: int
) -> None:
    """Makespan: more starts, more running, fewer CPUs: each at least as long."""
    on, larger = Processor(cpus=cpus), Processor(cpus=cpus + more)
    base = max(storm(what, on, starts=starts, running=running).latencies)

    assert max(storm(what, on, starts=starts + more, running=running).latencies) >= base * 0.999
    assert max(storm(what, on, starts=starts, running=running + more).latencies) >= base * 0.999
    assert max(storm(what, larger, starts=starts, running=running).latencies) <= base * 1.001


def test_the_same_seed_gives_the_same_storm_and_another_seed_another() -> None:
    """Noise and the order at the lock are drawn from named streams."""
    what = profile({"fixed": 0.1, "passes": 3}, cpu=1.0, spread=0.1)
    one, same, other = (storm(what, starts=20, seed=seed).latencies for seed in (1, 1, 2))

    assert one == same
    assert one != other


def test_a_docker_start_alone_is_the_same_in_a_storm_and_on_a_platform() -> None:
    """Its profile is the sum of the platform's create and start (decision 0020)."""
    of_storm, of_platform = catalog.profile("docker"), catalog.containers.runtime()
    steps = [step.plain() for step in (of_platform.create, of_platform.start)]

    assert of_storm.outside(0) == pytest.approx(sum(step.work for step in steps))
    assert plain(of_storm.wait) == pytest.approx(sum(step.delay for step in steps))
    assert of_storm.lock.service(0) == 0.0
