"""What so many tasks cost altogether, as density says it: whole hosts, never full ones."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import sim
from sim import catalog
from sim.cli.app import app
from sim.studies.density.answer import DensityAnswer
from sim.units import GiB

RUNNER = CliRunner()


def asked(**given: Any) -> DensityAnswer:
    return sim.density(by="reservation", cpu=0.75, memory=1 * GiB, **given)


def test_fourteen_tasks_are_three_instances_of_five() -> None:
    """0.192 USD/h each, with 30 GiB of gp3; full ones would be 2.8 of them."""
    row = asked(tasks=14).row("ecs-bridge")
    found = row.bill(14)

    assert (row.count, row.hosts_for(14)) == (5, 3)
    assert found is not None
    assert found.usd_per_month == pytest.approx(730 * 3 * 0.192 + 3 * 30 * 0.08)
    assert row.usd_per_container_hour == pytest.approx(0.192 / 5)
    assert row.json()["usd_per_host_hour"] == pytest.approx(0.192)


def test_who_is_cheapest_on_full_hosts_may_be_dearest_for_one_task() -> None:
    """A task alone has the whole of a large instance to pay: the sentence says Fargate."""
    found = asked(tasks=1, instance="c7g.16xlarge")
    each = {name: found.row(name).usd_per_container_hour for name in ("ecs-bridge", "fargate")}
    month = {b.row.platform: b.bill.usd_per_month for b in found.bills()}

    assert each["ecs-bridge"] < each["fargate"]  # type: ignore[operator]
    assert month["ecs-bridge"] > month["fargate"]  # type: ignore[operator]
    assert "cost least on ecs" not in found.cost_sentence()
    assert "most on eks" in found.cost_sentence()


def test_bare_machines_are_no_offer() -> None:
    """`vm` and `docker` have the price of an instance as if it were a server."""
    platforms = {each.row.platform for each in asked(tasks=3).bills()}

    assert {"vm", "docker"} & platforms == set()
    assert {"ec2", "ecs-bridge", "fargate", "eks"} <= platforms


def test_in_another_region_only_fargate_is_priced_and_the_rest_is_said() -> None:
    """What is not known is not a price of us-east-1."""
    found = asked(tasks=3, region="eu-central-1")

    assert found.row("ecs-bridge").usd_per_container_hour is None
    assert "EC2's prices in eu-central-1 are not known" in found.row("ecs-bridge").refused
    assert found.row("fargate").usd_per_container_hour == pytest.approx(0.04656 + 2 * 0.00511)
    assert "it is not known what on ec2, ecs-bridge" in found.cost_sentence()


def test_spot_is_said_with_its_warning_and_how_often_it_ends() -> None:
    """m5.xlarge: more than a fifth of them in a month."""
    found = asked(tasks=3, purchase="spot", burstable=False)
    line = found.spot_line()

    assert "120 s of warning" in line and ">20% of m5.xlarge" in line
    assert found.row("ecs-bridge").usd_per_container_hour == pytest.approx(0.34 * 0.192 / 5)
    assert asked().spot_line() == ""


def test_the_verb_says_it_in_a_table_and_in_json(tmp_path: Path) -> None:
    """Items of each bill add up to the whole."""
    words = ["density", "--by", "reservation", "--tasks", "14", "--out", str(tmp_path)]
    said = RUNNER.invoke(app, words, catch_exceptions=False).stdout
    data = json.loads(RUNNER.invoke(app, [*words, "--json"], catch_exceptions=False).stdout)
    bills = {row["platform"]: row["altogether"] for row in data if "altogether" in row}

    assert "14 tasks: USD a month on whole hosts" in said
    assert "14 tasks cost least on" in said
    assert bills["eks"]["hosts"] == 1
    for bill in bills.values():
        parts = [item["usd_per_hour"] for item in bill["items"]]
        assert bill["usd_per_hour"] == pytest.approx(sum(parts))


def test_a_region_that_is_not_known_is_refused(tmp_path: Path) -> None:
    """With the nearest."""
    words = ["density", "--region", "us-east1", "--out", str(tmp_path)]
    done = RUNNER.invoke(app, words)

    assert done.exit_code == 2
    assert "region: 'us-east1' is not known; did you mean 'us-east-1'" in done.stderr
    assert "us-east-1" in catalog.regions()
