"""An application on instances: each part on one that holds it."""

import sim
from sim import catalog
from sim.units import GiB, MiB
from sim.workload import Application, Part


def test_instances_hold_the_largest_part_whichever_comes_first() -> None:
    """A small part first does not make the type too small for a large one."""
    small = catalog.service("node", cpu=0.25, memory=256 * MiB)
    large = catalog.service("java", cpu=2.0, memory=12 * GiB)
    app = Application(name="shop", parts=(Part(service=small), Part(service=large)))

    found = sim.uptime(app, platform="ec2", replications=1)

    assert [row.short for row in found.rows] == [0]


def test_images_that_are_there_are_those_of_daemons_too() -> None:
    """A warm start pulls nothing, whatever else runs on every host."""
    web, agent = catalog.service("node"), catalog.service("mysql")
    app = Application(name="shop", parts=(Part(service=web), Part(service=agent, daemon=True)))

    found = sim.uptime(app, platform="ecs", replications=1)

    tiles = found.results.tiling()
    pulls = tiles[tiles["phase"] == "pull"]
    seconds = (pulls["end_s"] - pulls["start_s"]).groupby(pulls["variant"]).sum()
    pulled = {image: seconds[f"ecs-{image}"] for image in ("cold", "warm")}
    assert pulled["warm"] < 1.0 < pulled["cold"]  # a look whether the tags have changed
