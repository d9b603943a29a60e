"""What people write into task definitions: small CPU or none, memory kept back, constraints."""

from dataclasses import replace

import pytest
from worlds import app, control_plane, ecs, launch, length, machine, outcomes, service

from sim import catalog
from sim.core.world import World
from sim.experiment import Burst, Scenario
from sim.platforms import ECS
from sim.start import Refused
from sim.studies.platform_row import PlatformOptions
from sim.studies.platforms import row
from sim.units import MiB
from sim.workload import Demand, Service
from sim.workload.attribute_expression import attribute_expression

BOX = machine(vcpu=4.0, memory=1000 * MiB, enis=4)
HAS = {"ecs.instance-type": "m5.large", "stack": "prod", "generation": "5"}


def with_least(least: float) -> ECS:
    return ecs(BOX, control=control_plane(least_task_cpu=least))


def start_up(platform: ECS, wanted: Service) -> float:
    """Seconds that a core-second of one thread takes on an idle instance."""
    world, _, _ = launch(platform, replace(wanted, app=app(cpu=1.0)))
    return length(world.record, "app")


@pytest.mark.parametrize(("cpu", "quota"), [(0.125, True), (0.25, True), (0.124, False)])
def test_below_the_smallest_task_cpu_there_is_a_weight_only(cpu: float, quota: bool) -> None:
    """ECS registers no task-level CPU below 128 units; that of the container is no quota."""
    platform, wanted = with_least(0.125), service(cpu=cpu)
    said = platform.remark(wanted)

    assert (start_up(platform, wanted) == 1.0) == (not quota)
    assert (said == "") == quota
    assert platform.ceilings(wanted) == ecs(BOX).ceilings(wanted)  # it is reserved all the same


def test_a_weight_below_the_smallest_task_cpu_is_no_news() -> None:
    """Who asked for a weight gets one, and is told nothing."""
    assert with_least(0.125).remark(service(cpu=0.05, cpu_quota=False)) == ""


def test_cpu_0_reserves_nothing_and_has_two_shares() -> None:
    """Memory alone decides how many fit, and one that is alone has the whole instance."""
    wanted = service(cpu=0.0, memory=100 * MiB, app=app(private=0.0))
    first, *others = ecs(BOX).ceilings(wanted)

    assert Demand(World(), wanted).shares == 2.0
    assert start_up(ecs(BOX), wanted) == 1.0
    assert (first.limit, first.allows) == ("memory", 10)
    assert "vCPU" not in [limit.limit for limit in others]


@pytest.mark.parametrize("name", ["docker", "vm", "ecs", "eks", "fargate", "eks-fargate", "ec2"])
def test_cpu_0_is_taken_everywhere(name: str) -> None:
    """A guest has a whole vCPU, Fargate its smallest size, a pod no request."""
    wanted = catalog.service(cpu=0.0, memory=400 * MiB)
    platform = row(name).made(PlatformOptions(service=wanted))

    assert platform.ceilings(wanted)[0].allows >= 1
    _, _, starts = launch(platform, wanted)

    assert outcomes(starts) == ["ready"]


def test_a_load_of_no_cpu_is_refused() -> None:
    """It is a fraction of the CPU of the service."""
    wanted = catalog.service(cpu=0.0)
    with pytest.raises(ValueError, match="serve: 10 s is not allowed; a load is a fraction of cpu"):
        Scenario(
            name="idle",
            platform=catalog.ecs(),
            arrivals=(Burst(service=wanted, tasks=1),),
            serve=10.0,
        )


@pytest.mark.parametrize("kept", [0.0, 256 * MiB, 1024 * MiB])
def test_memory_kept_back_is_not_registered(kept: float) -> None:
    """ECS_RESERVED_MEMORY: one task less for each 256 MiB that are kept back."""
    wanted = catalog.service(cpu=0.01, memory=256 * MiB)
    without, platform = catalog.ecs("m5.large"), catalog.ecs("m5.large", reserved_memory=kept)

    def count(of: ECS) -> int:
        return next(c.allows for c in of.ceilings(wanted) if c.limit == "memory")

    assert count(platform) == count(without) - kept / (256 * MiB)


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("attribute:ecs.instance-type == m5.large", True),
        ("attribute:ecs.instance-type =~ m5.*", True),
        ("attribute:ecs.instance-type=~t2.*", False),
        ("attribute:ecs.instance-type in [t2.small, m5.large]", True),
        ("attribute:stack not_in [prod]", False),
        ("attribute:stack exists and attribute:team !exists", True),
        ("not (attribute:stack == prod) || attribute:generation >= 5", True),
        ("attribute:generation < 5", False),
        ("attribute:team == blue", False),
        ("attribute:team != blue", True),
    ],
)
def test_expressions_mean_what_ecs_says(text: str, met: bool) -> None:
    """Both names of operators, lists, and, or, not; a missing attribute differs from everything."""
    assert attribute_expression(text).met_by(HAS) == met


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("attribute:stack", "an operator is missing"),
        ("attribute:stack is prod", "'is' is no operator"),
        ("runningTasksCount == 0", "'runningTasksCount' is not modelled"),
        ("(attribute:stack == prod", r"'\)' is missing"),
        ("attribute:stack == prod blue", "'blue' is one word too many"),
    ],
)
def test_an_expression_that_cannot_be_read_says_why(text: str, why: str) -> None:
    """With an example of what can."""
    with pytest.raises(ValueError, match=why):
        service(member_of=text)


def test_tasks_go_only_where_their_constraint_is_met() -> None:
    """The refusal is in ECS's words, and the ceiling says the same."""
    platform = catalog.ecs("m5.large", attributes={"stack": "prod"})
    there = catalog.service(cpu=0.25)
    elsewhere = replace(there, member_of="attribute:stack == test")
    here = replace(there, member_of="attribute:stack == prod and attribute:ecs.os-type == linux")
    world = World()
    deployment = platform.deploy(world)
    starts = [deployment.launch(each)[0] for each in (here, elsewhere)]
    world.env.run()

    assert str(starts[0].value) == "ready"
    assert starts[1].value == Refused("MemberOf placement constraint unsatisfied.")
    limit = platform.ceilings(elsewhere)[0]
    assert (limit.limit, limit.allows, limit.refusal) == (
        "placement constraint",
        0,
        "MemberOf placement constraint unsatisfied.",
    )


def test_an_attribute_that_every_instance_has_must_be_given() -> None:
    """What is not known is not taken as missing: the zone of an instance is given, or asked for."""
    wanted = replace(
        catalog.service(cpu=0.25), member_of="attribute:ecs.availability-zone == us-east-1a"
    )
    with pytest.raises(ValueError, match="availability-zone of the instances is not known"):
        catalog.ecs("m5.large").ceilings(wanted)
    given = catalog.ecs("m5.large", attributes={"ecs.availability-zone": "us-east-1a"})

    assert given.ceilings(wanted)[0].allows == 8


def test_a_bridge_takes_1023_containers() -> None:
    """Linux numbers the ports of a bridge in ten bits, of which 0 is reserved."""
    wanted = service(cpu=0.001, memory=0.1 * MiB, app=app(private=0.0))
    limits = catalog.ecs("m5.24xlarge").ceilings(wanted)
    limit = next(each for each in limits if each.limit == "bridge ports")

    assert limit.allows == 1023
