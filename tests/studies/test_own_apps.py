"""An app of one's own in every verb: a service from Python, a file on the command line."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sim
from sim import catalog
from sim.cli.app import app as cli
from sim.core.question import BadInput
from sim.units import GiB, MiB

OWN = "app: mine\nstartup: {cpu: 30, wait: 5s}\ncpu: 0.5\nmemory: 1GiB\n"


def test_a_service_of_ones_own_is_asked_about_like_one_of_the_catalogue(tmp_path: Path) -> None:
    """The same answer by reservation as for its size alone."""
    (tmp_path / "mine.yaml").write_text(OWN)
    mine = sim.read(tmp_path / "mine.yaml")
    generic = sim.density(cpu=0.5, memory=GiB, by="reservation")
    counts = [row.count for row in generic.rows]

    assert [row.count for row in sim.density(app=mine, by="reservation").rows] == counts


def test_what_is_given_beside_it_is_changed_and_nothing_else() -> None:
    """A size that is asked for takes the place of its own."""
    own = replace(catalog.service("node"), name="mine", disk=5.0, cpu_quota=False)
    changed = catalog.service(own, memory=300 * MiB)

    assert changed == replace(own, memory=300 * MiB)
    assert catalog.service(own) == own


def test_its_start_up_work_is_in_its_start(tmp_path: Path) -> None:
    """5 s of waiting and 30 core-seconds are in the time to ready, under its own name."""
    (tmp_path / "mine.yaml").write_text(OWN)
    answer = sim.startup(app=sim.read(tmp_path / "mine.yaml"), platform="ecs", replications=2)

    apps = [row.seconds["p50_s"] for row in answer.rows if row.phase == "app"]

    assert {row.app for row in answer.rows} == {"mine"}
    assert apps and min(apps) > 5.0 + 0.8 * 30.0 / 0.5


def test_a_verb_takes_its_file(tmp_path: Path) -> None:
    """And says what is wrong with one that is none."""
    path = tmp_path / "mine.yaml"
    path.write_text(OWN)
    density = ["density", "--by", "reservation", "--app"]
    good, gone = (CliRunner().invoke(cli, [*density, str(p)]) for p in (path, tmp_path / "x.yaml"))

    assert good.exit_code == 0 and "0.5 vCPU" in good.output
    assert gone.exit_code == 2


def test_an_application_of_several_parts_is_none() -> None:
    """One is needed."""
    part = sim.Part(service=catalog.service("node"))
    other = sim.Part(service=catalog.service("java"))
    with pytest.raises(BadInput, match="shop has 2 parts; one is needed"):
        sim.density(app=sim.Application(name="shop", parts=(part, other)))
