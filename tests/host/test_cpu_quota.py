"""The period of `cpu.max`, against periods gone through one by one."""

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simpy import Environment, Event
from worlds import app, docker, launch, length, machine, outcomes, runtime, service

from sim.core.world import World
from sim.host import Step
from sim.host.cpu_quota import CpuQuota
from sim.sharing import Job, SharedCapacity

CLOSE = 1e-4
"""Seconds: a microsecond of CPU stands for a thread's last word, at 0.05 vCPU."""


def one_by_one(work: float, quota: float, period: float, phase: float, speed: float) -> float:
    """When `work` is done that begins at 0 and runs at `speed`, by going through the periods."""
    now, left = 0.0, quota * period
    refill = phase if phase > 0.0 else period
    while True:
        possible = min(work, left, (refill - now) * speed)
        now, work, left = now + possible / speed, work - possible, left - possible
        if work <= 1e-12:
            return now
        now, left, refill = refill, quota * period, refill + period


def finish(work: float, quota: float, period: float, phase: float, threads: float) -> float:
    env = Environment()
    cpu = SharedCapacity(env, 8.0)
    limited = CpuQuota(env, cpu.group(cap=quota), quota, period=period, phase=phase)
    env.run(limited.run(work, weight=threads, cap=threads))
    assert cpu.busy_integral == pytest.approx(work, abs=1e-5)
    return float(env.now)


@given(
    work=st.floats(0.001, 3.0),
    quota=st.floats(0.05, 3.5),
    period=st.floats(0.01, 0.5),
    phase=st.floats(0.0, 0.999),
    threads=st.integers(1, 4),
)
def test_alone_it_is_exact(
    work: float, quota: float, period: float, phase: float, threads: int
) -> None:
    """Whatever work, quota, period, phase and threads: the end is that of period after period."""
    expected = one_by_one(work, quota, period, phase * period, float(threads))
    got = finish(work, quota, period, phase * period, float(threads))
    # Where a slice is used up to the last bit at the end, the last word costs one more period.
    over = one_by_one(work + 2e-6, quota, period, phase * period, float(threads))

    assert expected - CLOSE <= got <= over + CLOSE


def test_work_within_a_slice_runs_at_full_speed() -> None:
    """0.05 core-seconds at 0.75 vCPU take 50 ms, not 67."""
    assert finish(0.05, 0.75, 0.1, 0.06, 1.0) == pytest.approx(0.05, abs=CLOSE)


def test_a_slice_is_used_up_then_waits() -> None:
    """0.14 at 0.5 vCPU from phase 70 ms: 50 ms, until 70; one whole period; 40 ms."""
    assert finish(0.14, 0.5, 0.1, 0.07, 1.0) == pytest.approx(0.07 + 0.1 + 0.04, abs=CLOSE)


def test_threads_share_a_slice() -> None:
    """Two threads use up 50 ms in 25: 0.14 core-seconds end after 70 + 100 + 20 ms."""
    assert finish(0.14, 0.5, 0.1, 0.07, 2.0) == pytest.approx(0.07 + 0.1 + 0.02, abs=CLOSE)


def test_the_mean_over_all_phases_is_a_slice_and_a_bit_before_the_fluid_law() -> None:
    """Over works and phases alike it ends (1 - q) P sooner than work / q."""
    quota, period = 0.25, 0.1
    sooner = [
        work / quota - finish(work, quota, period, phase * period, 1.0)
        for work in (0.3 + 0.0025 * (k + 0.5) / 2 for k in range(20))
        for phase in ((k + 0.5) / 20 for k in range(20))
    ]

    assert sum(sooner) / len(sooner) == pytest.approx((1.0 - quota) * period, rel=0.02)


@given(
    works=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=5),
    quota=st.floats(0.1, 1.5),
    phase=st.floats(0.0, 0.099),
    others=st.integers(0, 4),
)
def test_several_works_use_no_more_than_the_quota_and_all_of_them_end(
    works: list[float], quota: float, phase: float, others: int
) -> None:
    """Never more than two slices ahead of the quota, and late by no more than a period each."""
    env = Environment()
    cpu = SharedCapacity(env, 2.0)
    limited = CpuQuota(env, cpu.group(cap=quota), quota, period=0.1, phase=phase)
    for _ in range(others):
        cpu.group().run(1.0, cap=1.0)
    jobs: list[Job] = []

    def later(number: int, work: float) -> Generator[Event, Any, None]:
        yield env.timeout(0.03 * number)
        jobs.append(limited.run(work, cap=1.0))
        yield jobs[-1]

    env.run(env.all_of([env.process(later(*each)) for each in enumerate(works)]))

    assert sum(works) <= quota * (env.now + 2 * 0.1) + 1e-5
    if not others:
        latest = max(sum(works) / min(quota, 2.0), *works) / min(1.0, quota)
        assert env.now <= latest + 0.03 * len(works) + 0.1 * len(works) + CLOSE
    assert all(job.processed or job.triggered for job in jobs)


def test_under_contention_the_burst_waits_like_anyone() -> None:
    """With one thread beside it on one CPU, 0.04 core-seconds of a slice of 50 ms take 80 ms."""
    env = Environment()
    cpu = SharedCapacity(env, 1.0)
    limited = CpuQuota(env, cpu.group(cap=0.5), 0.5, period=0.1, phase=0.09)
    cpu.group().run(10.0, cap=1.0)
    env.run(limited.run(0.04, cap=1.0))

    assert env.now == pytest.approx(0.08, abs=CLOSE)


@pytest.mark.parametrize("crowd", [8, 40, 400])
def test_periods_are_not_gone_through_one_by_one(crowd: int) -> None:
    """However long it takes in a crowd, 1 s or 40: it ends as the fluid law says, in few events."""
    env = Environment()
    cpu = SharedCapacity(env, 2.0)
    for number in range(crowd):
        phase = 0.1 * number / crowd
        limited = CpuQuota(env, cpu.group(cap=0.25), 0.25, period=0.1, phase=phase)
        limited.run(0.2, cap=1.0)
    env.run()

    assert env.now == pytest.approx(max(0.2 / 0.25, 0.2 * crowd / 2), rel=0.15)
    assert next(env._eid) / crowd < 4


def test_a_second_work_finds_the_slice_used() -> None:
    """40 of 50 ms are gone: 20 more core-ms take 10, then the next period (phase 70), then 10."""
    env = Environment()
    cpu = SharedCapacity(env, 1.0)
    limited = CpuQuota(env, cpu.group(cap=0.5), 0.5, period=0.1, phase=0.07)
    env.run(limited.run(0.04, cap=1.0))
    env.run(limited.run(0.02, cap=1.0))

    assert env.now == pytest.approx(0.08, abs=CLOSE)


def test_the_cap_is_the_quota_again_when_nothing_runs() -> None:
    """So that what is served later is held to it."""
    env = Environment()
    group = SharedCapacity(env, 4.0).group(cap=0.5)
    limited = CpuQuota(env, group, 0.5, period=0.1, phase=0.0)
    env.run(limited.run(0.3, cap=1.0))

    assert group.cap == 0.5


def test_a_slice_of_an_ancestor_counts_too() -> None:
    """The parent's 25 ms a period bind, not the child's 100."""
    env = Environment()
    parent = SharedCapacity(env, 2.0).group(cap=0.25)
    above = CpuQuota(env, parent, 0.25, period=0.1, phase=0.05)
    below = CpuQuota(env, parent.group(cap=1.0), 1.0, period=0.1, phase=0.0, above=above)
    env.run(below.run(0.09, cap=1.0))

    assert env.now == pytest.approx(0.05 + 0.2 + 0.015, abs=CLOSE)


@pytest.mark.parametrize("killed_at", [0.02, 0.06, 0.15, 0.4])
def test_who_is_killed_leaves_nothing_behind(killed_at: float) -> None:
    """In a burst, while it is throttled, in whole periods: the CPU is idle afterwards."""
    box = machine(vcpu=4.0, quota_period=0.1)
    world = World(1)
    live = docker(box).deploy(world)
    start = live.launch(service(app=app(cpu=1.0), cpu=0.5))[0]
    world.env.run(0.5 + killed_at)
    live.stop(start)
    world.env.run()

    assert str(start.value) == "killed: stopped"
    assert live.hosts()[0].cpu.rate == 0.0


def test_who_is_stopped_in_the_wait_after_its_work_leaves_nothing_behind() -> None:
    """Its work is done, the five seconds after it are not; others share the host."""
    world = World(1)
    live = docker(machine(quota_period=0.1)).deploy(world)
    starts = live.launch(service(cpu=0.5, app=app(cpu=1.0, wait=5.0, threads=2)), 3)
    world.env.run(until=5.0)
    assert [start.state for start in starts] == ["app"] * 3
    live.stop(starts[0])
    world.env.run()

    assert outcomes(starts) == ["killed: stopped", "ready", "ready"]


def test_a_start_under_a_quota_is_sooner_with_a_period_and_needs_few_events() -> None:
    """On a host of round numbers 0.9 core-seconds at half a vCPU; without a quota all is as was."""
    fluid, period = machine(), machine(quota_period=0.1)
    what = service(app=app(cpu=0.9), cpu=0.5)
    free = service(app=app(cpu=0.9), cpu=0.5, cpu_quota=False)
    slow, _, _ = launch(docker(fluid), what)
    quick, _, starts = launch(docker(period), what)

    assert outcomes(starts) == ["ready"]
    seconds = [length(w.record, "start") + length(w.record, "app") for w in (quick, slow)]
    assert 2.3 - 0.1 < seconds[0] < seconds[1] == pytest.approx(2.3)
    assert next(quick.env._eid) - next(slow.env._eid) <= 12
    worlds = [launch(docker(box), free)[0] for box in (fluid, period)]
    assert len({next(world.env._eid) for world in worlds}) == 1
    assert len({length(world.record, "app") for world in worlds}) == 1


def test_phases_differ_from_start_to_start_and_are_reproduced() -> None:
    """Each container has its own, uniform over the period; the same seed draws the same."""
    what = service(app=app(cpu=0.3, private=0.0), cpu=0.25)
    box = machine(vcpu=64.0, quota_period=0.1)

    def lengths(seed: int) -> list[float]:
        world, _, _ = launch(docker(box, runtime=runtime(start=Step())), what, 30, seed=seed)
        return sorted(length(world.record, "app", task) for task in range(30))

    assert lengths(1) == lengths(1) != lengths(2)
    assert 1.124 < lengths(1)[0] < 1.14
    assert 1.18 < lengths(1)[-1] < 1.201


@given(
    work=st.floats(0.05, 1.0),
    quota=st.floats(0.1, 1.5),
    phase=st.floats(0.0, 0.09),
    comes=st.floats(0.001, 3.0),
)
def test_company_finds_a_lone_job_where_its_plan_had_brought_it(
    work: float, quota: float, phase: float, comes: float
) -> None:
    """Watched from the beginning, it goes through its periods; either way it ends alike."""
    ends = []
    for watched in (False, True):
        env = Environment()
        cpu = SharedCapacity(env, 2.0)
        limited = CpuQuota(env, cpu.group(cap=quota), quota, period=0.1, phase=phase)
        job = limited.run(work, cap=2.0)
        if watched:
            assert cpu.rate >= 0.0
        env.run(until=comes)
        left = job.remaining
        other = cpu.run(0.5)
        env.run(other)
        env.run()
        ends.append((left, cpu.busy_integral))

    assert ends[0] == pytest.approx(ends[1], abs=1e-5)


@pytest.mark.parametrize("at", [1e6, 2.0**22, 3e7, 3e8])
def test_a_start_takes_as_long_whenever_it_begins(at: float) -> None:
    """Also in ten years, where a float's step is above a billionth of a second."""
    what = service(cpu=0.5, app=app(cpu=1.3))
    platform = docker(machine(vcpu=2.0, quota_period=0.1))

    def ready(begins: float) -> float:
        world = World(1, 0)
        live = platform.deploy(world)
        if begins:
            world.env.run(until=begins)
        starts = live.launch(what, 3)
        world.env.run(until=begins + 1000.0)
        assert outcomes(starts) == ["ready"] * 3
        return max(length(world.record, "app", task) for task in range(3))

    period = 0.1  # which of them it begins in differs
    assert ready(at) == pytest.approx(ready(0.0), abs=period + 1e-6)
