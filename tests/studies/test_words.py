"""Sentences that read well in every number."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim import catalog, density, scale_in, startup
from sim.cli.app import app
from sim.core.question import ask
from sim.studies.density.row import use_sentence
from sim.studies.holds.answer import HeldRow, HoldsAnswer
from sim.studies.holds.question import HoldsQuestion


def said(*words: str) -> str:
    """What a verb prints, on one line."""
    return " ".join(CliRunner().invoke(app, words, catch_exceptions=False).stdout.split())


def test_density_says_pod_slots_run_out(tmp_path: Path) -> None:
    asked = ("--by", "reservation", "--cpu", "50m", "--memory", "64MiB", "--max-pods", "20")

    told = said("density", *asked, "--explain", "--out", str(tmp_path))
    assert "eks: Pod slots run out at" in told


def test_where_both_stop_at_the_same_count_that_is_said() -> None:
    answer = density(memory=1 << 30, cpu=1.0, host="16x2GiB", window=1.0, use_on=["docker"])

    assert use_sentence(answer.row("docker")).endswith("the reservations allow as many.")


def test_one_container_runs_and_gpus_run_out(tmp_path: Path) -> None:
    asked = ("density", "--gpus", "1", "--instance", "g5.xlarge", "--window", "1s")
    told = said(*asked, "--use-on", "docker", "--out", str(tmp_path))

    assert "GPUs run out first; with more GPUs, CPU would stop them" in told
    assert "1 Docker container runs well, limited by GPU" in told


def test_where_ports_stop_an_application_they_run_out() -> None:
    row = HeldRow("eks", "m5.xlarge", 2, limits=(("host ports", 2), ("vCPU", 4)))
    answer = HoldsAnswer(ask(HoldsQuestion, {"app": catalog.service("node")}), [row])

    assert answer.sentence().endswith("holds it twice; host ports run out first, then vCPU at 4.")


def test_starts_say_that_an_instance_has_its_app_and_that_machines_are_up(tmp_path: Path) -> None:
    """In the same words for one app as for a whole application; a plan has machines launched."""
    both = ("--platform", "ec2", "--platform", "eks-auto", "--replications", "1")
    one = said("startup", "--app", "node", *both, "--out", str(tmp_path))
    shop = said("startup", "scenarios/applications/shop.yaml", *both, "--out", str(tmp_path))
    up = "eks-auto: on machines that are up already; sim {} has them launched first."

    assert up.format("scale") in one
    assert up.format("plan") in shop
    assert " installed " in one
    assert "ec2 installed" in shop


def test_where_no_host_goes_that_is_the_sentence() -> None:
    answer = scale_in(platform="ecs-asg", begin=10, to=8, replications=1)

    assert answer.sentence() == "From 10 tasks to 8, no host becomes surplus on ecs-asg."


def test_one_sandbox_is_up_and_two_are(tmp_path: Path) -> None:
    once = ("--replications", "1", "--out", str(tmp_path))
    one = said("storm", "--starts", "1", "--running", "1", *once)
    two = said("storm", "--starts", "2", *once)

    assert "1 kata-fc sandbox started beside 1 that already runs on" in one
    assert "is up after" in one
    assert "2 kata-fc sandboxes started at once on" in two
    assert "are up after" in two


def test_only_guests_have_a_size_in_units_that_are_read_easily(tmp_path: Path) -> None:
    few = ("--starts", "2", "--replications", "1", "--out", str(tmp_path))
    containers = said("storm", *few, "--runtime", "docker")

    assert "1 storm, guests of 1024 GiB" in said("storm", *few, "--memory", "1TiB")
    assert "1 storm" in containers
    assert "guests of" not in containers


@pytest.mark.parametrize(("app_", "told"), [("java", True), ("node", False)])
def test_a_lazy_start_of_a_small_image_says_what_is_left_out(app_: str, told: bool) -> None:
    """AWS sees no gain below 250 MB: temurin has 121 MB, node 408 MB."""
    found = startup(app=app_, platform="fargate", lazy=True, replications=1)

    assert any("shown too quick" in text for text in found.remarks) == told
