"""Starts beside what others saw: EC2, Fargate, and a scale-out of EKS."""

from math import comb
from pathlib import Path

import pytest

from sim import catalog, startup
from sim.validation import Judgement, validate


def errors(judgement: Judgement, group: str) -> list[float]:
    return [case.error_pct for case in judgement.cases if case.group == group and case.error_pct]


def test_ec2_is_up_within_15_percent_in_six_types_five_regions_and_on_another_day(
    shipped: Judgement,
) -> None:
    found = errors(shipped, "ec2 starts")

    assert len(found) == 12
    assert max(map(abs, found)) < 15.0


def test_other_images_stand_beside_and_are_not_predicted(shipped: Judgement) -> None:
    """With what was measured, and why there is no prediction."""
    others = [c for c in shipped.cases if c.group == "ec2 starts" and c.predicted is None]

    assert len(others) == 4
    assert all("Amazon Linux 2023 only" in case.reason for case in others)


def test_a_scale_out_of_eks_is_not_early_by_more_than_a_sixth(shipped: Judgement) -> None:
    """Seconds until 691 to 3,403 of 3,500 pods ran in 2020; no figure comes from that run."""
    found = errors(shipped, "EKS scale-outs")

    assert len(found) == 5
    assert max(map(abs, found)) < 100.0 / 6.0


def test_an_instance_takes_what_both_sources_say_taken_whole() -> None:
    """22 to 29 s until it is up, before an app of a fraction of a second."""
    (row,) = startup(app="node", platform="ec2", replications=20).totals()

    assert 22.0 < row.seconds["p50_s"] < 29.0


def test_fargates_wait_before_the_pull_is_derived_and_says_so(shipped: Judgement) -> None:
    ours = [case for case in shipped.cases if case.group == "fargate starts"]

    judged = [case for case in ours if case.predicted is not None]
    assert {case.split for case in judged} == {"held out"}
    assert len(judged) == 5
    assert max(abs(case.error_pct or 0.0) for case in judged) < 30.0
    others = [c for c in shipped.cases if c.group == "fargate starts: other columns"]
    assert {c.split for c in others if "pull_to_started" in c.case} == {"held out"}


LATER = """\
launch,platform_version,date,created_to_pull_s,pull_to_started_s
FARGATE,1.4.0,2024-12-24,15.694,31.094
FARGATE,1.4.0,2025-05-05,11.7,2.0
EC2,,2021-06-17,1.107,0.317
"""


def test_records_of_ones_own_are_judged_and_those_of_the_figure_are_not(tmp_path: Path) -> None:
    """What the figure was made of is not judged by it in another file, nor what is on EC2."""
    (tmp_path / "later.csv").write_text(LATER)
    found = [
        case
        for case in validate([tmp_path / "later.csv"], shipped=False).cases
        if case.group == "fargate starts"
    ]

    assert [case.predicted is None for case in found] == [True, False, True]
    assert found[1].predicted == float(catalog.figure("fargate.provision"))
    assert [case.reason[:16] for case in found] == ["one of the recor", "", "not on Fargate"]


def test_the_wait_for_a_microvm_is_the_median_of_thirteen_records(shipped: Judgement) -> None:
    """With its third and its eleventh: 97.8% of such intervals hold the median."""
    figure = catalog.figure("fargate.provision")
    ours = [c for c in shipped.cases if c.group == "fargate starts" and c.predicted is None]
    waits = sorted(case.measured for case in ours)
    missed = 2 * sum(comb(13, k) for k in range(3)) / 2**13

    assert len(waits) == 13
    assert figure.value == waits[6] == 13.77
    assert (figure.low, figure.high) == (
        pytest.approx(waits[2], abs=0.05),
        pytest.approx(waits[10], abs=0.05),
    )
    assert 1.0 - missed == pytest.approx(0.978, abs=5e-4)


@pytest.mark.parametrize("app", ["java", "node"])
def test_the_whole_of_an_instances_start_is_among_what_an_answer_rests_on(app: str) -> None:
    answer = startup(app=app, platform="ec2", replications=2, explain=True)
    keys = {effect.cited.key for each in answer.explained or () for effect in each.effects}

    assert "ec2.launch.total.al2023" in keys
    assert "ec2.pending_to_running" not in keys
