"""`sim scale` as it is typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.studies.scale_out.limiting_waits import Stretch


def run(*arguments: str, out: Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["scale", *arguments, "--out", str(out)])
    return result.exit_code, result.stdout, result.stderr


def test_json_has_a_row_for_each_platform_and_the_keys_that_were_promised(tmp_path: Path) -> None:
    code, out, _ = run("--to", "40", "--replications", "2", "--json", out=tmp_path)
    rows = json.loads(out)
    names = ["fargate", "eks-fargate", "ecs-managed", "eks-auto", "ecs-asg"]
    names += ["eks-karpenter", "eks-cas"]
    keys = {"platform", "t10_s", "t25_s", "t50_s", "t75_s", "t90_s", "hosts", "usd_per_hour"}

    assert code == 0
    assert [row["platform"] for row in rows] == names
    assert all(keys <= set(row) for row in rows)
    assert all(row["t10_s"] <= row["t50_s"] <= row["t90_s"] for row in rows)
    assert (tmp_path / "scale" / "latest" / "scale.png").is_file()


def test_the_table_says_that_its_times_are_those_of_ready_tasks(tmp_path: Path) -> None:
    """A task that runs is not ready yet."""
    _, out, _ = run("--to", "2", "--replications", "1", "--platform", "fargate", out=tmp_path)

    assert "seconds until that share is ready" in out


def test_fewer_tasks_than_there_are_ask_how_soon_the_machines_go(tmp_path: Path) -> None:
    wanted = ("--from", "40", "--to", "20", "--replications", "1", "--platform", "eks-karpenter")
    code, out, _ = run(*wanted, "--json", out=tmp_path)
    (row,) = json.loads(out)
    times = ("t50_s", "t90_s", "t100_s")

    assert code == 0
    assert {"hosts_before", "hosts", "moved", "ready", "usd_per_hour", *times} <= set(row)
    assert row["hosts"] < row["hosts_before"]
    assert (tmp_path / "scale-in" / "latest" / "scale_in.png").is_file()
    code, out, _ = run(*wanted, out=tmp_path)
    assert (code, "the last surplus host is gone after" in out) == (0, True)


def test_a_scale_in_is_kept_in_a_folder_of_its_own_that_can_be_loaded(tmp_path: Path) -> None:
    """Its id is of what was asked: the same again is the same folder, fewer tasks another."""
    for to, seed in (("10", "1"), ("10", "1"), ("5", "1"), ("10", "2")):
        wanted = ("--from", "20", "--to", to, "--seed", seed, "--replications", "2")
        run(*wanted, "--platform", "fargate", out=tmp_path)
    folders = (path for path in (tmp_path / "scale-in").iterdir() if path.is_dir())
    kept = sorted(path for path in folders if path.name != "latest")
    results = sim.load(tmp_path / "scale-in")

    assert len(kept) == 3
    assert all((folder / "scale_in.png").exists() for folder in kept)
    assert (results.manifest["seed"], results.manifest["replications"]) == (2, 2)
    asked = results.scenario["fargate"]
    assert (asked["begin"], asked["to"]) == (20, 10)
    assert list(results.runs["hosts"]) == [10, 10]
    assert list(results.summary["platform"]) == ["fargate"]
    assert results.samples["used"].max() == 20.0


def test_as_many_tasks_as_there_are_is_no_question(tmp_path: Path) -> None:
    code, _, error = run("--from", "40", "--to", "40", out=tmp_path)

    assert code == 2
    assert "to: 40 is not allowed; more than from = 40" in error


def test_a_quota_that_is_not_known_is_told_what_there_is(tmp_path: Path) -> None:
    """The nearest key, or where there is none, the quotas; the field is named once."""
    _, _, strange = run("--quota", "foo=1", out=tmp_path)
    _, _, near = run("--quota", "fargate.launch.refil=1", out=tmp_path)

    assert "quota: 'foo' is not known" in strange
    assert "fargate.launch.refill" in strange
    assert "figure:" not in strange
    assert "quota: 'fargate.launch.refil' is not known; did you mean" in near


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    code, _, error = run(
        "--platform", "ecs", "--to", "x", "--quota", "fargate.launch.refil=2", out=tmp_path
    )

    assert code == 2
    assert all(word in error for word in ("platform", "to:", "fargate.launch.refill"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["fargate.launch.refill", "fargate.launch.refill=-1"])
def test_a_quota_needs_a_key_and_a_positive_number(text: str, tmp_path: Path) -> None:
    code, _, error = run("--quota", text, out=tmp_path)

    assert code == 2
    assert "quota" in error
    assert "fargate.launch.refill=20" in error


@pytest.mark.parametrize(("instance", "said"), [("c6g.4xlarge", True), ("m5.4xlarge", False)])
def test_the_price_of_fargate_says_when_it_is_that_of_arm(
    instance: str, said: bool, tmp_path: Path
) -> None:
    """Tasks are of the architecture of the instances beside them."""
    words = ["scale", "--to", "2", "--platform", "fargate", "--replications", "1"]
    done = CliRunner().invoke(app, [*words, "--instance", instance, "--out", str(tmp_path)])

    assert ("Fargate runs arm64 tasks here" in done.stdout) is said


POD = """
apiVersion: v1
kind: Pod
metadata: {name: orders}
spec:
  initContainers:
  - {name: migrate, image: flyway, resources: {requests: {cpu: 200m, memory: 256Mi}}}
  containers:
  - {name: app, image: temurin, resources: {requests: {cpu: 500m, memory: 768Mi}}}
  - {name: envoy, image: envoy, resources: {requests: {cpu: 100m, memory: 128Mi}}}
"""


def test_a_scale_out_is_of_tasks_with_all_their_containers(tmp_path: Path) -> None:
    """In the words of a start, whatever phase took the time; what took none is not told."""
    file = tmp_path / "pod.yaml"
    file.write_text(POD, encoding="utf-8")
    asked = ["scale", str(file), "--to", "10", "--replications", "1", "--out", str(tmp_path)]
    asked += ["--platform", "ecs-asg", "--platform", "ecs-managed"]
    told = " ".join(CliRunner().invoke(app, [*asked, "--explain"]).stdout.split())

    assert "0 to 10 tasks of 0.6 vCPU, 896 MiB, temurin" in told
    assert " in 0 s: " not in told


def test_every_phase_of_a_start_has_words_among_what_a_scale_out_waited_for() -> None:
    stretch = Stretch(0.0, 0.1, 40.0, (("network", 0.4), ("init", 0.3), ("create", 0.3)))

    assert str(stretch) == (
        "0% to 10% in 40 s: attaching the network interface (40%), the init containers (30%), "
        "creating the container (30%)"
    )
