"""Records of starts: what each dialect tells, what is left out and why, and what leaves a file."""

import json
from pathlib import Path
from typing import Any

import pytest
from mutants import mutants
from records_of_starts import DIALECTS, FIRST, POD_TRUTH, TRUTH, moments, pod, pods
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.core.question import BadInput
from sim.files.records.reading import read_records
from sim.files.records.stamps import BadStamp, between, stamp
from sim.studies.fit.observed import Records


def read(tmp_path: Path, *texts: str) -> Records:
    paths = []
    for number, text in enumerate(texts):
        paths.append(tmp_path / f"records{number}.json")
        paths[-1].write_text(text, encoding="utf-8")
    return read_records(paths)


@pytest.mark.parametrize(
    "written",
    [
        "2024-04-10T08:09:29.943000+00:00",
        "2024-04-10T03:09:29.943000-05:00",
        "2024-04-10T16:09:29.943+08:00",
        1712736569.943,
        "2024-04-10T08:09:29.943Z",
        1712736569943,
        "1712736569943",
        "2024-04-10T08:09:29.943000000Z",
        1712736569943000000,
    ],
)
def test_a_moment_is_the_same_however_it_is_written(written: object) -> None:
    """To the last digit, so that differences are, too."""
    told = stamp(written)

    assert told is not None
    assert told == stamp("2024-04-10T08:09:29.943Z")
    assert told.resolution == 0.001


def test_a_stamp_of_a_whole_second_leaves_a_second_open() -> None:
    """Of both ends of a phase."""
    spell = between(stamp("2024-04-10T08:09:29Z"), stamp("2024-04-10T08:09:34Z"))

    assert spell is not None
    assert (spell.low, spell.seconds, spell.high) == (4.0, 5.0, 6.0)
    assert between(stamp("2024-04-10T08:09:29Z"), stamp("0001-01-01T00:00:00Z")) is None


@pytest.mark.parametrize("written", ["yesterday", True, [], "9" * 400, 1e308, 12.5, "2024-13-01T"])
def test_a_stamp_that_is_no_time_is_said_so(written: object) -> None:
    """And taken for none."""
    with pytest.raises(BadStamp):
        stamp(written)


def test_all_six_dialects_tell_the_same(tmp_path: Path) -> None:
    """Phase by phase and start by start; the metadata endpoint does not know when it was created,
    and Container Insights not the version of the platform."""
    starts = moments(TRUTH, 40, seed=3)
    told = {}
    for name, write in DIALECTS.items():
        records = read(tmp_path, write(starts))
        told[name] = [dict(start.phases) for start in records.starts]
        assert not records.left_out, name
        assert {start.where for start in records.starts} == {"fargate"}

    reference = told.pop("cli_v2")
    assert [list(phases) for phases in reference] == [list(TRUTH)] * 40
    without = [{k: v for k, v in each.items() if k != "provision"} for each in reference]
    assert told.pop("metadata") == without
    assert all(each == reference for each in told.values())


def task(**more: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(DIALECTS["cli_v1"](moments(TRUTH, 1, seed=1)))[0]
    return made | more


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"startedAt": FIRST - 5.0}, "timestamps out of order"),
        ({"createdAt": FIRST - 3000.0}, "above 30 min from created to pull"),
        ({"startedAt": None}, "not started"),
        ({"stopCode": "TaskFailedToStart"}, "failed to start"),
        ({"pullStartedAt": None, "pullStoppedAt": None}, "without the timestamps of a pull"),
        ({"createdAt": "soon"}, "with a timestamp that is no time"),
    ],
)
def test_a_record_that_is_no_use_is_counted_by_its_reason(
    tmp_path: Path, more: dict[str, Any], reason: str
) -> None:
    """Never clipped: a phase below 0 is not taken for 0."""
    records = read(
        tmp_path, json.dumps({"tasks": [task(taskArn="a/1"), task(taskArn="a/2", **more)]})
    )

    assert len(records.starts) == 1
    assert dict(records.left_out) == {reason: 1}


def test_a_file_of_which_no_start_can_be_used_is_named(tmp_path: Path) -> None:
    """Of several, nobody has to guess where the starts are missing."""
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps({"tasks": [task(startedAt=None)]}), encoding="utf-8")

    with pytest.raises(ValueError, match=r"tasks\.json: no start can be used: 1 not started"):
        sim.fit(path)


@pytest.mark.parametrize("containers", [True, 5.0, "x", {"a": 1}])
def test_containers_that_are_no_list_are_none(tmp_path: Path, containers: Any) -> None:
    """The stamps of the task are of use all the same."""
    told = [task(taskArn="a/1"), task(taskArn="a/2", containers=containers)]

    assert len(read(tmp_path, json.dumps({"tasks": told})).starts) == 2


def test_tasks_whose_names_were_made_unreadable_are_not_taken_for_one(tmp_path: Path) -> None:
    """Two that were created at other times are two."""
    tasks = [task(taskArn="task/xxxx", createdAt=FIRST - each) for each in (1.5, 2.5, 2.5)]

    assert len(read(tmp_path, json.dumps(tasks)).starts) == 2


def test_records_are_found_in_what_carries_them(tmp_path: Path) -> None:
    """Rows of a query of logs, lines of a log with a time before them, and YAML."""
    rows = [[{"field": "@message", "value": json.dumps(task())}]]
    line = f"2026-10-05T08:00:00 stream-1 {json.dumps(task())}"
    text = "failures: []\ntasks:\n- " + "\n  ".join(
        f"{key}: {json.dumps(value)}" for key, value in task().items()
    )
    expected = dict(read(tmp_path, json.dumps(task())).starts[0].phases)

    for carrier in (json.dumps({"results": rows}), line, text):
        (start,) = read(tmp_path, carrier).starts
        assert dict(start.phases) == expected


def test_a_length_of_whole_seconds_is_as_coarse_as_it_looks(tmp_path: Path) -> None:
    """Agents of 2020 counted whole seconds from an exact stamp."""
    first = FIRST + 9.694
    pulled = {"pullStartedAt": first, "pullStoppedAt": first + 7.0, "startedAt": first + 11.0}
    coarse = task(createdAt=first - 13.123, **pulled)
    (start,) = read(tmp_path, json.dumps(coarse)).starts

    assert (start.phases["pull"].low, start.phases["pull"].high) == (6.0, 8.0)
    assert start.phases["provision"].high - start.phases["provision"].low < 0.01


def test_a_task_of_several_containers_and_one_on_ec2_have_phases_of_their_own(
    tmp_path: Path,
) -> None:
    """A start with order waits for what no record tells; an interface has to be attached."""
    two = task(taskArn="a/1", containers=[{"name": "a"}, {"name": "b"}])
    eni = {"attachments": [{"type": "ElasticNetworkInterface"}]}
    on_ec2 = task(taskArn="a/2", launchType="EC2", platformVersion=None)
    records = read(tmp_path, json.dumps([two, on_ec2, on_ec2 | eni | {"taskArn": "a/3"}]))

    assert [list(start.phases) for start in records.starts] == [
        ["provision", "pull", "start with order"],
        ["placement", "pull", "start"],
        ["network", "pull", "start"],
    ]


def event(number: int, message: str) -> dict[str, Any]:
    about = {"kind": "Pod", "namespace": "shop", "name": f"web-{number}", "uid": f"uid-{number}"}
    return {
        "kind": "Event",
        "metadata": {"uid": f"event-{number}"},
        "reason": "Pulled",
        "involvedObject": about,
        "message": message,
    }


def test_a_pod_tells_its_phases_and_its_event_the_pull(tmp_path: Path) -> None:
    """Of the pull both times are told; that with the wait for other pulls is the pod's."""
    at = [FIRST, FIRST + 1.0, FIRST + 4.0, FIRST + 12.0, FIRST + 20.0]
    message = (
        'Successfully pulled image "shop:1" in 5.419s (6.250s including waiting). '
        "Image size: 73400320 bytes."
    )
    pulled = read(tmp_path, pods([at]), json.dumps({"items": [event(0, message)]}))
    bare = read(tmp_path, pods([at]))

    (start,) = pulled.starts
    seconds = {name: spell.seconds for name, spell in start.phases.items()}
    assert seconds == {"scheduled": 1.0, "sandbox": 3.0, "pull": 6.25, "start": 1.75, "app": 8.0}
    assert start.image_bytes == 73400320
    assert start.ready is not None
    assert start.ready.seconds == 20.0
    assert list(bare.starts[0].phases) == ["scheduled", "sandbox", "pull and start", "app"]


def test_pods_that_do_not_tell_their_start_are_counted(tmp_path: Path) -> None:
    """A condition is of its last change: one that restarted tells another start than its first."""
    at = [FIRST, FIRST + 1.0, FIRST + 4.0, FIRST + 12.0, FIRST + 20.0]
    early = [FIRST, FIRST - 9.0, FIRST - 8.0, FIRST - 7.0, FIRST - 3.0]
    items = [
        pod(0, at),
        pod(1, at, restarts=2),
        pod(2, at, status={"phase": "Pending"}),
        pod(3, at, status={"phase": "Succeeded"}),
        pod(4, early),
        pod(5, [FIRST, FIRST + 9.0, FIRST + 4.0, FIRST + 12.0, FIRST + 20.0]),
    ]
    records = read(tmp_path, json.dumps({"kind": "PodList", "items": items}))
    whole, part = records.starts

    assert len(whole.phases) == 4
    assert not part.phases
    assert part.ready == whole.ready
    assert any("1 pod has conditions out of order" in note for note in records.notes)
    assert dict(records.left_out) == {
        "restarted": 1,
        "not ready yet": 1,
        "finished": 1,
        "timestamps out of order": 1,
    }


def test_tools_tell_starts_too(tmp_path: Path) -> None:
    """Docker, kube-burner and node-latency-for-k8s, each in its own words."""
    docker = [
        {"Type": "container", "Action": action, "id": "c1", "from": "shop", "timeNano": at}
        for action, at in (("create", 1712736569943000000), ("start", 1712736570443000000))
    ]
    burner = {
        "metricName": "podLatencyMeasurement",
        "timestamp": "2024-04-10T08:09:29Z",
        "schedulingLatency": 12,
        "readyToStartContainersLatency": 1000,
        "containersStartedLatency": 2000,
        "podReadyLatency": 5000,
    }
    timings = [
        {"event": {"metric": metric}, "timestamp": f"2024-04-10T08:09:{second}Z", "error": None}
        for metric, second in (
            ("instance_pending", 10),
            ("kubelet_registered", 28),
            ("node_ready", 40),
        )
    ]
    node = {"metadata": {"accountID": "111122223333"}, "timings": timings}
    text = "\n".join(json.dumps(each) for each in (*docker, burner, node))
    records = read(tmp_path, text)

    told = {
        start.where: {k: v.seconds for k, v in start.phases.items()} for start in records.starts
    }
    assert told == {
        "docker": {"start": 0.5},
        "kubernetes": {"scheduled": 0.012, "sandbox": 0.988, "start": 1.0, "app": 3.0},
        "node": {"registered": 18.0, "node ready": 12.0},
    }


def test_use_is_read_from_logs_stats_ranges_and_recommendations(tmp_path: Path) -> None:
    """Working sets in bytes and CPU in vCPUs, whatever the unit of the source."""
    row = {"Type": "Container", "ContainerName": "web", "Timestamp": 1712736569943}
    log = row | {"CpuUtilized": 512.0, "MemoryUtilized": 100}
    stats = {"Name": "db", "MemUsage": "35MiB / 2GiB", "CPUPerc": "12.5%"}
    series = {"metric": {"container": "cache"}, "values": [[1712736569, "0.25"]]}
    rates = {"status": "success", "data": {"resultType": "matrix", "result": [series]}}
    vpa = {
        "kind": "VerticalPodAutoscaler",
        "status": {
            "recommendation": {
                "containerRecommendations": [
                    {"containerName": "job", "target": {"cpu": "250m", "memory": "512Mi"}}
                ]
            }
        },
    }
    records = read(tmp_path, "\n".join(json.dumps(each) for each in (log, stats, rates, vpa)))
    use = records.usages

    assert use["web"].memory == [(1712736569.943, 100 * 2**20)]
    assert use["web"].cpu == [(1712736569.943, 0.5)]
    assert use["db"].memory == [(0.0, 35 * 2**20)]
    assert use["db"].cpu == [(0.0, 0.125)]
    assert use["cache"].cpu == [(1712736569.0, 0.25)]
    assert (use["job"].advised_cpu, use["job"].advised_memory) == (0.25, 512 * 2**20)


def test_no_name_and_no_account_leaves_the_records(tmp_path: Path) -> None:
    """Neither on the screen nor as JSON."""
    path = tmp_path / "tasks.json"
    path.write_text(DIALECTS["insights"](moments(TRUTH, 30, seed=2)), encoding="utf-8")
    for more in ([], ["--json"]):
        out = tmp_path / "fit.yaml"
        told = CliRunner().invoke(app, ["fit", str(path), "--out", str(out), *more]).output
        told = told.replace(str(tmp_path), "") + out.read_text(encoding="utf-8")

        assert "container 1" in told
        for secret in ("111122223333", "arn:", "shop", f"{3:032x}"):
            assert secret not in told


def test_names_are_kept_where_that_is_asked(tmp_path: Path) -> None:
    """So that sizes find their services."""
    path = tmp_path / "stats.json"
    path.write_text(json.dumps({"Name": "web", "MemUsage": "35MiB / 2GiB", "CPUPerc": "1%"}))

    assert [size.name for size in sim.fit(path, names=True).fit.sizes] == ["web"]
    assert [size.name for size in sim.fit(path).fit.sizes] == ["container 1"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is empty"),
        ("{}", "no record is in it"),
        ('{"services": {"web": 1}}', "its keys are services"),
        ("{nonsense", "it is not JSON"),
    ],
)
def test_a_file_without_records_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """By name, with what it looks like instead."""
    with pytest.raises(BadInput, match=told):
        read(tmp_path, text)


def test_nothing_of_use_is_told_by_reason_and_with_a_remedy(tmp_path: Path) -> None:
    """Exit 2: forty-two pods that restarted no longer tell their start."""
    at = [FIRST, FIRST + 1.0, FIRST + 4.0, FIRST + 12.0, FIRST + 20.0]
    path = tmp_path / "pods.json"
    path.write_text(json.dumps({"items": [pod(n, at, restarts=1) for n in range(42)]}))
    result = CliRunner().invoke(app, ["fit", str(path)])

    assert result.exit_code == 2
    assert "42 restarted" in result.stderr
    assert "soon after they start" in " ".join(result.stderr.split())


def test_a_record_that_is_almost_right_never_ends_in_a_traceback(tmp_path: Path) -> None:
    """Changed at random, in every dialect."""
    few = moments(TRUTH, 2, seed=5)
    texts = [write(few) for write in DIALECTS.values()]
    texts.append(pods(moments(POD_TRUTH, 2, seed=5, digits=0)))
    path = tmp_path / "records.json"
    for text in texts:
        for changed in mutants(text, 10, seed=1):
            path.write_text(changed, encoding="utf-8", errors="replace")
            try:
                sim.fit(path)
            except BadInput as error:
                assert str(error)


def test_a_use_that_no_machine_has_is_not_seen(tmp_path: Path) -> None:
    """Else a fit would be written that cannot be read."""
    values = [[FIRST + 60.0 * at, amount] for at, amount in enumerate(("1e8", "1e300", "2e8"))]
    series = {"metric": {"__name__": "memory", "container": "web"}, "values": values}
    told = {"data": {"resultType": "matrix", "result": [series]}}

    seen = read(tmp_path, json.dumps(told)).use("web").memory
    assert [amount for _, amount in seen] == [1e8, 2e8]
