"""ECS Managed Instances, with round numbers: 4 tasks an instance, 10 s to gather, 40 s to join."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import (
    control_plane,
    fleet,
    instance_launch,
    launch,
    machine,
    outcomes,
    runtime,
    service,
)
from worlds import rows as records

from sim import catalog
from sim.core.world import World
from sim.host import Step
from sim.platforms import ECS, ManagedInstances
from sim.units import GiB

SMALL = machine(vcpu=4.0, memory=100 * GiB)


def managed(**rest: Any) -> ECS:
    parts: dict[str, Any] = {
        "fleet": fleet(SMALL, runtime=runtime(create=Step(), start=Step())),
        "begin_empty": True,
        "launch": instance_launch(),
        "gathers": 10.0,
        "idle": 80.0,
        "provisioning": 300,
        "most": 5000,
    }
    return ECS(capacity=ManagedInstances(**{**parts, **rest}), control_plane=control_plane())


@given(tasks=st.integers(1, 30))
@settings(max_examples=10, deadline=None)
def test_all_instances_that_are_needed_come_at_once(tasks: int) -> None:
    """No metric and no warm-up: 50 s, however many tasks; several tasks share one."""
    world, deployment, starts = launch(managed(idle=1e9), service(), tasks)

    assert set(outcomes(starts)) == {"ready"}
    assert world.record.task_end == pytest.approx([50.0] * tasks)
    assert len(deployment.hosts()) == -(-tasks // 4)


def test_parts_of_placement_sum_to_it() -> None:
    """The tasks are gathered, then the instance boots."""
    world, _, _ = launch(managed(), service(), 1)
    parts = {r.phase: r.length for r in records(world.record) if r.parent == "placement"}

    assert parts == {
        "gathering tasks": pytest.approx(10.0),
        "instance boot": pytest.approx(40.0),
    }


def test_an_instance_without_a_task_goes_and_one_with_a_task_stays() -> None:
    """Five tasks on two instances; the fifth ends, and its instance is gone 80 s later."""
    world = World(1)
    deployment = managed().deploy(world)
    starts = deployment.launch(service(), 5)
    world.env.run(until=100.0)
    deployment.stop(starts[4])
    world.env.run(until=179.0)
    assert len(deployment.hosts()) == 2
    world.env.run(until=181.0)
    assert len(deployment.hosts()) == 1
    world.env.run(until=10_000.0)
    assert len(deployment.hosts()) == 1


def test_a_task_that_comes_meanwhile_keeps_it() -> None:
    """It is placed at once, and the instance is idle no more."""
    world = World(1)
    deployment = managed().deploy(world)
    first = deployment.launch(service(), 1)
    world.env.run(until=100.0)
    deployment.stop(first[0])
    world.env.run(until=170.0)
    second = deployment.launch(service(), 1)
    world.env.run(until=1000.0)

    assert outcomes(second) == ["ready"]
    assert len(deployment.hosts()) == 1
    deployment.stop(second[0])
    world.env.run()
    assert (world.env.now, deployment.hosts()) == (pytest.approx(1080.0), [])


def test_no_more_come_than_a_cluster_may_have() -> None:
    """The rest of the tasks wait."""
    world = World(1)
    deployment = managed(most=2).deploy(world)
    starts = deployment.launch(service(), 12)
    world.env.run(until=1000.0)

    assert len(deployment.hosts()) == 2
    assert [start.triggered for start in starts].count(True) == 8


def test_a_task_that_no_instance_holds_is_refused() -> None:
    """And nothing is launched for it."""
    world, deployment, starts = launch(managed(), service(cpu=5.0), 1)

    assert outcomes(starts) == ["refused: RESOURCE:CPU"]
    assert (world.env.now, deployment.hosts()) == (0.0, [])


def test_the_first_pull_begins_when_aws_says_it_did() -> None:
    """32 s after the task was asked for, as it was timed (n = 2), from figures of other parts."""
    platform = catalog.ecs_managed_instances("c6a.large")
    pulls = []
    for seed in range(40):
        world, _, _ = launch(platform, catalog.service("generic", cpu=0.5, memory=GiB), seed=seed)
        pulls += [r.start for r in records(world.record) if (r.phase, r.parent) == ("pull", "")]
    mean = sum(pulls) / len(pulls)

    assert len(pulls) == 40
    assert mean == pytest.approx(32.0, abs=2.5)  # waits vary by 15%: 0.3 s of standard error


def test_tasks_have_interfaces_of_their_own_and_trunks_where_the_type_has_them() -> None:
    """awsvpc: 20 on m5.xlarge by its trunk; t3.medium has none, and two by its ENIs."""
    small = catalog.service("generic", cpu=0.1, memory=GiB / 16)
    trunk, plain = (
        {limit.limit: limit.allows for limit in catalog.ecs_managed(type_).ceilings(small)}
        for type_ in ("m5.xlarge", "t3.medium")
    )

    assert trunk["trunk ENI"] == 20
    assert plain["ENI"] == 2
    assert "bridge ports" not in trunk
