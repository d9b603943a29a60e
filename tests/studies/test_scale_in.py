"""A service shrinks: which machines go, when, and what is moved for it."""

import pandas as pd
import pytest

from sim import scale_in
from sim.plots import scale_in_curves
from sim.studies.scale_in.answer import ScaleInAnswer
from sim.studies.scale_in.run import ScaleInRun


@pytest.fixture(scope="module")
def halved() -> ScaleInAnswer:
    """150 tasks become 75 on each platform."""
    return scale_in(begin=150, to=75, replications=2)


def test_a_course_counts_the_hosts_of_the_first_hour() -> None:
    """10 for half an hour, 4 for a quarter, 2 from then on."""
    course = ScaleInRun([(0.0, 10), (1800.0, 4), (2700.0, 2)], moved=0, ready=1)

    assert course.host_hours() == pytest.approx(10 / 2 + 4 / 4 + 2 / 4)
    assert [course.gone(share) for share in (0.5, 0.75, 1.0)] == [1800.0, 1800.0, 2700.0]


def test_a_host_that_goes_after_the_first_hour_is_paid_for_all_of_it() -> None:
    course = ScaleInRun([(0.0, 3), (7200.0, 1)], moved=0, ready=1)

    assert course.host_hours() == pytest.approx(3.0)


def test_as_many_tasks_run_at_the_end_as_are_wanted(halved: ScaleInAnswer) -> None:
    """Whoever was moved runs again, once."""
    assert {row.platform: row.ready.value for row in halved.rows} == {
        row.platform: 75.0 for row in halved.rows
    }


def test_karpenter_leaves_fewer_hosts_than_the_cluster_autoscaler(halved: ScaleInAnswer) -> None:
    """It moves pods off any node whose pods fit elsewhere, the other only off those below half."""
    rows = {row.platform: row for row in halved.rows}
    karpenter, cas = rows["eks-karpenter"], rows["eks-cas"]

    assert karpenter.hosts.value <= cas.hosts.value < cas.hosts_before.value
    assert karpenter.times["t100_s"].value < 600.0 < cas.times["t50_s"].value
    assert karpenter.moved.value > 0


def test_no_fewer_hosts_stay_than_hold_the_tasks(halved: ScaleInAnswer) -> None:
    """A c6g.4xlarge holds 13 pods of 1 vCPU and 2 GiB with EKS's reserves."""
    for row in halved.rows:
        if row.platform in ("eks-karpenter", "eks-cas"):
            assert row.hosts.value >= 75 / 13


def test_ecs_moves_no_task_so_instances_with_one_stay(halved: ScaleInAnswer) -> None:
    ecs = next(row for row in halved.rows if row.platform == "ecs-asg")

    assert (ecs.moved.value, ecs.hosts.value) == (0.0, ecs.hosts_before.value)
    assert ecs.json()["t100_s_refused"].startswith("no host becomes surplus")


def test_idle_instances_of_a_capacity_provider_go_after_fifteen_points() -> None:
    """With no task left all go: 15 minutes of the metric first."""
    row = scale_in(platform="ecs-asg", begin=60, to=0, replications=1).rows[0]

    assert row.hosts.value == 0.0
    assert row.times["t50_s"].value >= 15 * 60 - 60


def test_on_fargate_the_bill_is_down_at_once(halved: ScaleInAnswer) -> None:
    rows = {row.platform: row for row in halved.rows}
    for name in ("fargate", "eks-fargate"):
        assert rows[name].times["t100_s"].value == 0.0
        assert rows[name].usd_first_hour == pytest.approx(rows[name].usd_per_hour)


def test_the_same_seed_gives_the_same_answer() -> None:
    once, again = (scale_in(platform="eks-cas", begin=60, to=30, replications=1) for _ in "ab")

    assert once.json() == again.json()


def test_a_sooner_scale_down_is_never_later() -> None:
    usual = scale_in(platform="eks-cas", begin=60, to=30, replications=2).rows[0]
    sooner = scale_in(
        platform="eks-cas", begin=60, to=30, replications=2, quotas={"cas.unneeded": 60.0}
    ).rows[0]

    assert sooner.times["t100_s"].value < usual.times["t100_s"].value


def test_what_is_not_fewer_is_refused() -> None:
    with pytest.raises(ValueError, match="to: 5 is not allowed; at least 0 and less than from = 5"):
        scale_in(begin=5, to=5)


def test_tasks_that_never_came_up_are_said_not_counted_as_gone() -> None:
    answer = scale_in(platform="fargate", begin=10, to=5, cpu=200.0, replications=1)

    assert "10 of 10 tasks did not come up (refused: Fargate size (the largest" in answer.sentence()
    assert answer.rows[0].json()["t50_s_refused"].startswith("10 of 10")


def test_pods_that_no_node_holds_are_explained_in_kubernetes_words() -> None:
    answer = scale_in(platform="eks-cas", begin=3, to=1, instance="t4g.nano", replications=1)

    assert "3 of 3 tasks did not come up (Insufficient memory)" in answer.sentence()


def test_the_curves_begin_with_all_hosts_and_never_rise() -> None:
    changes = pd.DataFrame(
        [("eks-cas", 0, 0.0, 10), ("eks-cas", 0, 60.0, 4), ("eks-cas", 1, 0.0, 5)],
        columns=["variant", "run", "time_s", "hosts"],
    )
    (line,) = scale_in_curves(changes).get_lines()
    left = line.get_ydata()

    assert left[0] == 100.0
    assert left[-1] == pytest.approx((40.0 + 100.0) / 2)
