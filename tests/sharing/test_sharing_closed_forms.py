"""The sharing law against queueing theory; tolerances come from the standard error."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import simpy
from oracles import assert_mean

from sim.sharing import SharedCapacity

JOBS = 60_000
CLASSES = ((0.4, 1.0, 1.0), (0.3, 1.0, 4.0))
"""Arrival rate, service rate and weight of two classes."""

Draw = Callable[[int], np.ndarray]


def sojourns(
    capacity: float,
    load: tuple[tuple[float, Draw, float, float], ...],
    jobs: int = JOBS,
    seed: int = 2026,
) -> list[list[float]]:
    """Sojourn times of Poisson arrivals of (rate, work, weight, cap), in order, `jobs` in all."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, capacity)
    total = sum(rate for rate, *_ in load)
    sizes = [round(jobs * rate / total) for rate, *_ in load]  # all classes arrive to the end
    times = [[math.nan] * size for size in sizes]

    def arrivals(
        gaps: list[float], works: list[float], weight: float, cap: float, times: list[float]
    ) -> Iterator[simpy.Event]:
        for number, (gap, work) in enumerate(zip(gaps, works, strict=True)):
            yield env.timeout(gap)
            job = cpu.run(work, weight=weight, cap=cap)
            job.callbacks.append(
                lambda _, number=number, begun=env.now: times.__setitem__(number, env.now - begun)
            )

    for kind, (rate, draw, weight, cap) in enumerate(load):
        gaps = np.random.default_rng([seed, kind]).exponential(1.0 / rate, sizes[kind]).tolist()
        env.process(arrivals(gaps, draw(sizes[kind]).tolist(), weight, cap, times[kind]))
    env.run()
    return times


def exponential(mean: float, seed: int = 1) -> Draw:
    """Exponential work."""
    return lambda size: np.random.default_rng(seed).exponential(mean, size)


def hyperexponential(size: int) -> np.ndarray:
    """Mean 1, squared coefficient of variation 3: one job in six is ten times as long."""
    dice = np.random.default_rng(3)
    mean = np.where(dice.random(size) < 1 / 6, 4.0, 0.4)
    return dice.exponential(mean, size)


@pytest.mark.parametrize(
    "work", [exponential(1.0), np.ones, hyperexponential], ids=["M/M/1", "M/D/1", "M/H/1"]
)
def test_processor_sharing_is_insensitive_to_the_law_of_work(work: Draw) -> None:
    """Mean sojourn is 1/(mu - lambda), whatever the distribution: Kleinrock II, section 4.4."""
    (times,) = sojourns(1.0, ((0.7, work, 1.0, math.inf),))

    assert_mean(times, 1.0 / (1.0 - 0.7))


def test_a_long_job_waits_in_proportion_to_its_work() -> None:
    """Processor sharing: the slow-down 1/(1 - rho) is the same for long jobs as for short ones."""
    works = exponential(1.0)(JOBS)
    (times,) = sojourns(1.0, ((0.6, exponential(1.0), 1.0, math.inf),))
    long = [time / work for time, work in zip(times, works, strict=True) if work > 2.0]

    assert_mean(long, 1.0 / (1.0 - 0.6))


def test_cores_with_one_core_jobs_are_erlang_c_in_the_mean() -> None:
    """8 cores at load 6.4: the mean sojourn of M/M/8, 1.28603."""
    (times,) = sojourns(8.0, ((6.4, exponential(1.0), 1.0, 1.0),))

    assert_mean(times, erlang_c_sojourn(8, 6.4))
    assert erlang_c_sojourn(8, 6.4) == pytest.approx(1.28603, abs=5e-6)


def two_classes(weights: tuple[float, float]) -> list[list[float]]:
    """Sojourn times of the two classes, sharing by `weights`."""
    (one, _), (two, _) = ((rate, mu) for rate, mu, _ in CLASSES)
    load = (
        (one, exponential(1.0, 1), weights[0], math.inf),
        (two, exponential(1.0, 2), weights[1], math.inf),
    )
    return sojourns(1.0, load, jobs=3 * JOBS)


def test_two_weighted_classes_have_the_sojourns_of_discriminatory_sharing() -> None:
    """Fayolle, Mitrani, Iasnogorodski, J. ACM 27(3), 1980: 4.215686 and 2.156863."""
    expected = discriminatory_sojourns()
    for times, mean in zip(two_classes((1.0, 4.0)), expected, strict=True):
        assert_mean(times, mean)

    assert expected == pytest.approx([4.215686, 2.156863], abs=5e-7)


def test_the_oracle_refuses_a_wrong_weight() -> None:
    """On purpose: at weights 1:2 the same oracle must not be satisfied by the answer for 1:4."""
    light, heavy = two_classes((1.0, 2.0))

    with pytest.raises(AssertionError, match=r"not 4\.21569"):
        assert_mean(light, discriminatory_sojourns()[0])
    with pytest.raises(AssertionError, match=r"not 2\.15686"):
        assert_mean(heavy, discriminatory_sojourns()[1])


def blocked(slots: int, load: float, arrivals: int) -> list[float]:
    """1 for each arrival that finds no memory left, else 0; jobs hold one slot while they run."""
    env = simpy.Environment()
    cpu = SharedCapacity(env, float(slots))
    dice = np.random.default_rng(5)
    refused: list[float] = []
    free = slots

    def task(work: float) -> Iterator[simpy.Event]:
        nonlocal free
        free -= 1
        yield cpu.run(work, cap=1.0)
        free += 1

    def source() -> Iterator[simpy.Event]:
        gaps, works = dice.exponential(1.0 / load, arrivals), dice.exponential(1.0, arrivals)
        for gap, work in zip(gaps.tolist(), works.tolist(), strict=True):
            yield env.timeout(gap)
            refused.append(0.0 if free else 1.0)
            if free:
                env.process(task(work))

    env.process(source())
    env.run()
    return refused


ARRIVALS = 120_000


def test_admission_by_memory_blocks_as_erlang_b_says() -> None:
    """100 tasks fit, 90 are offered: one in 37 is refused, 0.0269574."""
    expected = erlang_b(100, 90.0)

    assert expected == pytest.approx(0.0269574, abs=5e-8)
    assert_mean(blocked(100, 90.0, ARRIVALS), expected)


@pytest.mark.long
def test_the_same_closed_forms_on_a_million_jobs() -> None:
    """Twenty times longer, so more than four times sharper."""
    (times,) = sojourns(1.0, ((0.8, hyperexponential, 1.0, math.inf),), jobs=20 * JOBS)
    assert_mean(times, 5.0)
    (times,) = sojourns(8.0, ((6.4, exponential(1.0), 1.0, 1.0),), jobs=20 * JOBS)
    assert_mean(times, erlang_c_sojourn(8, 6.4))
    assert_mean(blocked(100, 90.0, 2_000_000), erlang_b(100, 90.0))


def erlang_b(servers: int, load: float) -> float:
    """Probability that all `servers` are taken, by the usual recursion."""
    blocking = 1.0
    for busy in range(1, servers + 1):
        blocking = load * blocking / (busy + load * blocking)
    return blocking


def erlang_c_sojourn(servers: int, load: float) -> float:
    """Mean sojourn in M/M/c at service rate 1."""
    blocking = erlang_b(servers, load)
    waiting = blocking / (1.0 - load / servers * (1.0 - blocking))
    return 1.0 + waiting / (servers - load)


def discriminatory_sojourns() -> list[float]:
    """Mean sojourns of two classes in discriminatory processor sharing, exponential work.

    Solves the linear equations of Fayolle et al. for classes of arrival rate lambda_k, service
    rate mu_k and weight w_k:
    ``mu_k T_k - sum_j lambda_j w_j mu_k (T_k + T_j) / (w_j mu_j + w_k mu_k) = 1``.
    """
    size = len(CLASSES)
    matrix = np.zeros((size, size))
    for k, (_, mu, weight) in enumerate(CLASSES):
        matrix[k, k] += mu
        for j, (rate_j, mu_j, weight_j) in enumerate(CLASSES):
            factor = rate_j * weight_j * mu / (weight_j * mu_j + weight * mu)
            matrix[k, k] -= factor
            matrix[k, j] -= factor
    return [float(t) for t in np.linalg.solve(matrix, np.ones(size))]
