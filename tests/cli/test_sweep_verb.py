"""`sim sweep` and `sim run`: the options that say how much is run and where."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import sim
from sim.cli.app import app

FILE = """
name: burst
platform: ecs
host: {instance: m5.xlarge}
service: {app: node, cpu: 250m, memory: 512MiB}
arrivals: {tasks: 2}
replications: 4
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A scenario file."""
    path = tmp_path / "burst.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def call(*words: str | Path) -> Result:
    """Run a verb in this process."""
    return CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)


def test_a_grid_gives_a_row_for_every_combination(file: Path, tmp_path: Path) -> None:
    """With the parameters in columns; a bigger image is pulled longer."""
    grid = ("--grid", "host.instance=m5.large,m5.xlarge", "--grid", "image.mib=100,500")
    result = call("sweep", file, *grid, "--json", "--out", tmp_path)
    rows = json.loads(result.stdout)

    assert [(row["host.instance"], row["image.mib"]) for row in rows] == [
        ("m5.large", 100),
        ("m5.large", 500),
        ("m5.xlarge", 100),
        ("m5.xlarge", 500),
    ]
    assert all(row["replications"] == 4 for row in rows)
    assert rows[0]["time_to_ready_s"] + 5.0 < rows[1]["time_to_ready_s"]
    assert list(tmp_path.glob("burst/*/sweep.png"))
    assert rows[0]["low_s"] < rows[0]["time_to_ready_s"] < rows[0]["high_s"]


def test_ranges_are_filled_with_points(file: Path, tmp_path: Path) -> None:
    """And shown as a table with an interval each."""
    result = call("sweep", file, "--range", "image.mib=100:900", "--points", 4, "--out", tmp_path)

    assert result.exit_code == 0
    assert result.stdout.count(" to ") >= 4
    assert "image.mib" in result.stdout


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--grid", "hst.instance=m5.large"], "hst: there is no such field; did you mean 'host'?"),
        (["--grid", "image.mb=1,2"], "image.mb: there is no such field; did you mean 'mib'?"),
        (["--grid", "host.instance=m5.lrge"], "did you mean 'm5.large'"),
        (["--grid", "seed=1,2"], "seed cannot be swept; see --seed"),
        (["--grid", "image.mib"], "'image.mib' is not allowed"),
        (["--grid", "image.mib=1", "--grid", "image.mib=2"], "given twice"),
        (["--range", "image.mib=9:1"], "image.mib: 9 to 1 is not a range"),
        (["--range", "image.mib=1:9", "--points", "12"], "a power of two"),
        (["--range", "image.mib=1:x"], "two plain numbers"),
        ([], "give --grid"),
        (["--grid", "image.mib=1", "--range", "image.mib=1:9"], "not allowed beside --range"),
        (["--grid", "image.mib=1", "--jobs", "0"], "jobs: '0' is not allowed"),
        (["--grid", "image.mib=1", "--replications", "auto:2"], "replications: 'auto:2'"),
    ],
)
def test_mistakes_are_exit_2_and_nothing_is_written(
    words: list[str], part: str, file: Path, tmp_path: Path
) -> None:
    """The field, the value, the nearest name."""
    result = call("sweep", file, *words, "--out", tmp_path / "out")

    assert result.exit_code == 2
    assert part in result.stderr
    assert not (tmp_path / "out").exists()


def test_run_again_makes_nothing_again_and_says_the_same(file: Path, tmp_path: Path) -> None:
    """Also with two workers."""
    first = call("run", file, "--out", tmp_path)
    part = next(tmp_path.glob("burst/*/spans/*"))
    written = part.stat().st_mtime_ns
    again = call("run", file, "--out", tmp_path, "--jobs", 2)

    assert again.stdout == first.stdout
    assert part.stat().st_mtime_ns == written


def test_auto_replicates_until_the_mean_is_known(file: Path, tmp_path: Path) -> None:
    """To a twentieth, unless something else is typed; the answer says so."""
    result = call("run", file, "--replications", "auto:0.02", "--out", tmp_path)
    results = sim.load(tmp_path / "burst")
    mean = results.estimate("time_to_ready_s")

    assert "target 2.0%, reached" in result.stdout
    assert mean.low is not None
    assert (mean.value - mean.low) / mean.value <= 0.02


def test_ctrl_c_is_exit_130_and_says_how_to_go_on(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error."""

    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.experiment.running.batch.run", stopped)
    result = call("run", file, "--out", tmp_path)

    assert result.exit_code == 130
    assert "0 of 4 runs are kept" in result.stderr
    assert "the same command goes on" in result.stderr


def test_scripts_take_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a word of it in the script."""
    from sim.experiment.running.workers import Workers

    seen: list[int] = []

    class Seen(Workers):
        def __init__(self, jobs: int | None, cluster: str | None) -> None:
            super().__init__(jobs, cluster)
            seen.append(self.count)

    monkeypatch.setattr("sim.experiment.replication.Workers", Seen)
    monkeypatch.syspath_prepend("scenarios")
    import_module("ec2").main(["--replications", "2", "--jobs", "2", "--out", str(tmp_path)])

    assert seen == [2]


def test_points_that_take_the_same_are_told_once_and_a_name_alone_is_remarked_on(
    tmp_path: Path,
) -> None:
    """A service of no app has no image: no instance pulls it sooner than another."""
    path = tmp_path / "named.yaml"
    path.write_text("name: n\nplatform: ecs\nservice: {name: node}\nreplications: 2\n", "utf-8")
    words = ["sweep", str(path), "--grid", "host.instance=m5.large,m5.xlarge", "--jobs", "1"]
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path)], catch_exceptions=False)

    assert "s on average at every point." in " ".join(result.stdout.split())
    assert "'node' is only a name" in result.stderr
