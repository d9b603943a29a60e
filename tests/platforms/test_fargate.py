"""Fargate: sizes that round up, a launch bucket, one microVM a task, nothing kept between tasks."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import (
    app,
    ecs_on_fargate,
    eks,
    eks_on_fargate,
    fargate,
    image,
    kubernetes,
    launch,
    length,
    outcomes,
    registry,
    rows,
    service,
)

from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.platforms.fargate import FargateHost
from sim.units import GiB, MiB


@pytest.mark.parametrize(
    ("cpu", "memory", "given_"),
    [
        (1.0, 1 * GiB, "1 vCPU, 1 GiB"),
        (0.3, 100 * MiB, "1 vCPU, 1 GiB"),
        (1.0, 1 * GiB + 1, "1 vCPU, 2 GiB"),
        (0.5, 3 * GiB, "2 vCPU, 4 GiB"),
        (1.01, 1 * GiB, "2 vCPU, 4 GiB"),
    ],
)
def test_sizes_are_rounded_up(cpu: float, memory: float, given_: str) -> None:
    """To the first size on the list that holds both."""
    assert str(fargate().size_for(service(cpu=cpu, memory=memory))) == given_


@given(st.floats(0.01, 3.0), st.floats(1.0, 6 * GiB))
def test_the_size_given_holds_what_was_asked_and_is_the_cheapest(cpu: float, memory: float) -> None:
    """And where none is given, none would do."""
    platform = fargate()
    size = platform.size_for(service(cpu=cpu, memory=memory))
    enough = [s for s in platform.sizes if s.vcpu >= cpu and s.memory >= memory]

    assert (size is None) == (not enough)
    if size is not None:
        assert size in enough
        assert platform.price(size) == min(platform.price(s) for s in enough)


def test_what_no_size_holds_is_refused() -> None:
    """By the name of the ceiling, which says what the largest is."""
    what = service(cpu=1.0, memory=5 * GiB)
    first = FargateHost(fargate()).ceilings(what)[0]
    _, _, starts = launch(ecs_on_fargate(), what)

    assert (first.limit, first.allows) == ("Fargate size", 0)
    assert "2 vCPU, 4 GiB" in first.how
    assert outcomes(starts) == ["refused: Fargate size (the largest is 2 vCPU, 4 GiB)"]


def test_the_price_is_of_what_is_given() -> None:
    """2 vCPU at 1 USD and 4 GiB at 0.25 USD an hour."""
    platform = fargate()

    assert platform.price(platform.sizes[-1]) == pytest.approx(3.0)


def test_one_task_a_micro_vm_and_then_the_account() -> None:
    """Ten vCPUs of quota are ten tasks of one, five of two."""
    for cpu, quota in ((1.0, 10), (2.0, 5)):
        ceilings = FargateHost(fargate()).ceilings(service(cpu=cpu))

        assert [c.allows for c in ceilings] == [1, quota]
        assert [c.of_account for c in ceilings] == [False, True]
        assert ceilings[0].limit == "one task per microVM"


def test_a_quota_below_one_task_allows_none() -> None:
    one, quota = FargateHost(fargate(account_vcpus=1.0)).ceilings(service(cpu=2.0))

    assert (one.allows, quota.limit.split(" (")[0], quota.allows) == (1, "account quota", 0)


def test_task_101_waits_for_the_launch_bucket() -> None:
    """A bucket of 100 and 20 a second: 100 go at once, number 101 waits 50 ms, 140 two seconds."""
    world, _, starts = launch(ecs_on_fargate(), service(), 140)
    waits = [length(world.record, "request", task) for task in range(140)]

    assert outcomes(starts) == ["ready"] * 140
    assert waits[:100] == [0.0] * 100
    assert waits[100] == pytest.approx(0.05)
    assert waits[139] == pytest.approx(2.0)


def test_tasks_are_isolated() -> None:
    """A hundred tasks are ready as soon as one, but for the registry."""
    what = service(image=image(50 * MiB), app=app(cpu=3.0))
    one, many = (launch(ecs_on_fargate(), what, n)[0].env.now for n in (1, 100))

    assert one == many


def test_nothing_is_kept_between_tasks() -> None:
    """The second task of the same image pulls all of it again."""
    world = World()
    live = ecs_on_fargate().deploy(world)
    for _ in range(2):
        live.launch(service(image=image(100 * MiB)))
        world.env.run()

    assert length(world.record, "pull", 0) == length(world.record, "pull", 1) > 10.0
    assert len([row for row in rows(world.record) if row.phase == "download"]) == 2


def test_provisioning_comes_before_the_pull() -> None:
    """Ten seconds of microVM and network interface, once a task."""
    world, _, _ = launch(ecs_on_fargate(), service(image=image(10 * MiB)))

    assert length(world.record, "provision") == 10.0


def test_the_size_is_a_cap() -> None:
    """Without a quota of its own a task has all of its size and no more: 4 core-s on 2 vCPU."""
    what = service(cpu=2.0, cpu_quota=False, app=app(cpu=4.0, threads=4))
    world, _, _ = launch(ecs_on_fargate(), what)

    assert length(world.record, "app") == pytest.approx(2.0)


def test_a_task_has_what_it_is_given_and_pays() -> None:
    """On Fargate the size is the cap: 2 core-seconds on the 1 vCPU given take 2 s."""
    world, _, _ = launch(ecs_on_fargate(), service(cpu=0.3, app=app(cpu=2.0)))

    assert length(world.record, "app") == pytest.approx(2.0)


def test_os_and_agent_come_on_top_of_the_size() -> None:
    """A task may use all of the memory that it pays for, and not a byte more."""
    full = service(memory=1 * GiB, app=app(private=1 * GiB))
    over = service(memory=1 * GiB, app=app(private=1 * GiB + 1))

    assert outcomes(launch(ecs_on_fargate(), full)[2]) == ["ready"]
    assert outcomes(launch(ecs_on_fargate(), over)[2]) == [
        "killed: OOM kill: over its own memory limit"
    ]


def test_a_task_of_another_architecture_does_not_run() -> None:
    """An arm64-only image on amd64 capacity; on arm64 capacity it does."""
    foreign = type(image(1.0))(name="arm", layers=image(1.0).layers, architectures=("arm64",))

    assert outcomes(launch(ecs_on_fargate(), service(image=foreign))[2]) == [
        "killed: exec format error"
    ]
    assert outcomes(launch(ecs_on_fargate(architecture="arm64"), service(image=foreign))[2]) == [
        "ready"
    ]


def test_more_at_once_are_never_ready_sooner() -> None:
    """The last of more tasks waits at least as long in the bucket."""
    ends = [launch(ecs_on_fargate(), service(), n)[0].env.now for n in (1, 50, 101, 200)]

    assert ends == sorted(ends)
    assert ends[-1] - ends[0] == pytest.approx(5.0)


def test_a_stopped_task_leaves_no_micro_vm() -> None:
    """When all is stopped there is no host any more, or an empty one."""
    world = World()
    live = ecs_on_fargate().deploy(world)
    start = live.launch(service())[0]
    world.env.run()
    live.stop(start)
    world.env.run()

    assert sum(kernel.memory.used for kernel in live.hosts()) == 0.0


def test_a_stopped_task_takes_nothing_of_the_registry_any_more() -> None:
    """100 MiB at 10 MiB/s for both: one alone after 4 s has 80 MiB to go, 12 s in all."""
    picture = image(100 * MiB)
    shared = registry(latency=0.0, connection_rate=50 * MiB, total_rate=10 * MiB)
    world = World()
    live = ecs_on_fargate(registry=shared).deploy(world)
    first, second = live.launch(service(image=picture), 2)
    while not any(span.phase == world.record.phases["download"] for span in world.record.spans):
        world.env.step()
    world.env.run(until=world.env.now + 4.0)
    live.stop(second)
    world.env.run()

    assert str(first.value) == "ready"
    assert length(world.record, "download", first.task) == pytest.approx(12.0)
    assert length(world.record, "download", second.task) == pytest.approx(4.0)


@pytest.mark.parametrize(
    "platform",
    [
        ecs_on_fargate(launches=Quota(size=1, refill=0.1)),
        eks_on_fargate(launches=Quota(size=1, refill=0.1)),
        eks(control=kubernetes(creations=Quota(size=1, refill=0.1))),
        eks(control=kubernetes(bindings=Quota(size=1, refill=0.1))),
    ],
)
def test_tasks_that_are_stopped_while_they_wait_for_a_quota_use_nothing_of_it(
    platform: Any,
) -> None:
    """Fifty of them would hold the next one up for 500 s."""
    world = World()
    live = platform.deploy(world)
    starts = live.launch(service(), 51)
    world.env.run(until=1.0)
    for start in starts[1:]:
        live.stop(start)
    world.env.run(until=100.0)
    (late,) = live.launch(service(), 1)
    world.env.run(until=150.0)

    assert outcomes([late]) == ["ready"]


def test_the_budget_adds_up_to_what_the_ledger_shows() -> None:
    """Size, OS, agent and shim; used is what runs."""
    what = service(memory=1 * GiB, app=app(private=300 * MiB, hot=100 * MiB))
    budget = {part.item: part.bytes for part in FargateHost(fargate()).budget(what, 1)}
    _, live, _ = launch(ecs_on_fargate(), what)

    assert math.fsum(budget.values()) == 1 * GiB + 60 * MiB
    assert live.hosts()[0].memory.used == math.fsum(budget.values()) - budget["free"]


def test_the_pull_of_a_task_is_few_events() -> None:
    """Seven layers over three connections: four wait for one, and one event ends it."""
    whole, none = (_events(service(image=image(*sizes))) for sizes in ([5 * MiB] * 7, [0.0]))

    assert whole - none <= 4
    assert whole <= 20


def _events(what: Any) -> int:
    """Events of one task from request to ready."""
    world = World()
    ecs_on_fargate().deploy(world).launch(what)
    steps = 0
    while world.env.peek() < math.inf:
        world.env.step()
        steps += 1
    return steps
