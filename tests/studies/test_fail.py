"""`sim fail`: the vendors' clocks, side by side, and a way back that tiles."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.experiment.running.workers import using
from sim.scenario_file import BadFile, load_scenario
from sim.studies.fail.answer import FailAnswer
from sim.studies.fail.told import told


@pytest.fixture(scope="module")
def host() -> FailAnswer:
    """A host dies, on five kinds of platform."""
    return sim.fail(
        platform=("docker", "ec2", "ecs", "fargate", "eks"), tasks=40, kill="host", replications=1
    )


def test_forty_tasks_on_four_hosts_lose_ten_and_on_hosts_of_their_own_one(host: FailAnswer) -> None:
    lost = {row.platform: row.lost for row in host.rows}

    assert lost == {"docker": 40, "ec2": 1, "ecs": 10, "fargate": 1, "eks": 10}


def test_eks_notices_after_50_s_and_begins_pods_anew_after_350(host: FailAnswer) -> None:
    eks = next(row for row in host.rows if row.platform == "eks").times()

    assert eks["noticed_s"].value == pytest.approx(50.0)
    assert eks["replaced_s"].value == pytest.approx(350.0)
    assert 350.0 < eks["serving_s"].value < 450.0


def test_nobody_replaces_a_docker_host(host: FailAnswer) -> None:
    docker = next(row for row in host.rows if row.platform == "docker").json()

    assert "serving_s" not in docker
    assert "nobody replaces" in docker["refused"]["serving_s"]
    assert "Nobody replaces them in Docker" in host.sentence()


def test_the_parts_tile_the_way_back(host: FailAnswer) -> None:
    """And the errors are over before, or with it."""
    for row in host.rows:
        times = row.times()
        if row.parts:
            assert sum(row.parts.values()) == pytest.approx(times["serving_s"].value)
            assert times["noticed_s"].value <= times["replaced_s"].value
        assert times["errors_s"].value <= 65.0


def test_a_clock_that_is_not_published_is_said_to_be_assumed(host: FailAnswer) -> None:
    line = host.assumed_line()

    assert "ecs.host_noticed 180 s (120 to 300)" in line
    assert "fargate.host_noticed" in line
    assert "kubernetes" not in line


def test_sooner_evictions_are_advised_as_the_model_gives_them(host: FailAnswer) -> None:
    """50 s, 30 s of toleration, and a start: not 350 s."""
    sooner = sim.fail(platform="eks", kill="host", toleration=30.0, replications=1).rows[0]

    assert sooner.replaced is not None and sooner.serving is not None
    assert sooner.replaced.value == pytest.approx(80.0)
    assert f"EKS serves again after {sooner.serving.value:.0f} s" in host.advice


def test_a_process_comes_back_in_place_but_on_ecs_and_fargate_as_another_task() -> None:
    answer = sim.fail(platform=("docker", "ecs", "eks"), kill="process", tasks=8, replications=2)
    rows = {row.platform: row for row in answer.rows}

    assert all(row.lost == 1 for row in answer.rows)
    assert rows["docker"].parts["waited"] == pytest.approx(0.1)
    assert rows["eks"].parts["waited"] == 0.0
    assert rows["ecs"].parts["noticed"] == pytest.approx(5.0)
    assert rows["ecs"].by == "a task elsewhere"
    assert "10, 30, 70, 150, 310 s on EKS" in answer.advice
    assert "0.1, 0.3, 0.7, 1.5 s in Docker" in answer.advice


def test_spare_hosts_lose_less_and_packed_ones_more() -> None:
    def lost(**options: object) -> int:
        asked = {"platform": "ecs", "kill": "host", "tasks": 40, "replications": 1, **options}
        return sim.fail(**asked).rows[0].lost  # type: ignore[arg-type]

    assert lost(spare=4) == 5
    assert lost(spread=False) == 16


def test_an_update_keeps_as_many_tasks_as_it_is_told() -> None:
    """Minimum healthy 90% of 20: two at a time without surge, none missing with it."""
    asked = {"platform": ("ecs", "eks"), "kill": "update", "tasks": 20, "replications": 1}
    few = sim.fail(**asked, min_healthy=0.9, surge=0.0)  # type: ignore[arg-type]
    more = sim.fail(**asked, min_healthy=1.0, surge=0.5)  # type: ignore[arg-type]

    assert [row.lost for row in few.rows] == [2, 2]
    assert [row.lost for row in more.rows] == [0, 0]
    assert all(
        a.serving.value > b.serving.value
        for a, b in zip(few.rows, more.rows, strict=True)
        if a.serving and b.serving
    )


def test_without_room_the_tasks_wait_for_the_next_instance() -> None:
    """Three hosts of 16 and 48 tasks: a third has no place until the group brings a host."""
    tight = sim.fail(platform="ecs", kill="host", tasks=48, hosts=3, replications=2).rows[0]
    roomy = sim.fail(platform="ecs", kill="host", tasks=48, hosts=5, replications=2).rows[0]

    assert tight.parts["placed"] > 30.0
    assert roomy.parts["placed"] < 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--kill", "zone", "--zones", "1"], "kill: 'zone' is not allowed with --zones 1"),
        (["--tasks", "9000000"], "tasks: 9000000 is not allowed; that is "),
        (
            ["--hosts", "200000", "--platform", "ecs"],
            "hosts: 200000 is not allowed; that is 200,000 ",
        ),
        (["--kill", "hots"], "kill: 'hots' is not known; did you mean 'host'?"),
        (["--hosts", "2", "--platform", "ecs"], "40 tasks need 3 m5.2xlarge on ECS"),
        (["--spare", "1", "--platform", "fargate"], "spare: not allowed here"),
        (["--toleration", "30s", "--platform", "ecs"], "toleration: not allowed here"),
        (["--surge", "0.5"], "surge: not allowed with --kill host"),
        (["--kill", "drain", "--surge", "0", "--min-healthy", "1"], "could ever be replaced"),
        (["--kill", "update", "--min-healthy", "2"], "a share from 0 to 1"),
    ],
)
def test_what_cannot_be_is_told(arguments: list[str], message: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["fail", *arguments, "--out", str(tmp_path)])

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_json_has_the_keys_that_were_promised(tmp_path: Path) -> None:
    arguments = ["fail", "--platform", "ecs", "--replications", "1", "--json"]
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path)])
    row = json.loads(result.stdout)["platforms"][0]

    assert result.exit_code == 0
    assert {"platform", "lost", "noticed_s", "replaced_s", "serving_s"} <= set(row)
    assert len(list(tmp_path.glob("fail/latest/recovery.png"))) == 1


FILE = """
name: dies
platform: eks
host: {count: 3}
service: {app: node}
arrivals: {tasks: 12}
faults: [{at: 10min, kill: host, which: 1}, {at: 1h, kill: process}]
"""


def test_a_scenario_file_has_faults_on_any_platform_that_knows_who_notices(tmp_path: Path) -> None:
    path = tmp_path / "dies.yaml"
    path.write_text(FILE, encoding="utf-8")
    results = sim.replicate(load_scenario(path).scenario, times=1)
    spans = results.spans[results.spans["parent"] == "recovery"]
    lost = spans[spans["phase"] == "lost"]["start_s"].tolist()

    assert sorted(lost) == [600.0] * 4 + [3600.0]
    assert (spans["phase"] == "balanced").sum() == 5
    first, second = told(results)
    assert first.startswith("At 600 s 4 tasks are lost; all serve again 3")
    assert second.startswith("At 3600 s 1 task is lost; all serve again 1 s later")


def test_a_fault_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "dies.yaml"
    path.write_text(FILE.replace("kill: host", "kill: hots"), encoding="utf-8")

    with pytest.raises(BadFile, match=r"faults\.0\.kill: 'hots'.*did you mean 'host'"):
        load_scenario(path)


def test_what_is_planned_begins_and_is_no_failure(tmp_path: Path) -> None:
    once = ["--platform", "ecs", "--tasks", "4", "--replications", "1", "--out", str(tmp_path)]
    drained = CliRunner().invoke(app, ["fail", "--kill", "drain", *once]).stdout
    dead = CliRunner().invoke(app, ["fail", "--kill", "host", *once]).stdout

    assert "seconds since it began" in drained
    assert "failure" not in drained
    assert "seconds since the failure" in dead


def test_so_many_tasks_that_none_is_up_when_one_should_be_lost_are_refused(tmp_path: Path) -> None:
    """Not in the words of a fault that nobody has written; and no folder is left."""
    refused = "tasks: 12000 is not allowed; an hour after .*, no host is up"
    with using(out=tmp_path / "out"), pytest.raises(ValueError, match=refused):
        sim.fail(platform=("ec2",), tasks=12_000, replications=1)

    assert [*tmp_path.iterdir()] == []
