"""The table of platforms: one of the user's own is asked whatever the built-in ones are."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import yaml
from typer.testing import CliRunner

import sim
from sim import catalog, plots
from sim.cli.app import app
from sim.core.description import description
from sim.core.names import UnknownName
from sim.core.question import help_of
from sim.platforms import Docker
from sim.scenario_file import BadFile, load_scenario
from sim.studies import platforms
from sim.studies.lifecycle.question import LifecycleQuestion
from sim.studies.platform_row import PlatformOptions, PlatformRow
from sim.studies.scale import ScaleQuestion
from sim.studies.startup.question import StartupQuestion


@description
class Podman(Docker):
    """Docker without a daemon's bridge of 1,023 ports: it takes three."""


def podman(options: PlatformOptions) -> Podman:
    docker = catalog.docker(options.server, warm=options.warm, pulls_from=options.pulls_from)
    return Podman(server=docker.server, bridge_ports=3.0)


@pytest.fixture
def mine() -> Iterator[PlatformRow]:
    """A platform of one's own, as a user adds it."""
    yield sim.add_platform(
        "podman",
        podman,
        label="Podman",
        phrase="in Podman",
        units="Podman containers",
        startup=("cold", "warm"),
        takes={"instance", "host", "disk"},
    )
    platforms.forget("podman")


@pytest.mark.usefixtures("mine")
def test_help_lists_it() -> None:
    """Where all platforms are listed, one of the user's own is, too."""
    for question in (StartupQuestion, ScaleQuestion, LifecycleQuestion):
        assert "podman" in help_of(question)["platform"]
    assert help_of(LifecycleQuestion)["platform"].endswith(" or podman.")


@pytest.mark.usefixtures("mine")
def test_density_counts_it_by_reservation_and_by_use() -> None:
    """Its three ports stop it, whatever they use."""
    found = sim.density(use_on=["podman"], window=5.0)
    row = found.row("podman")

    assert (row.count, row.stopped_by, row.count_by_use) == (3, "bridge ports", 3)
    assert row.priced_as == "m5.xlarge"
    assert row.usd_per_container_hour == pytest.approx(0.192 / 3)
    bars = plots.density_bars(found.table())
    assert "Podman" in [label.get_text() for label in bars.get_yticklabels()]
    plt.close("all")


@pytest.mark.usefixtures("mine")
def test_startup_says_it_in_a_sentence_with_both_images() -> None:
    """`all` has it, and its cold starts take as long as Docker's."""
    found = sim.startup(platform="podman", replications=2)
    docker = sim.startup(platform="docker", replications=2)

    assert "soonest in Podman" in found.sentence()
    assert "with the image already there" in found.sentence()
    assert found.results.estimate("time_to_ready_s", variant="podman-cold").value == (
        docker.results.estimate("time_to_ready_s", variant="docker-cold").value
    )
    assert "podman-warm" in sim.startup(replications=1).hosts


@pytest.mark.usefixtures("mine")
def test_scale_out_and_in_ask_it() -> None:
    """Three of five tasks find a port; then one of them goes."""
    grown = sim.scale_out(platform="podman", to=5, replications=1)
    gone = sim.scale_in(platform="podman", begin=3, to=2, replications=1)

    assert (grown.rows[0].ready, grown.rows[0].hosts) == (3, 1)
    assert gone.rows[0].ready.value == 2
    assert "no host becomes surplus on podman" in gone.sentence()


@pytest.mark.usefixtures("mine")
def test_a_lifecycle_ends_in_it(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node:22\nRUN true\n")
    found = sim.lifecycle(tmp_path, platform="podman", run_sizes={1: 1e6}, run_cpus={1: 1.0})

    assert "in Podman" in found.sentence()
    assert found.up


@pytest.mark.usefixtures("mine")
def test_who_runs_it_and_one_server_compare_it() -> None:
    """By name, beside others."""
    ways = sim.who_runs_it(platforms=["podman", "ecs"], replications=1)
    served = sim.one_server(platforms=["podman", "vm"], serve=1.0, replications=1)

    assert list(ways.table()["count"]) == [3, 8]
    assert "podman" in ways.sentence()
    assert list(served.runs["ready"]) == [3, 3]


@pytest.mark.usefixtures("mine")
def test_a_scenario_file_names_it_and_is_run_and_swept(tmp_path: Path) -> None:
    """Fields that it does not take are refused, as on the built-in ones."""
    file = tmp_path / "mine.yaml"
    text = {"name": "mine", "platform": "podman", "arrivals": {"tasks": 4}, "replications": 1}
    file.write_text(yaml.safe_dump(text))
    loaded = load_scenario(file)
    words = ["sweep", str(file), "--grid", "platform=podman,docker", "--out", str(tmp_path)]

    assert isinstance(loaded.scenario.platform, Podman)
    assert sim.replicate(loaded.scenario, times=1).runs["ready"].sum() == 3
    assert CliRunner().invoke(app, words).exit_code == 0
    with pytest.raises(BadFile, match="network: 'awsvpc' is not allowed on podman"):
        loaded.at(network="awsvpc")


@pytest.mark.usefixtures("mine")
def test_verbs_take_it_by_name(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["startup", "--platform", "podman", "--replications", "2", "--out", str(tmp_path)]
    )

    assert done.exit_code == 0
    assert "in Podman" in done.stdout


def test_what_is_forgotten_is_not_known() -> None:
    sim.add_platform("podman", podman)
    platforms.forget("podman")

    with pytest.raises(ValueError, match="platform: 'podman' is not known"):
        sim.startup(platform="podman")


@pytest.mark.parametrize("name", ["docker", "ecs-bridge", "all", "My own", ""])
def test_a_name_that_is_taken_or_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name: "):
        sim.add_platform(name, podman)


def test_an_option_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean 'network'"):
        sim.add_platform("podman", podman, takes={"netwrok"})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("ecs-fargate", "fargate"), ("ecs-ec2", "ecs"), ("EKS on Fargate", "eks-fargate")],
)
def test_other_spellings_are_told(typed: str, meant: str) -> None:
    """Not the nearest in letters, which for `ecs-fargate` is another platform."""
    for ask in (sim.startup, sim.scale_out) if meant == "fargate" else (sim.startup,):
        with pytest.raises(ValueError, match=f"'{typed}' is not known; did you mean '{meant}'"):
            ask(platform=typed)


def test_each_platform_has_names_of_its_own() -> None:
    """A name, a label and a phrase each mean one platform, and one flavour."""
    questions = ("density", "startup", "scale", "lifecycle", "file")
    every = {row.name: row for question in questions for row in platforms.rows(question)}  # type: ignore[arg-type]
    flavours = [flavour for row in every.values() for flavour in row.density]

    assert len({row.label for row in every.values()}) == len(every)
    assert len({row.phrase for row in every.values()}) == len(every)
    assert len({flavour.units for flavour in flavours}) == len(flavours)
    for old in (name for row in every.values() for name in row.formerly):
        assert old not in every


@pytest.mark.parametrize("name", platforms.names("file"))
def test_every_option_that_a_platform_takes_changes_it(name: str) -> None:
    """An option that is listed has an effect, and one that is not has none."""
    row = platforms.row(name)
    usual = PlatformOptions(service=catalog.service("java"))
    other = {
        **{"instance": "m7g.2xlarge", "host": "8x32GiB", "disk": 1e11, "count": 2},
        **{"architecture": "arm64", "network": "awsvpc", "trunking": True, "strategy": "spread"},
        **{"pull_behavior": "always", "max_pods": 20, "prefix_delegation": True},
        **{"cpu_overcommit": 2.0, "scoring": "MostAllocated"},
    }
    changed = {
        option
        for option, value in other.items()
        if row.made(replace(usual, **{option: value})) != row.made(usual)  # type: ignore[arg-type]
    }

    assert changed == row.takes & set(other)


def test_platforms_may_stand_with_commas_between() -> None:
    """As often as they are said, each once; one that is not known is named alone."""
    assert StartupQuestion(platform="ecs,eks,ecs").platform == ("ecs", "eks")
    with pytest.raises(ValueError, match="'ekz' is not known"):
        StartupQuestion(platform=("ecs,ekz", "docker"))
