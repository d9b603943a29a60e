"""What grows with the crowd: planning nodes for many pods, and their calls to EC2."""

from dataclasses import replace

import pytest
from worlds import eks, fleet, instance_launch, machine, node_config, runtime, service

from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.host import Step
from sim.platforms import EKS, NodeKind, NodePool
from sim.platforms.autoscaling.autoscaler import Karpenter
from sim.platforms.autoscaling.consolidation import Consolidation
from sim.platforms.autoscaling.scale_up import Planning
from sim.platforms.scaling.instance_launch import InstanceLaunch
from sim.units import GiB

NEVER = Consolidation(after=1e9, poll=10.0, validation=15.0, budget=0.1)


def pool(launch: InstanceLaunch, *, simulation: float = 0.0, most: float | None = None) -> EKS:
    """Karpenter over machines of one vCPU; a batch is closed after 1 s."""
    box = machine(vcpu=1.0, memory=100 * GiB, usd_per_hour=1.0)
    kind = NodeKind(
        fleet=fleet(box, runtime=runtime(shim=0.0, create=Step(), start=Step())),
        node=node_config(),
    )
    karpenter = Karpenter(
        batch_idle=1.0,
        batch_most=10.0,
        simulation=simulation,
        simulation_most=most,
        consolidation=NEVER,
    )
    capacity = NodePool(kinds=(kind,), autoscaler=karpenter, launch=launch, termination=5.0)
    return replace(eks(), capacity=capacity, node=None)


def ready(platform: EKS, pods: int) -> list[float]:
    """When each pod was ready."""
    world = World(1)
    platform.deploy(world).launch(service(cpu=1.0), pods)
    world.env.run(until=1000.0)
    return sorted(world.record.task_end)


@pytest.mark.parametrize(("pods", "seconds"), [(1, 0.1), (2, 0.4), (10, 10.0)])
def test_planning_for_twice_the_pods_takes_four_times_as_long(pods: int, seconds: float) -> None:
    """By the square; then a node each, launched in 40 s, all of them ready together."""
    free, planned = (ready(pool(instance_launch(), simulation=s), pods) for s in (0.0, 0.1))

    assert free == pytest.approx([free[0]] * pods)
    assert [b - a for a, b in zip(free, planned, strict=True)] == pytest.approx([seconds] * pods)


def test_what_is_planned_in_time_is_launched_and_the_rest_planned_anew() -> None:
    """Ten pods, 2.5 s at most: five are planned (0.1 x 5^2 = 2.5), then the other five."""
    slow = pool(instance_launch(), simulation=0.1, most=2.5)
    first, last = ready(slow, 10)[::9]

    assert last - first == pytest.approx(1.0 + 2.5, abs=1.1)
    assert Planning(0.1, 2.5).planned({"a": 4, "b": 6}) == {"a": 4, "b": 1}
    assert Planning(0.1, 2.5).takes(5) == Planning(0.1, 2.5).takes(10) == 2.5
    assert Planning().planned({"a": 4, "b": 6}) == {"a": 4, "b": 6}


def test_nodes_wait_for_the_calls_that_give_them_addresses() -> None:
    """Two calls a node, four at once and one a second: after two nodes one comes every 2 s."""
    launch = instance_launch(network=Quota(size=4, refill=1.0), network_calls=2.0)
    free, throttled = ready(pool(instance_launch()), 5), ready(pool(launch), 5)

    late = [b - a for a, b in zip(free, throttled, strict=True)]
    assert late == pytest.approx([0.0, 0.0, 2.0, 4.0, 6.0])
