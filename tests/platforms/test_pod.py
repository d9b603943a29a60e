"""Pods: requests and limits, effective requests, quality of service, weights and scores."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import service

from sim.core.mistakes import BadDescription
from sim.platforms import PodTemplate, Resources
from sim.platforms.kubernetes.pod import PodRequest, cpu_weight, oom_score_adj, resources
from sim.units import MiB

MILLI = st.integers(1, 64_000)


def small(name: str, cpu: float, memory: float) -> object:
    """An init container or a sidecar."""
    return service(name, cpu=cpu, memory=memory * MiB)


def test_a_service_is_a_pod_with_its_reservation_as_request_and_its_memory_as_limit() -> None:
    """Its CPU is a limit where it is a quota, as on every other platform."""
    soft = service(cpu=0.25, memory=512 * MiB, memory_reservation=128 * MiB, cpu_quota=False)

    assert resources(soft) == Resources(
        cpu_request=0.25, memory_request=128 * MiB, memory_limit=512 * MiB
    )
    assert resources(service(cpu=0.25)).cpu_limit == 0.25


@pytest.mark.parametrize(
    ("init", "sidecars", "expected"),
    [
        ((), (), (1000, 100)),
        ((), ((0.5, 50),), (1500, 150)),
        (((3.0, 20),), ((0.5, 50),), (3000, 150)),
        (((1.0, 500), (1.2, 10)), ((0.5, 50),), (1500, 500)),
    ],
)
def test_the_effective_request_is_the_largest_of_the_init_chain_or_the_sum(
    init: tuple[tuple[float, float], ...],
    sidecars: tuple[tuple[float, float], ...],
    expected: tuple[int, int],
) -> None:
    """Init containers run one after the other, the rest side by side; CPU and memory apart."""
    what = service(
        cpu=1.0,
        memory=100 * MiB,
        init=tuple(small(f"i{n}", *size) for n, size in enumerate(init)),
        sidecars=tuple(small(f"s{n}", *size) for n, size in enumerate(sidecars)),
    )

    assert PodTemplate().request(what) == PodRequest(expected[0], expected[1] * MiB)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Resources(cpu_limit=1, memory_limit=MiB), "Guaranteed"),
        (Resources(cpu_request=1, cpu_limit=1, memory_limit=MiB), "Guaranteed"),
        (Resources(cpu_request=0.5, cpu_limit=1, memory_limit=MiB), "Burstable"),
        (Resources(cpu_request=1, memory_request=MiB, memory_limit=MiB), "Burstable"),
        (Resources(memory_request=MiB), "Burstable"),
        (Resources(), "BestEffort"),
    ],
)
def test_quality_of_service_is_what_kubernetes_says(asked: Resources, expected: str) -> None:
    """Guaranteed: both limits, equal to the requests; BestEffort: nothing at all."""
    assert PodTemplate(resources=asked).qos(service()) == expected


def test_a_sidecar_without_a_cpu_limit_makes_a_pod_burstable() -> None:
    """Every container has to be guaranteed."""
    meshed = service(sidecars=(service("proxy", cpu=0.1, cpu_quota=False),))

    assert PodTemplate().qos(service()) == "Guaranteed"
    assert PodTemplate().qos(meshed) == "Burstable"


@pytest.mark.parametrize(
    ("milli", "weight"), [(0, 1), (1, 1), (100, 4), (250, 10), (1000, 39), (4000, 157)]
)
def test_cpu_weight_is_the_kubelets(milli: int, weight: float) -> None:
    """1000m are 1024 shares; 1 + (1024 - 2) x 9999 / 262142 = 39.98, cut off."""
    assert cpu_weight(milli) == weight


@given(MILLI, MILLI)
def test_who_asks_for_more_weighs_no_less(one: int, other: int) -> None:
    """And never leaves 1 to 10,000, the range of `cpu.weight`."""
    less, more = sorted((one, other))

    assert 1.0 <= cpu_weight(less) <= cpu_weight(more) <= 10_000.0


@given(st.floats(1.0, 1e12), st.floats(1.0, 1e12))
def test_a_burstable_score_lies_between_the_other_classes(request: float, capacity: float) -> None:
    """2 to 999; Guaranteed -997, BestEffort 1000."""
    score = oom_score_adj("Burstable", request, capacity)

    assert oom_score_adj("Guaranteed", request, capacity) < score
    assert score < oom_score_adj("BestEffort", request, capacity)
    assert 2.0 <= score <= 999.0


def test_a_burstable_container_that_asked_for_half_a_node_scores_500() -> None:
    """1000 - 1000 x request / capacity."""
    assert oom_score_adj("Burstable", 50.0, 100.0) == 500.0


def test_a_request_above_its_limit_is_a_mistake() -> None:
    """The API server says so, too."""
    with pytest.raises(BadDescription, match="cpu_request: 2 is not allowed; at most cpu_limit"):
        Resources(cpu_request=2, cpu_limit=1)


@given(st.floats(1e-6, 64.0))
def test_cpu_is_counted_in_whole_thousandths_rounded_up(cpu: float) -> None:
    """0.0001 vCPU are 1m."""
    milli = Resources(cpu_request=cpu).cpu

    assert milli - 1 < 1000 * cpu <= milli * (1 + 1e-9)
    assert milli >= 1
    assert not math.isinf(milli)
