"""Scale-outs: what the quotas and the cluster's rules make of them."""

import math

import pandas as pd
import pytest

import sim
from sim import catalog, scale_out
from sim.core.world import World
from sim.studies.scale import ScaleOutQuestion, scaled_platforms, web
from sim.studies.scale_out.answer import ScaleOutRow
from sim.units import GiB

ASKED: dict[str, ScaleOutRow] = {}
"""What was asked before: several tests look at one scale-out."""


def one(platform: str, **asked: object) -> ScaleOutRow:
    question = repr((platform, sorted(asked.items())))
    if question not in ASKED:
        answer = scale_out(platform=platform, **{"to": 200, "replications": 2, **asked})  # type: ignore[arg-type]
        ASKED[question] = answer.rows[0]
    return ASKED[question]


def seconds(row: ScaleOutRow, column: str) -> float:
    return row.times[column].value


def slope(row: ScaleOutRow) -> float:
    """Seconds from 10% to 90%."""
    return seconds(row, "t90_s") - seconds(row, "t10_s")


def test_one_service_on_fargate_grows_at_the_service_schedulers_rate() -> None:
    """500 tasks a minute are 8.33 a second: 240 of 300 tasks take 28.8 s."""
    row = one("fargate", to=300)

    assert slope(row) == pytest.approx(240 / (500 / 60), rel=0.1)
    assert row.limits[1].limits[0][0] == "service scheduler"


def test_many_services_on_fargate_grow_at_the_accounts_launch_quota() -> None:
    """With 100 at once and 2 a second, the 240 tasks between 10% and 90% of 300 take 70 s."""
    quotas = {"fargate.launch.refill": 2.0, "fargate.launch.bucket": 100.0}
    row = one("fargate", to=300, services=30, quotas=quotas)

    assert seconds(row, "t90_s") - seconds(row, "t50_s") == pytest.approx(120 / 2.0, rel=0.1)
    assert row.limits[2].limits[0][0] == "launch quota"


def test_a_capacity_provider_waits_for_the_warm_up_after_its_first_two_instances() -> None:
    """30 tasks fit on the first two; all others wait 300 s longer."""
    row = one("ecs-asg")

    assert seconds(row, "t25_s") > 300.0
    assert row.hosts == math.ceil(200 / 15)
    assert row.limits[1].limits[0][0] == "instance warm-up"


def test_a_shorter_warm_up_is_never_slower() -> None:
    usual = one("ecs-asg")
    shorter = one("ecs-asg", quotas={"ecs.capacity_provider.warmup": 60.0})

    assert all(seconds(shorter, c) <= seconds(usual, c) + 1e-9 for c in usual.times)
    assert seconds(shorter, "t90_s") < seconds(usual, "t90_s") - 100.0


def test_the_stretches_up_to_nine_tenths_sum_to_their_time() -> None:
    row = one("fargate")

    assert sum(s.seconds for s in row.limits[:3]) == pytest.approx(seconds(row, "t90_s"), rel=0.02)


@pytest.mark.parametrize(
    ("tasks", "ends"),
    [(1, [1.0]), (2, [0.5, 1.0]), (5, [0.1, 0.5, 1.0]), (10, [0.1, 0.5, 0.9, 1.0])],
)
def test_few_tasks_have_as_many_stretches_as_they_can_end(tasks: int, ends: list[float]) -> None:
    """Each begins where the one before ended, and names what made it as long as it is."""
    limits = one("fargate", to=tasks).limits

    assert [stretch.end for stretch in limits] == ends
    assert [stretch.begin for stretch in limits] == [0.0, *ends[:-1]]
    assert all(stretch.limits for stretch in limits)


def test_one_task_more_has_one_stretch_with_a_cause() -> None:
    (stretch,) = one("fargate", begin=4, to=5).limits

    assert "0% to 100%" in str(stretch)
    assert "provisioning" in str(stretch)


def test_tasks_that_run_already_leave_warm_instances_with_room() -> None:
    """30 tasks fill two instances; 15 more need one, and that is all that is new."""
    row = one("ecs-asg", begin=30, to=45)

    assert row.hosts == 3
    assert row.times["t90_s"].value < 200.0


def test_fargate_is_paid_by_the_task_and_instances_by_the_hour() -> None:
    fargate, group = one("fargate", to=30), one("ecs-asg", to=30)
    price = catalog.instance("c6g.4xlarge").usd_per_hour

    assert fargate.usd_per_hour == pytest.approx(30 * (0.03238 + 2 * 0.00356))  # arm64
    assert price is not None
    assert group.bill.machines_usd_per_hour == pytest.approx(2 * price)
    assert group.usd_per_hour == pytest.approx(2 * price + 2 * 30 * 0.08 / 730)  # with gp3


def test_a_task_that_no_instance_holds_has_no_times() -> None:
    row = one("ecs-asg", cpu=32.0, memory=2**31, to=5)

    assert row.times == {}
    assert "t10_s_refused" in row.json()
    assert "t10_s" not in row.json()


@pytest.mark.parametrize("platform", ["ecs-asg", "eks-karpenter", "fargate"])
def test_tasks_that_go_to_no_host_cost_nothing(platform: str) -> None:
    """But for an EKS cluster, which is there without a node."""
    row = one(platform, to=3, cpu=36.0)

    assert (row.hosts, row.usd_per_hour) == (0, 0.1 if platform.startswith("eks") else 0.0)


@pytest.mark.parametrize("platform", ["eks-karpenter", "eks-cas"])
def test_pods_that_no_node_holds_are_explained_in_kubernetes_words(platform: str) -> None:
    """They wait for ever, so that no start says why."""
    answer = scale_out(platform=platform, to=3, instance="t4g.nano", replications=1)

    assert answer.reasons() == {platform: "Insufficient memory x3"}
    assert "Insufficient memory" in answer.rows[0].json()["t90_s_refused"]
    assert one(platform, to=3).lacking == ""


def test_the_sentence_names_who_never_gets_there() -> None:
    """Beside those that do, and where nobody does."""
    some = scale_out(to=3, instance="t4g.nano", replications=1).sentence()
    none = scale_out(platform="eks-cas", to=3, instance="t4g.nano", replications=1).sentence()

    assert "not in every run: ecs-managed (0 of 3), eks-auto (0 of 3), ecs-asg (0 of 3)" in some
    assert "eks-karpenter (0 of 3), eks-cas (0 of 3)" in some
    assert "eks-cas (0 of 3)" in none


def test_karpenter_launches_the_nodes_that_the_pods_need_and_no_more() -> None:
    """13 pods of 2 GiB fit beside kube-reserved on c6g.4xlarge: 200 need 16 nodes."""
    row = one("eks-karpenter")

    assert row.hosts == math.ceil(200 / 13)
    assert row.limits[0].limits[0][0] == "instance boot"


def test_karpenter_takes_the_cheapest_type_that_holds_the_rest() -> None:
    """13 of 14 pods fill a c6g.4xlarge; the last goes onto the smallest that holds it."""
    platform = catalog.eks_karpenter("c6g.4xlarge", "c6g.xlarge", "c6g.2xlarge")
    service = catalog.service("generic", cpu=1.0, memory=2 * GiB)
    scenario = sim.Scenario(
        name="types", platform=platform, arrivals=(sim.Burst(service=service, tasks=14),)
    )
    hosts = sim.replicate(scenario, times=1, seed=1).starts()["host"].astype(str).unique()

    assert sorted(host.rsplit("-", 1)[0] for host in hosts) == ["c6g.4xlarge", "c6g.xlarge"]


def test_the_cluster_autoscaler_is_later_by_the_groups_reaction_and_its_scan() -> None:
    karpenter, cas = one("eks-karpenter"), one("eks-cas")

    assert 5.0 < seconds(cas, "t10_s") - seconds(karpenter, "t10_s") < 40.0
    assert abs(cas.hosts - karpenter.hosts) <= 1  # batches and scans cut the pods otherwise


@pytest.mark.parametrize(
    ("platform", "least", "most"),
    [("eks-karpenter", 15.0 + 2 * 25.0, 85.1), ("eks-cas", 605.0, 625.0)],
)
def test_a_node_whose_pods_are_gone_goes(platform: str, least: float, most: float) -> None:
    """Karpenter: one at a time, validated for 15 s; CAS: all after 600 s. Then a last look."""
    world = World(1)
    question = ScaleOutQuestion(platform=platform)
    task = web(question)
    deployment = scaled_platforms(question, task)[platform].deploy(world)
    service = catalog.service("generic", cpu=1.0, memory=2 * GiB)
    starts = deployment.launch(service, 30)
    world.env.run()
    kernels = list(deployment.hosts())
    for start in starts:
        deployment.stop(start)
    stopped = world.env.now
    world.env.run()

    assert len(kernels) == 3
    assert deployment.hosts() == []
    assert least < world.env.now - stopped <= most
    assert all(kernel.memory.used == 0.0 for kernel in kernels)


def test_a_pod_that_is_moved_counts_once_in_the_curve() -> None:
    """Its replacement is a start of the results, and none of those that were asked for."""
    from sim.experiment import Burst, Scenario, replicate
    from sim.experiment.frames import in_codes, starts
    from sim.studies.scale_out.study import _wanted

    service = catalog.service("generic", cpu=1.0, memory=2 * GiB)
    platform = catalog.eks_karpenter("c6g.xlarge", "c6g.4xlarge")
    results = replicate(
        Scenario(name="moved", platform=platform, arrivals=(Burst(service=service, tasks=14),)),
        times=1,
        seed=1,
    )
    spans = results.spans
    two = spans["task"].isin([3, 4]) & (spans["phase"] == "app")
    event = spans[two].assign(phase="replacement", parent="eviction")
    both = pd.concat([spans, event], ignore_index=True)

    assert len(starts(both)) == 14
    assert sorted(_wanted(in_codes(both), 0)["task"]) == [n for n in range(14) if n not in (3, 4)]


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"platform": "ecs"}, "platform"),
        ({"begin": 10, "to": 10}, "to: 10 is not allowed; more than from = 10"),
        ({"begin": 0, "to": 0}, "to: 0 is not allowed; more than from = 0"),
        ({"begin": -1}, "from: -1 is not allowed"),
        ({"services": 0}, "services"),
        ({"quotas": {"fargate.launch.refil": 1.0}}, "fargate.launch.refill"),
        ({"image": "nothing"}, "image"),
    ],
)
def test_bad_input_names_the_field(asked: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        scale_out(**asked)  # type: ignore[arg-type]
