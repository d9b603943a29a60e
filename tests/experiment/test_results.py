"""Results: the same in memory and on disk, named by what was asked, whole or not at all."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from worlds import LOAD, app, docker, ec2, ecs, image, machine, service

from sim.core.randomness import Lognormal
from sim.experiment import Burst, Results, Scenario, compare, load, replicate
from sim.experiment.statistics.estimate import TooFew
from sim.experiment.storage.part_files import TABLES
from sim.experiment.storage.tables import FEW_ROWS, arranged
from sim.units import MiB

WEB = service(
    cpu=0.5, memory=50 * MiB, image=image(5 * MiB), load=LOAD, app=app(cpu=0.5, spread=0.3)
)


def scenario(platform: Any = None, tasks: int = 2, **rest: Any) -> Scenario:
    what = rest.pop("service", WEB)
    return Scenario(
        name="small",
        platform=platform or docker(),
        arrivals=(Burst(service=what, tasks=tasks),),
        **rest,
    )


@pytest.fixture(scope="module")
def results() -> Results:
    return replicate(scenario(serve=2.0, sample_every=1.0), times=3, seed=4)


def test_columns_are_those_of_the_design(results: Results) -> None:
    """In this order: readers rely on it."""
    assert list(results.spans) == [
        "variant",
        "run",
        "task",
        "host",
        "phase",
        "parent",
        "start_s",
        "end_s",
        "outcome",
    ]
    assert list(results.samples) == [
        "variant",
        "run",
        "host",
        "resource",
        "time_s",
        "used",
        "capacity",
        "unit",
    ]
    assert list(results.runs)[:2] == ["variant", "run"]
    assert set(results.samples["unit"]) == {"vCPU", "byte"}


def test_what_was_saved_is_loaded_as_it_was(results: Results, tmp_path: Path) -> None:
    """Every table, the summary, the scenario and the manifest; by folder and by scenario."""
    folder = results.save(tmp_path)
    for path in (folder, tmp_path / "small"):
        again = load(path)
        for name in TABLES:
            pd.testing.assert_frame_equal(getattr(again, name), getattr(results, name))
        pd.testing.assert_frame_equal(again.summary, results.summary)
        assert again.scenario == results.scenario
        assert again.manifest == results.manifest


def test_a_run_is_found_by_its_id(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under `results/`, where runs are kept."""
    monkeypatch.chdir(tmp_path)
    results.save()

    assert load(results.run_id).run_id == results.run_id
    assert load("results/small").run_id == results.run_id


def test_the_same_command_finds_its_own_folder(results: Results, tmp_path: Path) -> None:
    """No clock in the id; tables are equal byte for byte, nothing half-written stays."""
    first = results.save(tmp_path)
    before = {p.name: p.read_bytes() for p in first.rglob("*.parquet")}
    again = replicate(scenario(serve=2.0, sample_every=1.0), times=3, seed=4).save(tmp_path)

    assert again == first
    assert {p.name: p.read_bytes() for p in again.rglob("*.parquet")} == before
    assert sorted(p.name for p in first.parent.iterdir()) == sorted([first.name, "latest"])
    assert first.name == results.run_id
    assert len(results.run_id) == 10


def test_what_was_asked_decides_the_id() -> None:
    """Another figure, seed, catalogue or variant is another run."""
    base = replicate(scenario(), times=1, seed=1)
    others = [
        replicate(scenario(tasks=3), times=1, seed=1),
        replicate(scenario(docker(bridge_ports=7)), times=1, seed=1),
        replicate(scenario(), times=1, seed=2),
        replicate(scenario(), times=1, seed=1, catalogue="other"),
        compare({"other": scenario()}, times=1, seed=1),
    ]

    assert len({base.run_id, *(other.run_id for other in others)}) == 6


def test_the_manifest_is_json_that_any_reader_reads(results: Results, tmp_path: Path) -> None:
    """Also where a description holds infinity: JSON has no word for it."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    text = (results.save(tmp_path) / "manifest.json").read_text()

    assert json.loads(text, parse_constant=refuse)["seed"] == 4


def test_a_failed_save_leaves_nothing(results: Results, tmp_path: Path) -> None:
    """Whole or not at all."""
    broken = Results(results.runs, results.spans, None, results.summary, {}, results.manifest)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        broken.save(tmp_path)

    assert list((tmp_path / "small").iterdir()) == []


def test_there_is_a_message_where_there_are_no_results(tmp_path: Path) -> None:
    """It names the path."""
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere")


def test_starts_are_request_to_running_and_to_ready(results: Results) -> None:
    """One row each; the difference is the phase `app`."""
    starts = results.starts()
    app_spans = results.tiling().query("phase == 'app'")
    lengths = (app_spans["end_s"] - app_spans["start_s"]).tolist()

    assert len(starts) == 6
    assert (starts["time_to_ready_s"] - starts["time_to_running_s"]).tolist() == pytest.approx(
        lengths
    )


def test_the_summary_sums_to_its_totals(results: Results) -> None:
    """In the order of the phases; with six starts there is no p95."""
    summary = results.summary.set_index("phase")["p50_s"]
    parts = ["pull", "create", "start", "app"]

    assert list(summary.index) == [*parts, "running", "total"]
    assert summary[parts].sum() == pytest.approx(summary["total"])
    assert "p95_s" not in results.summary
    assert set(results.summary["n"]) == {6}


def test_estimates_of_starts() -> None:
    """One start a run is an independent sample; several starts of a run are not."""
    alone = replicate(scenario(tasks=1), times=60, seed=1)
    crowd = replicate(scenario(tasks=4), times=15, seed=1)

    assert alone.estimate("time_to_ready_s", quantile=0.95).low is not None
    assert crowd.estimate("time_to_ready_s", quantile=0.95).low is None
    assert crowd.estimate("time_to_ready_s").n == 15
    with pytest.raises(TooFew, match="at least 100"):
        alone.estimate("time_to_ready_s", quantile=0.99)


def test_estimates_of_runs(results: Results) -> None:
    """Columns of `runs` are metrics, too."""
    assert results.estimate("ready").value == 2.0
    assert results.estimate("slowdown_p95_web").value >= 1.0


def test_unknown_metrics_and_variants_are_refused(results: Results) -> None:
    """With those that there are."""
    with pytest.raises(ValueError, match=r"'speed' is not known; known: .*time_to_ready_s"):
        results.estimate("speed")
    with pytest.raises(ValueError, match="'b' is not known; one of small"):
        results.estimate("ready", variant="b")
    both = compare({"a": scenario(), "b": scenario(ec2())}, times=1)
    with pytest.raises(ValueError, match="one of a, b"):
        both.estimate("ready")


def test_a_metric_is_a_number(results: Results) -> None:
    """`reasons` and `variant` are no metrics."""
    with pytest.raises(ValueError, match="'reasons' is not known"):
        results.estimate("reasons")


def test_an_estimate_over_censored_starts_is_refused_or_says_so() -> None:
    """Four starts on one core: only the quick ones are seen before the stop."""
    slow = service(cpu=1.0, app=app(cpu=4.0, spread=1.0))
    spread = ec2(pending=Lognormal(median=5.0, spread=1.0))
    cut = replicate(scenario(spread, 40, service=slow, until=14.0), times=1)
    assert cut.runs["censored"].iloc[0] > 5
    assert cut.runs["ready"].iloc[0] >= 20
    try:
        told = str(cut.estimate("time_to_ready_s", quantile=0.95))
    except ValueError as refusal:
        told = str(refusal)

    assert "censored" in told


def test_a_run_without_a_ready_start_has_tables_all_the_same() -> None:
    """Everything refused: no phases of ready starts, an empty summary, a row that says why."""
    none = replicate(scenario(ecs(), service=service(cpu=100.0)), times=2)

    assert none.runs["refused"].tolist() == [2, 2]
    assert none.summary.empty
    assert none.starts().empty


@pytest.mark.parametrize("written", [None, "\n"])
def test_a_run_without_a_ready_start_is_loaded_as_it_was(
    written: str | None, tmp_path: Path
) -> None:
    """All refused, or all cut off; earlier versions wrote a blank summary, which is read, too."""
    for what in ({"service": service(cpu=100.0)}, {"until": 0.001}):
        none = replicate(scenario(ecs(), **what), times=2)
        folder = none.save(tmp_path)
        if written is not None:
            (folder / "summary.csv").write_text(written)
        there = load(folder)

        assert list(none.summary) == ["variant", "phase", "p50_s", "p95_s", "n"]
        pd.testing.assert_frame_equal(there.summary, none.summary, check_dtype=False)
        pd.testing.assert_frame_equal(there.runs, none.runs)
        assert there.sentence() == none.sentence()
        assert "0 of 4 starts became ready (4 " in there.sentence()


def test_tasks_per_host_counts_ready_starts_of_the_fullest_host() -> None:
    """Five on two instances, binpacked: four and one."""
    packed = replicate(
        scenario(ecs(machine(vcpu=2.0), count=2, strategy="binpack"), tasks=5), times=1
    )

    assert packed.runs["tasks_per_host"].iloc[0] == 4


@pytest.mark.parametrize("name", ["", "a/b", "../up", ".hidden"])
def test_a_name_that_is_no_folder_is_refused(name: str) -> None:
    """The scenario's name is a folder under `results/`."""
    with pytest.raises(ValueError, match="name"):
        Scenario(name=name, platform=docker(), arrivals=(Burst(service=WEB),))


@pytest.mark.parametrize("nothing", ["", ".", "*", "**", "[0-9]*"])
def test_only_a_name_is_a_name(
    nothing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither an empty one nor a pattern stands for the newest run."""
    monkeypatch.chdir(tmp_path)
    folder = replicate(scenario(), times=1).save()

    assert load(folder.name).run_id == folder.name
    with pytest.raises(FileNotFoundError, match="results: "):
        load(nothing)


@pytest.mark.parametrize("rows", [2, 2 * FEW_ROWS])
def test_runs_are_put_in_order_however_long_they_are(rows: int) -> None:
    """Their own rows stay as they are; long runs are not copied for that."""
    runs = [("b", 1), ("a", 1), ("c", 0), ("a", 0)]
    names = [name for name, _ in runs for _ in range(rows)]
    numbers = [number for _, number in runs for _ in range(rows)]
    table = pa.table({"variant": names, "run": numbers, "row": range(rows * len(runs))})
    whole = arranged(table, ["a", "b"], below=1)
    every = arranged(table, ["a", "b", "c"]).to_pandas()

    assert whole["variant"].to_pylist() == ["a"] * rows + ["c"] * rows
    order = list(zip(every["variant"], every["run"], strict=True))
    assert order == [key for key in sorted(runs) for _ in range(rows)]
    assert (every.groupby(["variant", "run"])["row"].diff().dropna() == 1).all()
