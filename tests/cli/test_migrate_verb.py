"""`sim migrate` and `sim read` of an inventory, as they are typed."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from sim.cli.app import app

OWN = (
    "name,vcpu,memory_gib,cpu_mean,cpu_p99.5,memory_peak_gib,os,team\n"
    "web-1,4,8,0.2,0.8,3,Ubuntu,a\nweb-2,4,8,0.2,0.8,3,Ubuntu,a\n"
    "ad,2,8,0.1,0.3,4,Microsoft Windows Server 2022,b\n"
)


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    path.write_text(OWN)
    return path


def test_the_answer_is_a_sentence_a_table_pictures_and_a_list(listed: Path) -> None:
    """Every VM with its new size is in the folder."""
    out = listed.parent / "out"
    ran = call("migrate", listed, "--to", "ec2,ecs", "--instance", "m5.xlarge", "--out", out,
               "--replications", "2")  # fmt: skip
    (folder,) = (path.parent for path in out.rglob("guests.csv"))

    assert ran.exit_code == 0
    assert "3 VMs are running: 10 vCPU and 24 GiB" in " ".join(ran.stdout.split())
    assert "These stay EC2 instances: ad (Windows)" in ran.stdout
    assert "1 more m5.xlarge" in " ".join(ran.stdout.split())
    assert "after a power cut" in ran.stdout and "A month is 730 hours" not in ran.stdout
    assert {path.name for path in folder.glob("*.png")} == {
        "asked-and-used.png", "hosts.png", "cost.png",
    }  # fmt: skip
    assert list(pd.read_csv(folder / "guests.csv")["name"]) == ["ad", "web-1", "web-2"]


def test_caveats_stand_behind_explain(listed: Path) -> None:
    """Where sizes are from, what the prices include, how the files were read."""
    asked = ["--to", "ecs", "--instance", "m5.xlarge", "--replications", "2", "--explain"]
    told = " ".join(call("migrate", listed, *asked, "--out", listed.parent / "out").stdout.split())

    assert "simulated at work" in told and "A month is 730 hours" in told
    assert "Sizes follow compute-optimizer" in told and "note: vCPUs are from" in told


def test_json_is_all_there_is_on_standard_output(listed: Path) -> None:
    """Keys as promised."""
    ran = call("migrate", listed, "--to", "ecs", "--no-start", "--json", "--only", "web-*",
               "--instance", "m5.xlarge", "--out", listed.parent / "out")  # fmt: skip
    data = json.loads(ran.stdout)

    assert [each["instance"] for each in data["ways"]] == [None, "m5.xlarge"]
    assert [each["name"] for each in data["guests"]] == ["web-1", "web-2"]
    assert [each["way"] for each in data["ways"]] == ["today", "ecs"]
    assert data["ways"][1]["hosts"] == 1


def test_no_way_but_todays_is_an_exit_of_three(tmp_path: Path) -> None:
    """Only Windows, and only containers were asked for."""
    path = tmp_path / "ad.csv"
    path.write_text("name,vcpu,memory_gib,os\nad,2,8,Windows Server\n")
    ran = call("migrate", path, "--to", "ecs", "--no-start", "--out", tmp_path / "out")

    assert ran.exit_code == 3 and "none of the VMs can be a container" in ran.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--only", "nothing-*"], "no guest is like nothing-*"),
        (["--to", "ecs,moon"], "moon"),
        (["--rule", "vap"], "did you mean 'vpa'?"),
    ],
)
def test_what_cannot_be_asked_is_an_exit_of_two(listed: Path, words: list[str], told: str) -> None:
    """A message, and no folder."""
    ran = call("migrate", listed, "--out", listed.parent / "out", *words)

    assert ran.exit_code == 2 and told in " ".join(ran.stderr.split())
    assert not (listed.parent / "out").exists()


def test_read_shows_what_was_understood(listed: Path) -> None:
    """Guests, the CPU column that was taken, and columns that are not used."""
    ran = call("read", listed)
    shown = " ".join(ran.stdout.split())

    assert ran.exit_code == 0
    assert "3 machines: 10 vCPU and 24 GiB" in shown
    assert "from the column 'vcpu'" in shown and "are not used: team" in shown
    assert json.loads(call("read", listed, "--json").stdout)["guests"][0]["name"] == "web-1"


def test_fail_takes_a_guest_of_an_inventory(listed: Path) -> None:
    """As a service of an application; those that stay instances are none."""
    asked = ["--platform", "ecs", "--replications", "1", "--out", listed.parent / "out", "--json"]
    ran = call("fail", listed, "--service", "web-1", *asked)
    windows = call("fail", listed, "--service", "ad", *asked)

    assert ran.exit_code == 0
    assert windows.exit_code == 2 and "service: 'ad' is not known" in windows.stderr


def test_a_plan_says_which_guests_are_not_in_it(listed: Path) -> None:
    """Also without --explain: who has three VMs must not read of two services and wonder."""
    ran = call("plan", listed, "--platform", "ecs", "--instance", "m5.xlarge", "--no-start",
               "--out", listed.parent / "out")  # fmt: skip
    told = " ".join(ran.stdout.split())

    assert "own is 2 services" in told
    assert "not in it: ad; it stays a machine of its own (sim migrate says why)" in told
