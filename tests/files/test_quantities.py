"""Quantities by dialect: `512M` is not the same everywhere."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.files.quantities import (
    compose_bytes,
    compose_cpus,
    ecs_bytes,
    ecs_cpu,
    go_seconds,
    kubernetes_bytes,
    kubernetes_cpu,
)
from sim.units import GiB, MiB


@pytest.mark.parametrize(
    ("parse", "text", "amount"),
    [
        (compose_bytes, "512M", 536_870_912),
        (kubernetes_bytes, "512M", 512_000_000),
        (kubernetes_bytes, "512Mi", 536_870_912),
        (kubernetes_bytes, "1e9", 1e9),
        (kubernetes_bytes, "128974848", 128_974_848),
        (kubernetes_bytes, "512m", 1),
        (kubernetes_bytes, "1.5Gi", 1.5 * GiB),
        (compose_bytes, "1.5g", 1.5 * GiB),
        (compose_bytes, "2gb", 2 * GiB),
        (compose_bytes, "64MiB", 64 * MiB),
        (compose_bytes, "268435456", 268_435_456),
        (kubernetes_cpu, "250m", 0.25),
        (kubernetes_cpu, "0.1", 0.1),
        (kubernetes_cpu, "0.0001", 0.001),
        (kubernetes_cpu, "1e-1", 0.1),
        (compose_cpus, "0.70", 0.7),
        (ecs_cpu, "256", 0.25),
        (ecs_cpu, ".5 vCPU", 0.5),
        (ecs_cpu, "1 vcpu", 1.0),
        (ecs_bytes, "2 GB", 2 * GiB),
        (ecs_bytes, ".5 gb", 0.5 * GiB),
        (ecs_bytes, "512", 512 * MiB),
        (go_seconds, "1m30s", 90.0),
        (go_seconds, "500ms", 0.5),
        (go_seconds, "1h5m", 3900.0),
    ],
)
def test_each_dialect_has_units_of_its_own(
    parse: Callable[[str], float], text: str, amount: float
) -> None:
    """Known answers."""
    assert parse(text) == amount


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (compose_bytes, "512Q"),
        (compose_bytes, ""),
        (compose_bytes, "-5m"),
        (compose_bytes, "1e9"),
        (compose_bytes, "٣m"),
        (kubernetes_bytes, "512MB"),
        (kubernetes_bytes, "-1"),
        (kubernetes_bytes, "9" * 61),
        (kubernetes_bytes, "1e999"),
        (kubernetes_cpu, "500"),
        (kubernetes_cpu, "nan"),
        (compose_cpus, "inf"),
        (ecs_cpu, "1 core"),
        (ecs_bytes, "1 PB"),
        (go_seconds, "30"),
        (go_seconds, "1x"),
    ],
)
def test_what_is_no_quantity_says_what_is(parse: Callable[[str], float], text: str) -> None:
    """In the words of the dialect."""
    with pytest.raises(ValueError, match=r"such as|at most|at least"):
        parse(text)


@given(st.integers(1, 400_000))
def test_thousandths_are_exact(milli: int) -> None:
    """`Nm` and its decimal are one amount, which no float has rounded up."""
    assert kubernetes_cpu(f"{milli}m") == kubernetes_cpu(f"{milli / 1000:.3f}") == milli / 1000
