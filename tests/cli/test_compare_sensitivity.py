"""`sim compare`, `sim sensitivity` and `--explain` as a user meets them."""

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sim.cli import sensitivity
from sim.cli.app import app

SCENARIO = """
name: {name}
platform: {platform}
host: {{instance: m5.xlarge}}
service: {{app: node, cpu: 250m, memory: 512MiB}}
arrivals: {{tasks: {tasks}}}
replications: 4
"""


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def written(folder: Path, *, name: str = "small", platform: str = "ecs", tasks: int = 2) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(SCENARIO.format(name=name, platform=platform, tasks=tasks), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs in one folder."""
    folder = tmp_path_factory.mktemp("runs")
    for name, platform in (("small", "ecs"), ("other", "docker")):
        assert (
            call("run", written(folder, name=name, platform=platform), "--out", folder).exit_code
            == 0
        )
    return folder


@pytest.fixture
def two(made: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    """Two runs, and the folder they are in."""
    shutil.copytree(made, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path / "small", tmp_path / "other", tmp_path


def test_compare_tells_inputs_intervals_and_draws(two: tuple[Path, Path, Path]) -> None:
    """In pairs, since seed and workload are equal; the picture is where it is said to be."""
    a, b, out = two
    done = call("compare", a, b, "--out", out / "pictures")
    drawn = done.stdout.splitlines()[-1].removeprefix("wrote ")

    assert done.exit_code == 0
    assert "sooner on average than" in done.stdout.splitlines()[0]
    assert "paired by replication" in done.stdout
    assert "bridge_ports" in done.stdout
    assert list((out / "pictures").rglob("forest.png"))
    assert drawn.endswith(".png") or "forest" in done.stdout


def test_compare_as_json_has_no_null(two: tuple[Path, Path, Path]) -> None:
    """Every difference has its interval; what cannot be compared is under `refused`."""
    a, b, out = two
    found: dict[str, Any] = json.loads(call("compare", a, b, "--json", "--out", out).stdout)
    pair = found["pairs"][0]
    ready = next(d for d in pair["differences"] if d["metric"] == "time_to_ready_s")

    assert pair["paired"]
    assert ready["low"] <= ready["difference"] <= ready["high"]
    assert ready["n"] == 4
    assert None not in ready.values()
    assert any(row["path"].startswith("platform") for row in pair["inputs"])


def test_another_workload_is_said_and_not_paired(two: tuple[Path, Path, Path]) -> None:
    """Welch, and why."""
    a, _, out = two
    call("run", written(out, name="more", tasks=5), "--out", out)
    done = call("compare", a, out / "more", "--out", out)

    assert "Not paired: their workloads differ" in done.stdout
    assert "Welch" in done.stdout


@pytest.mark.parametrize(
    ("side", "part"),
    [("nowhere", "neither a run's folder"), ("small:ecs", "'ecs' is no variant of")],
)
def test_compare_refuses_what_is_not_there(
    side: str, part: str, two: tuple[Path, Path, Path]
) -> None:
    """Exit 2, one sentence, nothing written."""
    a, _, out = two
    done = call("compare", a, out / side, "--out", out / "pictures")

    assert done.exit_code == 2
    assert part in done.stderr
    assert not (out / "pictures").exists()


def test_compare_refuses_one_replication_and_what_is_no_run(tmp_path: Path) -> None:
    """An interval needs two; the probes of `sim density` are no replications."""
    path = written(tmp_path)
    call("run", path, "--replications", "1", "--out", tmp_path)
    call("density", "--by", "reservation", "--out", tmp_path)
    one = call("compare", tmp_path / "small", tmp_path / "small", "--out", tmp_path)
    probes = call("compare", tmp_path / "density", tmp_path / "density", "--out", tmp_path)

    assert (one.exit_code, probes.exit_code) == (2, 2)
    assert "at least 2 are needed" in one.stderr
    assert "RUN_A: density/" in probes.stderr
    assert "holds no replications of starts; runs of sim run" in probes.stderr


def test_compare_says_which_run_has_nothing_ready_and_why(two: tuple[Path, Path, Path]) -> None:
    """Its counts are compared all the same."""
    a, _, out = two
    refused = SCENARIO.replace("250m", "8").format(name="huge", platform="ecs", tasks=2)
    (out / "huge.yaml").write_text(refused)
    cut = written(out, name="cut")
    cut.write_text(cut.read_text() + "until: 1s\n")
    for path in (out / "huge.yaml", cut):
        assert call("run", path, "--out", out).exit_code == 3
    done = call("compare", a, out / "huge", "--out", out)
    found = json.loads(call("compare", out / "cut", out / "huge", "--json", "--out", out).stdout)
    differences = {d["metric"]: d["difference"] for d in found["pairs"][0]["differences"]}

    assert done.exit_code == 0
    said = " ".join(done.stdout.split())  # it is folded
    assert said.startswith("No time to ready can be compared. huge/")
    assert ": 0 of 8 starts became ready (8 refused); in a run: RESOURCE:CPU x2. " in said
    assert differences == {"refused": 2.0, "censored": -2.0}
    assert [told.partition("/")[0] for told in found["none_ready"]] == ["cut", "huge"]


def test_sensitivity_names_what_is_assumed_and_matters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ecs.placement has no source, and a third of a warm start is a lot. Ten figures, 16 base
    points, three runs a point: 576 runs of the 600 allowed. On screen and as JSON it is one answer.
    """
    monkeypatch.setattr(sensitivity, "sensitivity", cache(sensitivity.sensitivity))
    words = ["--replications", "3", "--budget", "600", "--out", tmp_path, "--explain"]
    done = call("sensitivity", written(tmp_path), *words)
    found = json.loads(call("sensitivity", written(tmp_path), *words, "--json").stdout)
    swings = [row["swing"] for row in found["effects"]]

    assert done.exit_code == 0
    assert "Assumed figures that move it by 5% or more: " in done.stdout
    assert "ecs.placement" in done.stdout.rpartition("Assumed figures")[2]
    assert "Sobol indices with these 10" in done.stdout
    assert (tmp_path / "small" / "sensitivity" / "time_to_ready_s.png").exists()
    assert found["sobol"]["runs"] == 576
    assert swings == sorted(swings, reverse=True)
    assert sum("sobol_total" in row for row in found["effects"]) == 10
    assert "ecs.reserved_memory" in found["without_range"]


def test_without_a_budget_there_are_no_indices_and_it_is_said(tmp_path: Path) -> None:
    """The tornado stands alone."""
    words = ["--replications", "2", "--budget", "0", "--json", "--out", tmp_path]
    found = json.loads(call("sensitivity", written(tmp_path), *words).stdout)

    assert "sobol" not in found
    assert found["refused"] == "a budget of 0 runs is too small for 10 figures"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--metric", "time_to_redy_s"], "did you mean 'time_to_ready_s'"),
        (["--replications", "1"], "replications: '1' is not allowed; an integer of at least 2"),
        (["--budget", "-1"], "budget: '-1' is not allowed"),
    ],
)
def test_sensitivity_refuses_bad_input(words: list[str], part: str, tmp_path: Path) -> None:
    """Exit 2, the field and what is allowed, nothing written."""
    done = call("sensitivity", written(tmp_path), *words, "--out", tmp_path / "out")

    assert done.exit_code == 2
    assert part in done.stderr
    assert not (tmp_path / "out").exists()


def test_explain_lists_what_moved_a_start_largest_first(tmp_path: Path) -> None:
    """Marked, with both ends; what moved nothing is not there."""
    words = ["--platform", "fargate", "--replications", "3", "--explain", "--json"]
    found = json.loads(call("startup", *words, "--out", tmp_path).stdout)
    total = next(row for row in found if row["phase"] == "total")
    swings = [number["swing"] for number in total["explain"]]

    assert swings == sorted(swings, reverse=True)
    assert min(swings) > 0.0
    first = [number["figure"] for number in total["explain"]][:2]
    assert set(first) == {"core.i7-12700.speed", "fargate.provision"}
    assert {number["standing"] for number in total["explain"]} >= {"assumed", "derived"}
    assert all("explain" not in row for row in found if row["phase"] != "total")


def test_explain_says_that_no_number_moves_a_count_of_vcpus(tmp_path: Path) -> None:
    """Sixteen quarters are four; nothing cited is in that."""
    words = ["--by", "reservation", "--explain", "--out", tmp_path]
    done = call("density", *words)
    found = json.loads(call("density", *words, "--json").stdout)
    docker = next(row for row in found if row["platform"] == "docker")

    words = "No cited number moves these answers by 1% or more: vm (by reservation), docker"
    assert words in " ".join(done.stdout.split())
    assert docker["explain"] == []


def test_explain_shows_the_memory_that_moves_a_count(tmp_path: Path) -> None:
    """Where memory stops it, what host and guests hold besides the app decides how many fit."""
    words = ["--by", "reservation", "--memory", "256MiB", "--cpu-overcommit", "30"]
    found = json.loads(call("density", *words, "--explain", "--json", "--out", tmp_path).stdout)
    vm = next(row for row in found if row["platform"] == "vm")
    moved = {number["figure"]: number for number in vm["explain"]}

    assert vm["stopped_by"] == "memory"
    assert moved["vm.memory.vmm.qemu"]["at_high"] < vm["count"]
    assert all("memory" in figure for figure in moved)
