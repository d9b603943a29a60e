"""`sim isolation`: the ladder, and both sides at once."""

import json
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from sim import catalog
from sim.cli.app import app
from sim.studies.isolation.ladder import ladder
from sim.workload.hog import Hogged


def test_the_higher_the_rung_the_more_memory_it_takes_and_the_fewer_fit() -> None:
    """From a container to an instance of its own; a microVM boots sooner than a VM."""
    rungs = ladder(catalog.service("node"), "m5.xlarge")
    ordered = [rungs[0], *rungs[2:]]
    memory = [rung.memory for rung in ordered]
    density = [rung.density or 0 for rung in ordered]

    assert memory == sorted(memory)
    assert density == sorted(density, reverse=True)
    assert rungs[2].start < 0.3
    assert 3.0 < rungs[3].start < rungs[4].start
    assert density[-1] == 1


@pytest.mark.long
def test_json_has_the_ladder_the_ways_and_the_platforms(tmp_path: Path) -> None:
    arguments = ["isolation", "--replications", "1", "--json", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    answer = json.loads(result.stdout)

    assert result.exit_code == 0
    assert len(answer["ladder"]) == 5
    assert set(answer["ways"]) == set(get_args(Hogged))
    assert answer["platforms"][0]["platform"] == "docker"
    assert len(list(tmp_path.rglob("*.png"))) == 2
