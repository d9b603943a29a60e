"""`sim isolation`: the ladder, and both sides at once."""

import json
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from sim import catalog
from sim.cli.app import app
from sim.studies.isolation import study
from sim.studies.isolation.ladder import ladder
from sim.studies.isolation.sharing import SharedVolume, paths
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


def test_the_less_two_containers_share_the_longer_is_the_way_between_them() -> None:
    """Loopback, bridge, another host, another zone; a file waits for the network card besides."""
    ways = paths("m5.xlarge")
    small, large = ([way.seconds(size) for way in ways] for size in (64e3, 1e9))

    assert small == sorted(small)
    assert large == sorted(large)
    assert large[2] == pytest.approx(1e9 * 8 / 10e9, rel=0.01)


def test_a_shared_volume_takes_all_that_share_it_along() -> None:
    shared = SharedVolume(readers=7, shared_p95=4.0, own_p95=1.0)

    assert shared.json()["lost_with_a_shared_one"] == 8
    assert "8 of 8 lose their data; with one each, 1 of 8" in shared.sentence()


def test_the_verb_shows_the_ladder_the_neighbours_and_the_dead_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here of two neighbours, of few requests, and of one platform."""
    monkeypatch.setattr(study, "WINDOW", 1.0)
    monkeypatch.setattr(study, "get_args", lambda _: ("cpu", "disk"))
    monkeypatch.setattr(study, "PLATFORMS", ("docker",))
    words = ["isolation", "--instance", "m5.large", "--cpu", "0.1", "--tasks", "3"]
    result = CliRunner().invoke(app, [*words, "--replications", "1", "--out", str(tmp_path)])

    assert result.exit_code == 0, result.stderr
    for word in ("cpu", "disk", "loopback", "docker"):
        assert word in result.stdout
    assert {path.name for path in tmp_path.rglob("*.png")} == {"neighbours.png", "recovery.png"}


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
