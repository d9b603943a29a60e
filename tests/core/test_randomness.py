"""Streams addressed by name, and distributions with the moments that they promise."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.core.mistakes import BadDescription
from sim.core.randomness import Exponential, Lognormal, Streams, Varying, median

N = 4000
CASES: dict[str, tuple[Varying, Callable[[np.ndarray], np.ndarray]]] = {
    "lognormal": (
        Lognormal(median=3.0, spread=1.0),
        lambda x: stats.lognorm.cdf(x, math.sqrt(math.log(2.0)), scale=3.0),
    ),
    "exponential": (Exponential(mean=3.0), lambda x: stats.expon.cdf(x, scale=3.0)),
}


def draws(what: Varying, seed: int = 1, name: str = "s", n: int = N) -> np.ndarray:
    take = Streams(seed).sampler(name, what)
    return np.array([take() for _ in range(n)])


@pytest.mark.parametrize("name", CASES)
def test_draws_have_their_distribution(name: str) -> None:
    """Kolmogorov-Smirnov at the 1-in-10,000 level, with a fixed seed."""
    what, cdf = CASES[name]

    assert stats.kstest(draws(what), cdf).pvalue > 1e-4


@pytest.mark.parametrize("name", CASES)
def test_the_same_test_notices_a_distribution_a_fifth_off(name: str) -> None:
    """A case that must fail."""
    what, cdf = CASES[name]

    assert stats.kstest(1.2 * draws(what), cdf).pvalue < 1e-4


def test_spread_is_the_coefficient_of_variation() -> None:
    """Standard deviation over mean; its standard error at this size is below 0.02."""
    sample = draws(Lognormal(median=2.0, spread=0.3), n=10 * N)

    assert np.std(sample) / np.mean(sample) == pytest.approx(0.3, abs=0.012)
    assert np.median(sample) == pytest.approx(2.0, abs=4 * 1.25 * 0.6 / math.sqrt(10 * N))


def test_half_of_all_draws_are_below_the_median() -> None:
    """For each distribution; within four standard errors."""
    for what, _ in CASES.values():
        below = int(np.sum(draws(what) < median(what)))

        assert abs(below - N / 2) <= 4 * math.sqrt(N) / 2
    assert median(7.0) == 7.0


def test_no_spread_and_no_distribution_are_constant() -> None:
    """What does not vary is exactly its median."""
    assert set(draws(Lognormal(median=3.0, spread=0.0), n=5)) == {3.0}
    assert set(draws(3.0, n=5)) == {3.0}


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(0, 50), st.text(min_size=1, max_size=20))
def test_a_stream_depends_on_seed_replication_and_name_only(
    seed: int, replication: int, name: str
) -> None:
    """Whatever was drawn from other streams before."""
    fresh = Streams(seed, replication).sampler(name, Exponential(mean=1.0))
    busy = Streams(seed, replication)
    busy.sampler(name + " other", Exponential(mean=1.0))()
    late = busy.sampler(name, Exponential(mean=1.0))
    busy.generator("another").random(3)

    assert [fresh() for _ in range(70)] == [late() for _ in range(70)]


def test_names_seeds_and_replications_give_different_numbers() -> None:
    """No two of them share a stream."""
    firsts = [
        Streams(seed, replication).sampler(name, Exponential(mean=1.0))()
        for seed in (0, 1)
        for replication in (0, 1)
        for name in ("a", "b")
    ]

    assert len(set(firsts)) == 8


def test_streams_of_two_names_are_not_correlated() -> None:
    """Within four standard errors of no correlation."""
    a, b = (draws(Exponential(mean=1.0), name=name) for name in ("a", "b"))

    assert abs(np.corrcoef(a, b)[0, 1]) <= 4 / math.sqrt(N)


def test_a_stream_is_one_however_often_it_is_asked_for() -> None:
    """Two who ask for one name draw from one sequence."""
    streams, alone = Streams(1), Streams(1).sampler("s", Exponential(mean=1.0))
    one = streams.sampler("s", Exponential(mean=1.0))
    other = streams.sampler("s", Exponential(mean=1.0))

    assert [one(), other(), one()] == [alone(), alone(), alone()]


def test_one_name_has_one_distribution() -> None:
    """A name that is asked for with another distribution is a modelling mistake."""
    streams = Streams(1)
    streams.sampler("s", 1.0)
    with pytest.raises(ValueError, match="'s'"):
        streams.sampler("s", 2.0)


@pytest.mark.parametrize("wrong", [{"median": -1.0, "spread": 0.1}, {"median": 1.0}])
def test_impossible_distributions_are_refused(wrong: dict[str, float]) -> None:
    """At construction."""
    with pytest.raises(BadDescription):
        Lognormal(**wrong)
