"""Sensitivity: effects by hand, indices with known answers, common random numbers."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from worlds import app, docker, service

from sim import catalog
from sim.core.cited import Cited, Number
from sim.core.description import description, with_figures
from sim.experiment import Burst, Scenario
from sim.experiment.replication import Interrupted
from sim.experiment.running import batch as batches
from sim.experiment.running import workers
from sim.experiment.running.batch import Batch, Bundle, RunKey
from sim.experiment.running.metric import measured, measures
from sim.experiment.running.run import run
from sim.experiment.running.workers import using
from sim.experiment.statistics.one_at_a_time import fixed, one_at_a_time, ranged
from sim.experiment.statistics.sobol import Indices, base_points, sobol
from sim.studies.sensitivity import sensitivity
from sim.units import MiB


def cited(key: str, value: float, low: float | None = None, high: float | None = None) -> Cited:
    return Cited(key, value, "s", "assumed", "nobody", "2026", low, high)


@description
class Sum:
    """A description whose answer is known."""

    a: Number = cited("a", 1.0, 0.0, 4.0)
    b: Number = cited("b", 1.0, 0.5, 1.5)
    c: Number = cited("c", 1.0)
    d: Number = 1.0


def values(node: Sum) -> list[float]:
    return [float(x) for x in (node.a, node.b, node.c, node.d)]


def total(nodes: Sequence[Sum]) -> list[float]:
    return [a - 2.0 * b + c + d for a, b, c, d in map(values, nodes)]


def test_figures_with_a_range_move_and_those_without_are_counted() -> None:
    """A plain number is no figure."""
    assert [c.key for c in ranged(Sum())] == ["a", "b"]
    assert [c.key for c in fixed(Sum())] == ["c"]


def test_effects_are_those_of_a_sum_strongest_first() -> None:
    """a - 2 b + c + d = 1: a moves it from 0 to 4, b from 2 to 0; a point has no interval."""
    a, b = one_at_a_time(Sum(), total)

    assert (a.cited.key, a.base, a.at_low, a.at_high, a.swing) == ("a", 1.0, 0.0, 4.0, 4.0)
    assert (b.cited.key, b.base, b.at_low, b.at_high, b.swing) == ("b", 1.0, 2.0, 0.0, 2.0)
    assert a.change.low is None
    assert a.beyond_chance


def test_an_end_without_an_answer_comes_first_and_says_so() -> None:
    """A figure that can stop everything matters more than any that delays it."""

    def only_small(nodes: Sequence[Sum]) -> list[float]:
        return [b if a < 3.0 else math.nan for a, b, _, _ in map(values, nodes)]

    first = one_at_a_time(Sum(), only_small)[0]

    assert first.cited.key == "a"
    assert math.isinf(first.swing)
    assert first.json()["refused"] == "at one end of the range there is no answer"
    assert "at_high" not in first.json()
    assert "swing" not in first.json()


def test_noise_that_is_shared_leaves_the_effect_exact() -> None:
    """Under common random numbers the same noise is at both ends; else the interval is wide."""
    noise = np.random.default_rng(1).normal(0.0, 10.0, (10, 8))

    def shared(nodes: Sequence[Sum]) -> np.ndarray:
        return np.asarray(total(nodes))[:, np.newaxis] + noise[0]

    def own(nodes: Sequence[Sum]) -> np.ndarray:
        return np.asarray(total(nodes))[:, np.newaxis] + noise[: len(nodes)]

    exact, blurred = one_at_a_time(Sum(), shared)[0], one_at_a_time(Sum(), own)

    assert exact.change.low == pytest.approx(4.0)
    assert exact.change.high == pytest.approx(4.0)
    assert not all(effect.beyond_chance for effect in blurred)


def test_indices_of_a_sum_are_the_shares_of_its_variances() -> None:
    """Uniform over a range r the variance is r^2 / 12: 16 to (2 x 1)^2 is 0.8 to 0.2."""
    found = sobol(Sum(), ranged(Sum()), total, n=1024, replications=1, seed=1)

    assert [index.key for index in found.indices] == ["a", "b"]
    assert found.points == 1024 * 4
    for index, share in zip(found.indices, (0.8, 0.2), strict=True):
        assert index.first == pytest.approx(share, abs=0.03)
        assert index.total == pytest.approx(share, abs=0.03)
        assert index.total_interval[0] < share < index.total_interval[1]


def test_the_same_seed_gives_the_same_indices_and_intervals() -> None:
    """To the last bit, whatever else draws from NumPy's global generator; another seed: others."""

    def again(seed: int) -> Indices:
        np.random.random(seed)  # noqa: NPY002 (on purpose: it must not matter)
        return sobol(Sum(), ranged(Sum()), total, n=32, replications=1, seed=seed)

    assert again(7) == again(7)
    assert again(7).indices[0].total_interval != again(8).indices[0].total_interval


def test_a_product_has_a_share_that_is_nobodys_alone() -> None:
    """a b on 0..4 and 0.5..1.5: first 4/3, 1/3 and together 1/9 of 16/9, so totals above firsts."""

    def product(nodes: Sequence[Sum]) -> list[float]:
        return [a * b for a, b, _, _ in map(values, nodes)]

    a, b = sobol(Sum(), ranged(Sum()), product, n=2048, replications=1, seed=1).indices

    assert (a.key, b.key) == ("a", "b")
    assert a.first == pytest.approx(0.75, abs=0.04)
    assert b.first == pytest.approx(0.1875, abs=0.04)
    assert a.total == pytest.approx(0.8125, abs=0.04)
    assert b.total == pytest.approx(0.25, abs=0.04)


def test_the_ranges_together_give_a_range_of_answers() -> None:
    """a alone, uniform on 0 to 4: 90% of the answers lie between 0.2 and 3.8."""

    def first(nodes: Sequence[Sum]) -> list[float]:
        return [values(node)[0] for node in nodes]

    found = sobol(Sum(), ranged(Sum())[:1], first, n=512, replications=1, seed=1)

    assert (found.low, found.high) == pytest.approx((0.2, 3.8), abs=0.02)


def test_points_without_an_answer_are_refused_with_their_number() -> None:
    """An index of what is left would be of another question."""

    def some(nodes: Sequence[Sum]) -> list[float]:
        return [math.nan if values(node)[0] > 3.9 else 1.0 for node in nodes]

    with pytest.raises(ValueError, match=r"at \d+ of 64 points there is no answer"):
        sobol(Sum(), ranged(Sum()), some, n=64, replications=1, seed=1)


@pytest.mark.parametrize(
    ("figures", "replications", "budget", "n"),
    [(10, 5, 8000, 128), (10, 5, 7679, 64), (2, 1, 64, 16), (2, 1, 63, 0), (1, 1, 10**6, 262144)],
)
def test_the_budget_is_never_exceeded(figures: int, replications: int, budget: int, n: int) -> None:
    """The largest power of two with n (d + 2) points of so many runs; 16 at least, or none."""
    assert base_points(figures, replications, budget) == n
    assert n * (figures + 2) * replications <= budget


def test_several_figures_move_at_once_and_an_unknown_one_is_named() -> None:
    """The rest stays the object it was."""
    assert values(with_figures(Sum(), {"a": 2.0, "b": 3.0})) == [2.0, 3.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="'z' is not in this description; it has a, b, c"):
        with_figures(Sum(), {"z": 1.0})


def scenario(spread: float = 0.3, tasks: int = 3) -> Scenario:
    what = service(cpu=1.0, memory=50 * MiB, app=app(cpu=2.0, wait=1.0, spread=spread))
    return Scenario(name="x", platform=docker(), arrivals=(Burst(service=what, tasks=tasks),))


def test_a_measure_is_what_the_tables_say() -> None:
    """The mean over the starts of a run, and what its row has."""
    from sim.experiment import replicate

    results = replicate(scenario(), times=3, seed=5)
    starts = results.starts().groupby("run")[["time_to_running_s", "time_to_ready_s"]].mean()
    for metric in starts:
        by_run = measured([scenario()], metric, times=3, seed=5)[0]
        assert by_run == pytest.approx(starts[metric])
    assert measured([scenario()], "ready", times=3, seed=5)[0].tolist() == [3.0] * 3
    assert np.isnan(measured([scenario()], "nothing", times=1, seed=5)).all()


def test_two_processes_measure_the_same_as_one() -> None:
    """Row by row, to the last bit."""
    many = [scenario(tasks=tasks) for tasks in (1, 2, 3, 4)]
    alone, both = (measured(many, "time_to_ready_s", times=2, seed=1, jobs=jobs) for jobs in (1, 2))

    assert (alone == both).all()


def test_a_run_without_a_ready_start_has_no_time() -> None:
    """It is absent, not zero."""
    empty = replace(scenario(), until=0.5)

    assert "time_to_ready_s" in measures(run(scenario(), 1, 0))
    assert "time_to_ready_s" not in measures(run(empty, 1, 0))
    assert np.isnan(measured([empty, scenario()], "time_to_ready_s", times=2, seed=1)[0]).all()


def counted(monkeypatch: pytest.MonkeyPatch, stop_after: float = math.inf) -> list[RunKey]:
    """The runs that are made from now on, until somebody presses Ctrl-C."""
    made: list[RunKey] = []

    def perform(batch: Batch) -> Bundle:
        if len(made) >= stop_after:
            raise KeyboardInterrupt
        made.extend(batch.runs)
        return batches.perform(batch)

    monkeypatch.setattr(workers, "perform", perform)
    return made


def small() -> Scenario:
    """Its service alone has 14 figures with a range."""
    return Scenario(
        name="small",
        platform=docker(),
        arrivals=(Burst(service=catalog.service("node"), tasks=2),),
    )


def test_a_study_that_is_interrupted_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No run is made twice, the answer is the same to the last bit, and so is the file of it."""
    ask = partial(sensitivity, small(), replications=2, budget=300)
    with monkeypatch.context() as patch:
        wanted = counted(patch)
        whole = ask(out=tmp_path / "whole")
    with monkeypatch.context() as patch:
        first = counted(patch, stop_after=len(wanted) // 3)
        with pytest.raises(Interrupted, match="and the same command goes on"):
            ask(out=tmp_path / "out")
    again = counted(monkeypatch)

    assert ask(out=tmp_path / "out") == whole
    assert 0 < len(again) < len(wanted)
    assert sorted(first + again) == sorted(wanted)
    again.clear()
    with using(out=tmp_path / "out"):
        assert ask() == whole
    assert not again
    files = [sorted((tmp_path / name).rglob("*.json")) for name in ("whole", "out")]
    assert [f.read_bytes() for f in files[0]] == [f.read_bytes() for f in files[1]]


@pytest.mark.parametrize("damage", [b"", b"null", b"[" * 100_000, b'{"values":[[0,0,1.5]]}', None])
def test_numbers_that_are_damaged_are_made_again(
    damage: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut short, forged, or with one bit flipped."""
    ask = partial(sensitivity, small(), replications=2, budget=0, out=tmp_path)
    whole = ask()
    [file] = tmp_path.rglob("*.json")
    text = file.read_bytes()
    file.write_bytes(text.replace(b"2", b"3", 1) if damage is None else damage)
    made = counted(monkeypatch)

    assert ask() == whole
    assert made
    assert file.read_bytes() == text


def test_another_question_goes_on_from_no_other_s_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another seed, metric, or scenario."""
    ask = partial(sensitivity, replications=2, budget=0, out=tmp_path)
    ask(small())
    made = counted(monkeypatch)
    larger = replace(small(), arrivals=(Burst(service=catalog.service("node"), tasks=3),))
    for other in (
        partial(ask, small(), seed=2),
        partial(ask, small(), metric="time_to_running_s"),
        partial(ask, larger),
    ):
        made.clear()
        other()
        assert made

    assert len(list(tmp_path.rglob("*.json"))) == 4


@pytest.mark.parametrize("link", ["small", "small/sensitivity", "small/sensitivity/answers"])
def test_no_number_is_written_through_a_link(link: str, tmp_path: Path) -> None:
    """What it leads to is somebody else's."""
    theirs, ours = tmp_path / "theirs", tmp_path / "out" / link
    theirs.mkdir()
    ours.parent.mkdir(parents=True)
    ours.symlink_to(theirs)
    with pytest.raises(OSError, match="is a link"):
        sensitivity(small(), replications=2, budget=0, out=tmp_path / "out")

    assert not list(theirs.iterdir())
