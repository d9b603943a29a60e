"""Figures of one's own starts stand in for the catalogue's: in a scenario, and in all that is
asked."""

import math

import pytest

import sim
from sim import catalog
from sim.core.description import figures
from sim.core.fitted import FittedFigure
from sim.core.randomness import Lognormal
from sim.experiment import Burst, Scenario
from sim.files.fitted.fit import Fit, fitted_figure
from sim.studies.startup.answer import StartupAnswer

PASSPORT = {"n": 18, "source": "tasks.json", "as_of": "2026-11"}
SLOW = Fit(
    fitted=(
        fitted_figure("fargate.provision", 100.0, low=90.0, high=110.0, **PASSPORT),
        fitted_figure("fargate.provision.spread", 0.0, **PASSPORT),
        fitted_figure("eks.notice", 0.5, **PASSPORT),
    )
)


def scenario() -> Scenario:
    """One start on Fargate."""
    return Scenario(
        name="one",
        platform=catalog.ecs_on_fargate(),
        arrivals=(Burst(service=catalog.service("generic"), tasks=3),),
    )


def test_a_scenario_takes_the_figures_that_it_has() -> None:
    """With their spread; those of other platforms change nothing, and none at all is refused."""
    slow = scenario().with_figures(SLOW)
    (provision,) = [c for _, c in figures(slow) if c.key == "fargate.provision"]

    assert isinstance(provision, FittedFigure)
    assert provision.told() == (
        "fargate.provision 100 s (90 to 110), fitted from 18 starts; was derived 13.77 s "
        "(12.4 to 21.2)"
    )
    found = sim.replicate(slow, times=2, seed=1).spans
    provisions = found[found["phase"] == "provision"]
    assert (provisions["end_s"] - provisions["start_s"]).tolist() == pytest.approx([100.0] * 6)
    with pytest.raises(ValueError, match=r"none of eks\.notice is in this scenario"):
        scenario().with_figures({"eks.notice": SLOW.figures["eks.notice"]})


def median(answer: StartupAnswer) -> float:
    """Seconds from request to ready."""
    return float(answer.totals()[0].seconds["p50_s"])


def test_all_that_is_asked_rests_on_a_fit_and_nothing_afterwards() -> None:
    """The same answer as of the scenario that has it; another run id than without."""
    asked = {"platform": "fargate", "replications": 2}
    before = sim.startup(**asked)
    with SLOW.standing_in() as taken:
        within = sim.startup(**asked)
        assert catalog.control_plane("ecs.placement").spread == catalog.figure(
            "spread.control_plane"
        )
    after = sim.startup(**asked)

    slower = median(within) - median(before)
    assert 75.0 < slower < 95.0
    assert median(before) == median(after)
    assert before.results.run_id == after.results.run_id != within.results.run_id
    assert within.results.manifest["fitted"]["fargate.provision"]["n"] == 18
    assert "fitted" not in after.results.manifest
    assert taken.taken == {"fargate.provision", "fargate.provision.spread"}


def test_apps_that_were_made_before_are_made_anew() -> None:
    """What is remembered of the catalogue is forgotten while something stands in for it."""
    key = "app.node.startup_cpu"
    before = catalog.app("node").startup.cpu
    with Fit(fitted=(fitted_figure(key, 9.0, **PASSPORT),)).standing_in():
        assert float(catalog.app("node").startup.cpu) == 9.0

    assert catalog.app("node").startup.cpu == before


def test_a_wait_has_the_spread_of_its_own_records() -> None:
    """That of all control planes where it has none."""
    with SLOW.standing_in():
        wait = catalog.control_plane("fargate.provision")

    assert isinstance(wait, Lognormal)
    assert (float(wait.median), float(wait.spread)) == (100.0, 0.0)
    assert not math.isclose(float(catalog.control_plane("fargate.provision").spread), 0.0)
