"""Requests: Poisson arrivals of exponential work, served within the quota by the sharing law."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from worlds import app, service

from sim.core.world import World
from sim.sharing import SharedCapacity
from sim.units import MiB
from sim.workload import Load, Requests, alone, draw_requests, serve

LOAD = Load(share=0.5, request_cpu=0.01)


def served_by_the_law(requests: Requests, vcpu: float, cap: float, speed: float) -> list[float]:
    """Sojourns of the same requests in a group of a real capacity."""
    world = World()
    group = SharedCapacity(world.env, vcpu).group(cap=cap)
    sojourns = [math.nan] * len(requests.times)
    world.env.process(serve(world, requests, group, speed, sojourns.__setitem__))
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
    assert len({first, *others}) == 4


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
    group = SharedCapacity(world.env, 1.0).group()
    requests = Requests((1.0, 1.0, 5.0), (1.0, 0.5, 1.0))
    told: list[tuple[int, float]] = []
    world.env.process(serve(world, requests, group, 1.0, lambda *args: told.append(args)))
    world.env.run()

    assert told == [(1, 1.0), (0, 1.5), (2, 1.0)]


def test_a_service_reserves_its_limit_unless_told_otherwise() -> None:
    """`memory` is the hard limit; `memory_reservation` is what placement sees."""
    assert service(memory=100 * MiB).reserved == 100 * MiB
    assert service(memory=100 * MiB, memory_reservation=40 * MiB).reserved == 40 * MiB


def test_a_reservation_above_the_limit_is_refused() -> None:
    """With field, value and what is allowed."""
    with pytest.raises(ValidationError, match="memory_reservation"):
        service(memory=100 * MiB, memory_reservation=101 * MiB)


@pytest.mark.parametrize(
    ("field", "value"),
    [("cpu", 0.0), ("cpu", -1.0), ("memory", 0.0), ("host_port", 0), ("host_port", 65536)],
)
def test_sizes_out_of_range_are_refused(field: str, value: Any) -> None:
    """A modelling mistake is an error at construction that names the field."""
    with pytest.raises(ValidationError, match=field):
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
    with pytest.raises(ValidationError):
        Load(**{"share": 0.5, "request_cpu": 0.01, **wrong})
