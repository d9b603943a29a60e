"""Estimates: known answers, coverage that holds, and refusals where the sample is too small."""

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim import Burst, Scenario, catalog, replicate
from sim.experiment.frames import lengths, phase_table, phases_around
from sim.experiment.statistics.estimate import (
    TooFew,
    independent_quantile,
    mean,
    needed,
    order_ranks,
    quantile,
    quantile_over_runs,
)


@pytest.mark.parametrize(
    ("q", "n"), [(0.5, 2), (0.75, 4), (0.9, 10), (0.95, 20), (0.99, 100), (0.05, 20)]
)
def test_a_quantile_is_given_from_one_start_beyond_it(q: float, n: int) -> None:
    """n (1 - q) >= 1: p95 from 20, p99 from 100, and refused below."""
    assert needed(q) == n
    assert quantile(range(n), q) >= 0
    with pytest.raises(TooFew, match=f"of {n - 1} starts: at least {n} are needed"):
        quantile(range(n - 1), q)


def test_a_quantile_is_a_value_of_the_sample() -> None:
    """p95 of 1..20 is 19, the median of 1..4 is 2: order statistics, nothing in between."""
    assert quantile(range(1, 21), 0.95) == 19.0
    assert quantile([4, 2, 3, 1], 0.5) == 2.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=20, max_size=60), st.floats(0.05, 0.95))
def test_at_least_a_share_q_is_at_or_below_the_q_quantile(values: list[float], q: float) -> None:
    """And less than q is below it."""
    value = quantile(values, q)

    assert value in values
    assert np.mean(np.array(values) <= value) >= q - 1e-9
    assert np.mean(np.array(values) < value) <= q + 1e-9


def test_a_mean_has_its_t_interval() -> None:
    """1, 2, 3: mean 2, half-width 4.3027 / sqrt(3)."""
    estimate = mean("m", [1.0, 2.0, 3.0])

    assert (estimate.value, estimate.n) == (2.0, 3)
    assert estimate.high is not None
    assert estimate.high - 2.0 == pytest.approx(4.302653 / 3**0.5)
    assert estimate.low == pytest.approx(4.0 - estimate.high)


def test_a_single_value_has_no_interval_and_none_has_no_mean() -> None:
    """A dash instead of a made-up width."""
    single = mean("m", [5.0])

    assert (single.value, single.low, single.high) == (5.0, None, None)
    assert "interval -" in str(single)
    with pytest.raises(TooFew, match="m"):
        mean("m", [])


def test_the_interval_of_the_mean_covers_it_as_often_as_it_says() -> None:
    """95% of 1,000 samples of 10 normal values do, within four standard errors."""
    draw = np.random.default_rng(1)
    covered = 0
    for _ in range(1000):
        estimate = mean("m", draw.normal(3.0, 2.0, 10))
        covered += estimate.low <= 3.0 <= estimate.high  # type: ignore[operator]

    assert abs(covered - 950) <= 4 * (1000 * 0.95 * 0.05) ** 0.5


@pytest.mark.parametrize(("n", "given_"), [(20, False), (58, False), (59, True), (200, True)])
def test_p95_has_an_interval_from_59_values_on(n: int, given_: bool) -> None:
    """1 - 0.95^59 is the first above 0.95."""
    estimate = independent_quantile("p95", range(n), 0.95)

    assert (estimate.low is not None) == given_
    assert (estimate.high is not None) == given_


@pytest.mark.parametrize(("q", "n"), [(0.5, 30), (0.95, 59), (0.95, 100), (0.95, 200), (0.9, 60)])
def test_the_interval_of_a_quantile_covers_it_at_least_as_often_as_it_says(
    q: float, n: int
) -> None:
    """Distribution-free, so an exponential will do: 95% or more, less four standard errors."""
    draw = np.random.default_rng(2)
    true = stats.expon.ppf(q)
    covered = 0
    for _ in range(600):
        estimate = independent_quantile("q", draw.exponential(1.0, n), q)
        covered += estimate.low <= true <= estimate.high  # type: ignore[operator]

    assert covered >= 600 * 0.95 - 4 * (600 * 0.95 * 0.05) ** 0.5


@given(st.lists(st.floats(0, 1e6), min_size=59, max_size=120))
def test_an_interval_holds_its_value(values: list[float]) -> None:
    """Low, value, high in this order."""
    estimate = independent_quantile("p95", values, 0.95)

    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low <= estimate.value <= estimate.high


def spans(starts: list[tuple[float, float, float]]) -> pd.DataFrame:
    """Starts of three phases: pull, start, app."""
    found = []
    for task, parts in enumerate(starts):
        now = 0.0
        for phase, length in zip(("pull", "start", "app"), parts, strict=True):
            found.append(("v", 0, task, phase, now, now + length))
            now += length
    return pd.DataFrame(found, columns=["variant", "run", "task", "phase", "start_s", "end_s"])


LENGTHS = st.lists(st.tuples(*[st.floats(0.0, 100.0)] * 3), min_size=20, max_size=150)


@given(LENGTHS, st.sampled_from([0.5, 0.95]))
def test_phases_of_the_start_at_a_quantile_sum_to_its_total(
    starts: list[tuple[float, float, float]], q: float
) -> None:
    """Mean phases of real starts do; percentiles of parts would not. Running leaves out `app`."""
    table = phase_table(spans(starts), q)
    totals = sorted(sum(parts) for parts in starts)
    parts = table["pull"] + table["start"] + table["app"]

    assert list(table) == ["pull", "start", "app", "running", "total"]
    assert table["total"] == pytest.approx(parts, abs=1e-9)
    assert table["running"] == pytest.approx(table["total"] - table["app"], abs=1e-9)
    assert totals[0] - 1e-9 <= table["total"] <= totals[-1] + 1e-9


def test_of_few_starts_the_nearest_one_is_shown() -> None:
    """p95 of totals 1..20 is the start of 19 s, with the phases that it had."""
    table = phase_table(spans([(0.0, float(n), 1.0) for n in range(20)]), 0.95)

    assert table == {"pull": 0.0, "start": 18.0, "app": 1.0, "running": 18.0, "total": 19.0}


def test_of_many_starts_those_around_the_quantile_are_averaged() -> None:
    """The totals between p94 and p96 of 1..1000 are 20, around 950 s."""
    starts = [(float(n % 2), float(n), 1.0 - n % 2) for n in range(1000)]
    table = phase_table(spans(starts), 0.95)

    assert table["total"] == pytest.approx(950.5, abs=1.0)
    assert table["pull"] == pytest.approx(0.5, abs=0.06)


def test_tiles_of_one_name_are_summed() -> None:
    """A pod with a sidecar pulls twice: 6 s + 8 s of pull, 15 s in all; a mean would say 8 s."""
    tiles = pd.DataFrame(
        [("v", run, 0, *tile) for run in (0, 1) for tile in TWO_PULLS],
        columns=["variant", "run", "task", "phase", "start_s", "end_s"],
    )
    table = phase_table(tiles, 0.5)

    assert table == {"pull": 14.0, "app": 1.0, "running": 14.0, "total": 15.0}
    assert phases_around(lengths(tiles), 0.5).to_dict() == {"pull": 14.0, "app": 1.0}


TWO_PULLS = [("pull", 0.0, 6.0), ("pull", 6.0, 14.0), ("app", 14.0, 15.0)]


def test_phases_of_a_pod_with_a_sidecar_sum_to_its_median() -> None:
    """Node.js with a Java sidecar under EKS: both images are pulled before the pod is ready."""
    node = replace(catalog.service("node"), sidecars=(catalog.service("java"),))
    scenario = Scenario(
        name="pod",
        platform=catalog.eks(),
        arrivals=(Burst(service=node),),
    )
    results = replicate(scenario, times=20, seed=1)
    summary = results.summary.set_index("phase")["p50_s"]
    median = results.estimate("time_to_ready_s", quantile=0.5).value

    assert len(results.tiling().query("run == 0 and phase == 'pull'")) == 2
    assert summary["total"] == pytest.approx(median, abs=1e-9)
    assert summary.drop(["running", "total"]).sum() == pytest.approx(median, abs=1e-9)
    assert f"median {median:.1f} s" in results.sentence()


def test_too_few_starts_have_no_p95() -> None:
    """As the quantile itself."""
    with pytest.raises(TooFew, match="at least 20"):
        phase_table(spans([(1.0, 1.0, 1.0)] * 19), 0.95)


@given(st.integers(1, 200), st.floats(0.01, 0.99))
def test_order_ranks_hold_the_quantile_with_95_percent(n: int, q: float) -> None:
    """Summed by hand: the number of values up to the quantile is binomial; no closer rank does."""
    ranks = order_ranks(n, q)
    if ranks is None:
        assert q**n + (1.0 - q) ** n > 0.05
        return
    low, high = ranks
    below = [math.comb(n, k) * q**k * (1.0 - q) ** (n - k) for k in range(n + 1)]

    assert 1 <= low < high <= n
    assert sum(below[low:high]) >= 0.95 - 1e-9
    if low > 1 and high < n:
        assert sum(below[: low + 1]) > 0.025 - 1e-9
        assert sum(below[high - 1 :]) > 0.025 - 1e-9


@pytest.mark.parametrize(("n", "q"), [(30, 0.5), (100, 0.5), (200, 0.95), (300, 0.1)])
def test_order_ranks_are_those_of_scipy_where_both_sides_are_equal(n: int, q: float) -> None:
    """`quantile_test` inverts the same binomial."""
    found = stats.quantile_test(np.arange(1, n + 1), q=0, p=q).confidence_interval(0.95)

    assert order_ranks(n, q) == (found.low, found.high)


def test_values_of_one_run_are_not_taken_as_independent() -> None:
    """Thirty runs of twenty equal values are thirty values, whatever their number says."""
    of_run = np.random.default_rng(3).normal(10.0, 1.0, 30)
    values = pd.Series(np.repeat(of_run, 20), index=np.repeat(np.arange(30), 20))
    found = quantile_over_runs("wait p50", values, 0.5)

    assert found.n == 30
    assert found.value == quantile(of_run, 0.5)
    assert (found.low, found.high) == (np.sort(of_run)[9], np.sort(of_run)[20])


def test_runs_with_too_few_values_have_a_quantile_of_all_without_an_interval() -> None:
    """Five values a run have no p95 of their own; a hundred together do."""
    values = pd.Series(np.arange(100.0), index=np.repeat(np.arange(20), 5))
    found = quantile_over_runs("wait p95", values, 0.95)

    assert (found.value, found.n, found.low) == (94.0, 100, None)


def test_the_interval_over_runs_covers_the_middle_of_their_p95() -> None:
    """Runs that share a delay of their own: 95% or more, less four standard errors of 300."""
    draw = np.random.default_rng(4)
    own = [np.quantile(draw.normal(0, 1, 25), 0.95, method="inverted_cdf") for _ in range(20_000)]
    true = float(np.median(np.asarray(own) + draw.normal(0, 3, 20_000)))
    covered = 0
    for _ in range(300):
        sample = draw.normal(0, 1, (15, 25)) + draw.normal(0, 3, (15, 1))
        values = pd.Series(sample.ravel(), index=np.repeat(np.arange(15), 25))
        found = quantile_over_runs("p95", values, 0.95)
        covered += found.low <= true <= found.high  # type: ignore[operator]

    assert covered >= 300 * 0.95 - 4 * (300 * 0.95 * 0.05) ** 0.5


@pytest.mark.parametrize("q", [0.25, 0.5, 0.95, 0.99])
@pytest.mark.parametrize("n", [400, 1000, 100_000])
def test_ranks_are_quantiles_of_the_binomial(n: int, q: float) -> None:
    """Each side misses with 2.5% at most, as `scipy.stats` has it."""
    number = stats.binom(n, q)

    assert order_ranks(n, q) == (int(number.ppf(0.025)), int(number.isf(0.025)) + 1)


def test_an_interval_needs_no_scipy_stats() -> None:
    """Its import takes longer than most answers; the quantile is the same."""
    code = (
        "import sys; from sim.experiment.statistics.estimate import independent_quantile, mean;"
        "independent_quantile('p95', range(59), 0.95);"
        "print(mean('m', [1.0, 2.0, 4.0]).high, 'scipy.stats' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    high, imported = said.stdout.split()
    reach = stats.t.ppf(0.975, 2) * stats.sem([1.0, 2.0, 4.0])

    assert imported == "False"
    assert float(high) == pytest.approx(7.0 / 3.0 + reach)
