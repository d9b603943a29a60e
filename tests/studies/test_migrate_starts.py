"""Packed machines at work, and how soon all is up after a power cut."""

import math

import pytest

from sim import catalog
from sim.studies.migrate.answer import MigrateAnswer
from sim.studies.migrate.at_work import WINDOW
from sim.studies.migrate.guest import OldGuest
from sim.studies.migrate.inventory import Inventory
from sim.studies.migrate.study import migrate as migrated
from sim.units import GiB
from sim.workload.sizing.use import Use

EACH = 0.4
"""vCPUs of an m5 that a guest uses in the mean."""


def guests(count: int, **said: object) -> Inventory:
    """So many guests of one size, all of them seen at work."""
    use = {"cpu_use": Use(p99_5=0.8), "cpu_mean": EACH, "memory_use": Use(peak=2 * GiB)}
    return Inventory(
        name="ours",
        guests=tuple(
            OldGuest(name=f"vm-{n:03d}", vcpu=2.0, memory=4 * GiB, **(use | said))  # type: ignore[arg-type]
            for n in range(count)
        ),
    )


@pytest.fixture(scope="module")
def twelve() -> MigrateAnswer:
    return migrated(guests(12), to=("ec2", "ecs", "fargate"), instance="m5.2xlarge", replications=2)


def test_a_machine_is_as_busy_as_its_guests_together(twelve: MigrateAnswer) -> None:
    """Within three standard errors of Poisson requests; nobody is killed, nobody is in the way."""
    (work,) = twelve.work
    request = catalog.figure("workload.request_cpu").value
    for machine in work.machines:
        mean = machine.containers * EACH / 8.0
        requests = mean * 8.0 * WINDOW / request
        # Exponential work: the variance of a sum of a Poisson number of them is twice its mean.
        assert machine.busy == pytest.approx(mean, abs=3.0 * mean * math.sqrt(2.0 / requests))

    assert sum(machine.containers for machine in work.machines) == 12
    assert work.killed == 0
    assert work.slowdown is not None and 1.0 <= work.slowdown < 1.5


def test_all_is_up_when_machines_have_booted_and_containers_have_started(
    twelve: MigrateAnswer,
) -> None:
    """No sooner than a boot; images on the disks are sooner than a registry."""
    ecs = next(each for each in twelve.restarts if each.way == "ecs")
    boot = catalog.figure("ec2.launch.total.al2023").value
    warm, cold, machines = ecs.up("warm"), ecs.up("cold"), ecs.booted()

    assert not ecs.failed
    assert warm is not None and cold is not None and machines is not None
    assert boot * 0.7 < machines < warm < cold


def test_instances_of_their_own_boot_and_need_nothing_else(twelve: MigrateAnswer) -> None:
    """As many at once as EC2 lets through."""
    own = next(each for each in twelve.restarts if each.way == "ec2, right-sized")

    assert own.up("warm") == own.up("cold")
    assert own.up("warm") == pytest.approx(25.0, abs=10.0)


def test_fargate_lets_a_hundred_through_and_then_twenty_a_second(twelve: MigrateAnswer) -> None:
    """160 tasks wait at least 3 s for their launches, whatever comes after."""
    few = next(each for each in twelve.restarts if each.way == "fargate").up("cold")
    many = migrated(guests(160), to=("fargate",), replications=2).restarts[0].up("cold")

    assert few is not None and many is not None
    assert many > few + 0.5 * (160 - 100) / 20.0


def test_nothing_is_simulated_where_nothing_is_asked(twelve: MigrateAnswer) -> None:
    """Without starts the arithmetic is the same."""
    plain = migrated(guests(12), to=("ec2", "ecs", "fargate"), instance="m5.2xlarge", start=False)

    assert plain.json() == twelve.json()
    assert not plain.work and not plain.restarts and plain.runs is None


def test_guests_of_which_no_use_is_known_are_not_set_to_work() -> None:
    """No load is made up for them."""
    dark = guests(4, cpu_use=Use(), cpu_mean=None, memory_use=Use())
    answer = migrated(dark, to=("ecs",), instance="m5.xlarge", replications=1)

    assert answer.work == []


def test_images_that_a_node_has_no_room_for_are_said_to_need_a_larger_volume() -> None:
    """20 GiB are EKS's; a node of 96 vCPU takes more guests than their images find room on."""
    answer = migrated(guests(90), to=("eks",), instance="m5.24xlarge", spare=0, replications=1)
    (eks,) = (each for each in answer.restarts if each.way == "eks")

    assert not eks.failed
    assert any("default root volume (eks)" in line for line in answer.findings())
