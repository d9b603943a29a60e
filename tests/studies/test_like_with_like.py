"""Like is compared with like: images that are there, as many apps, and starts that failed."""

import re
from typing import Any

import pandas as pd

from sim import density, plots, startup
from sim.studies.density.answer import DensityAnswer
from sim.units import MiB


def found(**more: Any) -> DensityAnswer:
    answer: DensityAnswer = density(
        **{"by": "reservation", "instance": "m5.large", "cpu": 0.25, "memory": 512 * MiB, **more}
    )
    return answer


def test_what_is_installed_is_not_ranked_beside_what_is_pulled() -> None:
    """A warm VM, an EC2 instance and a warm container have their app; cold ones fetch it first."""
    said = startup(app="node", platform=("ec2", "docker", "fargate"), replications=2).sentence()
    guest = startup(app="node", platform=("vm", "ec2"), replications=2).sentence()
    alone = startup(app="node", platform=("ec2", "fargate"), replications=2).sentence()

    assert re.search(r"in Docker: [0-9.]+ s after the request with the image already there", said)
    assert re.search(r"there, [0-9.]+ s when it is pulled first", said)
    assert re.search(r"in a VM: [0-9.]+ s .* already there, [0-9.]+ s when it is pulled", guest)
    assert re.search(r"on EC2: .* already there, and on Fargate \(.* when it is pulled", alone)


def test_where_all_pull_there_is_one_ranking() -> None:
    """Fargate keeps nothing: no word of two kinds."""
    said = startup(app="node", platform=("fargate", "eks-fargate"), replications=2).sentence()

    assert "already there" not in said
    assert "after the request (median)" in said


def test_memory_is_compared_with_as_many_apps_everywhere() -> None:
    """Apps use the same on every host that takes as many as there are VMs; others are left out."""
    answer = found()
    table = answer.budgets(alike=True)
    apps = table[table["item"] == "apps"].set_index("platform")["bytes"]
    count = answer.row("vm").count

    assert count == 2
    assert set(apps[apps.index != "vm"]) == {apps["docker"]}
    assert apps["docker"] == count * answer.service.private
    assert {"docker", "ecs-bridge", "eks"} <= set(apps.index)
    assert answer.alike_title().endswith("with 2 apps on each")


def test_a_registry_that_fails_most_is_not_drawn_as_the_fastest() -> None:
    """Its row comes last, pale, and says how many failed beside those that were ready."""
    starts = [("hub", n, 1.0) for n in range(5)] + [("own", n, 3.0) for n in range(20)]
    spans = pd.DataFrame(
        [
            {"variant": v, "run": 0, "task": n, "phase": "pull", "start_s": 0.0, "end_s": end}
            for v, n, end in starts
        ]
    )
    ax = plots.waterfalls(spans, asked={"hub": 20, "own": 20})
    labels = [label.get_text() for label in ax.get_yticklabels()]

    assert [label.split("\n")[0] for label in labels] == ["own", "hub"]
    assert "1.0 s, 15 failed" in [text.get_text() for text in ax.texts]
    assert [bars.get_alpha() for bars in ax.collections] == [1.0, 0.3]
