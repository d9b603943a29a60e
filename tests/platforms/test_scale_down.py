"""The Cluster Autoscaler's scale-down: a node is unneeded for long enough, then it goes."""

from dataclasses import replace
from typing import Any

from test_consolidation import keep, occupied, pool
from worlds import outcomes, service

from sim.core.world import World
from sim.platforms import EKS
from sim.platforms.autoscaling.autoscaler import ClusterAutoscaler
from sim.platforms.autoscaling.disruption import ClusterState
from sim.platforms.autoscaling.known_nodes import KnownNodes
from sim.platforms.autoscaling.scale_down import ScaleDown, unneeded

POLICY = ScaleDown(
    threshold=0.5, unneeded=600.0, after_add=600.0, after_taint=5.0, drains=1, deletions=10
)


def group(**policy: Any) -> EKS:
    platform = pool(4.0)
    scaler = ClusterAutoscaler(scan=10.0, scale_down=replace(POLICY, **policy))
    return replace(platform, capacity=replace(platform.capacity, autoscaler=scaler))


def grown(platform: EKS, pods: int) -> tuple[World, Any, list[Any]]:
    world = World(1)
    live = platform.deploy(world)
    starts = list(live.launch(service(), pods))
    world.env.run()
    return world, live, starts


def test_a_node_goes_that_was_unneeded_for_ten_minutes() -> None:
    """10 s after the last scan, 600 s, 5 s from its taint, 5 s for pods to end; one at a time."""
    world, live, starts = grown(group(after_add=0.0), 12)
    left, stopped = keep(live, starts, 1), world.env.now
    world.env.run(until=stopped + 619.9)
    assert len(live.hosts()) == 3
    world.env.run(until=stopped + 620.1)
    assert len(live.hosts()) == 2
    world.env.run()

    assert len(live.hosts()) == 1
    assert outcomes([live.current(start) for start in left]) == ["ready"] * 3
    assert world.env.peek() == float("inf")


def test_a_node_at_the_threshold_stays() -> None:
    """Two of four vCPUs are half: needed, though its pods would fit elsewhere."""
    world, live, starts = grown(group(), 12)
    keep(live, starts, 2)
    world.env.run()

    assert len(live.hosts()) == 3


def test_no_node_goes_soon_after_a_scale_up() -> None:
    """Unneeded at once, but ten minutes of the last scale-up are not over."""
    world, live, starts = grown(group(unneeded=0.0, after_add=5000.0), 4)
    live.stop(starts[0])
    for start in starts[1:]:
        live.stop(start)
    world.env.run(until=4990.0)
    assert len(live.hosts()) == 1
    world.env.run(until=5040.0)

    assert live.hosts() == []


def gone(platform: EKS, pods: int) -> list[float]:
    """When each node goes once all pods have ended."""
    world, live, starts = grown(platform, pods)
    for start in starts:
        live.stop(start)
    times = []
    while world.env.peek() < float("inf"):
        before = len(live.hosts())
        world.env.step()
        times += [world.env.now] * (before - len(live.hosts()))
    return times


def test_empty_nodes_go_together() -> None:
    times = gone(group(after_add=0.0), 12)

    assert len(times) == 3
    assert max(times) == min(times)


def test_no_more_nodes_go_at_once_than_may() -> None:
    """Twelve empty nodes, ten at once: the last two wait for the next scan, 10 s later."""
    times = gone(group(after_add=0.0), 48)

    assert len(times) == 12
    assert len(set(times[:10])) == 1
    assert [round(time - times[0], 6) for time in times[10:]] == [10.0, 10.0]


def test_the_same_nodes_go_at_the_same_times_again() -> None:
    assert gone(group(), 20) == gone(group(), 20)


def test_nodes_are_unneeded_that_could_all_go_together() -> None:
    """The last two keep what the others give away; at the threshold none goes."""
    ones = [occupied(number, 1) for number in range(5)]

    assert unneeded(ClusterState(KnownNodes(ones), {}), 0.5, ()) == [0, 1, 2]
    assert unneeded(ClusterState(KnownNodes(ones), {}), 0.5, (4,)) == [4, 0, 1]
    assert unneeded(ClusterState(KnownNodes(ones), {}), 0.25, ()) == []
