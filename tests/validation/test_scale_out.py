"""The scale-out of 2020: a known case, never fitted."""

import pytest

from sim.validation import Judgement
from sim.validation.cases.scale_out import running


def test_the_slope_of_2020_is_within_a_tenth(shipped: Judgement) -> None:
    """From minute 10 to minute 50, with the quotas of that year."""
    ours = {c.case: c for c in shipped.cases if c.group == "scale-out"}
    for platform in ("FargateOnECS", "FargateOnEKS"):
        first, last = (ours[f"{platform}, minute {minute}"] for minute in (10, 50))
        predicted = running(platform, 50.0) - running(platform, 10.0)

        assert predicted == pytest.approx(last.measured - first.measured, rel=0.1)


def test_what_is_not_known_of_that_year_has_no_prediction(shipped: Judgement) -> None:
    tuned = [case for case in shipped.cases if case.case.startswith("TunedFargate")]

    assert tuned
    assert all(case.predicted is None and case.reason for case in tuned)


def test_more_containers_run_later() -> None:
    counts = [running("FargateOnECS", minute) for minute in range(0, 61, 5)]

    assert counts == sorted(counts)
    assert counts[-1] <= 3500.0
