"""A rate that rises under an autoscaler: when the target holds again, on the starts' own time."""

from dataclasses import replace

import numpy as np
import pytest
from worlds import app, docker, machine

import sim
from sim.platforms.scaling.horizontal_pod import HorizontalPodAutoscaler
from sim.platforms.scaling.target_tracking import TargetTracking
from sim.studies.calls.scaling.rate_change import RateChange
from sim.studies.calls.scaling.run import SETTLED, WINDOW, ScaledRun
from sim.workload import Application, AutoscalingRange, EntryPoint, Operation, Part, Service

HPA = HorizontalPodAutoscaler(
    every=15.0, tolerance=0.1, stabilization=300.0, most_pods=4, most_share=1.0, up_period=15.0
)
ECS = TargetTracking(every=60.0, out_points=3, in_points=15, in_below=0.9, cooldown=300.0)


def shop(start: float, **rest: object) -> Application:
    """One service of 1 vCPU that takes 5/s, whose copies are ready `start` seconds after run."""
    service = Service(name="web", app=replace(app(wait=start), threads=None), cpu=1.0, memory=1e7)
    work = Operation(name="do", cpu=0.2)
    part = Part(service=service, copies=1, operations=(work,), **rest)  # type: ignore[arg-type]
    return Application(name="shop", parts=(part,), entries=(EntryPoint(to="web"),))


def step(
    application: Application,
    autoscaler: HorizontalPodAutoscaler | TargetTracking,
    longest: float = 600.0,
) -> ScaledRun:
    return ScaledRun(
        longest=longest,
        application=application,
        platform=docker(machine(64.0, 1e10)),
        autoscaler=autoscaler,
        target=0.6,
        change=RateChange(begin=1.25, end=7.5),
        within=2.0,
    )


def test_after_a_step_the_target_holds_again_once_the_copies_are_ready() -> None:
    """7.5/s of .2 s at 60% are 2.5 copies, so three at least; slow starts hold it up."""
    runs = {start: step(shop(start), HPA).run(1, 0) for start in (5.0, 60.0)}
    quick, slow = runs[5.0].metrics, runs[60.0].metrics

    assert quick["holds"] == slow["holds"] == 1
    assert quick["copies web"] >= 3
    assert quick["new_copy_s"] == pytest.approx(5.75, abs=1.0)
    assert slow["new_copy_s"] == pytest.approx(60.75, abs=1.0)
    assert float(slow["holds_again_s"]) > float(quick["holds_again_s"]) + 30.0
    assert float(slow["holds_again_s"]) >= 60.0
    assert float(slow["late_requests"]) > float(quick["late_requests"])


def test_target_tracking_waits_for_three_minutes_where_the_hpa_looks_every_quarter() -> None:
    """Three points of a minute above the target have to be there first."""
    tracked = step(shop(5.0), ECS).run(1, 0).metrics

    assert tracked["holds"] == 1
    assert float(tracked["holds_again_s"]) > 120.0


def test_a_part_that_may_not_grow_never_holds_and_one_that_may_is_kept_to_its_range() -> None:
    """Two copies take 10/s; one takes 5."""
    narrow = shop(1.0, autoscaling=AutoscalingRange(least=1, most=2))
    found = step(narrow, HPA, longest=90.0).run(1, 0)
    copies = np.asarray(found.sample_used)[np.asarray(found.sample_resource) == 1]

    assert found.metrics["copies web"] == 2
    assert copies.max() == 2


def test_what_is_late_is_late_between_the_change_and_when_it_holds() -> None:
    """A run ends a settled minute after that, no sooner."""
    record = step(shop(5.0), HPA).run(2, 0)
    end, holds = max(record.sample_time), float(record.metrics["holds_again_s"])

    assert 0.0 < float(record.metrics["late"]) <= 1.0
    assert end >= 60.0 + holds + SETTLED - WINDOW


def test_the_sentence_says_when_it_holds_again_and_how_many_were_late() -> None:
    """On EKS with the HPA; the same rate without an autoscaler is more than one copy takes."""
    service = sim.catalog.service("node", cpu=1.0, memory=256 * 2**20)
    web = Part(
        service=replace(service, name="web", app=replace(service.app, threads=None)),
        operations=(Operation(name="do", cpu=0.2),),
    )
    application = Application(name="shop", parts=(web,), entries=(EntryPoint(to="web"),))
    found = sim.calls(
        application,
        ramp="1.5..10",
        autoscale="hpa",
        platform="eks",
        within=2.0,
        requests=200,
        replications=2,
        one_more=False,
        monolith=False,
    )
    from sim.studies.calls.words import sentences

    said = sentences(found)[-1]
    assert "With the HPA at 60%, a step from 1.5/s to 10/s is served within" in said
    assert found.scaling is not None
    assert found.scaling.holds_again_s is not None
    assert found.scaling.copies["web"][1] >= 3
    assert found.json()["scaling"]["copies"]["web"]["before"] == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"ramp": "5..", "autoscale": "hpa", "platform": "eks"}, "such as 50..400"),
        ({"ramp": "5..9"}, "without --autoscale"),
        ({"ramp": "5..9", "autoscale": "hpa"}, "where new copies start"),
        ({"rate": 5.0, "autoscale": "hpa", "platform": "eks"}, "ramp: it is missing"),
        ({"ramp": "5..9", "autoscale": "hap", "platform": "eks"}, "did you mean 'hpa'"),
    ],
)
def test_what_an_autoscaler_cannot_be_asked_is_told(given: dict[str, object], told: str) -> None:
    """A change of the rate, and a platform on which copies start."""
    with pytest.raises(ValueError, match=told):
        sim.calls(shop(1.0), **given)
