"""Right-sizing: the answers of those who publish the rules, and what a rule does not know."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import catalog
from sim.catalog.services.right_sizing import vertical_pod_autoscaler
from sim.units import MiB
from sim.workload.sizing.histogram import peaks
from sim.workload.sizing.rules import RightSize, confidence, with_confidence
from sim.workload.sizing.use import Series, Use, use_of

VPA = vertical_pod_autoscaler()
DAY, MINUTE = 86400.0, 60.0


def sized(rule: str, cpu: Use, memory: Use) -> RightSize:
    """Of a guest with 4 vCPUs and 16 GiB."""
    return catalog.right_size(rule, cpu, memory, has_cpu=4.0, has_memory=16 * 1024 * MiB)


def steady(amount: float, points: int = 1441, every: float = MINUTE) -> Use:
    return use_of([every * number for number in range(points)], [amount] * points)


def test_the_vpa_reports_the_end_of_a_bucket_and_its_margin() -> None:
    """0.4 vCPU lies in bucket 22, which ends at .414305; 512 MiB in one that ends at 521.365."""
    found = sized("vpa", steady(0.4), steady(512 * MiB))

    assert found.cpu == pytest.approx(0.476450, abs=5e-7)
    assert found.memory / MiB == pytest.approx(599.570, abs=5e-4)


def test_the_vpa_trusts_a_short_history_less() -> None:
    """Its own test: 3.14 with multiplier .1 and exponent 2; and a day doubles the upper bound."""
    assert with_confidence(3.14, 0.00625, 0.1, 2.0) == pytest.approx(907.46, abs=5e-3)
    assert with_confidence(3.14, 0.5, 0.1, 2.0) == pytest.approx(4.5216, abs=5e-5)

    use = steady(0.4)
    low, high = VPA.cpu_bounds(use)
    assert use.series is not None
    assert confidence(use.series) == pytest.approx(1.0)
    assert high == pytest.approx(2.0 * sized("vpa", use, use).cpu)
    assert low == pytest.approx(0.47645 / 1.001**2, rel=1e-5)


def test_what_is_old_fades() -> None:
    """A load that ended two days ago weighs a quarter; in the first hour it is all there is."""
    times = [0.0, *(2 * DAY + MINUTE * number for number in range(1, 4))]
    peak = Series(times=tuple(times), amounts=(3.0, 0.1, 0.1, 0.1))

    assert VPA.cpu_buckets.percentile(peak, 0.9, DAY) < 0.12  # 0.25 of 3.25 is less than 10%
    assert VPA.cpu_buckets.percentile(peak, 0.95, DAY) > 3.0
    assert VPA.cpu_buckets.percentile(peak, 0.9, 100 * DAY) > 3.0


def test_compute_optimizer_adds_its_headroom() -> None:
    """p99.5 of 80% of four vCPUs asks for 3.84, and memory for its peak and a fifth."""
    found = sized("compute-optimizer", Use(p95=1.0, p99_5=3.2, peak=4.0), Use(peak=1000 * MiB))

    assert found.cpu == pytest.approx(3.84)
    assert found.memory == pytest.approx(1200 * MiB)
    assert found[2:4] == ("p99.5 x 1.2", "peak x 1.2")


def test_krr_takes_p95_and_the_peak_and_refuses_too_little() -> None:
    """At least 100 readings over at least 3 hours; what is refused stays as it is."""
    use = use_of([MINUTE * n for n in range(1000)], [n / 1000 for n in range(1000)])
    found = sized("krr", use, steady(300 * MiB))
    few, short = steady(0.5, 99, 1e4), steady(0.5, 100)

    assert found.cpu == pytest.approx(0.94905)  # linear between readings, as numpy's percentile
    assert found.memory == found.memory_limit == pytest.approx(345 * MiB)
    assert found.cpu_limit is None
    assert sized("krr", few, few)[0::2][:2] == (4.0, "as it is: 99 readings, and KRR needs 100")
    assert sized("krr", short, short).cpu_from == "as it is: 1.65 h of readings, and KRR needs 3"


def test_goldilocks_is_the_vpa_from_bound_to_bound() -> None:
    """Request the lower, limit the upper bound; without a series there is none."""
    use = steady(0.4)
    found = sized("goldilocks", use, steady(512 * MiB))

    assert (found.cpu, found.cpu_limit) == VPA.cpu_bounds(use)
    assert found.memory < 599.6 * MiB < (found.memory_limit or 0.0)
    assert sized("goldilocks", Use(p95=1.0), Use()).cpu_from.startswith("as it is: bounds hang")


@pytest.mark.parametrize("rule", catalog.RULES)
def test_what_nobody_has_seen_stays_as_it_is(rule: str) -> None:
    """No rule makes a size of nothing; one instant has a factor of its own, and no more is asked
    for than is there."""
    assert sized(rule, Use(), Use()) == RightSize(4.0, 16 * 1024 * MiB, "as it is", "as it is")

    once = sized(rule, Use(instant=1.0), Use(instant=15 * 1024 * MiB))
    kept = rule == "as-is"
    assert once.cpu == (4.0 if kept else 1.5)
    assert once.memory == 16 * 1024 * MiB
    assert once.cpu_from == ("as it is" if kept else "one instant x 1.5")


def test_a_quantile_that_is_not_known_is_replaced_by_a_larger_one() -> None:
    """Never by a smaller one where there is a larger; and it is said."""
    assert Use(p95=1.0, peak=2.0).at(0.995) == (2.0, "peak, for p99.5 is not known")
    assert Use(p50=0.5, p95=1.0).at(0.995) == (1.0, "p95, for p99.5 is not known")
    assert Use(p50=0.5, p95=1.0).at(0.9) == (1.0, "p95, for p90 is not known")
    assert Use(p95=1.0, p99_5=3.0, peak=9.0).at(0.9) == (1.0, "p95, for p90 is not known")


def test_memory_is_looked_at_by_the_peak_of_a_day() -> None:
    """One sample a day, and eight of them."""
    days = Series(
        times=tuple(DAY / 2 * n for n in range(20)), amounts=tuple(float(n) for n in range(20))
    )

    assert peaks(days, DAY).amounts == tuple(float(n) for n in range(1, 20, 2))
    assert peaks(days, DAY).times == tuple(DAY * n for n in range(1, 11))
    late = Use(series=replace(days, amounts=(9e9, *days.amounts[1:])))
    assert VPA.memory(late).request < 9e9  # ten days ago, before the eight that count


@given(
    amounts=st.lists(st.floats(0.001, 64), min_size=1, max_size=30),
    factor=st.floats(1.0, 4.0),
    rule=st.sampled_from(["compute-optimizer", "vpa"]),
)
def test_who_uses_more_gets_no_less(amounts: list[float], factor: float, rule: str) -> None:
    """And never less than the quantile that the rule is of; the order of readings is theirs."""
    times = [MINUTE * n for n in range(len(amounts))]
    less = sized(rule, use_of(times, amounts), Use())
    more = sized(rule, use_of(times, [factor * each for each in amounts]), Use())
    turned = sized(rule, use_of(times[::-1], amounts[::-1]), Use())

    assert more.cpu >= less.cpu * (1.0 - 1e-9)
    assert turned == less


@pytest.mark.parametrize("rule", catalog.RULES)
@pytest.mark.parametrize("points", [100, 200, 3000])
def test_when_the_readings_were_taken_is_nothing_to_a_rule(rule: str, points: int) -> None:
    """Seconds since 1970 or since the first: some span too little for KRR, some more than a day."""
    times = [MINUTE * n for n in range(points)]
    amounts = [1.0 + n % 7 for n in range(points)]
    once, since_1970 = use_of(times, amounts), use_of([1.8e9 + t for t in times], amounts)

    assert sized(rule, since_1970, since_1970) == sized(rule, once, once)


def test_the_rules_are_those_that_are_typed() -> None:
    """The names of the type and those of the table; another is refused with a hint."""
    assert tuple(catalog.RULES) == get_args(catalog.RuleName)
    with pytest.raises(catalog.UnknownName, match="did you mean 'vpa'"):
        sized("vpq", Use(), Use())
