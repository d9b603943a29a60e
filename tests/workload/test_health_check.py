"""Health checks: a program is healthy when the next look sees it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.workload import HealthCheck


@pytest.mark.parametrize(
    ("check", "ready", "healthy"),
    [
        ({"interval": 10}, 3.0, 10.0),  # Docker looks one interval after the start
        ({}, 3.0, 30.0),
        ({"start_period": 30}, 3.0, 5.0),  # and every 5 s within the start period
        ({"start_period": 30}, 30.0, 30.0),
        ({"start_period": 30}, 31.0, 60.0),  # the look at 30 s is followed by one at 60 s
        ({"start_period": 30, "start_interval": None}, 3.0, 30.0),
        ({"interval": 10}, 10.0, 10.0),
        ({"interval": 0.1}, 0.3, 0.3),
        ({"interval": 10}, 0.0, 10.0),
        ({"interval": 10, "first": 0}, 3.0, 10.0),  # Kubernetes: periodSeconds 10
        ({"interval": 10, "first": 20}, 3.0, 20.0),  # initialDelaySeconds
        ({"interval": 10, "first": 5}, 6.0, 15.0),
        ({"interval": 10, "first": 0, "successes": 2}, 3.0, 20.0),
        ({"interval": 30, "successes": 5, "first": 0}, 0.0, 120.0),
    ],
)
def test_health_is_seen_at_the_next_look(
    check: dict[str, Any], ready: float, healthy: float
) -> None:
    """Docker's, ECS's and Kubernetes' own clocks."""
    assert HealthCheck(**check).healthy_at(ready) == pytest.approx(healthy, rel=1e-12)


@given(
    ready=st.floats(0, 1e4),
    interval=st.floats(0.1, 300),
    period=st.floats(0, 300),
    start_interval=st.none() | st.floats(0.1, 60),
    first=st.none() | st.floats(0, 100),
)
def test_a_look_comes_no_later_than_its_step(
    ready: float,
    interval: float,
    period: float,
    start_interval: float | None,
    first: float | None,
) -> None:
    """Never before the program is ready, and at most one step or the first look after it."""
    check = HealthCheck(
        interval=interval, start_period=period, start_interval=start_interval, first=first
    )

    seen = check.healthy_at(ready)

    longest = max(interval, start_interval or 0.0, first or 0.0)
    assert ready * (1 - 1e-9) - 1e-12 <= seen <= ready + longest * (1 + 1e-9)
