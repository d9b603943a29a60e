"""Comparisons: pairs where random numbers are shared, Welch where not, and what differs."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from worlds import app, docker, ecs, image, machine, service

from sim.core.description import as_json
from sim.experiment import Burst, Results, Scenario, replicate
from sim.experiment.diff import differences, shortest
from sim.experiment.statistics.estimate import TooFew
from sim.experiment.statistics.paired import compare_results, paired, welch, workload
from sim.units import MiB

WEB = service(cpu=1.0, memory=50 * MiB, image=image(5 * MiB), app=app(cpu=2.0, spread=0.3))


def results(platform: Any = None, *, seed: int = 1, times: int = 12, **rest: Any) -> Results:
    what = rest.pop("service", WEB)
    scenario = Scenario(
        name="small",
        platform=platform or docker(),
        arrivals=(Burst(service=what, tasks=rest.pop("tasks", 2)),),
    )
    return replicate(scenario, times=times, seed=seed, **rest)


def half_width(found: Any) -> float:
    assert found.estimate.low is not None
    return float(found.estimate.value - found.estimate.low)


def test_a_paired_difference_by_hand() -> None:
    """2, 3, 7 less 1, 2, 3 is 1, 1, 4: mean 2, half-width 4.3027 * sqrt(3) / sqrt(3)."""
    found = paired("m", [1.0, 2.0, 3.0], [2.0, 3.0, 7.0])

    assert (found.a, found.b, found.estimate.value) == (2.0, 4.0, 2.0)
    assert half_width(found) == pytest.approx(4.302653)
    assert found.correlation == pytest.approx(np.corrcoef([1, 2, 3], [2, 3, 7])[0, 1])
    assert found.relative == pytest.approx(1.0)
    assert not found.beyond_chance


SAMPLES = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20)


@given(SAMPLES, SAMPLES)
def test_an_unpaired_difference_is_welchs(a: list[float], b: list[float]) -> None:
    """As scipy has it, which warns of samples that do not vary."""
    found = welch("m", a, b)
    assume(min(np.std(a), np.std(b)) > 1e-3)
    interval = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)

    assert (found.estimate.low, found.estimate.high) == pytest.approx((interval.low, interval.high))
    assert found.estimate.value == pytest.approx(np.mean(b) - np.mean(a), abs=1e-9)
    assert found.correlation is None


def test_samples_that_do_not_vary_have_an_exact_difference() -> None:
    """Nothing is divided by zero, and nothing has a correlation."""
    for found in (paired("m", [1.0, 1.0], [3.0, 3.0]), welch("m", [1.0, 1.0], [3.0, 3.0])):
        assert (found.estimate.low, found.estimate.value, found.estimate.high) == (2.0, 2.0, 2.0)
        assert found.correlation is None


@pytest.mark.parametrize("how", [paired, welch])
def test_one_value_has_no_interval(how: Any) -> None:
    """It is refused by name."""
    with pytest.raises(TooFew, match="latency: 1 replications; at least 2"):
        how("latency", [1.0], [2.0])


def test_pairing_shrinks_the_interval_where_streams_are_shared() -> None:
    """The same tasks on a machine twice as fast: the start-up noise is in both, and cancels."""
    slow, fast = results(), results(docker(machine(core_speed=2.0)))
    found = compare_results(slow, fast, "small", "small")
    ready = next(d for d in found.differences if d.metric == "time_to_ready_s")
    columns = [r.starts().groupby("run")["time_to_ready_s"].mean() for r in (slow, fast)]
    apart = welch("time_to_ready_s", *columns)

    assert not found.why_not_paired
    assert ready.correlation is not None
    assert ready.correlation > 0.99
    assert half_width(ready) < 0.6 * half_width(apart)
    assert ready.estimate.value == pytest.approx(apart.estimate.value)


def test_pairing_does_not_shrink_the_interval_where_streams_are_not_shared() -> None:
    """Other seeds: pairs of strangers are no better than two samples, up to their chance."""
    columns = [
        results(seed=seed, times=60).starts().groupby("run")["time_to_ready_s"].mean()
        for seed in (1, 2)
    ]
    pairs, apart = paired("m", *columns), welch("m", *columns)

    assert pairs.correlation is not None
    assert abs(pairs.correlation) < 4.0 / 60**0.5
    assert half_width(pairs) == pytest.approx(half_width(apart), rel=4.0 / (2.0 * 60**0.5))


def test_other_seeds_or_another_workload_are_not_paired_and_it_is_said() -> None:
    """The image is no workload: what is drawn is the same whatever is pulled."""
    base = results()
    other_image = results(service=service(cpu=1.0, memory=50 * MiB, app=WEB.app))
    reasons = [
        compare_results(base, other, "small", "small").why_not_paired
        for other in (results(seed=2), results(tasks=3), other_image, results(ecs()))
    ]

    assert reasons == ["their seeds differ (1 and 2)", "their workloads differ", "", ""]


def test_fewer_replications_are_paired_with_their_own() -> None:
    """Five of one and twelve of the other: the five that both have."""
    found = compare_results(results(times=5), results(docker(machine(vcpu=8.0))), "small", "small")

    assert {d.estimate.n for d in found.differences} == {5}


def test_what_never_varies_and_what_is_not_there_are_said() -> None:
    """A count that is equal everywhere needs no interval; a time without a start has none."""
    found = compare_results(results(ecs()), results(ecs(machine(vcpu=0.5))), "small", "small")

    assert "killed = 0" in found.same
    assert "none in 0 runs of A and 12 of B" in found.refused["time_to_ready_s"]
    assert {d.metric for d in found.differences} == {"ready", "refused", "tasks_per_host"}


def test_a_single_replication_is_refused() -> None:
    """Its run is named."""
    with pytest.raises(TooFew, match=r"replications: small/.* has 1; at least 2"):
        compare_results(results(times=1), results(), "small", "small")


def test_the_workload_is_what_is_drawn() -> None:
    """Arrivals and service without the image."""
    described = results().scenario["small"]

    assert "layers" not in workload(described)
    assert '"tasks": 2' in workload(described)


def test_every_difference_of_two_descriptions_has_its_path() -> None:
    """Nested, missing on one side, and longer on the other."""
    a = {"x": 1.0, "same": [1, 2], "host": {"cpu": 4.0, "old": None}, "list": [1.0]}
    b = {"x": 2.0, "same": [1, 2], "host": {"cpu": 8.0, "new": "y"}, "list": [1.0, 3.0]}

    assert list(differences(a, b)) == [
        ("x", "1", "2"),
        ("host.cpu", "4", "8"),
        ("host.old", "none", "absent"),
        ("host.new", "absent", "y"),
        ("list[1]", "absent", "3"),
    ]


def test_equal_descriptions_do_not_differ_and_a_size_is_shown_in_gib() -> None:
    """A scenario against itself, and against itself on a larger machine."""
    import json

    burst = Burst(service=WEB)
    small, large = (
        json.loads(
            as_json(Scenario(name="x", platform=docker(machine(memory=size)), arrivals=(burst,)))
        )
        for size in (1024 * MiB, 2048 * MiB)
    )

    assert list(differences(small, small)) == []
    assert list(differences(small, large)) == [("platform.server.machine.memory", "1 GiB", "2 GiB")]


def test_a_part_is_called_by_its_name_where_both_have_it_there() -> None:
    """What moved its place is known by the place alone."""
    a, b = ({"parts": [{"service": {"name": "api", "cpu": cpu}}]} for cpu in (1, 2))
    moved = {"parts": [{"service": {"name": "db", "cpu": 2}}]}

    assert [each.path for each in differences(a, b)] == ["parts[api].service.cpu"]
    assert {each.path.partition(".")[0] for each in differences(a, moved)} == {"parts[0]"}


def test_a_path_is_as_short_as_tells_it_apart() -> None:
    paths = ["name", "platform.machine.name", "platform.machine.nic", "a.b.c", "d.b.c"]

    assert shortest(paths) == ["name", "machine.name", "nic", "a.b.c", "d.b.c"]
