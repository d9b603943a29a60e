"""Faults with round clocks: who notices when, what is begun where, and that nothing leaks."""

import math
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import (
    app,
    docker,
    ec2,
    ecs,
    ecs_on_fargate,
    eks,
    growing_ecs,
    hypervisor,
    idle,
    image,
    instance_launch,
    machine,
    rows,
    service,
)

from sim.core.world import World
from sim.experiment import Burst, Scenario
from sim.host import Kernel
from sim.platforms.recovery.clocks import Balancer, HostGroup, Recovery, Restarts, Rolling
from sim.platforms.recovery.recovering import PARTS, LiveRecovery, Recovering
from sim.start import Ready, Start
from sim.units import GiB, MiB
from sim.workload import Fault

KUBERNETES = Recovery(
    notices=50.0,
    gives_up=300.0,
    between_hosts=10.0,
    restarts=Restarts(first=10.0, longest=300.0, reset=600.0, first_at_once=True, creates=True),
)
DOCKER = Recovery(notices=None, restarts=Restarts(first=0.1, longest=60.0, reset=10.0))
SERVICE = Recovery(notices=180.0, exits=5.0)
GROUP = HostGroup(status_check=60.0, impaired=180.0, share=0.1, launch=instance_launch())
ALB = Balancer(interval=30.0, timeout=5.0, unhealthy=2.0, healthy=5.0)

BOX = machine(vcpu=16.0, memory=100 * GiB)


def up(
    platform: Any, recovery: Recovery, tasks: int, what: Any = None, seed: int = 1
) -> tuple[World, LiveRecovery, list[Start]]:
    """A platform with so many tasks, all of them ready at 1,000 s."""
    world = World(seed)
    live = Recovering(platform=platform, recovery=recovery).deploy(world)
    starts = list(live.launch(what or service(cpu=1.0), tasks))
    world.env.run(until=1000.0)
    return world, live, starts


def begun(world: World) -> list[float]:
    """When each replacement was begun, seconds after the fault at 1,000 s."""
    return [r.start - 1000.0 for r in rows(world.record) if r.phase == "replacement"]


def lost(world: World) -> int:
    return sum(r.phase == "lost" for r in rows(world.record))


def test_forty_tasks_on_four_hosts_lose_ten() -> None:
    world, live, starts = up(eks(BOX, count=4), KUBERNETES, 40)
    live.strike(Fault(at=0.0, what="host"))
    world.env.run()

    assert lost(world) == 10
    assert len({live.current(s) for s in starts}) == 40
    assert all(isinstance(live.current(s).value, Ready) for s in starts)


def test_eks_begins_pods_anew_350_s_after_a_host_died() -> None:
    world, live, _ = up(eks(BOX, count=4), KUBERNETES, 40)
    live.strike(Fault(at=0.0, what="host", which=2))
    world.env.run()

    assert begun(world) == pytest.approx([350.0] * 10)


def test_eks_gives_up_each_further_node_10_s_later() -> None:
    wide = replace(KUBERNETES, zones=2)
    world, live, _ = up(eks(BOX, count=6), wide, 30)
    live.strike(Fault(at=0.0, what="zone", which=1))
    world.env.run()

    assert sorted(begun(world)) == pytest.approx([350.0] * 5 + [360.0] * 5 + [370.0] * 5)


@pytest.mark.parametrize(
    ("platform", "recovery", "after"),
    [
        (docker(BOX), DOCKER, [0.1, 0.3, 0.7, 1.5]),
        (eks(BOX), KUBERNETES, [0.0, 10.0, 30.0, 70.0, 150.0, 310.0, 610.0]),
    ],
)
def test_a_process_that_does_not_stay_up_is_restarted_ever_later(
    platform: Any, recovery: Recovery, after: list[float]
) -> None:
    """Seconds of waiting from the first crash; what a restart itself takes is left out."""
    world, live, _ = up(platform, recovery, 1)
    for _ in after:
        live.strike(Fault(at=0.0, what="process"))
        world.env.run()
    waits = [r.length for r in rows(world.record) if (r.phase, r.parent) == ("waited", "recovery")]

    assert [math.fsum(waits[: n + 1]) for n in range(len(waits))] == pytest.approx(after)


def test_restarts_are_forgotten_once_it_has_run_for_long_enough() -> None:
    world, live, _ = up(docker(BOX), DOCKER, 1)
    for _ in range(3):
        live.strike(Fault(at=0.0, what="process"))
        world.env.run(until=world.env.now + 60.0)
    waits = [r.length for r in rows(world.record) if (r.phase, r.parent) == ("waited", "recovery")]

    assert waits == pytest.approx([0.1] * 3)


def test_a_process_of_an_ecs_task_is_another_task() -> None:
    world, live, starts = up(ecs(BOX, count=2, when_full="wait"), SERVICE, 4)
    live.strike(Fault(at=0.0, what="process", which=3))
    world.env.run()

    assert begun(world) == pytest.approx([5.0])
    assert live.current(starts[3]) is not starts[3]
    assert str(starts[3].value) == "ready"


def test_tasks_without_room_wait_for_the_host_that_the_group_brings() -> None:
    """Two full hosts of 16: the group notices within a minute, waits 180 s, and launches 40 s."""
    recovery = Recovery(notices=180.0, group=GROUP)
    world, live, starts = up(ecs(BOX, count=2, when_full="wait"), recovery, 32)
    live.strike(Fault(at=0.0, what="host", which=0))
    world.env.run()
    placed = [live.current(start).placed_at - 1000.0 for start in starts]
    new = [at for at in placed if at > 0.0]

    assert len(new) == 16
    assert min(new) == max(new)
    assert 180.0 + 40.0 <= new[0] <= 240.0 + 40.0
    assert len(live.hosts()) == 2


def test_the_parts_tile_the_time_from_the_fault_until_it_is_served_again() -> None:
    world, live, starts = up(
        ecs(BOX, count=4, when_full="wait"), Recovery(notices=180.0, balancer=ALB), 40
    )
    live.strike(Fault(at=0.0))
    world.env.run()
    again = [live.current(s) for s in starts if live.current(s) is not s]
    every = [r for r in rows(world.record) if r.parent == "recovery"]

    assert len(again) == lost(world)
    for start in again:
        mine = [r for r in every if r.task == start.task and r.phase in PARTS]

        assert [r.phase for r in mine] == list(PARTS)
        assert mine[0].start == 1000.0
        assert all(a.end == b.start for a, b in pairwise(mine))
        assert mine[0].length == 180.0


def test_a_balancer_leaves_a_dead_host_out_after_two_checks_that_time_out() -> None:
    """35 to 65 s at 30 s and a timeout of 5; nobody else notices."""
    world, live, _ = up(docker(BOX), Recovery(notices=None, balancer=ALB), 12)
    live.strike(Fault(at=0.0))
    world.env.run()
    errors = [r.length for r in rows(world.record) if r.phase == "errors"]

    assert len(errors) == 12
    assert all(35.0 <= each <= 65.0 for each in errors)
    assert len(set(errors)) == 12


def test_a_restart_within_the_checks_of_the_balancer_costs_only_its_own_time() -> None:
    quick = Recovery(notices=None, restarts=DOCKER.restarts, balancer=ALB)
    world, live, _ = up(docker(BOX), quick, 1)
    live.strike(Fault(at=0.0, what="process"))
    world.env.run()
    parts = {r.phase: r.length for r in rows(world.record) if r.parent == "recovery"}

    assert parts["balanced"] == 0.0
    assert parts["errors"] == pytest.approx(parts["waited"] + parts["started"])


def test_an_instance_that_recovers_boots_again_without_being_asked_for() -> None:
    recovery = Recovery(notices=0.0, status_check=60.0, gives_up=120.0, in_place=True)
    world, live, starts = up(ec2(), recovery, 3)
    live.strike(Fault(at=0.0, which=1))
    world.env.run()
    new = live.current(starts[1])
    phases = [r.phase for r in rows(world.record) if r.task == new.task and not r.parent]

    assert phases == ["boot", "app"]
    assert lost(world) == 1
    assert len(live.hosts()) == 3


def test_a_dead_docker_host_takes_no_container() -> None:
    world, live, starts = up(docker(BOX), DOCKER, 3)
    live.strike(Fault(at=0.0))
    late = live.launch(service(), 1)[0]
    world.env.run()

    assert str(late.value) == "refused: host is down"
    assert all(start.sandbox is not None and not start.sandbox.alive for start in starts)


def test_what_is_stopped_is_not_begun_again() -> None:
    world, live, starts = up(eks(BOX, count=2), KUBERNETES, 4)
    live.strike(Fault(at=0.0))
    world.env.run(until=1100.0)
    for start in starts:
        live.stop(start)
    world.env.run()

    assert begun(world) == []


@pytest.mark.parametrize(
    ("fault", "refused"),
    [
        (Fault(at=9.0, what="process", which=3), "faults.1.which: 3 is not allowed; at most 2"),
        (Fault(at=9.0, what="zone", which=1), "faults.1.which: 1 is not allowed; at most 0"),
        (Fault(at=60.0), "faults.1.at: 60 s is not allowed; the run stops at 60 s"),
    ],
)
def test_what_is_never_there_is_refused_before_a_run(fault: Fault, refused: str) -> None:
    """The number of a task or a zone, or a moment after the end."""

    def struck(fault: Fault) -> Scenario:
        return Scenario(
            name="struck",
            platform=Recovering(platform=docker(BOX), recovery=DOCKER),
            arrivals=tuple(Burst(service=service(cpu=1.0), tasks=n) for n in (1, 2)),
            faults=(Fault(at=9.0, what="process", which=2), fault),
            until=60.0,
        )

    assert struck(Fault(at=59.0)).faults[1].at == 59.0
    with pytest.raises(ValueError, match=refused):
        struck(fault)


@pytest.mark.parametrize("fault", [Fault(at=0.0, which=9), Fault(at=0.0, what="zone", which=1)])
def test_what_is_not_there_cannot_fail(fault: Fault) -> None:
    _, live, _ = up(eks(BOX, count=2), KUBERNETES, 4)

    with pytest.raises(ValueError, match="is not there"):
        live.strike(fault)


@pytest.mark.parametrize(
    ("surge", "unavailable", "tasks", "lanes"),
    [(0.25, 0.25, 10, (3, 2)), (0.25, 0.25, 4, (1, 1)), (1.0, 0.0, 7, (7, 0)), (0, 0.1, 4, (0, 1))],
)
def test_surge_is_rounded_up_and_unavailable_down_as_kubernetes_does(
    surge: float, unavailable: float, tasks: int, lanes: tuple[int, int]
) -> None:
    assert Rolling(surge=surge, unavailable=unavailable).lanes(tasks) == lanes


def missing(world: World) -> int:
    """The most tasks that were gone at a time, by what is recorded of each."""
    ends = {"lost": -1, "balanced": 1}
    changes = [
        (r.end, ends[r.phase]) for r in rows(world.record) if r.phase in ends and r.end >= 1000.0
    ]
    left = worst = 0
    for _, change in sorted(changes, key=lambda each: (each[0], -each[1])):
        left = min(0, left + change)
        worst = min(worst, left)
    return -worst


def test_an_update_without_surge_takes_as_many_at_a_time_as_may_be_missing() -> None:
    """Eight tasks, a quarter may be missing: four waves of two."""
    planned = replace(SERVICE, rolling=Rolling(surge=0.0, unavailable=0.25))
    world, live, starts = up(ecs(BOX, when_full="wait"), planned, 8)
    live.strike(Fault(at=0.0, what="update"))
    world.env.run()
    waves = sorted(begun(world))

    assert len(waves) == 8
    assert len({round(at, 6) for at in waves}) == 4
    assert missing(world) == 2
    assert all(str(start.value) == "ready" and live.current(start) is not start for start in starts)


def test_an_update_with_surge_only_never_misses_a_task() -> None:
    """The old one goes once the new one serves: at most 12 of 8 are there."""
    planned = replace(SERVICE, rolling=Rolling(surge=0.5, unavailable=0.0), balancer=ALB)
    world, live, _ = up(ecs(BOX, when_full="wait"), planned, 8)
    live.strike(Fault(at=0.0, what="update"))
    most = 0
    while world.env.peek() < 1e6:
        world.env.step()
        most = max(most, len(live.hosts()[0].memory.groups))

    assert (lost(world), missing(world)) == (0, 0)
    assert most == 12
    assert len(live.hosts()[0].memory.groups) == 8
    assert len(begun(world)) == 8


def test_a_drained_host_takes_nothing_and_ends_empty() -> None:
    planned = replace(KUBERNETES, rolling=Rolling(surge=0.0, unavailable=0.1))
    world, live, starts = up(eks(BOX, count=3), planned, 12)
    kernel = live.hosts()[1]
    live.strike(Fault(at=0.0, what="drain", which=1))
    world.env.run()

    assert kernel not in live.hosts()
    assert not kernel.memory.groups
    assert len(begun(world)) == 4
    assert missing(world) == 1
    assert all(isinstance(live.current(s).value, Ready) for s in starts)


@pytest.mark.parametrize("beside", [True, False])
def test_a_planned_replacement_waits_for_room_until_there_is_some(beside: bool) -> None:
    """A full host and 77 s until another task goes: that is its part `placed`, to the second.

    In place of the old one there is room at once, and the part takes nothing.
    """
    rolling = (
        Rolling(surge=0.25, unavailable=0.0) if beside else Rolling(surge=0.0, unavailable=0.25)
    )
    full = machine(vcpu=5.0, memory=100 * GiB)
    world, live, starts = up(ecs(full, when_full="wait"), replace(SERVICE, rolling=rolling), 4)
    other = live.live.launch(service("other", cpu=1.0), 1)[0]
    world.env.run(until=2000.0)
    live.strike(Fault(at=0.0, what="update"))
    world.env.run(until=2077.0)
    live.live.stop(other)
    world.env.run()
    waits = [r for r in rows(world.record) if (r.phase, r.parent) == ("placed", "recovery")]

    assert len(waits) == 4
    assert sorted(r.length for r in waits) == pytest.approx([0.0] * 3 + [77.0 if beside else 0.0])
    assert all(isinstance(live.current(start).value, Ready) for start in starts)


CLUSTERS: dict[str, tuple[Any, Recovery]] = {
    "ecs": (
        ecs(BOX, count=3, when_full="wait"),
        Recovery(notices=20.0, exits=5.0, group=GROUP, zones=3),
    ),
    "ecs-asg": (growing_ecs(BOX), Recovery(notices=20.0, exits=5.0)),
    "eks": (eks(BOX, count=3, when_full="wait"), replace(KUBERNETES, group=GROUP, zones=3)),
    "fargate": (ecs_on_fargate(), Recovery(notices=20.0, exits=5.0)),
    "ec2": (ec2(), Recovery(notices=10.0, gives_up=20.0, restarts=DOCKER.restarts)),
    "docker": (docker(BOX), DOCKER),
    "vm": (hypervisor(BOX), DOCKER),
}
FAULTS = st.tuples(
    st.floats(0.0, 400.0),
    st.sampled_from(["process", "host", "host", "zone"]),
    st.none() | st.integers(0, 11),
)


def struck(
    kind: str, faults: list[tuple[float, Any, int | None]], seed: int, begin: float = 0.0
) -> None:
    """Faults at any time, while tasks come up and run; then all is stopped, and nothing is held."""
    platform, recovery = CLUSTERS[kind]
    world = World(seed)
    live = Recovering(platform=platform, recovery=recovery).deploy(world)
    what = service(app=app(cpu=2.0, wait=1.0), image=image(30 * MiB), cpu=1.0)
    seen: dict[Kernel, None] = {}
    if begin:
        world.env.run(until=begin)
    starts = list(live.launch(what, 12))
    for at, victim, which in sorted(faults, key=lambda fault: fault[0]):
        world.env.run(until=max(begin + at, world.env.now + 1e-3))
        seen |= dict.fromkeys(live.hosts())
        with suppress(ValueError):
            live.strike(Fault(at=at, what=victim, which=which))
    world.env.run(until=world.env.now + 5000.0)
    seen |= dict.fromkeys(live.hosts())
    if kind not in {"docker", "vm"}:
        assert all(isinstance(live.current(start).value, Ready) for start in starts)
    for start in starts:
        live.stop(start)
    world.env.run(until=world.env.now + 10000.0)

    assert all(idle(kernel) for kernel in seen)
    assert all(kernel.memory.private == pytest.approx(0.0, abs=1.0) for kernel in seen)
    assert not any(kernel.memory.groups for kernel in seen)
    assert world.record.opened == 0
    if kind == "ecs":
        cluster: Any = live.live
        whole = platform.hosting.registered()
        assert len(live.hosts()) == 3
        assert all(each.left == whole for each in cluster.capacity.instances)
        assert len(cluster.capacity._pending) == 0
    if kind == "eks":
        cluster = live.live
        assert len(live.hosts()) == 3
        assert all(not node.pods for node in cluster.capacity.nodes.values())
        assert (
            len({cluster.capacity.scheduler.free(n) for n in cluster.capacity.nodes.values()}) == 1
        )
    if kind == "fargate":
        assert live.hosts() == []


@pytest.mark.parametrize("kind", list(CLUSTERS))
@given(faults=st.lists(FAULTS, max_size=6), seed=st.integers(0, 1000))
@settings(max_examples=8)
def test_no_ledger_capacity_or_token_leaks_after_faults(
    kind: str, faults: list[tuple[float, Any, int | None]], seed: int
) -> None:
    struck(kind, faults, seed)


@pytest.mark.long
@pytest.mark.parametrize("kind", list(CLUSTERS))
def test_nothing_leaks_after_a_thousand_faults(kind: str) -> None:
    draw = np.random.default_rng(1)
    for seed in range(250):
        what = draw.choice(["process", "host", "zone"], 4)
        faults = [(float(draw.uniform(0.0, 400.0)), str(w), int(draw.integers(12))) for w in what]
        struck(kind, faults, seed, begin=float(draw.choice([0.0, 1e5, 31_557_600.0])))
