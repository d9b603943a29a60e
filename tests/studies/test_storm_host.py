"""A storm on a host that is named: its memory holds what runs at the end, or it is refused."""

import json

import pytest
from typer.testing import CliRunner

from sim import catalog, storm
from sim.cli.app import app
from sim.studies.storm.host import NoMemory, virtualised
from sim.studies.storm.study import resident
from sim.units import GiB, MiB


def test_what_is_said_to_fit_fits_and_one_more_does_not() -> None:
    """The number in the refusal is the largest that is not refused."""
    with pytest.raises(NoMemory, match="fit in memory") as refused:
        storm("kata-fc", starts=1000, host="2x4GiB", replications=1)
    fit = refused.value.fit

    storm("kata-fc", starts=10, running=fit - 10, host="2x4GiB", replications=1)
    with pytest.raises(NoMemory, match=f"{fit} fit in memory"):
        storm("kata-fc", starts=10, running=fit - 9, host="2x4GiB", replications=1)
    assert resident("kata-fc", sandboxes=fit, memory=128 * MiB) < 4 * GiB


@pytest.mark.parametrize("runtime", ["firecracker", "kata-template", "rund", "docker"])
def test_every_kind_of_runtime_is_held_to_the_memory(runtime: str) -> None:
    """Also those of which a part is there once."""
    with pytest.raises(NoMemory, match="2x4GiB has"):
        storm(runtime, starts=1, running=100_000, host="2x4GiB", replications=1)


def test_sandboxes_that_end_take_memory_only_while_they_are_under_way() -> None:
    """A closed loop of ten has room where the thousand that it starts would not."""
    loop = storm(
        "firecracker", starts=1000, launchers=10, host="2x4GiB", ending=True, replications=1
    )

    assert loop.memory_bytes == resident("firecracker", sandboxes=10, memory=128 * MiB)


def test_the_verb_refuses_with_3() -> None:
    """Words, and as JSON the reason and the number that fits."""
    words = ["storm", "--host", "t4g.nano", "--replications", "1"]
    said = CliRunner().invoke(app, words, catch_exceptions=False)
    data = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)

    assert (said.exit_code, data.exit_code) == (3, 3)
    assert "t4g.nano has" in " ".join(said.stdout.split())
    answer = json.loads(data.stdout)
    assert f"{answer['fit']} fit" in answer["refused"]["memory_bytes"]


def test_a_virtualised_type_is_told_from_a_bare_machine() -> None:
    """A remark for guests on an EC2 instance; none for metal, sizes and containers."""
    assert "nested virtualisation" in virtualised("kata-fc", "t3.large")
    for runtime, host in [("kata-fc", "m5.metal"), ("kata-fc", "4x16GiB"), ("runc", "t3.large")]:
        assert virtualised(runtime, host) == ""


def test_an_unknown_host_is_told_all_that_a_host_may_be() -> None:
    """The hosts of measurements are listed by no verb, so the error names each."""
    with pytest.raises(catalog.UnknownName) as told:
        storm("kata-fc", starts=1, host="zzzzz", replications=1)

    for name in (*catalog.validation_hosts(), "sim instances", "16x64GiB"):
        assert name in str(told.value)


def test_help_names_every_runtime() -> None:
    """No verb lists them."""
    shown = CliRunner().invoke(app, ["storm", "--help"]).stdout

    assert ",".join(catalog.RUNTIMES) in "".join(shown.split())  # it is folded at hyphens
