"""Which platform for my own application: known answers, and what a plan promises."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim import catalog
from sim.core.quantity import LARGEST_VCPU
from sim.core.question import BadInput
from sim.experiment import Rollout, compare
from sim.image import Image, Layer
from sim.platforms import DaemonSet
from sim.studies.plan.answer import PlanAnswer
from sim.studies.plan.question import PlanQuestion, limits
from sim.studies.plan.ready import plan_scenarios, readiness
from sim.studies.plan.study import plan as planned
from sim.studies.plan.study import planned_rows
from sim.studies.plan.types import allowed, by_least_cost, candidates, undominated
from sim.units import GiB, MiB
from sim.workload import App, HealthCheck, Service, Wait
from sim.workload.application import Application, AutoscalingRange, Part


def part(name: str, cpu: float, memory: float, copies: int = 1, **said: object) -> Part:
    app = App(name=name, private=memory / 2.0)
    service = Service(name=name, app=app, cpu=cpu, memory=memory)
    return Part(service=service, copies=copies, **said)  # type: ignore[arg-type]


FOURTEEN = Application(
    name="fourteen vCPUs",
    parts=(
        part("api", 0.5, 1 * GiB, 12),
        part("jobs", 1.0, 2 * GiB, 6),
        part("cache", 0.25, 256 * MiB, 8),
    ),
)
SMALL = Application(name="small", parts=(part("web", 0.25, 256 * MiB, 2), part("db", 0.5, GiB)))


def arithmetic(app: Application, **asked: object) -> PlanAnswer:
    return planned(app, start=False, **asked)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def fourteen() -> PlanAnswer:
    return arithmetic(FOURTEEN)


@pytest.fixture(scope="module")
def started() -> PlanAnswer:
    return planned(SMALL, seed=3)


def test_whole_machines_name_another_winner_than_the_sum_of_shares(fourteen: PlanAnswer) -> None:
    """The sum says ECS 491 USD a month and Fargate 505; of whole m5.xlarge ECS needs 561."""
    rows = fourteen.table().set_index("platform")

    assert rows.loc["ecs", "usd_per_month"] == pytest.approx(4 * 0.192 * 730)
    assert rows.loc["ecs", "usd_per_month_full"] == pytest.approx(3.5 * 0.192 * 730)
    assert rows.loc["fargate", "usd_per_month"] == pytest.approx(504.56, abs=0.01)
    assert rows["usd_per_month_full"].idxmin() == "ecs"
    assert fourteen.json()["recommendation"]["platform"] == "fargate"


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_servers_of_ones_own_are_as_many_whatever_services_are_called(
    names: tuple[str, str],
) -> None:
    """Two of 3 vCPU and two of 1 fill two hosts of 4; the small ones first, they need a third."""
    small, large = names
    app = Application(name="x", parts=(part(small, 1.0, GiB, 2), part(large, 3.0, GiB, 2)))
    (vms,) = (row for row in arithmetic(app).rows if row.name == "vm")

    assert vms.hosts is not None
    assert vms.hosts.machines == 2


def test_an_eks_cluster_is_part_of_what_it_costs(fourteen: PlanAnswer) -> None:
    """73 USD a month, however few nodes there are."""
    rows = fourteen.table().set_index("platform")

    assert rows.loc["eks", "usd_per_month"] == pytest.approx((5 * 0.192 + 0.1) * 730)


def test_docker_says_what_does_not_fit_on_one_machine(fourteen: PlanAnswer) -> None:
    """14 vCPUs are not on 4; on 16 they are."""
    docker = next(row for row in fourteen.json()["platforms"] if row["platform"] == "docker")
    larger = arithmetic(FOURTEEN, platform="docker", instance="m5.4xlarge").json()

    assert "vCPU" in docker["refused"] and docker["stopped_by"] == "vCPU"
    assert "machines" not in docker
    assert larger["platforms"][0]["machines"] == 1


def test_json_has_what_was_understood_and_every_platform(fourteen: PlanAnswer) -> None:
    """The keys that are promised, and no null."""
    data = fourteen.json()
    promised = {"platform", "instance", "machines", "lower_bound", "usd_per_month"}
    promised |= {"usd_per_month_full", "ready_cold_p50_s", "ready_warm_p50_s"}
    promised |= {"stopped_by", "then", "refused"}

    assert set(data) == {"services", "ignored", "platforms", "recommendation"}
    assert {each["name"]: each["copies"] for each in data["services"]} == {
        "api": 12,
        "cache": 8,
        "jobs": 6,
    }
    assert all(set(row) <= promised for row in data["platforms"])
    assert not any(value is None for row in data["platforms"] for value in row.values())
    names = {row["platform"] for row in data["platforms"]}
    assert {"docker", "vm", "ec2", "ecs", "fargate", "eks", "eks-fargate"} < names


def on_ecs(app: Application, instance: str) -> float:
    """USD a month on ECS."""
    rows = planned_rows(PlanQuestion(app=app, platform="ecs", instance=instance))
    return rows[0].usd_per_month or float("inf")


def test_a_pattern_finds_what_trying_every_type_of_it_finds() -> None:
    """Best first with a lower bound leaves out none that would be cheaper."""
    for pattern in ("c6[ag].*", "m[67]i.*", "r5.*"):
        best = min(on_ecs(FOURTEEN, name) for name in allowed(pattern))
        assert on_ecs(FOURTEEN, pattern) == best


def test_auto_takes_no_type_that_another_betters_and_none_of_old() -> None:
    """No bare metal, no T type, none of the first two generations but X2, no HPC type."""
    names = candidates("auto")

    assert not any(name.startswith(("a1.", "t3.", "hpc")) or "metal" in name for name in names)
    assert any(name.startswith("x2gd.") for name in names)
    assert set(undominated(names)) == set(names)
    assert len(names) < len(allowed("auto")) / 3
    assert candidates("hpc7g.*")  # who asks for them gets them


@given(cpu=st.sampled_from([0.1, 0.5, 2.0]), copies=st.integers(1, 30))
@settings(max_examples=15, deadline=None)
def test_no_plan_is_cheaper_than_its_bound(cpu: float, copies: int) -> None:
    """The order in which types are tried is that of a lower bound of the cost."""
    app = Application(name="a", parts=(part("web", cpu, GiB, copies),))
    for bound, name in by_least_cost(app, ("m5.large", "c5.xlarge", "r5.large"), 0):
        assert on_ecs(app, name) >= bound * 730.0 * (1.0 - 1e-9)


def test_karpenter_takes_the_cheapest_types_that_hold_what_is_left() -> None:
    """Never dearer than nodes of one type where it may choose among the same types."""
    many = arithmetic(FOURTEEN, platform=("eks", "eks-karpenter"), instance="m5.*").table()
    cost = many.set_index("platform")["usd_per_month"]

    assert cost["eks-karpenter"] <= cost["eks"] * 1.1
    assert many["machines"].min() >= 1


def test_a_machine_to_spare_costs_a_machine() -> None:
    """Not on Fargate, which brings another task."""
    rows = arithmetic(FOURTEEN, spare=1).table().set_index("platform")

    assert rows.loc["ecs", "machines"] == 5
    assert rows.loc["fargate", "machines"] == 26


def test_an_amd64_image_is_planned_on_no_graviton() -> None:
    """Of a pattern with both only the types on which all images run are taken."""
    node = catalog.service("node")
    assert node.image is not None
    only = replace(node, image=replace(node.image, architectures=("amd64",)))
    app = Application(name="a", parts=(Part(service=only, copies=3),))
    rows = planned_rows(arithmetic(app, instance="m[67][gi].*", platform=("ecs", "eks")).question)

    assert all(row.hosts is not None and "g." not in row.hosts.instance for row in rows)


def test_limits_leave_out_what_breaks_them_and_say_so() -> None:
    """`cost<=500` leaves nothing of the fourteen vCPUs on m5.xlarge; 520 leaves Fargate."""
    none, some = (
        arithmetic(FOURTEEN, require="cost<=500"),
        arithmetic(FOURTEEN, require="cost<=520"),
    )

    assert none.chosen is None and "fargate misses cost<=500" in none.missed
    assert some.chosen is not None and some.chosen.name == "fargate"
    assert [limit.column for limit in limits("ready<=60s,machines<=3")] == [
        "ready_cold_p50_s",
        "machines",
    ]


@pytest.mark.parametrize("text", ["cost<500", "price<=5", "ready<=soon", "cost<=much"])
def test_a_limit_that_cannot_be_read_says_what_can(text: str) -> None:
    with pytest.raises(BadInput, match="require: "):
        arithmetic(SMALL, require=text)


def test_an_unknown_type_is_told_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"instance: 'm5\.xlrage' is not known; did you mean"):
        arithmetic(SMALL, instance="m5.xlrage")


def test_ranked_by_density_the_fewest_machines_come_first() -> None:
    """And by cost the cheapest: two goals, two orders."""
    dense, cheap = arithmetic(FOURTEEN, goal="density"), arithmetic(FOURTEEN, goal="cost")

    assert dense.table()["machines"].dropna().is_monotonic_increasing
    assert cheap.table()["usd_per_month"].dropna().is_monotonic_increasing


def test_what_the_ranking_hangs_on_is_moved_over_its_range(fourteen: PlanAnswer) -> None:
    """A quarter more CPU is a fifth m5.xlarge; a fifth less makes ECS cheaper than Fargate."""
    assert len(fourteen.turning) == 2
    assert all(each.turns for each in fourteen.turning)
    cpu = next(each for each in fourteen.turning if each.what.startswith("the CPU"))
    assert cpu.at_low[0] == "ecs"


def test_assumed_sizes_and_autoscaling_are_what_it_hangs_on() -> None:
    """Copies from the fewest to the most; sizes that nothing tells from half to double."""
    web = part("web", 0.25, 512 * MiB, 2, size_from="assumed")
    many = replace(web, autoscaling=AutoscalingRange(least=2, most=40))
    answer = arithmetic(Application(name="a", parts=(many,)))

    assert any("copies" in each.what for each in answer.turning)
    assert any("assumed for 1 service" in each.what for each in answer.turning)


def test_a_plan_has_room_for_every_start(started: PlanAnswer) -> None:
    """The simulation confirms it: on the machines of the plan no copy is refused."""
    assert started.runs is not None
    assert (started.runs.runs["refused"] == 0).all()
    assert all(any(row.ready_at(image, 0.5) for image in row.ready) for row in started.rows)


def test_warm_is_never_later_than_cold_and_p95_never_before_p50(started: PlanAnswer) -> None:
    table = started.table().dropna(subset=["ready_cold_p50_s"])

    assert (table["ready_cold_p95_s"] >= table["ready_cold_p50_s"]).all()
    warm = table.dropna(subset=["ready_warm_p50_s"])
    assert (warm["ready_warm_p50_s"] <= warm["ready_cold_p50_s"] + 0.5).all()


def test_a_service_alone_is_planned_as_an_application_of_one() -> None:
    one = sim.plan(SMALL.part("web").service, start=False)

    assert one.app.name == "web" and len(one.app.parts) == 1
    assert one.json()["platforms"][0]["machines"] == 1


def test_a_daemon_is_on_every_machine_and_on_no_fargate_task() -> None:
    """It is counted where there are machines, and no task of its own elsewhere."""
    agent = part("agent", 0.6, GiB, daemon=True)
    plain, watched = (
        arithmetic(FOURTEEN),
        arithmetic(replace(FOURTEEN, parts=(*FOURTEEN.parts, agent))),
    )
    machines = [each.table().set_index("platform")["machines"] for each in (plain, watched)]

    assert machines[1]["ecs"] > machines[0]["ecs"]
    assert machines[1]["fargate"] == machines[0]["fargate"]


def test_what_never_stays_up_is_no_application_to_plan() -> None:
    """Only jobs and daemons: no machine can be counted for them, and that is said."""
    job = part("migrate", 0.5, GiB, once=True)
    answer = arithmetic(Application(name="a", parts=(job,)))

    assert answer.chosen is None and not answer.fits
    assert all("nothing in it stays up" in row.refused for row in answer.rows)


def test_all_containers_of_a_task_are_counted() -> None:
    """A sidecar of half a vCPU makes eight tasks of half a vCPU two m5.xlarge instead of one."""
    web = part("web", 0.5, 256 * MiB, 8)
    proxy = Service(name="proxy", app=App(name="proxy"), cpu=0.5, memory=64 * MiB)
    beside = replace(web, service=replace(web.service, sidecars=(proxy,)))
    alone, both = (
        arithmetic(Application(name="a", parts=(each,))).table().set_index("platform")
        for each in (web, beside)
    )

    assert (alone.loc["ecs", "machines"], both.loc["ecs", "machines"]) == (1, 2)
    assert both.loc["fargate", "usd_per_month"] > 1.5 * alone.loc["fargate", "usd_per_month"]


def test_compose_holds_a_service_until_its_database_is_looked_at() -> None:
    """Every 30 s by default: nothing that waits for it is up before. Elsewhere it tries itself."""
    db = part("db", 0.5, GiB)
    checked = replace(db, service=replace(db.service, check=HealthCheck()))
    web = part("web", 0.25, 256 * MiB, after=(Wait(part="db", until="healthy"),))
    app = Application(name="a", parts=(checked, web))
    table = planned(app, platform=("docker", "ecs"), replications=2).table()
    ready = table.set_index("platform")["ready_warm_p50_s"]

    assert 30.0 <= ready["docker"] < 35.0
    assert ready["ecs"] < 10.0


def test_what_is_set_on_nodes_is_set_on_those_of_a_plan(fourteen: PlanAnswer) -> None:
    """A DaemonSet of 0.6 vCPU makes four nodes of 3.7 vCPUs five; ECS runs none."""
    agent = DaemonSet(name="agent", cpu=0.6, memory=512 * MiB)
    set_ = arithmetic(FOURTEEN, daemon_sets=(agent,)).table().set_index("platform")["machines"]
    plain = fourteen.table().set_index("platform")["machines"]

    assert set_["eks"] == plain["eks"] + 1
    assert set_["ecs"] == plain["ecs"]


def test_a_plan_without_starts_is_kept_as_it_was_asked(tmp_path: Path) -> None:
    """Two platforms and a setting of nodes: the same question finds its own folder."""
    asked = {"platform": ("ecs", "eks"), "custom_networking": True}
    folders = [arithmetic(SMALL, **asked).results().save(tmp_path) for _ in range(2)]
    other = arithmetic(SMALL, platform="ecs").results().save(tmp_path)

    assert folders[0] == folders[1] != other
    assert list(sim.load(folders[0]).summary["platform"]) == ["ecs", "eks"]


def test_a_guest_with_its_app_in_its_image_is_not_ranked_beside_a_cold_pull() -> None:
    """What it takes stands among the warm starts, and by readiness another is recommended."""
    rows = planned(SMALL, goal="ready", platform=("vm", "ecs"), replications=2).json()

    assert rows["recommendation"]["platform"] == "ecs"
    vm = next(row for row in rows["platforms"] if row["platform"] == "vm")
    assert "ready_warm_p50_s" in vm and "ready_cold_p50_s" not in vm
    assert "no cold start" in vm["refused"]


def test_nothing_is_recommended_by_a_cost_that_is_not_known() -> None:
    """EC2's prices are known of one region only."""
    answer = arithmetic(SMALL, region="eu-west-1", platform=("ecs", "docker"))

    assert answer.chosen is None and answer.fits
    assert "No platform can be ranked by cost: EC2's prices in eu-west-1" in answer.sentence()
    assert answer.turning == []
    assert set(answer.json()["recommendation"]) == {"why"}


def test_a_machine_has_to_hold_each_job_though_it_leaves_its_room() -> None:
    """None is chosen on which it could not run, and one that was asked for is refused; what it
    leaves is not paid for."""
    web, job = part("web", 0.5, GiB), part("migrate", 6.0, 8 * GiB, once=True)
    alone, beside = (Application(name="a", parts=parts) for parts in ((web,), (web, job)))
    small, large, auto = (
        arithmetic(beside, platform="ecs", instance=instance).rows[0]
        for instance in ("m5.large", "m5.2xlarge", "auto")
    )
    without = arithmetic(alone, platform="ecs", instance="m5.2xlarge").rows[0]

    assert "migrate" in small.refused
    assert small.stopped_by == "vCPU"
    assert large.usd_per_month == without.usd_per_month
    assert auto.hosts is not None
    assert catalog.instance(auto.hosts.instance).vcpu >= 6


def test_spot_stands_beside_fargate_and_is_never_recommended(fourteen: PlanAnswer) -> None:
    """The same tasks for less; nothing of it where everything is bought as Spot."""
    on_demand = next(row for row in fourteen.rows if row.name == "fargate")
    spot = fourteen.at_spot()
    bought = arithmetic(SMALL, platform="fargate", purchase="spot")

    assert spot is not None and spot.hosts == on_demand.hosts
    assert spot.usd_per_month == pytest.approx(
        (on_demand.usd_per_month or 0.0) * catalog.figure("fargate.spot.ratio").value
    )
    assert "fargate-spot" not in [row.name for row in fourteen.rows]
    assert "never recommended" in " ".join(fourteen.lines())
    assert bought.at_spot() is None and not bought.spot_line()


def test_a_server_is_told_nothing_of_what_is_on_others() -> None:
    """Else each of hundreds of servers would be described with all of hundreds of services.

    What its copies wait for on other servers is not waited for.
    """
    db = part("db", 2.0, 4 * GiB, copies=2)
    web = part("web", 2.0, 4 * GiB, copies=2, after=(Wait(part="db"),), apart_from=("db",))
    app = Application(name="shop", parts=(web, db))
    row = planned_rows(PlanQuestion(app=app, platform="vm", instance="m5.xlarge"))[0]
    assert row.hosts is not None

    made = plan_scenarios(row.platform, app, row.hosts, "warm")
    rollouts = [each for scenario in made.values() for each in scenario.arrivals]
    there = [each.application.parts for each in rollouts if isinstance(each, Rollout)]

    assert row.hosts.machines > 1
    assert all(part.copies for parts in there for part in parts)
    assert {part.name for parts in there for part in parts} == {"db", "web"}


def test_a_plan_has_room_whichever_service_the_scheduler_comes_to_first() -> None:
    """On as many machines as the order of the file needs, jobs found no node with a whole vCPU.

    What one machine fewer has too little of is told of an order that leaves a copy out.
    """
    found = planned(FOURTEEN, platform=("ecs", "eks"), replications=12)

    machines = {row.name: row.hosts.machines for row in found.rows if row.hosts is not None}
    assert machines == {"ecs": 4, "eks": 5}
    assert found.tight_lines() == []
    assert {row.hosts.stopped_by for row in found.rows if row.hosts is not None} == {"vCPU"}
    assert found.order_line().startswith("eks: enough machines for whichever order")


def test_a_copy_that_was_killed_did_not_lack_room() -> None:
    """Another machine was recommended, whatever had kept copies from coming up."""
    service = part("cache", 0.1, 512 * MiB).service
    large = replace(service, app=App(name="cache", private=6 * GiB), memory=8 * GiB)
    large = replace(large, memory_reservation=512 * MiB)
    app = Application(name="caches", parts=(Part(service=large, copies=4),))

    found = planned(app, platform="ecs", replications=2)

    assert found.tight_lines() == [
        "ecs: in 2 of 2 runs not all copies came up (OOM kill: host out of memory)."
    ]


def test_a_full_disk_is_no_want_of_a_machine() -> None:
    """Placement looks at no disk, and a machine more is no larger disk."""
    layer = Layer(digest="all", compressed=12 * GiB, unpack_ratio=2.0)
    image = Image(name="large", layers=(layer,))
    large = replace(part("web", 0.25, GiB).service, image=image)
    app = Application(name="web", parts=(Part(service=large),))
    row = planned_rows(PlanQuestion(app=app, platform="eks", instance="m5.xlarge"))[0]
    assert row.hosts is not None

    made = plan_scenarios(row.platform, app, replace(row.hosts, disk=None), "cold")
    ready = readiness(compare(made, times=1), made)["eks-cold"]

    assert [*ready.shortfalls()] == [
        "in 1 of 1 runs not all copies came up (no space left on device: give it a larger root "
        "volume)"
    ]


def test_what_a_file_may_say_can_be_planned_for() -> None:
    """What is assumed of CPU is turned no further than a service may have."""
    web = replace(part("web", LARGEST_VCPU, GiB), size_from="image")

    assert arithmetic(Application(name="largest", parts=(web,))).rows
