"""Placement: strategies over an index of interchangeable instances."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import catalog
from sim.platforms.ecs.container_instance import ContainerInstance, FreeOnInstance, TaskRequest
from sim.platforms.ecs.instance_limits import TasksOnInstances
from sim.platforms.ecs.placement import PlacementIndex, Strategy
from sim.platforms.packing.placing import first_fit
from sim.platforms.scaling.host_index import SPARE, HostIndex
from sim.units import MiB


def left(memory: int = 100, tasks: int = 0, cpu: int = 100, slots: float = 9.0) -> FreeOnInstance:
    """What an instance has left."""
    return FreeOnInstance(cpu, memory, slots, tasks, frozenset(), "RESOURCE:ENI")


def index(
    *lefts: FreeOnInstance, strategy: Strategy = "binpack", draw: Callable[[], float] = lambda: 0.0
) -> PlacementIndex:
    """A fleet of instances with that left."""
    instances = [ContainerInstance(n, cast(Any, None), kind) for n, kind in enumerate(lefts)]
    return PlacementIndex(instances, strategy, draw)


def number(taken: ContainerInstance | str) -> int:
    """The number of the instance that was chosen."""
    assert isinstance(taken, ContainerInstance)
    return taken.number


SMALL = TaskRequest(1, 1)


@pytest.mark.parametrize(("strategy", "chosen"), [("binpack", 1), ("spread", 2)])
def test_strategies_choose_least_memory_left_or_fewest_tasks(
    strategy: Strategy, chosen: int
) -> None:
    """The first of equals is taken."""
    fleet = index(left(30, 5), left(10, 7), left(10, 2), strategy=strategy)

    assert number(fleet.take(SMALL)) == chosen


def test_random_takes_each_with_its_share_of_the_unit_interval() -> None:
    """Three instances: a third each, and 0.999... is the last one."""
    draws = iter((0.0, 0.34, 0.67, 1 - 1e-16))
    fleet = index(left(), left(), left(), strategy="random", draw=lambda: next(draws))

    assert [number(fleet.take(SMALL)) for _ in range(4)] == [0, 1, 2, 2]


def test_random_finds_the_one_instance_that_fits() -> None:
    """However often it draws one that does not."""
    fleet = index(left(0), left(0), left(5), strategy="random")

    assert number(fleet.take(SMALL)) == 2


@pytest.mark.parametrize(
    ("kind", "asked", "word"),
    [
        (left(cpu=1), TaskRequest(2, 1), "RESOURCE:CPU"),
        (left(memory=1), TaskRequest(1, 2), "RESOURCE:MEMORY"),
        (left(slots=0), SMALL, "RESOURCE:ENI"),
        (
            left()._replace(ports=frozenset({80})),
            TaskRequest(1, 1, frozenset({80})),
            "RESOURCE:PORTS",
        ),
        (left(cpu=0, memory=0, slots=0), SMALL, "RESOURCE:CPU"),
    ],
)
def test_a_full_fleet_says_what_is_missing(
    kind: FreeOnInstance, asked: TaskRequest, word: str
) -> None:
    """In ECS's word, and in the order in which ECS checks."""
    assert index(kind, kind).take(asked) == word


@given(
    st.sampled_from(["binpack", "spread"]),
    st.lists(st.tuples(st.booleans(), st.integers(1, 5), st.integers(1, 5)), max_size=60),
)
def test_shelves_choose_as_a_look_at_every_instance_would(
    strategy: Strategy, moves: list[tuple[bool, int, int]]
) -> None:
    """The shortcut over kinds changes nothing, whatever is taken and given back."""
    fleet = index(*[left(10, 0, 10, 4.0)] * 5, strategy=strategy)
    instances = fleet._instances
    taken: list[tuple[ContainerInstance, TaskRequest]] = []
    asked: dict[tuple[int, int], TaskRequest] = {}  # a service asks with the same one each time
    for give, cpu, memory in moves:
        if give and taken:
            fleet.give_back(*taken.pop(len(taken) // 2))
            continue
        request = asked.setdefault((cpu, memory), TaskRequest(cpu, memory))
        fitting = [i for i in instances if i.left.lacks(request) is None]
        key = {"binpack": lambda i: i.left.memory, "spread": lambda i: i.left.tasks}[strategy]
        expected = min(fitting, key=key, default=None)
        chosen = fleet.take(request)
        if expected is None:
            assert isinstance(chosen, str)
        else:
            assert chosen is expected
            taken.append((expected, request))

    for instance, request in taken:
        fleet.give_back(instance, request)
    assert {instance.left for instance in instances} == {left(10, 0, 10, 4.0)}


def test_an_instance_has_a_hundred_fixed_ports_of_which_five_are_taken() -> None:
    """22, 2375, 2376, 51678 and 51679; 95 tasks with a fixed port of their own, however large."""
    hosting = catalog.ecs("m5.24xlarge").hosting
    assert isinstance(hosting, TasksOnInstances)
    tiny = catalog.service(cpu=0.01, memory=6 * MiB)
    free, count = hosting.registered(), 0
    for port in range(8000, 8110):
        request = hosting.request(replace(tiny, host_ports=(port,)))
        if free.lacks(request) is None:
            free, count = free.less(request), count + 1
        else:
            assert free.lacks(request) == "RESOURCE:PORTS"

    assert count == 95
    for port in (22, 2375, 2376, 51678, 51679):
        taken = replace(tiny, host_ports=(port,))
        assert hosting.registered().lacks(hosting.request(taken)) == "RESOURCE:PORTS"
        first = hosting.ceilings(taken)[0]
        assert (first.limit, first.allows) == ("host ports", 0)
    dynamic = hosting.request(tiny)
    assert free.lacks(dynamic) is None


def test_a_scenario_and_the_ceilings_count_the_same_tasks_with_trunking() -> None:
    """On every type what ECS does not document is estimated once, and refused nowhere."""
    tiny = catalog.service(cpu=0.001, memory=6 * MiB)
    estimated = 0
    for name, type_ in catalog.instances().items():
        if type_.trunk_tasks is None or not type_.trunk_tasks.value:
            continue
        hosting = catalog.ecs(name, network="awsvpc", trunking=True).hosting
        assert isinstance(hosting, TasksOnInstances)
        trunk = next(c for c in hosting.slots(tiny) if c.limit == "trunk ENI")
        assert hosting.registered().slots == trunk.allows > 0, name
        estimated += "estimate" in trunk.how

    assert estimated > 500


def test_hosts_that_come_back_to_a_kind_stand_there_once() -> None:
    """However often they go to and fro: else a million starts would leave a million numbers."""
    hosts: HostIndex[FreeOnInstance, TaskRequest] = HostIndex(first_fit)
    free, busy = left(tasks=0), left(tasks=1)
    for number in (0, 1, 2):
        hosts.put(number, free)
    for _ in range(500):
        for number in (1, 2):
            hosts.put(number, busy)
            hosts.put(number, free)

    assert len(hosts._by_kind[free].numbers) <= SPARE + 2 * 3
    assert hosts.best(SMALL) == 0
    hosts.remove(0)
    assert hosts.best(SMALL) == 1
