"""The sharing law: known answers, what leaves it clean, and what it refuses."""

from __future__ import annotations

import gc
import math
import random
from collections.abc import Callable, Iterator

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from sim.sharing import Group, Job, SharedCapacity, max_min_shares

POSITIVE = st.floats(0.01, 100.0)


@pytest.fixture
def env() -> simpy.Environment:
    """A clock at zero."""
    return simpy.Environment()


def test_a_job_of_twice_the_weight_gets_two_thirds(env: simpy.Environment) -> None:
    """Shares go by weight; what one leaves when it ends, the other gets."""
    cpu = SharedCapacity(env, 3.0)
    light, heavy = cpu.run(2.0), cpu.run(2.0, weight=2.0)

    assert (light.rate, heavy.rate) == (1.0, 2.0)
    env.run(until=heavy)
    assert env.now == 1.0
    assert (light.rate, light.remaining) == (3.0, 1.0)
    env.run(until=light)
    assert env.now == pytest.approx(4 / 3, rel=1e-15)


def test_a_delay_follows_the_work_and_uses_nothing(env: simpy.Environment) -> None:
    """Known answer: 2 of work alone and 3 of delay end at 5; who comes meanwhile has it all."""
    cpu = SharedCapacity(env, 1.0)
    first = cpu.group(cap=4.0).run(2.0, delay=3.0)
    env.run(until=2.5)
    assert (first.remaining, cpu.busy_integral, first.triggered) == (0.0, 2.0, False)
    second = cpu.run(1.0)
    assert (second.rate, cpu.busy_integral) == (1.0, 2.0)
    with pytest.raises(ValueError, match="job: it has finished"):
        first.update(cap=1.0)
    env.run(until=second)
    assert env.now == 3.5
    env.run(until=first)
    assert (env.now, cpu.busy_integral) == (5.0, 3.0)


def test_a_delay_is_as_long_among_others(env: simpy.Environment) -> None:
    """Two jobs of 1 on one core end their work at 2; a delay alone is no work."""
    cpu = SharedCapacity(env, 1.0)
    jobs = [cpu.run(1.0, delay=3.0), cpu.run(1.0), cpu.run(0.0, delay=0.5)]
    times: list[float] = []
    for job in jobs:
        job.callbacks.append(lambda _: times.append(env.now))
    env.run()

    assert times == [0.5, 2.0, 5.0]


def test_a_job_alone_gets_the_least_cap_above_it(env: simpy.Environment) -> None:
    """Whatever the weights; what it has left is known on the way, and when it is joined."""
    cpu = SharedCapacity(env, 8.0)
    job = cpu.group(cap=4.0, weight=0.1).group(cap=2.0).run(8.0, cap=3.0)
    env.run(until=1.0)
    assert (job.remaining, cpu.busy_integral) == (6.0, 2.0)
    assert (job.rate, cpu.rate) == (2.0, 2.0)
    cpu.run(100.0)
    assert job.cancel() == 6.0
    assert not job.triggered


def test_a_host_job_gets_what_a_capped_vm_leaves(env: simpy.Environment) -> None:
    """No capacity idles while a job could use it, whichever floor of the tree it is on."""
    host = SharedCapacity(env, 8.0)
    vm = host.group(weight=100.0, cap=4.0)
    tasks = [vm.run(10.0, cap=1.0) for _ in range(2)]
    container = vm.group(weight=1.0, cap=1.0)
    inside = [container.run(10.0) for _ in range(4)]
    outside = host.run(10.0)

    assert [task.rate for task in tasks] == [1.0, 1.0]
    assert [job.rate for job in inside] == [0.25] * 4
    assert (vm.rate, container.rate, outside.rate) == (3.0, 1.0, 5.0)


def test_a_frozen_job_keeps_its_work_and_thaws(env: simpy.Environment) -> None:
    """A cap of 0 is `docker pause`: nothing is lost, the others get its share."""
    cpu = SharedCapacity(env, 1.0)
    paused, other = cpu.run(2.0), cpu.run(2.0)
    env.run(until=2.0)
    paused.update(cap=0.0)

    assert (paused.rate, other.rate) == (0.0, 1.0)
    env.run(until=10.0)
    assert other.processed
    assert paused.remaining == 1.0
    paused.update(cap=math.inf)
    env.run(until=paused)
    assert env.now == 11.0


def test_a_frozen_group_freezes_what_is_in_it_at_any_depth(env: simpy.Environment) -> None:
    """Its cap of 0 holds for groups in it too, and what they had goes to the others."""
    cpu = SharedCapacity(env, 1.0)
    pod = cpu.group()
    job, other = pod.group().run(1.0), cpu.run(9.0)
    env.run(until=1.0)
    pod.update(cap=0.0)

    assert (job.rate, pod.rate, other.rate) == (0.0, 0.0, 1.0)
    env.run(until=5.0)
    assert job.remaining == 0.5
    pod.update(cap=0.25)
    env.run(until=job)
    assert env.now == 7.0


def test_no_work_ends_at_once(env: simpy.Environment) -> None:
    """A job of no work disturbs nobody and fires in the same instant."""
    cpu = SharedCapacity(env, 1.0)
    nothing = cpu.run(0.0)
    env.run()

    assert nothing.processed
    assert (env.now, nothing.remaining, nothing.cancel(), cpu.busy_integral) == (0, 0.0, 0.0, 0.0)


def test_equal_jobs_end_together_in_the_order_they_began(env: simpy.Environment) -> None:
    """Ties are kept, in first-come order."""
    cpu = SharedCapacity(env, 7.0)
    order: list[int] = []
    for number in range(30):
        cpu.run(0.1).callbacks.append(lambda _, number=number: order.append(number))
    env.run()

    assert order == list(range(30))
    assert env.now == pytest.approx(3.0 / 7.0, rel=1e-15)


def test_a_job_may_stop_the_run(env: simpy.Environment) -> None:
    """`run(until=job)` stops in the middle of an instant and can be resumed without loss."""
    cpu = SharedCapacity(env, 1.0)
    jobs = [cpu.run(1.0) for _ in range(4)]
    ended: list[float] = []
    for job in jobs:
        job.callbacks.append(lambda _: ended.append(env.now))
    env.run(until=jobs[1])
    env.run(until=jobs[2])
    late = cpu.run(1.0)
    env.run()

    assert ended == [4.0] * 4
    assert late.processed
    assert env.now == 5.0


def test_jobs_combine_with_other_events(env: simpy.Environment) -> None:
    """A job is a SimPy event: `|` and `&` work, and what lost can be cancelled."""
    cpu = SharedCapacity(env, 1.0)
    quick, slow = cpu.run(1.0), cpu.run(5.0)

    def race() -> Iterator[simpy.Event]:
        yield quick | slow
        assert slow.cancel() == 4.0
        yield cpu.run(1.0) & cpu.run(1.0)

    env.run(until=env.process(race()))

    assert env.now == 4.0
    assert not slow.triggered


def test_a_cancelled_job_never_fires(env: simpy.Environment) -> None:
    """Cancelling is idempotent and returns the work left each time."""
    cpu = SharedCapacity(env, 1.0)
    job = cpu.run(5.0)
    env.run(until=2.0)

    assert (job.cancel(), job.cancel(), job.remaining, job.rate) == (3.0, 3.0, 3.0, 0.0)
    env.run()
    assert not job.triggered
    assert cpu.busy_integral == 2.0


def test_a_removed_group_takes_its_jobs_along(env: simpy.Environment) -> None:
    """They never fire, whoever is left gets the capacity, and nothing can be added."""
    cpu = SharedCapacity(env, 1.0)
    vm = cpu.group()
    container = vm.group()
    inside, frozen, outside = container.run(1.0), vm.run(1.0, cap=0.0), cpu.run(2.0)
    env.run(until=1.0)
    vm.remove()
    vm.remove()

    assert (outside.rate, vm.rate, container.rate) == (1.0, 0.0, 0.0)
    assert (inside.remaining, frozen.remaining, outside.remaining) == (0.5, 1.0, 1.5)
    for group in (vm, container):
        with pytest.raises(ValueError, match="group: it was removed"):
            group.run(1.0)
    env.run()
    assert env.now == 2.5
    assert not inside.triggered


def test_a_change_inside_a_completion_is_seen_at_once(env: simpy.Environment) -> None:
    """What a finished job's waiter starts or cancels counts from the same instant."""
    cpu = SharedCapacity(env, 1.0)
    first, second, third = cpu.run(1.0), cpu.run(2.0), cpu.run(3.0)

    def waiter() -> Iterator[simpy.Event]:
        yield first
        assert (second.rate, cpu.rate, second.remaining) == (0.5, 1.0, 1.0)
        third.cancel()
        assert second.rate == 1.0
        again = cpu.run(1.0, weight=3.0)
        assert (again.rate, second.rate) == (0.75, 0.25)
        assert again.remaining == pytest.approx(1.0, rel=1e-15)
        yield again

    env.run(until=env.process(waiter()))

    assert env.now == pytest.approx(3.0 + 4.0 / 3.0, rel=1e-15)


def test_the_busy_integral_is_the_work_done(env: simpy.Environment) -> None:
    """Exact at any instant, not only at events."""
    cpu = SharedCapacity(env, 4.0)
    cpu.run(3.0, cap=1.0)
    cpu.group(cap=2.0).run(1.0)
    env.run(until=0.25)

    assert cpu.busy_integral == 0.75
    env.run()
    assert cpu.busy_integral == 4.0


def test_a_thousand_killed_waiters_leave_the_capacity_idle() -> None:
    """Leaving the block early cancels the job: nothing stays behind, no work is lost."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, 8.0)
    dice = random.Random(7)
    groups: list[Group] = [cpu, cpu.group(cap=3.0), cpu.group(weight=4.0)]
    done = 0.0

    def victim(work: float) -> Iterator[simpy.Event]:
        nonlocal done
        job: Job | None = None
        try:
            with dice.choice(groups).run(work, cap=dice.choice((1.0, math.inf))) as job:
                yield job
        except simpy.Interrupt:
            pass
        done += work - (job.remaining if job else work)

    def killer(target: simpy.Process) -> Iterator[simpy.Event]:
        yield env.timeout(dice.expovariate(0.5))
        if target.is_alive:
            target.interrupt()

    for _ in range(1000):
        env.process(killer(env.process(victim(dice.expovariate(10.0)))))
    env.run()

    assert cpu.rate == 0.0
    assert all(group.rate == 0.0 for group in groups)
    assert done == pytest.approx(cpu.busy_integral, rel=1e-12)
    assert cpu.run(8.0).rate == 8.0


def test_closing_a_waiter_after_the_run_does_nothing(env: simpy.Environment) -> None:
    """A generator collected after the run must not touch the capacity any more."""
    cpu = SharedCapacity(env, 1.0)

    def waiter() -> Iterator[simpy.Event]:
        with cpu.run(10.0) as job:
            yield job

    generator = waiter()
    job = next(generator)
    env.run(until=1.0)
    generator.close()
    gc.collect()

    assert isinstance(job, Job)
    assert (job.rate, job.remaining) == (1.0, 9.0)


def test_a_third_of_a_million_jobs_without_idling_do_not_drift() -> None:
    """The last completion is at the sum of all work over the capacity."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, 3.0)
    dice = random.Random(1)
    total: list[float] = []

    def client(jobs: int, weight: float) -> Iterator[simpy.Event]:
        for _ in range(jobs):
            work = dice.expovariate(1.0)
            total.append(work)
            yield cpu.run(work, weight=weight)

    for weight in (0.1, 0.3, 0.7):
        env.process(client(100_000, weight))
    env.run()

    assert len(total) == 300_000
    assert env.now == pytest.approx(math.fsum(total) / 3.0, rel=1e-12)
    assert cpu.busy_integral == pytest.approx(math.fsum(total), rel=1e-12)


@pytest.mark.parametrize("cap", [math.inf, 3e11, 0.05])
def test_a_heavy_job_leaves_no_trace(env: simpy.Environment, cap: float) -> None:
    """Sums of weights are not spoilt by the rounding of one a million million times as heavy."""
    cpu = SharedCapacity(env, 1.0)
    vm = cpu.group(weight=0.7)
    light = [(work, weight) for work in (1.0, 2.0, 3.0) for weight in (0.1, 0.3)]
    jobs = [vm.run(work, weight=weight) for work, weight in light]
    jobs += [vm.run(work, weight=weight, cap=50.0) for work, weight in light]
    for size in (1e12, 1e9, 1e6, 1e3, 10.0):
        vm.run(1e-6, weight=size, cap=cap)
    env.run()

    assert env.now == pytest.approx(24.0 + 5e-6, rel=1e-13)
    assert all(job.processed for job in jobs)


BAD: list[tuple[str, Callable[[Group, Job], object]]] = [
    ("work: -1.0", lambda group, _: group.run(-1.0)),
    ("work: nan", lambda group, _: group.run(math.nan)),
    ("work: inf", lambda group, _: group.run(math.inf)),
    ("delay: -1.0", lambda group, _: group.run(1.0, delay=-1.0)),
    ("delay: nan", lambda group, _: group.run(0.0, delay=math.nan)),
    ("weight: 0.0", lambda group, _: group.run(1.0, weight=0.0)),
    ("weight: -2.0", lambda group, _: group.run(1.0, weight=-2.0)),
    ("weight: nan", lambda group, _: group.run(0.0, weight=math.nan)),
    ("weight: inf", lambda group, _: group.run(1.0, weight=math.inf)),
    ("cap: -0.5", lambda group, _: group.run(1.0, cap=-0.5)),
    ("cap: nan", lambda group, _: group.run(1.0, cap=math.nan)),
    ("weight: 0.0", lambda group, _: group.group(weight=0.0)),
    ("cap: -1.0", lambda group, _: group.group(cap=-1.0)),
    ("cap: nan", lambda group, _: group.update(weight=2.0, cap=math.nan)),
    ("weight: -1.0", lambda group, _: group.update(weight=-1.0, cap=0.5)),
    ("weight: 0.0", lambda _, job: job.update(weight=0.0, cap=0.5)),
    ("cap: -1.0", lambda _, job: job.update(weight=3.0, cap=-1.0)),
    ("cap: nan", lambda _, job: job.update(cap=math.nan)),
]


@pytest.mark.parametrize(("message", "misuse"), BAD)
def test_bad_input_is_named_and_changes_nothing(
    env: simpy.Environment, message: str, misuse: Callable[[Group, Job], object]
) -> None:
    """The error says which argument and its value; rates and completions stay as they were."""
    cpu = SharedCapacity(env, 2.0)
    group = cpu.group(weight=3.0, cap=1.0)
    job, other = group.run(1.0), cpu.run(3.0)
    env.run(until=0.5)
    with pytest.raises(ValueError, match=message):
        misuse(group, job)

    assert (job.rate, other.rate, job.remaining, other.remaining) == (1.0, 1.0, 0.5, 2.5)
    env.run(until=job)
    assert env.now == 1.0
    env.run(until=other)
    assert env.now == 2.0


@pytest.mark.parametrize("capacity", [0.0, -1.0, math.nan, math.inf])
def test_a_capacity_is_positive_and_finite(env: simpy.Environment, capacity: float) -> None:
    """There is no host without a CPU, nor one without end."""
    with pytest.raises(ValueError, match=f"capacity: {capacity}"):
        SharedCapacity(env, capacity)


def test_what_is_over_cannot_be_updated(env: simpy.Environment) -> None:
    """Neither a finished or cancelled job, nor a removed group, nor the capacity itself."""
    cpu = SharedCapacity(env, 1.0)
    finished, cancelled, group = cpu.run(1.0), cpu.run(1.0), cpu.group()
    cancelled.cancel()
    group.remove()
    env.run()

    for job in (finished, cancelled):
        with pytest.raises(ValueError, match="job: it has finished"):
            job.update(cap=1.0)
    with pytest.raises(ValueError, match="group: it was removed"):
        group.update(cap=1.0)
    with pytest.raises(ValueError, match="a capacity itself cannot be updated"):
        cpu.update(cap=1.0)


@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=12), POSITIVE)
def test_shares_are_max_min_fair(jobs: list[tuple[float, float]], capacity: float) -> None:
    """All of the capacity is used or all caps are; nobody below its cap gets less by weight."""
    weights, caps = [weight for weight, _ in jobs], [cap for _, cap in jobs]
    shares = max_min_shares(weights, caps, capacity)

    assert math.fsum(shares) == pytest.approx(min(capacity, math.fsum(caps)), rel=1e-12)
    assert all(share <= cap * (1 + 1e-12) for share, cap in zip(shares, caps, strict=True))
    levels = [share / weight for share, weight in zip(shares, weights, strict=True)]
    hungry = [level for level, s, c in zip(levels, shares, caps, strict=True) if s < c * (1 - 1e-9)]
    assert not hungry or min(hungry) >= max(levels) * (1 - 1e-9)


def test_a_heavy_job_that_ends_leaves_a_light_one_its_own_weight() -> None:
    """1e17 + 1 is 1e17 in floats: once the heavy one is gone, what is left is added up anew."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, 2.0)
    heavy, light = cpu.run(4.0, weight=1e17), cpu.run(1.0)
    env.run(until=heavy)
    assert env.now == pytest.approx(2.0)
    env.run(until=light)

    assert env.now == pytest.approx(2.5)


def ladder(cpu: SharedCapacity, rungs: int = 20) -> list[Job]:
    """Jobs of many ratios, the lowest first."""
    return [cpu.run(100.0, cap=0.9 + 0.01 * rung) for rung in range(rungs)]


def test_a_job_that_is_joined_after_many_ratios_have_gone_shares_by_weight() -> None:
    """Ratios go from the highest down to one; the two who come then have 1 and 4 parts of 5."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, 1.0)
    for job in reversed(ladder(cpu)):
        job.cancel()
    light, heavy = cpu.run(1.0, cap=0.9), cpu.run(10.0, cap=8.0, weight=4.0)

    assert (light.rate, heavy.rate) == pytest.approx((0.2, 0.8))
    env.run(until=5.5)
    assert light.processed
    env.run(until=heavy)
    assert env.now == pytest.approx(11.0)
    assert cpu.busy_integral == pytest.approx(11.0)


def test_a_new_ratio_after_many_have_gone_finds_no_completion_of_before() -> None:
    """Four of one ratio stay; the first ends, then another ratio comes. It used not to end."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, 1.0)
    many = ladder(cpu)
    few = [cpu.run(1.0 + number, cap=0.9) for number in range(4)]
    for job in reversed(many):
        job.cancel()
    ends: list[float] = []
    for job in few:
        job.callbacks.append(lambda _: ends.append(env.now))
    env.run(until=5.0)
    cpu.run(10.0, cap=8.0, weight=4.0).callbacks.append(lambda _: ends.append(env.now))
    env.run(until=100.0)

    # Shares of 1/4, of 1/3, then 1/7 and 1/6 beside a weight of 4; the last gets its cap of 0.9.
    assert ends == pytest.approx([4.0, 29 / 3, 47 / 3, 119 / 6, 1081 / 54], rel=1e-12)


def test_a_heavy_job_that_comes_and_goes_leaves_many_ratios_as_they_were() -> None:
    """It turns nearly all of them at once, which is done in one piece."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, 2.0)
    caps = [0.001 + 0.00001 * number for number in range(200)]
    jobs = [cpu.run(1e3, cap=cap) for cap in caps]
    for _ in range(3):
        env.run(until=env.now + 1.0)
        heavy = cpu.run(1e6, weight=1e4)
        shares = max_min_shares([1.0] * 200 + [1e4], [*caps, math.inf], 2.0)
        assert [job.rate for job in [*jobs, heavy]] == pytest.approx(shares)
        env.run(until=env.now + 1.0)
        heavy.cancel()
        assert [job.rate for job in jobs] == pytest.approx(caps)
