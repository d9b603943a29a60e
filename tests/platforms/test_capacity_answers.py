"""What one host is, holds and costs: each capacity answers, whoever asks."""

from dataclasses import replace
from typing import Any

import pytest

from sim import catalog
from sim.core.mistakes import BadDescription
from sim.core.world import World
from sim.platforms import ECS, EKS
from sim.units import GiB

SERVICE = catalog.service("generic", cpu=0.5, memory=1 * GiB)
HUGE = catalog.service("generic", cpu=40.0, memory=1 * GiB)


@pytest.mark.parametrize(
    ("platform", "name", "vcpus", "usd"),
    [
        (catalog.ecs("m5.xlarge"), "m5.xlarge", 4.0, 0.192),
        (catalog.ecs_capacity_provider("m5.xlarge"), "m5.xlarge", 4.0, 0.192),
        (catalog.eks("m5.xlarge"), "m5.xlarge", 4.0, 0.192),
        (catalog.eks_karpenter("m5.xlarge", "m5.large"), "m5.large", 2.0, 0.096),
        (catalog.ec2(catalog.machine("m5.xlarge")), "m5.xlarge", 4.0, 0.192),
        (catalog.docker(catalog.machine("m5.xlarge")), "m5.xlarge", 4.0, 0.192),
        (catalog.hypervisor(catalog.machine("m5.xlarge")), "m5.xlarge", 4.0, 0.192),
        # Half a vCPU and 1 GiB at 0.04048 and 0.004445 USD an hour.
        (catalog.ecs_on_fargate(), "0.5 vCPU, 1 GiB", 0.5, 0.5 * 0.04048 + 0.004445),
        # The pod's 256 MiB of overhead make it the next size, of 2 GiB.
        (catalog.eks_on_fargate(), "0.5 vCPU, 2 GiB", 0.5, 0.5 * 0.04048 + 2 * 0.004445),
    ],
)
def test_a_host_has_a_name_vcpus_and_a_price(
    platform: Any, name: str, vcpus: float, usd: float
) -> None:
    """A machine has its type's, the cheapest type's of several; a microVM has its size's."""
    assert platform.host_name(SERVICE) == name
    assert platform.host_vcpus(SERVICE) == vcpus
    assert platform.usd_per_hour(SERVICE) == pytest.approx(usd)


@pytest.mark.parametrize("platform", [catalog.ecs_on_fargate(), catalog.eks_on_fargate()])
def test_where_no_size_holds_a_service_there_is_no_host(platform: ECS | EKS) -> None:
    """Neither a name, nor a vCPU, nor a price; and a microVM is no machine."""
    assert platform.fargate_size(HUGE) is None
    assert platform.host_name(HUGE) == "-"
    assert platform.host_vcpus(HUGE) == 0.0
    assert platform.usd_per_hour(HUGE) is None
    assert platform.slots(SERVICE) == ()
    assert platform.quota() == ("Fargate tasks", 6.0)
    with pytest.raises(ValueError, match="Fargate has no instances"):
        _ = platform.machine
    with pytest.raises(ValueError, match="Fargate has one task a host; there is nothing to fill"):
        platform.fits_in_memory(SERVICE)
    with pytest.raises(ValueError, match="there is nothing to settle"):
        platform.deploy(World()).settle(SERVICE, 1)


def test_only_pods_that_no_node_may_hold_wait_for_ever() -> None:
    """A node pool says so in Kubernetes' words; who refuses says nothing here."""
    assert catalog.eks_karpenter("m5.large").lacks(HUGE) == "Insufficient cpu"
    assert catalog.eks_karpenter("m5.large").lacks(SERVICE) == ""
    assert catalog.eks("m5.large").lacks(HUGE) == ""
    assert catalog.ecs_on_fargate().lacks(HUGE) == ""


def test_platforms_that_differ_in_their_slots_only_are_the_same_without_them() -> None:
    """Network modes and addresses; not the type, nor what an agent takes, nor max pods.

    What a node reserves grows with the pods that it may run.
    """
    bridge, awsvpc = catalog.ecs("m5.large"), catalog.ecs("m5.large", network="awsvpc")
    few, many = catalog.eks("m5.large", max_pods=10), catalog.eks("m5.large", max_pods=20)

    assert bridge.without_slots() == awsvpc.without_slots()
    assert few.node is not None
    unaddressed = replace(few, node=replace(few.node, addresses=None))
    assert few.without_slots() == unaddressed.without_slots() != few
    assert few.without_slots() != many.without_slots()
    assert bridge.without_slots() != catalog.ecs("m5.xlarge").without_slots()
    assert bridge.without_slots() != replace(bridge, agent_memory=0.0).without_slots()


def test_a_node_pool_needs_a_kind_of_node() -> None:
    """Without one there is nothing to launch."""
    pool = catalog.eks_karpenter("m5.large").capacity
    with pytest.raises(BadDescription, match="one or more"):
        replace(pool, kinds=())
