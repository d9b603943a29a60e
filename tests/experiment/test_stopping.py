"""As many replications as an interval needs, whoever makes them and in whatever order."""

import math
import random
from typing import Any

import pytest
from runs import assert_same, scenario
from scipy import stats

from sim.experiment import RelativeHalfWidth, replicate
from sim.experiment.running.stopping import Sequential


def fed(values: list[float], rule: RelativeHalfWidth, order: list[int] | None = None) -> Sequential:
    """The rule after replications with these values of its metric."""
    at_work = Sequential(rule, ["a"])
    for run in order or range(len(values)):
        at_work.saw({"variant": "a", "run": run, "censored": 0, rule.metric: values[run]})
    return at_work


def widths(values: list[float]) -> list[float]:
    """Relative half-widths after 1, 2, ... values, by the textbook."""
    found = [math.inf]
    for n in range(2, len(values) + 1):
        some = values[:n]
        mean = sum(some) / n
        error = math.sqrt(sum((x - mean) ** 2 for x in some) / (n - 1) / n)
        found.append(float(stats.t.ppf(0.975, n - 1)) * error / mean)
    return found


def test_it_stops_at_the_first_number_that_holds_for_five_more() -> None:
    """Against the definition, step by step."""
    draw = random.Random(1)
    values = [draw.gauss(10.0, 1.5) for _ in range(300)]
    found = widths(values)
    holds = [n for n in range(10, 295) if all(w <= 0.05 for w in found[n - 1 : n + 5])]
    state = fed(values, RelativeHalfWidth(0.05))

    assert state.decided
    assert state.needed == holds[0] + 5
    assert state.report()["relative_half_width"]["a"] == pytest.approx(found[state.needed - 1])


def test_a_chance_agreement_does_not_stop_it() -> None:
    """Four equal values, then one far away: without look-ahead it would have stopped at two."""
    values = [10.0, 10.0, 10.0, 10.0, 30.0] + [10.0] * 5
    hasty = fed(values, RelativeHalfWidth(0.05, least=2, ahead=0))
    careful = fed(values, RelativeHalfWidth(0.05, least=2, ahead=5))

    assert hasty.needed == 2
    assert not careful.decided


def test_the_order_in_which_runs_finish_does_not_matter() -> None:
    """Decided in the order of numbers."""
    draw = random.Random(2)
    values = [draw.gauss(10.0, 2.0) for _ in range(200)]
    order = sorted(range(200), key=lambda n: n + draw.uniform(0, 20))
    rule = RelativeHalfWidth(0.05)

    assert fed(values, rule, order).report() == fed(values, rule).report()
    assert fed(values, rule, order).needed == fed(values, rule).needed


def test_it_looks_further_ahead_above_a_hundred() -> None:
    """Five in every hundred."""
    rule = RelativeHalfWidth()

    assert [rule.checks_after(n) for n in (10, 100, 101, 200, 1000)] == [5, 5, 5, 10, 50]


def test_more_precision_needs_more_replications_and_is_reached() -> None:
    """On a real scenario, the same with two workers; the manifest says what was reached."""
    wide = replicate(scenario(), until=RelativeHalfWidth(0.2), jobs=1)
    narrow = replicate(scenario(), until=RelativeHalfWidth(0.04), jobs=1)
    estimate = narrow.estimate("time_to_ready_s")

    assert len(wide.runs) < len(narrow.runs)
    assert estimate.low is not None
    assert (estimate.value - estimate.low) / estimate.value <= 0.04
    assert narrow.manifest["reached"] is True
    assert narrow.manifest["replications"] == len(narrow.runs)
    assert_same(narrow, replicate(scenario(), until=RelativeHalfWidth(0.04), jobs=2))


def test_it_gives_up_at_the_most_and_says_so() -> None:
    """The results are there all the same."""
    results = replicate(scenario(), until=RelativeHalfWidth(1e-6, most=12), jobs=1)

    assert len(results.runs) == 12
    assert results.manifest["reached"] is False


def test_a_metric_that_is_not_there_or_censored_is_refused() -> None:
    """With those that are."""
    with pytest.raises(ValueError, match=r"no 'speed'; it has .*time_to_ready_s"):
        replicate(scenario(), until=RelativeHalfWidth(metric="speed"))
    with pytest.raises(ValueError, match="censored"):
        replicate(scenario(until=0.01), until=RelativeHalfWidth())


@pytest.mark.parametrize(
    "wrong", [{"target": 0.0}, {"confidence": 1.0}, {"least": 1}, {"most": 5}, {"ahead": -1}]
)
def test_impossible_rules_are_refused(wrong: dict[str, Any]) -> None:
    """With the field."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RelativeHalfWidth(**wrong)
