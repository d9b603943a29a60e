"""Containers against VMs on one machine: what is taken, and who is ready first."""

import pandas as pd
import pytest

from sim import plots
from sim.studies.one_server import memory_of_one_server
from sim.units import GiB


def test_memory_of_both_adds_up_to_the_same_machine() -> None:
    """Guests have kernels and operating systems of their own; the apps are the same."""
    memory = memory_of_one_server().pivot_table(index="item", columns="platform", values="bytes")

    assert memory["vm"].sum() == pytest.approx(16 * GiB)
    assert memory["docker"].sum() == pytest.approx(16 * GiB)
    assert memory.loc["apps", "vm"] == memory.loc["apps", "docker"]
    assert memory.loc["guest OSes", "vm"] > 0.0
    assert memory.loc["free", "docker"] > memory.loc["free", "vm"]


def test_the_picture_says_what_is_taken_and_puts_the_soonest_app_first() -> None:
    memory = pd.DataFrame(
        [
            ("vm", "box", "guest OSes", 6 * GiB),
            ("vm", "box", "free", 2 * GiB),
            ("docker", "box", "apps", 1 * GiB),
            ("docker", "box", "free", 7 * GiB),
        ],
        columns=["platform", "host", "item", "bytes"],
    )
    runs = pd.DataFrame(
        {
            "variant": ["docker", "vm"],
            "time_to_ready_s_slow": [9.0, 12.0],
            "time_to_ready_s_quick": [1.0, 6.0],
        }
    )
    above = plots.one_machine(memory, runs)
    figure = above.get_figure()
    assert figure is not None
    below = figure.axes[1]
    said = {text.get_text() for text in below.texts}

    assert above.get_title(loc="left") == "The same apps take 6.0 GiB as VMs, 1.0 GiB as containers"
    assert [label.get_text() for label in below.get_yticklabels()] == ["quick", "slow"]
    assert said == {"Docker 1.0 s", "VMs 6.0 s", "Docker 9.0 s", "VMs 12.0 s"}
