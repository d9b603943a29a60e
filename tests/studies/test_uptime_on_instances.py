"""An application on instances: each part on one that holds it."""

from dataclasses import replace

import sim
from sim import catalog
from sim.studies.plan.hosts import planned_hosts
from sim.studies.platforms import row
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


def test_there_is_room_whichever_service_the_scheduler_comes_to_first() -> None:
    """A copy of 3 vCPU and two of 1 fit on two nodes of 4 if the large one comes first.

    Spread out before it, the small ones leave it no room; a third node has it in any case.
    """
    large = catalog.service("java", cpu=3.0, memory=2 * GiB)
    small = catalog.service("node", cpu=1.0, memory=256 * MiB)
    app = Application(name="shop", parts=(Part(service=large), Part(service=small, copies=2)))
    there = [planned_hosts(row("eks"), app, ["m5.xlarge"], 0, orders=n).machines for n in (0, 9)]

    found = sim.uptime(app, platform=("eks", "eks-auto"), replications=12)

    assert there == [2, 3]
    assert found.machines == {"eks": 3, "eks-auto": 3}
    assert {row.short for row in found.rows} == {0}


def test_who_waits_for_a_launch_quota_does_not_wait_for_a_call() -> None:
    """A call takes a second; what Fargate launches in a second is a quota of the account."""
    service = catalog.service("generic")
    parts = (Part(service=replace(service, name=f"s{n}"), copies=10) for n in range(80))
    app = Application(name="many", parts=tuple(parts))

    found = sim.uptime(app, platform="fargate", replications=2)

    assert "waiting for the launch quota takes" in found.sentence()
