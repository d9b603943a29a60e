"""`sim lifecycle` as a user meets it: seconds and bytes that add up, and mistakes that help."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import sim
from sim import catalog, plots
from sim.cli.app import app
from sim.experiment.running.metric import measured

NODE = """FROM node:22 AS build
WORKDIR /app
COPY package.json .
RUN npm ci
COPY . .
RUN npm run build
FROM node:22
# berthsim: size=20MB
COPY --from=build /app/dist /app
CMD ["node", "/app"]
"""
SIZES = ("--run-size", "1=60MB", "--run-size", "L6=20MB", "--run-cpu", "1=10")
BASE = round(catalog.image("node:22").wire)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Node.js app."""
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "index.js").write_bytes(b"x" * 5000)
    (tmp_path / "Dockerfile").write_text(NODE)
    return tmp_path


def call(folder: Path, *words: str) -> Result:
    """Run the verb in this process."""
    command = ["lifecycle", str(folder), "--out", str(folder / "out"), *words]
    return CliRunner().invoke(app, command, catch_exceptions=False)


def rows(folder: Path, *, up: bool = True, **more: Any) -> list[dict[str, Any]]:
    """The rows, with what has to be told about the two RUNs."""
    given: dict[str, Any] = {"run_sizes": {1: 60e6, 2: 20e6}, "run_cpus": {1: 10.0}}
    answer = sim.lifecycle(folder / "Dockerfile", **given, **more)

    assert answer.up == up
    return answer.json()


def totals(found: list[dict[str, Any]], number: int = 1) -> dict[str, dict[str, Any]]:
    """The total of each step of a round."""
    mine = [row for row in found if row["phase"] == "total" and row.get("round", 1) == number]
    return {row["step"]: row for row in mine}


def test_rows_have_the_promised_keys_and_steps_add_up(folder: Path) -> None:
    """Build, push, pull and run take all the time there is; no row is before its step."""
    found = rows(folder)
    total = totals(found)
    last = total["run"]

    assert all({"step", "phase", "start_s", "end_s", "bytes"} <= set(row) for row in found)
    assert list(total) == ["build", "push", "pull", "run"]
    assert sum(row["seconds"] for row in total.values()) == pytest.approx(last["running_s"])
    assert last["pull_s"] == total["pull"]["seconds"] > 0.0
    assert all(
        row["end_s"] - row["start_s"] == pytest.approx(row["seconds"] + row.get("pull_s", 0.0))
        for row in total.values()
    )
    for row in found:
        mine = total[row["step"]]
        assert mine["start_s"] <= row["start_s"] <= row["end_s"] <= mine["end_s"]


def test_bytes_are_those_of_the_layers(folder: Path) -> None:
    """The base down and up again, 20 MB at 1 to 2.6 on top; RUN's bytes as told."""
    found = rows(folder)
    total = {step: row["bytes"] for step, row in totals(found).items()}
    own = round(20e6 / catalog.figure("image.unpack_ratio.unknown").value)
    written = {row["line"]: row["bytes"] for row in found if "line" in row}

    assert total["build"] == BASE
    assert total["push"] == total["pull"] == pytest.approx(BASE + own, abs=2)
    assert (written[4], written[6], written[9]) == (60e6, 20e6, 20e6)


def test_wire_bytes_are_measured_or_assumed_and_explained(folder: Path) -> None:
    """8 MB of noise go up as they are, measured; 4 GB of a RUN at 1 to 2.6, which moves it."""
    (folder / "noise").write_bytes(Random(1).randbytes(8 * 10**6))
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY noise /\nRUN make\n")
    given: dict[str, Any] = {"run_sizes": {1: 4e9}, "run_cpus": {1: 1.0}, "app": "node"}
    answer = sim.lifecycle(folder / "Dockerfile", explain=True, **given)
    lines = {row["line"]: row for row in answer.json() if "line" in row}
    explained = answer.json()[-1]["explain"]
    told = " ".join(answer.notes)

    assert lines[2]["wire_bytes"] == pytest.approx(8e6, rel=1e-3)
    assert lines[3]["wire_bytes"] == round(4e9 / 2.6)
    assert [lines[n]["unpack_ratio_standing"] for n in (2, 3)] == ["measured", "assumed"]
    assert "line 2: 1.00" in told and "line 3) are assumed: 2.60 (1.00 to 4.50)" in told
    assert any(each["figure"] == "image.unpack_ratio.unknown" for each in explained)
    assert "image.unpack_ratio.unknown" in answer.assumed_line()


def test_ready_is_said_only_where_the_start_up_work_is_told(folder: Path) -> None:
    """Else it ends at running, and says what is needed."""
    silent, told = rows(folder)[-1], rows(folder, startup_cpu=2.0, cpu=1.0)[-1]

    assert "ready_s" not in silent
    assert "--startup-cpu" in silent["ready_s_refused"]
    assert told["ready_s"] - told["running_s"] == pytest.approx(2.0, rel=0.3)
    assert rows(folder, app="node")[-1]["outcome"] == "ready"
    shown = call(folder, *SIZES)
    assert shown.exit_code == 0
    assert "Ready needs the app's start-up work" in " ".join(shown.stdout.split())


@pytest.mark.parametrize("platform", ["docker", "ec2", "ecs", "eks", "fargate"])
def test_every_platform_runs_it_and_an_image_for_another_architecture_fails(
    folder: Path, platform: str
) -> None:
    """`exec format error` is an outcome, with exit code 3; Fargate has both architectures."""
    up = platform == "fargate"
    ours: dict[str, Any] = {"platform": platform, "architecture": "arm64"}
    theirs = {} if up else {"instance": "m7g.xlarge"}
    ends = {
        "own": rows(folder, platform=platform)[-1]["outcome"],
        "other": rows(folder, up=up, **ours)[-1]["outcome"],
        "theirs": rows(folder, **theirs, **ours)[-1]["outcome"],
    }

    assert ends == {
        "own": "running",
        "other": "running" if up else "killed: exec format error",
        "theirs": "running",
    }


def test_after_a_change_only_what_is_below_moves(folder: Path) -> None:
    """A changed source leaves the base and `npm ci` where they are."""
    found = rows(folder, change="index.js")
    first, second = totals(found), totals(found, 2)
    cached = {row["line"]: row["cached"] for row in found if row["round"] == 2 and "line" in row}

    assert second["build"]["bytes"] == 0
    assert second["push"]["bytes"] == second["pull"]["bytes"]
    assert second["push"]["bytes"] == first["push"]["bytes"] - BASE
    assert (cached[4], cached[5], cached[6], cached[9]) == (True, False, False, False)
    assert second["build"]["seconds"] < first["build"]["seconds"] / 10


def test_docker_hub_has_the_layers_of_its_official_images(folder: Path) -> None:
    """Only the own layer goes up; all come down."""
    hub = totals(rows(folder, registry="docker-hub"))

    assert hub["push"]["bytes"] == hub["pull"]["bytes"] - BASE


def test_a_run_without_a_size_names_every_run_and_the_flag(folder: Path) -> None:
    """Exit 2, and nothing is written."""
    result = call(folder)

    assert result.exit_code == 2
    assert "Dockerfile:4: RUN 1 has no size: give it with --run-size 1=SIZE" in result.stderr
    assert "Dockerfile:6: RUN 2 has no size: give it with --run-size 2=SIZE" in result.stderr
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--run-size", "1"), "NAME=VALUE"),
        (("--run-size", "L5=1MB"), "no RUN begins on line 5; RUN: L4, L6"),
        (("--run-size", "x=1MB"), "its number such as 1, or its line such as L7"),
        (("--run-size", "1=1"), "512MiB"),
        (("--run-size", "3=1MB"), "there is no such RUN; it has 2"),
        (("--run-size", "1=1MB", "--run-size", "L4=1MB"), "given twice"),
        (("--run-cpu", "1=fast"), "core-seconds such as 30"),
        (("--build-arg", "V=1"), "there is no ARG of that name"),
        (("--target", "x"), "unknown stage 'x'"),
        (("--registry", "ecs"), "'ecs' is not known"),
        (("--platform", "vm"), "'vm' is not known"),
        (("--instance", "m5.huge"), "'m5.huge' is not known"),
        (("--startup-cpu", "-1"), "core-seconds"),
        (("--startup-cpu", "1", "--app", "node"), "not allowed beside"),
        (("--base", "x=none.json"), "none.json"),
        (("--change", "../x"), "not in the context"),
        (("--context", "none"), "is no folder"),
        (("--memory", "512"), "512MiB"),
    ],
)
def test_what_is_typed_wrong_is_named(folder: Path, words: tuple[str, ...], said: str) -> None:
    """Exit 2, no traceback, nothing written."""
    result = call(folder, *words)

    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert not (folder / "out").exists()


def test_a_layer_that_the_registry_does_not_take_is_a_mistake(folder: Path) -> None:
    """2 TB, with the line, in no time."""
    (folder / "Dockerfile").write_text("FROM scratch\n\nRUN make big\n")
    result = call(folder, "--run-size", "1=2TB")

    assert result.exit_code == 2
    assert "Dockerfile:3: a layer has 769.2 GB compressed; ecr takes at most 54.5" in result.stderr


def test_a_layer_that_no_disk_takes_is_an_outcome(folder: Path) -> None:
    """Docker Hub takes it, the instance's volume does not."""
    test_a_layer_that_the_registry_does_not_take_is_a_mistake(folder)
    answer = sim.lifecycle(folder / "Dockerfile", registry="docker-hub", run_sizes={1: 2e12})

    assert not answer.up
    assert "no space left on device" in answer.sentence()


def test_a_base_of_ones_own_is_read_from_its_manifest(folder: Path) -> None:
    """Under the name that FROM uses."""
    manifest = Path(__file__).parents[1] / "image" / "manifests"
    file = next(path for path in sorted(manifest.iterdir()) if "oci" in path.name)
    (folder / "Dockerfile").write_text("FROM my/base:1\nCOPY index.js /\n")

    assert "--base my/base:1=FILE" in call(folder).stderr
    assert call(folder, "--base", f"my/base:1={file}").exit_code == 0


def test_what_it_rests_on_is_tried_only_where_it_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes more runs than the answer does."""
    tried: list[str] = []

    def counted(*scenarios: Any, what: str, **more: Any) -> Any:
        tried.append(what)
        return measured(*scenarios, what=what, **more)

    monkeypatch.setattr("sim.studies.lifecycle.answer.measured", counted)
    assert "--explain says what this rests on." in call(folder, *SIZES).stdout
    assert tried == []
    assert "rests on assumed numbers" in call(folder, *SIZES, "--explain").stdout
    assert set(tried) == {"explaining"}


def test_the_same_seed_gives_the_same_answer_and_a_folder_to_load(folder: Path) -> None:
    """And a picture."""
    command = (*SIZES, "--json")
    first, again, other = (call(folder, *command, "--seed", seed).stdout for seed in "112")
    loaded = sim.load(folder / "out" / "lifecycle")
    picture = folder / "out" / "lifecycle" / loaded.run_id / "waterfall.png"

    assert json.loads(first) == rows(folder, exclude=folder / "out" / "lifecycle")
    assert first == again != other
    assert list(loaded.summary["step"].unique()) == ["build", "push", "run", "pull"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_legend_of_the_picture_says_what_the_sentence_says(folder: Path) -> None:
    """Two lives each on its own: their sum stands nowhere else."""
    given: dict[str, Any] = {"run_sizes": {1: 60e6, 2: 20e6}, "run_cpus": {1: 10.0}}
    answer = sim.lifecycle(folder / "Dockerfile", change="index.js", **given)
    legend = plots.lifecycle(answer.results().summary).get_legend()
    before, after = answer.sentence().split("After the change")

    assert legend is not None
    texts = [text.get_text() for text in legend.get_texts()]
    assert len(texts) == 4
    for text in texts:
        first, second = text.removesuffix(" after the change").split(", ")
        assert first in before
        assert f"{first.split()[0]} {second}" in after


def test_a_folder_stands_for_the_dockerfile_in_it_and_the_table_says_what_is_not_counted(
    folder: Path,
) -> None:
    """In Python as on the command line; the pull lies within the run and is a step of its own."""
    shown = call(folder, *(f"--run-size={number}=20MB" for number in (1, 2))).stdout
    sizes = {1: 20e6, 2: 20e6}
    found = [sim.lifecycle(path, run_sizes=sizes) for path in (folder, folder / "Dockerfile")]

    assert found[0].json() == found[1].json()
    assert "total without the pull" in shown


def test_help_names_the_registries_that_are_allowed() -> None:
    """All of them, as the error does."""
    shown = CliRunner().invoke(app, ["lifecycle", "--help"]).stdout

    assert ",".join(catalog.registry_names()) in "".join(shown.split())  # it is folded at hyphens
