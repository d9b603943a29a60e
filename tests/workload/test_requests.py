"""Requests: Poisson arrivals of exponential work, served within the quota by the sharing law."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from worlds import app, service

from sim import Burst, Scenario, catalog
from sim.core.mistakes import BadDescription
from sim.core.world import World
from sim.host.cpu_quota import CpuMax
from sim.sharing import SharedCapacity
from sim.units import GiB, MiB
from sim.workload import Load, Requests, RequestServer, alone, draw_requests, serve
from sim.workload.requests import serving

LOAD = Load(share=0.5, request_cpu=0.01)


def served_by_the_law(requests: Requests, vcpu: float, cap: float, speed: float) -> list[float]:
    """Sojourns of the same requests in a group of a real capacity."""
    world = World()
    group = SharedCapacity(world.env, vcpu).group(cap=cap)
    server = RequestServer(world.env, group, vcpus=vcpu, core_speed=speed)
    sojourns = [math.nan] * len(requests.times)
    world.env.process(serve(world, requests, server, sojourns.__setitem__))
    world.env.run()
    return sojourns


REQUESTS = st.lists(
    st.tuples(st.floats(0.0, 10.0), st.floats(1e-4, 3.0)), min_size=1, max_size=25
).map(lambda pairs: Requests(*(tuple(column) for column in zip(*sorted(pairs), strict=True))))


@given(REQUESTS, st.floats(0.05, 4.0), st.floats(0.5, 2.0))
def test_alone_is_what_the_sharing_law_gives(requests: Requests, cap: float, speed: float) -> None:
    """The closed form equals the same requests served by a capacity that nobody else uses."""
    by_law = served_by_the_law(requests, 64.0, cap, speed)

    assert alone(requests, cap, speed) == pytest.approx(by_law, rel=1e-6, abs=1e-9)


@given(REQUESTS, st.floats(0.5, 2.0))
def test_alone_without_a_quota_is_the_work_itself(requests: Requests, speed: float) -> None:
    """With a vCPU for every request each takes its work over the speed of a core."""
    expected = [work / speed for work in requests.work]

    assert alone(requests, math.inf, speed) == pytest.approx(expected)


@given(REQUESTS, st.floats(0.05, 2.0), st.floats(0.05, 2.0))
def test_a_larger_quota_is_never_slower(requests: Requests, one: float, other: float) -> None:
    """Every single request ends no later within the larger quota."""
    small, large = sorted((one, other))
    pairs = zip(alone(requests, large, 1.0), alone(requests, small, 1.0), strict=True)

    assert all(quick <= slow * (1 + 1e-9) for quick, slow in pairs)


def test_two_requests_share_a_quota() -> None:
    """1 and 1 core-second at once in half a vCPU both take 4 s; alone each would take 2 s."""
    assert alone(Requests((0.0, 0.0), (1.0, 1.0)), 0.5, 1.0) == pytest.approx([4.0, 4.0])
    assert alone(Requests((0.0, 9.0), (1.0, 1.0)), 0.5, 1.0) == pytest.approx([2.0, 2.0])


def test_a_request_uses_one_thread() -> None:
    """4 vCPUs do not speed up a single request, and hold four without a queue."""
    assert alone(Requests((0.0,), (3.0,)), 4.0, 1.0) == [3.0]
    assert alone(Requests((0.0,) * 4, (3.0,) * 4), 4.0, 1.0) == pytest.approx([3.0] * 4)
    assert alone(Requests((0.0,) * 8, (3.0,) * 8), 4.0, 1.0) == pytest.approx([6.0] * 8)


def test_no_request_is_none() -> None:
    """An empty stream has no sojourn."""
    assert alone(Requests((), ()), 1.0, 1.0) == []


def test_rate_is_load_times_cpu_over_work() -> None:
    """Half of 2 vCPUs at 10 ms a request is 100 requests a second, 1 vCPU on a core of speed 1."""
    assert LOAD.rate(2.0) == pytest.approx(100.0)
    assert LOAD.mean_use(2.0, 1.0) == pytest.approx(1.0)
    assert LOAD.mean_use(2.0, 2.0) == pytest.approx(0.5)


def test_requests_are_poisson_and_exponential() -> None:
    """5,000 expected arrivals and their mean work, within four standard errors."""
    requests = draw_requests(World(2), 0, LOAD, 1.0, 100.0)
    gaps = np.diff([0.0, *requests.times])
    n = len(requests.times)

    assert abs(n - 5000) <= 4 * math.sqrt(5000)
    assert abs(np.mean(requests.work) - 0.01) <= 4 * 0.01 / math.sqrt(n)
    assert abs(np.mean(gaps) - 0.02) <= 4 * 0.02 / math.sqrt(n)
    assert abs(np.std(gaps) - 0.02) <= 4 * 0.02 * math.sqrt(2 / n)
    assert list(requests.times) == sorted(requests.times)
    assert requests.times[-1] < 100.0


def test_a_test_of_the_mean_notices_a_wrong_mean() -> None:
    """The tolerance above is tight enough to fail for a mean that is a tenth off."""
    requests = draw_requests(World(2), 0, Load(share=0.5, request_cpu=0.011), 1.1, 100.0)
    n = len(requests.work)

    assert abs(np.mean(requests.work) - 0.01) > 4 * 0.01 / math.sqrt(n)


def test_requests_depend_on_task_seed_and_replication_only() -> None:
    """Drawn by name: the same wherever and whenever, different for each task, seed, replication."""
    first = draw_requests(World(1), 3, LOAD, 1.0, 5.0)
    world = World(1)
    for task in (7, 0):
        draw_requests(world, task, LOAD, 1.0, 5.0)
    others = [
        draw_requests(World(1), 4, LOAD, 1.0, 5.0),
        draw_requests(World(2), 3, LOAD, 1.0, 5.0),
        draw_requests(World(1, 1), 3, LOAD, 1.0, 5.0),
    ]

    assert draw_requests(world, 3, LOAD, 1.0, 5.0) == first
    assert len({(*each.times, *each.work) for each in (first, *others)}) == 4


def test_a_longer_window_begins_with_the_shorter_one() -> None:
    """Requests of the first seconds are the same whatever the window."""
    short, long = (draw_requests(World(1), 0, LOAD, 1.0, window) for window in (5.0, 50.0))
    n = len(short.times)

    assert long.times[:n] == pytest.approx(short.times)
    assert long.work[:n] == short.work
    assert long.times[n] >= 5.0


def test_every_request_is_served_once() -> None:
    """In order of their ends, each with its own sojourn."""
    world = World()
    server = RequestServer(world.env, SharedCapacity(world.env, 1.0).group(), vcpus=1.0)
    requests = Requests((1.0, 1.0, 5.0), (1.0, 0.5, 1.0))
    told: list[tuple[int, float]] = []
    world.env.process(serve(world, requests, server, lambda *args: told.append(args)))
    world.env.run()

    assert told == [(1, 1.0), (0, 1.5), (2, 1.0)]


def test_a_service_reserves_its_limit_unless_told_otherwise() -> None:
    """`memory` is the hard limit; `memory_reservation` is what placement sees."""
    assert service(memory=100 * MiB).reserved == 100 * MiB
    assert service(memory=100 * MiB, memory_reservation=40 * MiB).reserved == 40 * MiB


def test_a_reservation_above_the_limit_is_refused() -> None:
    """With field, value and what is allowed."""
    with pytest.raises(BadDescription, match="memory_reservation"):
        service(memory=100 * MiB, memory_reservation=101 * MiB)


@pytest.mark.parametrize(
    ("field", "value"),
    [("cpu", -1.0), ("memory", 0.0), ("host_ports", (0,)), ("host_ports", (65536,))],
)
def test_sizes_out_of_range_are_refused(field: str, value: Any) -> None:
    """A modelling mistake is an error at construction that names the field."""
    with pytest.raises(BadDescription, match=field):
        service(**{field: value})


def test_a_default_working_set_is_all_of_the_memory() -> None:
    """Private pages fill what the hot files leave: the limit is reached, not exceeded."""
    plain = service(memory=100 * MiB, app=app(hot=30 * MiB))

    assert (plain.private, plain.hot, plain.working_set) == (70 * MiB, 30 * MiB, 100 * MiB)
    assert service(app=app(private=5 * MiB, hot=30 * MiB)).working_set == 35 * MiB


def test_a_quota_caps_and_a_weight_does_not() -> None:
    """`cpu_quota=False` leaves the CPU as a weight."""
    assert service(cpu=0.5).cap == 0.5
    assert service(cpu=0.5, cpu_quota=False).cap == math.inf


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"request_cpu": 0.0}])
def test_a_load_of_nothing_is_refused(wrong: dict[str, float]) -> None:
    """A mistake is found where it is made: share and work are positive."""
    with pytest.raises(BadDescription):
        Load(**{"share": 0.5, "request_cpu": 0.01, **wrong})


PERIOD = 0.1


def by_the_server(requests: Requests, vcpus: float, threads: float, limit: CpuMax) -> list[float]:
    """Sojourns of the same requests at a live server on a capacity of its own."""
    world = World()
    group = SharedCapacity(world.env, vcpus).group(weight=3.0)
    server = RequestServer(world.env, group, vcpus=vcpus, threads=threads, cpu_max=limit)
    sojourns = [math.nan] * len(requests.times)
    world.env.process(serve(world, requests, server, sojourns.__setitem__))
    world.env.run()
    return sojourns


def in_small_steps(
    requests: Requests, vcpus: float, threads: float, limit: CpuMax, step: float
) -> list[float]:
    """The same by brute force: whoever is in service gets its part of every step."""
    left, active, queue, ended = limit.slice, [], [], [0.0] * len(requests.times)
    rest, refill, now, number = list(requests.work), limit.phase, 0.0, 0
    while number < len(rest) or active or queue:
        if now >= refill - 1e-12:
            left, refill = limit.slice, refill + limit.period
        while number < len(rest) and requests.times[number] <= now:
            queue.append(number)
            number += 1
        while queue and len(active) < threads:
            active.append(queue.pop(0))
        use = min(min(len(active), vcpus) * step, left)
        left -= use
        for each in [*active]:
            rest[each] -= use / len(active)
        now += step
        for each in [*active]:
            if rest[each] <= 1e-12:
                active.remove(each)
                ended[each] = now
    return [end - time for end, time in zip(ended, requests.times, strict=True)]


@example(Requests((0.0, 0.0), (1.0, 1.0)), 1.0, 1.0, 3.0, 1e-35)  # two at once as a period begins
@given(
    REQUESTS,
    st.floats(0.05, 1.9),
    st.sampled_from([1.0, 2.0, 4.0]),
    st.sampled_from([1.0, 3.0, math.inf]),
    st.floats(0.0, PERIOD),
)
def test_alone_under_a_quota_is_what_the_server_gives(
    requests: Requests, quota: float, vcpus: float, threads: float, phase: float
) -> None:
    """The closed form equals a live server: bursts, waits, whole periods, queue and threads."""
    limit = CpuMax(quota, PERIOD, phase)
    by_law = by_the_server(requests, vcpus, threads, limit)

    assert alone(requests, vcpus, 1.0, threads=threads, cpu_max=limit) == pytest.approx(
        by_law, rel=1e-6, abs=1e-6
    )


@pytest.mark.parametrize(
    ("quota", "threads"), [(0.25, 1.0), (0.25, math.inf), (0.5, 2.0), (1.5, math.inf)]
)
def test_a_quota_served_in_small_steps(quota: float, threads: float) -> None:
    """Brute force in steps of 0.1 ms agrees, but for a few that just miss the end of a slice."""
    generator = np.random.default_rng(7)
    times = np.cumsum(generator.exponential(0.02 / (0.6 * quota), 60))
    work = generator.exponential(0.02, 60)
    work[20] = 1.0  # many periods long
    requests, limit = Requests(tuple(times), tuple(work)), CpuMax(quota, PERIOD, 0.03)
    exact = np.array(alone(requests, 2.0, 1.0, threads=threads, cpu_max=limit))
    stepped = np.array(in_small_steps(requests, 2.0, threads, limit, 1e-4))

    assert np.quantile(np.abs(exact - stepped), 0.7) < 3e-3
    assert np.abs(exact - stepped).max() < PERIOD


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (0.020, 0.020),  # within the slice of 25 ms
        (0.060, 0.210),  # 25 ms, 25 ms, 10 ms: two periods and 10 ms
        (1.010, 4.010),  # 40 slices and 10 ms
    ],
)
def test_a_request_under_a_quota_in_closed_form(work: float, expected: float) -> None:
    """A quarter of a vCPU is a slice of 25 ms at full speed in each period of 100 ms."""
    limit = CpuMax(0.25, PERIOD, 0.0)

    assert alone(Requests((0.0,), (work,)), 8.0, 1.0, cpu_max=limit) == pytest.approx(
        [expected], abs=1e-4
    )
    assert by_the_server(Requests((0.0,), (work,)), 8.0, 1.0, limit) == pytest.approx(
        [expected], abs=1e-4
    )


def test_beside_a_busy_neighbour_the_slice_lasts_longer() -> None:
    """At half speed 25 ms of a slice last 50 ms: 30 ms of work end in the next period's 10th ms."""
    world = World()
    cpu = SharedCapacity(world.env, 1.0)
    cpu.group(weight=1.0).run(10.0, cap=1.0)
    server = RequestServer(
        world.env, cpu.group(weight=1.0), vcpus=1.0, cpu_max=CpuMax(0.25, PERIOD, 0.0)
    )
    ended: list[float] = []
    server.serve(0.030, ended.append)
    world.env.run()

    assert ended == pytest.approx([0.110], abs=1e-4)


def mean_sojourn(load: Load, threads: float, n: int = 20) -> tuple[float, float]:
    """Mean over runs at half load on one vCPU, with its standard error."""
    means = [
        float(
            np.mean(
                alone(draw_requests(World(seed), 0, load, 1.0, 200.0), 1.0, 1.0, threads=threads)
            )
        )
        for seed in range(n)
    ]
    return float(np.mean(means)), float(np.std(means, ddof=1)) / math.sqrt(n)


@pytest.mark.parametrize("variation", [0.0, 0.5, 1.0, 2.0])
def test_one_thread_is_an_m_g_1_queue(variation: float) -> None:
    """Pollaczek-Khinchine: the wait at half load is S (1 + cv^2) / 2 x rho / (1 - rho)."""
    load = Load(share=0.5, request_cpu=0.01, variation=variation)
    mean, error = mean_sojourn(load, threads=1.0)
    expected = 0.01 + 0.01 * (1 + variation**2) / 2

    assert error < 0.06 * expected
    assert abs(mean - expected) < 4 * error


@pytest.mark.parametrize("variation", [0.0, 1.0, 2.0])
def test_a_thread_a_request_does_not_care_how_work_varies(variation: float) -> None:
    """Processor sharing is insensitive: 10 ms at half load take 20 ms, whatever the spread."""
    load = Load(share=0.5, request_cpu=0.01, variation=variation)
    mean, error = mean_sojourn(load, threads=math.inf)

    assert error < 0.06 * 0.02
    assert abs(mean - 0.02) < 4 * error


@pytest.mark.parametrize("variation", [0.0, 0.5, 2.0])
def test_work_has_the_variation_it_is_given(variation: float) -> None:
    """Mean and coefficient of variation of 20,000 draws."""
    load = Load(share=0.5, request_cpu=0.01, variation=variation)
    work = load.draw_work(np.random.default_rng(3), 20_000)

    assert np.mean(work) == pytest.approx(0.01, rel=4 * variation / math.sqrt(20_000) + 1e-12)
    assert np.std(work) / np.mean(work) == pytest.approx(variation, rel=0.1, abs=1e-12)


def test_an_app_that_is_stopped_answers_no_more() -> None:
    """What it had in hand and in its queue is lost; nobody is told of it."""
    world = World()
    cpu = SharedCapacity(world.env, 1.0)
    group = cpu.group()
    server = RequestServer(world.env, group, vcpus=1.0, threads=1, cpu_max=CpuMax(0.1, 0.1, 0.0))
    ended: list[float] = []
    for _ in range(3):
        server.serve(0.05, ended.append)
    world.env.run(until=0.105)
    server.close()
    group.remove()
    world.env.run()

    assert ended == []


def test_requests_that_pile_up_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one app that is asked for more than it can do, and of several on one machine; as many
    that are served are no reason."""
    monkeypatch.setattr(serving, "MOST_WAITING", 300)
    monkeypatch.setattr(serving, "LOOK", 100)
    usual = catalog.service("node", cpu=1.0, memory=64 * MiB, cpu_quota=False)
    for share, tasks in ((100.0, 1), (0.9, 20), (0.5, 1)):
        busy = replace(usual, load=Load(share=share, request_cpu=0.01))
        scenario = Scenario(
            name="busy",
            platform=catalog.docker(catalog.custom(1.0, 64 * GiB)),
            arrivals=(Burst(service=busy, tasks=tasks),),
            serve=10.0 / share,
        )
        if share * tasks < 1.0:
            assert len(scenario.run(1, 0).request_task) > 800
        else:
            with pytest.raises(ValueError, match="serve: more than 300 requests wait at once"):
                scenario.run(1, 0)
