"""Verbs and answers take applications: whole copies a host, when all is up, one service alone."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sim
from sim import catalog
from sim.cli.app import app as command_line
from sim.core.question import BadInput
from sim.experiment import Results, Rollout, Scenario
from sim.experiment.running.run import run
from sim.files import read
from sim.scenario_file import BadFile, load_scenario
from sim.studies.holds.answer import HeldRow
from sim.studies.plan.hosts import options_for, planned_hosts
from sim.studies.platform_row import Temperature
from sim.studies.platforms import row
from sim.studies.uptime.answer import UptimeAnswer, UptimeRow
from sim.studies.uptime.question import UptimeQuestion
from sim.units import GiB, MiB
from sim.workload import Application, Part, Service

BOUTIQUE = {
    "ad": (0.2, 180), "cart": (0.2, 64), "checkout": (0.1, 64), "currency": (0.1, 64),
    "email": (0.1, 64), "frontend": (0.1, 64), "load": (0.3, 256), "payment": (0.1, 64),
    "products": (0.1, 64), "recommend": (0.1, 220), "redis": (0.07, 200), "shipping": (0.1, 64),
}  # fmt: skip
"""vCPU and MiB that the twelve pods of Online Boutique request."""

MIX = {"a": (0.5, 1024, 12), "b": (1.0, 2048, 6), "c": (0.25, 256, 8)}
"""vCPU, MiB and copies: 14 vCPU in all."""

COMPOSE = """
name: shop
services:
  db:
    image: postgres:16
    mem_limit: 512m
    healthcheck: {interval: 10s}
  web:
    image: node:20
    mem_limit: 256m
    depends_on: {db: {condition: service_healthy}}
"""


def small(name: str, cpu: float, mib: float) -> Service:
    """A service that pulls nothing."""
    return replace(catalog.service("generic", cpu=cpu, memory=mib * MiB), name=name)


def boutique() -> Application:
    parts = tuple(Part(service=small(name, *size)) for name, size in BOUTIQUE.items())
    return Application(name="Online Boutique", parts=parts)


def mix() -> Application:
    parts = tuple(
        Part(service=small(name, cpu, mib), copies=copies)
        for name, (cpu, mib, copies) in MIX.items()
    )
    return Application(name="mix", parts=parts)


def test_a_node_holds_online_boutique_twice() -> None:
    """12 pods, 1.57 vCPU and 1,368 MiB: CPU stops it, then pod slots at 4, then memory at 10."""
    answer = sim.holds(boutique(), instance="m5.xlarge")
    eks = next(row for row in answer.rows if row.platform == "eks")

    assert (eks.holds, eks.limits) == (2, (("vCPU", 2), ("pod slots", 4), ("memory", 10)))
    assert "12 tasks: 1.57 vCPU" in answer.sentence()
    assert "holds it twice; vCPU runs out first, then pod slots at 4" in answer.sentence()
    fargate = next(row for row in answer.rows if row.platform == "fargate")
    assert (fargate.holds, fargate.hosts) == (None, 12)


def test_one_part_of_one_container_is_held_as_often_as_it_fits() -> None:
    """The whole of a service alone is the service."""
    service = catalog.service("generic", cpu=0.5, memory=1 * GiB)
    whole = {row.platform: row.holds for row in sim.holds(service).rows}
    each = {row.platform: row.count for row in sim.density(app=service, by="reservation").rows}

    shared = {name: count for name, count in whole.items() if count is not None}
    assert len(shared) >= 6
    assert shared == {name: each[name] for name in shared}


def test_a_whole_application_pays_the_fees_and_the_spot_prices_that_one_container_pays() -> None:
    """The price of an application of one container is that container's, platform by platform."""
    asked = {"cpu": 0.25, "memory": 512 * MiB, "instance": "m5.2xlarge", "burstable": False}
    one = {
        row.platform: row.usd_per_container_hour
        for row in sim.density(**asked, by="reservation").rows  # type: ignore[arg-type]
    }
    held = sim.holds(small("one", 0.25, 512.0), instance="m5.2xlarge").rows

    assert {row.platform: row.usd_per_hour for row in held} == pytest.approx(one)


@pytest.mark.parametrize(
    ("platform", "instance", "machines"),
    [("ecs", "m5.xlarge", 4), ("ecs", "m5.large", 7), ("eks", "m5.xlarge", None)],
)
def test_a_plan_is_launched_and_no_start_is_refused(
    platform: str, instance: str, machines: int | None
) -> None:
    """14 vCPU of three services on as many machines as the packing says, and not on one fewer."""
    app = mix()
    hosts = planned_hosts(row(platform), app, [instance], 0)

    def refused(count: int) -> int:
        options = replace(options_for(app, instance), count=count)
        whole = (Rollout(application=app),)
        scenario = Scenario(name="plan", platform=row(platform).made(options), arrivals=whole)
        outcomes = run(scenario, 1, 0).task_outcome
        return sum(outcome != "ready" for outcome in outcomes)

    assert machines in (None, hosts.machines)
    assert refused(hosts.machines) == 0
    assert refused(hosts.machines - 1) > 0


def test_an_application_is_asked_about_as_a_whole() -> None:
    """How many of a service fit is another question; a service alone is one of both."""
    with pytest.raises(BadInput, match="has 12 parts; one is needed"):
        sim.density(app=boutique())
    with pytest.raises(ValueError, match=r"sim\.uptime when it is up"):
        sim.startup(app=boutique())


def test_files_are_started_and_counted_by_the_verbs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sim startup FILE`, `sim density FILE`; what says what runs is not allowed beside them."""
    monkeypatch.chdir(tmp_path)
    Path("compose.yaml").write_text(COMPOSE, encoding="utf-8")
    runner = CliRunner()
    often = ["--platform", "docker", "--replications", "2", "--jobs", "1"]
    started = runner.invoke(command_line, ["startup", "compose.yaml", *often])
    counted = runner.invoke(command_line, ["density", "compose.yaml"])
    idle = runner.invoke(command_line, ["density", "compose.yaml", "--cpu", "1"])

    assert (started.exit_code, counted.exit_code, idle.exit_code) == (0, 0, 2)
    assert "shop is up" in started.output
    assert "until the next health check of db" in " ".join(started.output.split())
    assert len(list(Path("results/uptime").glob("latest/uptime-docker-cold.png"))) == 1
    assert "shop is 2 tasks" in counted.output
    assert "cpu: not allowed beside files" in idle.output


PORTS = """\
services:
  web: {image: "nginx", ports: ["80:80"], deploy: {replicas: 2, resources: {limits: {cpus: "0.5"}}}}
"""


def test_two_copies_of_a_published_port_share_a_host_but_in_docker(tmp_path: Path) -> None:
    """One vCPU of four is taken: neither CPU nor memory is short."""
    path = tmp_path / "compose.yaml"
    path.write_text(PORTS, encoding="utf-8")
    app = sim.read(path)
    assert isinstance(app, Application)
    by_name = {row.name: row for row in sim.plan(app, replications=1).rows}

    assert by_name["docker"].refused.endswith("host ports")
    assert by_name["eks-fargate"].hosts is not None
    for name in ("ecs", "eks", "eks-karpenter", "eks-auto"):
        hosts = by_name[name].hosts
        assert hosts is not None and hosts.machines == 1, name


def test_two_copies_of_a_port_of_the_host_need_two_hosts_and_the_ports_are_why(
    tmp_path: Path,
) -> None:
    """As a task definition with a `hostPort` or a pod with one asks for."""
    path = tmp_path / "own.yaml"
    path.write_text(
        "application: shop\nparts: {web: {image: nginx, copies: 2, cpu: 0.5, host_ports: [80]}}\n",
        encoding="utf-8",
    )
    app = sim.read(path)
    assert isinstance(app, Application)
    by_name = {row.name: row for row in sim.plan(app, replications=1).rows}

    assert by_name["ecs"].hosts is not None and by_name["ecs"].hosts.machines == 2
    assert by_name["ecs"].hosts.stopped_by == "host ports"
    assert by_name["docker"].refused.endswith("host ports")


def test_images_that_a_root_volume_does_not_hold_get_a_larger_one_which_is_said(
    tmp_path: Path,
) -> None:
    """Wherever EC2 machines are, those that come included; on them, nobody starts in vain."""
    path = tmp_path / "own.yaml"
    parts = [f"  s{n}: {{image: own/app{n}, cpu: 0.1, image_size: 900MB}}" for n in range(30)]
    path.write_text("\n".join(["application: many", "parts:", *parts]), encoding="utf-8")
    app = sim.read(path)
    assert isinstance(app, Application)
    names = ("ecs", "ecs-managed", "eks", "eks-auto", "eks-karpenter")
    plan = sim.plan(app, instance="m5.4xlarge", platform=names, replications=1)
    up = sim.uptime(app, instance="m5.4xlarge", platform=names[:-1], replications=1)

    assert all(ready.short == 0 for row in plan.rows for ready in row.ready.values())
    assert {row.name for row in plan.rows if row.ready} == set(names)
    assert not up.refused
    assert all(row.short == 0 for row in up.rows)
    for line in (plan.disk_line(), up.volume_line()):
        assert "do not fit on the default root volume" in line
        assert "give it 120 GiB" in line


def test_a_plan_and_the_critical_path_name_the_same_part_as_the_last(tmp_path: Path) -> None:
    """What waited and takes no time itself is up in the instant in which the other is."""
    path = tmp_path / "own.yaml"
    path.write_text(
        "application: two\n"
        "parts:\n"
        "  db: {image: own/db, image_size: 90MB, startup: {cpu: 2}}\n"
        "  api: {image: own/api, image_size: 9MB, after: [{part: db, until: healthy}]}\n",
        encoding="utf-8",
    )
    app = sim.read(path)
    assert isinstance(app, Application)
    (row,) = sim.plan(app, platform="ecs", replications=3).rows
    ups = {each.image: each for each in sim.uptime(app, platform="ecs", replications=3).rows}

    for image, ready in row.ready.items():
        assert [link.part for link in ups[image].path] == ["db", "api"]
        assert ready.last.most_common(1) == [("api", 3)]


def test_limits_that_end_at_the_same_count_are_all_named() -> None:
    """With more CPU alone a host holds no more."""
    held = HeldRow("ecs", "h", 1, limits=(("vCPU", 1), ("memory", 1), ("ENI", 10)))

    assert held.stops == ("vCPU", "memory")
    assert held.then == "ENI at 10"


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ("vCPU x4", "4 tasks not started (vCPU)"),
        ("host ports x1; vCPU x2", "1 task not started (host ports), 2 tasks not started (vCPU)"),
    ],
)
def test_what_does_not_come_up_is_counted_in_tasks(reasons: str, said: str) -> None:
    app = Application(name="a", parts=(Part(service=catalog.service("node")),))
    images: tuple[Temperature, ...] = ("cold", "warm")
    rows = [UptimeRow("vm", image, {}, 3, reasons) for image in images]
    answer = UptimeAnswer(UptimeQuestion(app), app, rows, Results.__new__(Results), {}, {})

    assert answer.not_up() == [f"vm: not everything comes up: {said}."]


def test_depends_on_within_a_task_is_read_and_kept(tmp_path: Path) -> None:
    """The web container waits for the database of its own task, by its health check."""
    path = tmp_path / "task.json"
    path.write_text(
        """{"family": "shop", "containerDefinitions": [
        {"name": "web", "image": "nginx", "memory": 64,
         "dependsOn": [{"containerName": "db", "condition": "HEALTHY"}]},
        {"name": "db", "image": "postgres", "memory": 256, "essential": true,
         "healthCheck": {"command": ["CMD", "x"], "interval": 10}}]}""",
        encoding="utf-8",
    )
    service = read(path).parts[0].service

    assert [(wait.part, wait.until) for wait in service.after] == [("db", "healthy")]
    assert service.sidecars[0].check is not None
    assert service.sidecars[0].check.interval == 10.0


def test_one_service_of_an_application_is_scaled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which one has to be said, and its size is its own."""
    monkeypatch.chdir(tmp_path)
    Path("compose.yaml").write_text(COMPOSE, encoding="utf-8")
    runner = CliRunner()
    often = ["--platform", "fargate", "--to", "3", "--replications", "2", "--jobs", "1"]
    web = runner.invoke(command_line, ["scale", "compose.yaml", "--service", "web", *often])
    which = runner.invoke(command_line, ["scale", "compose.yaml", *often])
    unknown = runner.invoke(command_line, ["scale", "compose.yaml", "--service", "wbe", *often])

    assert (web.exit_code, which.exit_code, unknown.exit_code) == (0, 2, 2)
    assert "256 MiB, node:20" in " ".join(web.output.split())
    assert "service: missing; --service with one of db, web" in which.output
    assert "service: 'wbe' is not known; did you mean 'web'?" in unknown.output
    with pytest.raises(BadInput, match="memory: not allowed beside a service"):
        sim.scale_out(app=small("web", 0.5, 512), memory=1 * GiB)


def test_a_scenario_file_names_the_file_of_an_application(tmp_path: Path) -> None:
    """Its path starts at the scenario's folder; nothing else says what runs."""
    (tmp_path / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    scenario = tmp_path / "scenario.yaml"
    text = "name: shop\nplatform: docker\napplication: compose.yaml\n"
    scenario.write_text(text, encoding="utf-8")
    (rollout,) = load_scenario(scenario).scenario.arrivals

    assert isinstance(rollout, Rollout)
    assert (rollout.names(), rollout.ordered) == (["db", "web"], True)
    for besides in ("service: {app: java}", "arrivals: {tasks: 3}"):
        scenario.write_text(text + besides, encoding="utf-8")
        with pytest.raises(BadFile, match="not allowed beside application"):
            load_scenario(scenario)


def test_start_up_work_that_nobody_told_is_said_to_be_none(tmp_path: Path) -> None:
    """Of programs that an image does not show; a block of one's own tells it."""
    known = "name: x\nservices:\n  db: {image: 'postgres:17'}\n"
    backend = "  backend: {image: 'temurin:21'%s}\n"
    told = ", x-sim: {startup: {cpu: 20, threads: 2}}"
    said = {}
    for name, text in (("none", backend % ""), ("told", backend % told)):
        file = tmp_path / f"{name}.yaml"
        file.write_text(known + text, encoding="utf-8")
        asked = ["startup", str(file), "--platform", "ecs", "--replications", "2"]
        done = CliRunner().invoke(command_line, [*asked, "--out", str(tmp_path)])
        said[name] = " ".join(done.stdout.split())

    assert "The start-up work of backend is not known and counts as none" in said["none"]
    assert "is not known" not in said["told"]
    assert (
        "backend is the last one up, and no other service holds it up: the app's own"
        in (said["told"])
    )


def test_of_many_services_those_are_shown_that_are_up_last(tmp_path: Path) -> None:
    """They decide when all is up; those that were up first were shown, and the others counted."""
    services = "".join(
        f"  s{n}: {{image: 'redis:7', depends_on: [{f's{n - 1}' if n else ''}]}}\n"
        for n in range(42)
    )
    file = tmp_path / "compose.yaml"
    file.write_text(f"name: x\nservices:\n{services}", encoding="utf-8")
    asked = ["startup", str(file), "--platform", "fargate", "--replications", "2"]
    said = CliRunner().invoke(command_line, [*asked, "--out", str(tmp_path)]).stdout

    assert "on the critical path" in said
    assert "and 2 that are up sooner; the tables of the run have all." in said


def test_how_many_the_files_have_is_said_beside_how_many_fail(tmp_path: Path) -> None:
    shop = ["fail", "scenarios/applications/shop.yaml", "--service", "api", "--platform", "docker"]
    asked = [*shop, "--replications", "1", "--out", str(tmp_path)]
    forty = CliRunner().invoke(command_line, asked).stdout
    four = CliRunner().invoke(command_line, [*asked, "--tasks", "4"]).stdout

    assert "Your files have 4 of it; --tasks 4 asks about those." in forty
    assert "Your files" not in four
