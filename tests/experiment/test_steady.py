"""Steady state: MSER-5 by its definition, refusals, and intervals that cover what they should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import app, docker, image, machine, service

from sim.core.world import World
from sim.experiment import Poisson, Scenario, replicate
from sim.experiment.statistics.estimate import TooFew
from sim.experiment.statistics.steady_state import NotSteady, mser5, steady_mean
from sim.units import MiB
from sim.workload import Load, Requests, alone, draw_requests


def by_definition(series: list[float]) -> int:
    """White 1997, word for word: for every d the sum anew; the first of equals."""
    z = [sum(series[5 * i : 5 * i + 5]) / 5 for i in range(len(series) // 5)]
    n = len(z)

    def error(d: int) -> float:
        kept = z[d:]
        middle = sum(kept) / len(kept)
        return sum((x - middle) ** 2 for x in kept) / (n - d) ** 2

    return 5 * min(range(n // 2 + 1), key=error)


@given(
    st.integers(50, 300),
    st.integers(0, 2**32 - 1),
    st.floats(0.0, 20.0),
    st.floats(0.01, 0.5),
    st.floats(-1e4, 1e4),
)
def test_mser5_is_its_definition(
    length: int, seed: int, step: float, settling: float, level: float
) -> None:
    """A transient of any size on noise around any level: the same cut as by brute force."""
    k = np.arange(length)
    noise = np.random.default_rng(seed).normal(level, 1.0, length)
    series = (noise + step * np.exp(-settling * k)).tolist()
    expected = by_definition(series)

    if expected == 5 * (length // 5 // 2):
        with pytest.raises(NotSteady):
            mser5(series)
    else:
        assert mser5(series) == expected


def test_mser5_cuts_a_step_where_it_is() -> None:
    """Twenty values of 10, then eighty of 1 or 2: the twenty go, and nothing else."""
    assert mser5([10.0] * 20 + [1.0, 2.0] * 40) == 20


def test_mser5_takes_whole_batches_and_leaves_the_rest() -> None:
    """The first 20 go where 17 are slow; three values at the end belong to no batch."""
    assert mser5([9.0] * 17 + [1.0] * 83 + [100.0] * 3) == 20


def test_a_constant_series_has_no_warm_up() -> None:
    """Every cut is as good: the first of equals is none."""
    assert mser5([3.0] * 60) == 0


@pytest.mark.parametrize("length", [0, 5, 49])
def test_a_short_series_is_refused(length: int) -> None:
    """Ten batches of five are the least."""
    with pytest.raises(TooFew, match="at least 50"):
        mser5([1.0] * length)


def test_a_series_that_still_settles_is_refused_by_name() -> None:
    """A ramp has no steady state."""
    flat, ramp = [1.0, 2.0] * 50, list(range(100))
    with pytest.raises(NotSteady, match=r"wait: .*run longer"):
        steady_mean("wait", [flat, ramp])


def test_the_same_warm_up_goes_from_every_replication() -> None:
    """It is found in their mean, value by value; the longer one keeps its end."""
    short, long = [9.0] * 10 + [1.0, 3.0] * 30, [5.0] * 10 + [2.0, 4.0] * 40
    found = steady_mean("wait", [short, long])

    assert (found.deleted, found.lengths) == (10, (70, 90))
    assert found.estimate.value == pytest.approx((2.0 + 3.0) / 2)


def test_the_pull_of_the_first_start_is_warm_up() -> None:
    """Poisson starts on one host: those that wait for the image are cut, the others are equal."""
    web = service(cpu=0.25, memory=MiB, image=image(20 * MiB), app=app(wait=1.0))
    platform = docker(machine(vcpu=400.0, memory=10_000 * MiB))
    arrivals = (Poisson(service=web, tasks=100, per_second=1.0),)
    results = replicate(Scenario(name="x", platform=platform, arrivals=arrivals), times=5, seed=1)
    steady = results.steady("time_to_ready_s")
    warm = results.starts().query("task >= 50")["time_to_ready_s"]

    assert steady.estimate.value == pytest.approx(warm.mean(), rel=1e-3)
    assert results.estimate("time_to_ready_s").value > 1.02 * steady.estimate.value
    assert 0 < steady.deleted < 50


def test_use_of_a_host_in_steady_state_follows_little() -> None:
    """Tasks come at 0.5 a second, take half a core-second to start, then half a vCPU for 20 s."""
    web = service(cpu=1.0, memory=MiB, app=app(), load=Load(share=0.5, request_cpu=0.5))
    scenario = Scenario(
        name="x",
        platform=docker(machine(vcpu=400.0, memory=10_000 * MiB)),
        arrivals=(Poisson(service=web, tasks=200, per_second=0.5),),
        serve=20.0,
        sample_every=1.0,
        until=300.0,
    )
    results = replicate(scenario, times=6, seed=3)
    found, naive = results.steady("cpu"), results.samples.query("resource == 'cpu'")["used"].mean()
    expected = 0.5 * (0.5 + 0.5 * 20.0)
    assert found.estimate.low is not None
    reach = found.estimate.value - found.estimate.low

    assert 10 <= found.deleted <= 100
    assert found.estimate.value == pytest.approx(expected, abs=1.5 * reach)
    assert reach < 0.1 * expected
    assert naive < found.estimate.value


def test_an_unknown_metric_is_named_with_the_known_ones() -> None:
    """Times of starts, and resources that were sampled."""
    web = service(cpu=1.0, memory=MiB, app=app())
    scenario = Scenario(
        name="x", platform=docker(), arrivals=(Poisson(service=web, tasks=1, per_second=1.0),)
    )
    with pytest.raises(ValueError, match=r"metric: 'cpu' is not known; known: time_to_running_s"):
        replicate(scenario, times=1).steady("cpu")


def sojourns(seed: int, replication: int, requests: int, rho: float) -> list[float]:
    """The first requests of an M/M/1 queue that begins empty, by processor sharing.

    Those behind them arrive too: without them the last ones would have the processor to themselves.
    """
    window = 1.5 * requests / rho + 200.0
    load = Load(share=rho, request_cpu=1.0)
    drawn = draw_requests(World(seed, replication), 0, load, 1.0, window)
    more = Requests(times=drawn.times[: requests + 100], work=drawn.work[: requests + 100])
    assert len(more.times) == requests + 100
    return alone(more, 1.0, 1.0)[:requests]


def coverage(experiments: int, replications: int, requests: int, rho: float) -> float:
    """The share of experiments whose 95% interval holds the true mean sojourn, 1 / (1 - rho).

    It is that of M/M/1 in any order that does not look at the work.
    """
    covered = 0
    for seed in range(experiments):
        runs = [sojourns(seed, number, requests, rho) for number in range(replications)]
        found = steady_mean("sojourn", runs).estimate
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 1.0 / (1.0 - rho) <= found.high
    return covered / experiments


def test_intervals_on_mm1_cover_its_mean() -> None:
    """95% of 60 experiments of 20 replications do, within three standard errors."""
    assert abs(coverage(60, 20, 400, 0.5) - 0.95) <= 3 * (0.95 * 0.05 / 60) ** 0.5


@pytest.mark.long
def test_intervals_on_mm1_cover_its_mean_in_92_to_98_percent_of_500_experiments() -> None:
    """Thirty replications of 3,000 requests each, at a load of 0.7."""
    assert 0.92 <= coverage(500, 30, 3000, 0.7) <= 0.98
