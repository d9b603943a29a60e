"""ECS managed scaling, with round numbers: 4 tasks an instance, 40 s until one has joined."""

import pytest
from worlds import fleet, growing_ecs, instance_launch, launch, machine, outcomes, rows, service

from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.units import GiB

SMALL = machine(vcpu=4.0, memory=100 * GiB)


def first_point(seed: int = 1) -> float:
    """When the metric has its first point."""
    return float(World(seed).random.generator("ecs/metric phase").uniform(0.0, 60.0))


def ready_at(world: World) -> list[float]:
    return sorted(world.record.task_end)


def test_from_zero_two_instances_come_first_and_the_rest_after_the_warm_up() -> None:
    world, _, starts = launch(growing_ecs(SMALL), service(), 12)
    point = first_point()

    assert set(outcomes(starts)) == {"ready"}
    assert ready_at(world) == pytest.approx([point + 40.0] * 8 + [point + 340.0] * 4)


def test_without_a_warm_up_the_next_point_decides() -> None:
    world, _, _ = launch(growing_ecs(SMALL, warm_up=0.0), service(), 12)
    point = first_point()

    assert ready_at(world) == pytest.approx([point + 40.0] * 8 + [point + 100.0] * 4)


def test_the_parts_of_placement_say_what_a_start_waited_for() -> None:
    world, _, _ = launch(growing_ecs(SMALL), service(), 12)
    parts = {(r.task, r.phase): r.length for r in rows(world.record) if r.parent == "placement"}

    assert parts[0, "metric period"] == pytest.approx(first_point())
    assert parts[0, "instance boot"] == pytest.approx(40.0)
    assert parts[11, "instance warm-up"] == pytest.approx(first_point() + 300.0)
    assert parts[11, "instance boot"] == pytest.approx(40.0)


def test_parts_of_placement_sum_to_it() -> None:
    world, _, _ = launch(growing_ecs(SMALL), service(), 12)
    for task in range(12):
        mine = [row for row in rows(world.record) if row.task == task]
        whole = sum(row.length for row in mine if (row.phase, row.parent) == ("placement", ""))

        assert sum(r.length for r in mine if r.parent == "placement") == pytest.approx(whole)


def test_a_quota_of_instances_makes_the_second_wait() -> None:
    slow = instance_launch(instances=Quota(size=1, refill=0.01), per_call=1)
    platform = growing_ecs(machine(vcpu=1.0, memory=100 * GiB), launch=slow)
    world, _, _ = launch(platform, service(), 2)
    first, second = ready_at(world)

    assert second - first == pytest.approx(100.0)


def test_the_service_scheduler_starts_tasks_at_its_rate() -> None:
    large = machine(vcpu=400.0, memory=1000 * GiB)
    platform = growing_ecs(large, begin_empty=False, service_rate=Quota(size=1, refill=0.5))
    world, _, _ = launch(platform, service(), 5)

    assert ready_at(world) == pytest.approx([0.0, 2.0, 4.0, 6.0, 8.0])


def test_a_service_has_one_rate_however_often_tasks_are_asked_for() -> None:
    large = machine(vcpu=400.0, memory=1000 * GiB)
    platform = growing_ecs(large, begin_empty=False, service_rate=Quota(size=1, refill=0.5))
    world, web = World(1), service()
    deployment = platform.deploy(world)
    for _ in range(5):
        deployment.launch(web, 1)
    world.env.run()

    assert ready_at(world) == pytest.approx([0.0, 2.0, 4.0, 6.0, 8.0])


def test_no_more_tasks_are_in_provisioning_than_a_cluster_may_have() -> None:
    """Four of 8 tasks may wait, so the metric sees one instance's worth at a time."""
    platform = growing_ecs(
        SMALL, provisioning=4, from_zero=1, service_rate=Quota(size=100, refill=100)
    )
    world, _, _ = launch(platform, service(), 8)
    point = first_point()

    assert ready_at(world) == pytest.approx([point + 40.0] * 4 + [point + 340.0] * 4)


def test_a_task_that_no_instance_can_hold_is_refused_at_once() -> None:
    world, deployment, starts = launch(growing_ecs(SMALL), service(cpu=5.0), 1)

    assert outcomes(starts) == ["refused: RESOURCE:CPU"]
    assert (world.env.now, deployment.hosts()) == (0.0, [])


def test_instances_without_a_task_go_after_fifteen_points_half_of_them_a_minute() -> None:
    world, deployment, starts = launch(growing_ecs(SMALL, from_zero=4), service(), 16)
    assert len(deployment.hosts()) == 4
    stopped = world.env.now
    for start in starts:
        deployment.stop(start)
    world.env.run(until=stopped + 14 * 60.0)
    assert len(deployment.hosts()) == 4
    world.env.run(until=stopped + 15.999 * 60.0)
    assert len(deployment.hosts()) == 2
    world.env.run()
    assert deployment.hosts() == []


def test_the_smallest_step_does_not_lead_beyond_the_most_there_may_be() -> None:
    platform = growing_ecs(SMALL, most=3, smallest_step=2)
    world = World(1)
    deployment = platform.deploy(world)
    deployment.launch(service(), 100)
    world.env.run(until=2000.0)

    assert len(deployment.hosts()) == 3


def test_points_within_a_warm_up_count_for_an_instance_to_spare() -> None:
    """From zero two instances come, and one task needs one of them: 15 points later it goes."""
    world = World(1)
    deployment = growing_ecs(SMALL).deploy(world)
    deployment.launch(service(), 1)
    first_idle = first_point() + 60.0
    world.env.run(until=first_idle + 14 * 60.0 - 1.0)
    assert len(deployment.hosts()) == 2
    world.env.run(until=first_idle + 14 * 60.0 + 1.0)

    assert len(deployment.hosts()) == 1


def test_an_instance_that_comes_for_nobody_goes_again() -> None:
    """It takes 100 s to come, and the tasks it was launched for are stopped before."""
    platform = growing_ecs(SMALL, warm_up=0.0, launch=instance_launch(stages=(100.0,)))
    world = World(1)
    deployment = platform.deploy(world)
    starts = deployment.launch(service(), 5)
    world.env.run(until=first_point() + 1.0)
    for start in starts:
        deployment.stop(start)
    world.env.run(until=first_point() + 101.0)
    assert len(deployment.hosts()) == 2
    world.env.run()

    assert deployment.hosts() == []


def test_a_start_that_is_stopped_while_it_waits_leaves_nothing_behind() -> None:
    world = World(1)
    deployment = growing_ecs(SMALL).deploy(world)
    starts = deployment.launch(service(), 5)
    world.env.run(until=0.5)
    deployment.stop(starts[0])
    world.env.run()

    assert outcomes(starts) == ["killed: stopped", *["ready"] * 4]
    for start in starts[1:]:
        deployment.stop(start)
    world.env.run()
    assert all(i.left.tasks == 0 for i in deployment.capacity.instances)


@pytest.mark.parametrize("stopped_at", [0.0, 0.5, 1.0, 3.0])
def test_tasks_that_are_stopped_before_they_are_admitted_take_no_place(stopped_at: float) -> None:
    """Two places in PROVISIONING, and eight tasks at one a second, of which six are stopped."""
    platform = growing_ecs(SMALL, provisioning=2, service_rate=Quota(size=1, refill=1))
    world = World(1)
    deployment = platform.deploy(world)
    starts = deployment.launch(service(), 8)
    world.env.run(until=world.env.timeout(stopped_at))
    for start in starts[1:7]:
        deployment.stop(start)
    world.env.run(until=1000.0)

    assert outcomes([starts[0], starts[7]]) == ["ready", "ready"]


def test_nothing_happens_in_a_cluster_that_nothing_waits_for() -> None:
    world = World(1)
    growing_ecs(SMALL).deploy(world)

    assert world.env.peek() == float("inf")


@pytest.mark.parametrize(("target", "instances"), [(1.0, 2), (0.5, 4), (0.3, 7)])
def test_the_group_settles_where_the_metric_is_at_its_target(target: float, instances: int) -> None:
    """Eight tasks need two instances; what is beyond that is kept free, neither more nor less."""
    world = World(1)
    deployment = growing_ecs(SMALL, target=target, from_zero=12, warm_up=0.0).deploy(world)
    deployment.launch(service(), 8)
    world.env.run()

    assert len(deployment.hosts()) == instances


def test_room_that_shall_stay_free_comes_though_no_task_waits() -> None:
    """Two instances are there, one is full at once: at half, two more come."""
    platform = growing_ecs(target=0.5, fleet=fleet(SMALL, count=2), begin_empty=False, warm_up=0.0)
    world = World(1)
    deployment = platform.deploy(world)
    deployment.launch(service(), 8)
    world.env.run()

    assert len(deployment.hosts()) == 4


def test_instances_that_are_up_at_the_beginning_go_when_no_task_comes() -> None:
    world = World(1)
    deployment = growing_ecs(fleet=fleet(SMALL, count=3), begin_empty=False, least=1).deploy(world)
    world.env.run()

    assert len(deployment.hosts()) == 1
