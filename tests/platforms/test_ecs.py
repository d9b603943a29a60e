"""ECS: placement, refusals in its own words, network modes, batches, CPU as a cap or a weight."""

from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from worlds import (
    app,
    control_plane,
    ecs,
    ecs_on_fargate,
    fargate,
    fleet,
    image,
    launch,
    length,
    machine,
    outcomes,
    rows,
    service,
)

from sim.core.world import World
from sim.host import Machine
from sim.platforms import ECS
from sim.platforms.fargate import FargateHost
from sim.sandbox import ContainerRuntime
from sim.start import Refused
from sim.units import MiB
from sim.workload import Service

BOX = machine(vcpu=4.0, memory=1000 * MiB, enis=4, trunk_tasks=6)
SMALL = service(cpu=0.1, memory=10 * MiB)

LIMITS: dict[str, tuple[ECS, Service, str, int, str]] = {
    "vCPU on bridge": (ecs(BOX), service(cpu=0.5), "vCPU", 8, "RESOURCE:CPU"),
    "vCPU on host": (ecs(BOX, network="host"), service(cpu=0.8), "vCPU", 5, "RESOURCE:CPU"),
    "vCPU on awsvpc": (
        ecs(BOX, network="awsvpc"),
        service(cpu=2.0),
        "vCPU",
        2,
        "RESOURCE:CPU",
    ),
    "a tie": (
        ecs(BOX),
        service(cpu=1.0, memory=250 * MiB, app=app(private=0.0)),
        "vCPU",
        4,
        "RESOURCE:CPU",
    ),
    "a tie of memory and ports": (
        ecs(BOX, control=control_plane(bridge_ports=4)),
        service(cpu=0.1, memory=250 * MiB, app=app(private=0.0)),
        "memory",
        4,
        "RESOURCE:MEMORY",
    ),
    "memory on bridge": (
        ecs(BOX),
        service(cpu=0.1, memory=300 * MiB),
        "memory",
        3,
        "RESOURCE:MEMORY",
    ),
    "memory on host": (
        ecs(BOX, network="host"),
        service(cpu=0.1, memory=250 * MiB, app=app(private=0.0)),
        "memory",
        4,
        "RESOURCE:MEMORY",
    ),
    "memory on awsvpc": (
        ecs(BOX, network="awsvpc", trunking=True),
        service(cpu=0.1, memory=200 * MiB, app=app(private=0.0)),
        "memory",
        5,
        "RESOURCE:MEMORY",
    ),
    "soft memory": (
        ecs(BOX),
        service(cpu=0.1, memory=300 * MiB, memory_reservation=100 * MiB, app=app(private=0.0)),
        "memory",
        10,
        "RESOURCE:MEMORY",
    ),
    "reserved memory": (
        ecs(BOX, reserved_memory=100 * MiB),
        service(cpu=0.1, memory=100 * MiB, app=app(private=0.0)),
        "memory",
        9,
        "RESOURCE:MEMORY",
    ),
    "ENI": (ecs(BOX, network="awsvpc"), SMALL, "ENI", 3, "RESOURCE:ENI"),
    "trunk ENI": (
        ecs(BOX, network="awsvpc", trunking=True),
        SMALL,
        "trunk ENI",
        6,
        "RESOURCE:ENI",
    ),
    "no trunking": (
        ecs(machine(enis=4, trunk_tasks=0), network="awsvpc", trunking=True),
        SMALL,
        "ENI",
        3,
        "RESOURCE:ENI",
    ),
    "fixed port on bridge": (
        ecs(BOX),
        service(cpu=0.1, host_ports=(80,)),
        "host ports",
        1,
        "RESOURCE:PORTS",
    ),
    "fixed port on host": (
        ecs(BOX, network="host"),
        service(cpu=0.1, host_ports=(80,)),
        "host ports",
        1,
        "RESOURCE:PORTS",
    ),
    "bridge ports": (
        ecs(BOX, control=control_plane(bridge_ports=7, dynamic_ports=9)),
        SMALL,
        "bridge ports",
        7,
        "RESOURCE:PORTS",
    ),
    "dynamic ports": (
        ecs(BOX, control=control_plane(bridge_ports=9, dynamic_ports=7)),
        SMALL,
        "host ports",
        7,
        "RESOURCE:PORTS",
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_the_simulation_refuses_one_more_than_the_ceiling_with_its_word(name: str) -> None:
    """Launch count + 1: count are ready, the last is refused for the binding limit."""
    platform, what, limit, count, word = LIMITS[name]
    first = platform.ceilings(what)[0]
    _, _, starts = launch(platform, what, count + 1)

    assert (first.limit, first.allows, first.refusal) == (limit, count, word)
    assert outcomes(starts) == ["ready"] * count + [f"refused: {word}"]


@given(
    st.integers(1, 16),
    st.integers(1, 100).map(lambda hundredths: hundredths / 100),
    st.integers(1, 40).map(lambda tens: tens * 10),
    st.sampled_from(["bridge", "host", "awsvpc"]),
)
@example(1, 0.1, 10, "host")
@example(7, 0.7, 10, "host")
def test_ceilings_and_simulation_agree_on_any_size(
    vcpu: int, cpu: float, memory: int, network: Any
) -> None:
    """By reservation the arithmetic and the simulation give the same count and reason."""
    box = machine(vcpu=float(vcpu), memory=4000 * MiB, enis=8)
    platform = ecs(box, network=network)
    what = service(cpu=cpu, memory=memory * MiB, app=app(private=0.0))
    first = platform.ceilings(what)[0]
    assume(first.allows <= 60)
    _, _, starts = launch(platform, what, first.allows + 1)

    assert outcomes(starts) == ["ready"] * first.allows + [f"refused: {first.refusal}"]


def test_ceilings_stand_smallest_first() -> None:
    """The binding limit is the first, and the next one stands behind it."""
    allows = [ceiling.allows for ceiling in ecs(BOX).ceilings(service(cpu=0.25))]

    assert allows == sorted(allows)
    assert allows[0] == 10


def test_the_agent_and_the_os_do_not_lower_the_count() -> None:
    """What they use shows as pressure, not in what an instance registers."""
    plain = ecs(BOX)
    loaded = ecs(BOX, agent_memory=60 * MiB, os_and_daemons=300 * MiB)

    assert loaded.hosting.registered_memory == plain.hosting.registered_memory == 1000 * MiB
    assert loaded.ceilings(service()) == plain.ceilings(service())
    assert loaded.fits_in_memory(service()) < plain.fits_in_memory(service())


def test_overheads_show_as_pressure_and_kill_a_task() -> None:
    """Four tasks that fill all of the memory are admitted, and the kernel kills one for shims."""
    _, live, starts = launch(ecs(BOX), service(cpu=0.1, memory=250 * MiB), 4)

    assert sorted(outcomes(starts)) == ["killed: OOM kill: host out of memory", *["ready"] * 3]
    assert live.hosts()[0].memory.used == 3 * 260 * MiB


def test_memory_lost_to_the_hypervisor_is_not_registered() -> None:
    """An instance registers what its OS sees."""
    box = machine(memory=1000 * MiB, memory_lost=100 * MiB)

    assert ecs(box).hosting.registered_memory == 900 * MiB


def test_a_machine_without_an_eni_limit_is_not_limited_by_enis() -> None:
    """`enis=None` says that there is no such limit."""
    platform = ecs(machine(vcpu=4.0, enis=None), network="awsvpc")

    assert platform.ceilings(service(cpu=1.0))[0].limit == "vCPU"


def test_a_fixed_port_does_not_bind_in_awsvpc() -> None:
    """Each task has an address of its own, so that ports do not clash."""
    _, _, starts = launch(ecs(BOX, network="awsvpc"), service(cpu=0.1, host_ports=(80,)), 3)

    assert outcomes(starts) == ["ready"] * 3


def test_a_refused_task_leaves_no_reservation() -> None:
    """What did not fit takes no room from what does."""
    world = World()
    live = ecs(BOX).deploy(world)
    refused = live.launch(service(cpu=5.0))
    started = live.launch(service(cpu=4.0))
    world.env.run()

    assert outcomes(refused) == ["refused: RESOURCE:CPU"]
    assert outcomes(started) == ["ready"]


def test_a_stopped_task_makes_room_for_the_next() -> None:
    """StopTask gives back CPU, memory, port and slot."""
    world = World()
    live = ecs(BOX, network="bridge").deploy(world)
    what = service(cpu=4.0, memory=1000 * MiB, app=app(private=0.0), host_ports=(80,))
    first = live.launch(what)[0]
    world.env.run()
    live.stop(first)
    second = live.launch(what)[0]
    world.env.run()

    assert str(second.value) == "ready"
    assert live.state(first) == "STOPPED"


def test_a_task_killed_on_its_way_makes_room_for_the_next() -> None:
    """A task over its own memory limit stops and leaves its reservation."""
    hungry = service(cpu=4.0, memory=100 * MiB, app=app(private=200 * MiB))
    world = World()
    live = ecs(BOX).deploy(world)
    first = live.launch(hungry)[0]
    world.env.run()
    second = live.launch(service(cpu=4.0))[0]
    world.env.run()

    assert str(first.value).startswith("killed: OOM kill")
    assert str(second.value) == "ready"


def test_a_task_killed_after_it_was_ready_makes_room_for_the_next() -> None:
    """A running task that the kernel kills is STOPPED, and its reservation is free."""
    world = World()
    live = ecs(BOX).deploy(world)
    what = service(cpu=4.0)
    first = live.launch(what)[0]
    world.env.run()
    live.hosts()[0].memory.hold(1000 * MiB)
    live.hosts()[0].memory.hold(-1000 * MiB)
    second = live.launch(what)[0]
    world.env.run()

    assert live.state(first) == "STOPPED"
    assert str(second.value) == "ready"


def test_an_instance_that_is_full_of_its_own_daemons_kills_the_task() -> None:
    """Where OS and agent leave no room, a task is placed and then killed by the kernel."""
    full = ecs(machine(memory=1000 * MiB), os_and_daemons=1000 * MiB)
    _, _, starts = launch(full, service(cpu=1.0))

    assert outcomes(starts) == ["killed: OOM kill: host out of memory"]


@pytest.mark.parametrize(("tasks", "last"), [(1, 1.0), (10, 1.0), (11, 2.0), (25, 3.0)])
def test_run_task_takes_ten_tasks_a_call(tasks: int, last: float) -> None:
    """Calls follow one another; with 1 s a call task number 25 is accepted after 3 s."""
    platform = ecs(machine(vcpu=100.0, memory=9000 * MiB), control=control_plane(call=1.0))
    world, _, _ = launch(platform, SMALL, tasks)
    requests = [length(world.record, "request", task) for task in range(tasks)]

    assert requests == [1.0 + task // 10 for task in range(tasks)]
    assert max(requests) == last


def test_awsvpc_waits_for_its_network_interface() -> None:
    """Attaching an ENI is the `network` phase; bridge mode has it with length 0."""
    control = control_plane(eni_attach=11.0)
    totals = {}
    for network in ("bridge", "host", "awsvpc"):
        world, _, _ = launch(ecs(BOX, control=control, network=network), service())
        assert length(world.record, "network") == (11.0 if network == "awsvpc" else 0.0)
        totals[network] = world.env.now

    assert totals["awsvpc"] == totals["bridge"] + 11.0
    assert totals["host"] == totals["bridge"]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [("binpack", [4, 2, 0]), ("spread", [2, 2, 2])],
)
def test_binpack_fills_and_spread_levels(strategy: Any, expected: list[int]) -> None:
    """Six tasks of a quarter instance on three instances."""
    _, live, starts = launch(ecs(BOX, count=3, strategy=strategy), service(cpu=1.0), 6)

    assert outcomes(starts) == ["ready"] * 6
    assert [instance.left.tasks for instance in live.capacity.instances] == expected


def test_binpack_prefers_the_instance_with_least_memory_left() -> None:
    """The second, small task joins the large one though another instance is empty."""
    world = World()
    live = ecs(BOX, count=2, strategy="binpack").deploy(world)
    live.launch(service(memory=600 * MiB))
    live.launch(service(memory=100 * MiB))
    world.env.run()

    assert [instance.left.tasks for instance in live.capacity.instances] == [2, 0]


def test_random_placement_is_fair_and_depends_on_the_seed() -> None:
    """Each of four instances gets 100 of 400 tasks, within four standard errors."""
    box = machine(vcpu=100.0, memory=9000 * MiB)
    counts = []
    for seed in (1, 1, 2):
        platform = ecs(box, count=4, strategy="random", control=control_plane(tasks_per_call=400))
        _, live, _ = launch(platform, service(cpu=0.1, memory=10 * MiB), 400, seed=seed)
        counts.append([instance.left.tasks for instance in live.capacity.instances])

    assert counts[0] == counts[1] != counts[2]
    assert all(abs(count - 100) <= 4 * (400 * 0.25 * 0.75) ** 0.5 for count in counts[0])


@pytest.mark.parametrize("strategy", ["binpack", "spread", "random"])
def test_no_strategy_refuses_what_some_instance_can_hold(strategy: Any) -> None:
    """As many tasks start as fit on all instances together, whatever the strategy."""
    _, _, starts = launch(ecs(BOX, count=3, strategy=strategy), service(cpu=2.0), 7)

    assert outcomes(starts) == ["ready"] * 6 + ["refused: RESOURCE:CPU"]


def test_a_task_level_cpu_is_a_cap_on_an_idle_host() -> None:
    """2 core-seconds at 0.5 vCPU take 4 s though three vCPUs idle."""
    busy = service(cpu=0.5, app=app(cpu=2.0, threads=2))
    world, _, _ = launch(ecs(BOX), busy)

    assert length(world.record, "app") == pytest.approx(4.0)


def test_a_container_level_cpu_borrows_what_is_idle() -> None:
    """2 core-seconds of two threads take 1 s on an idle host: a weight is no cap."""
    busy = service(cpu=0.5, cpu_quota=False, app=app(cpu=2.0, threads=2))
    world, _, _ = launch(ecs(BOX), busy)

    assert length(world.record, "app") == pytest.approx(1.0)


def test_weights_divide_a_host_that_is_full() -> None:
    """On 1 vCPU weights 3 : 1 the heavier ends 3 s of work at 4 s, the lighter 3 s at 6 s."""
    world = World()
    live = ecs(machine(vcpu=1.0), runtime=ContainerRuntime()).deploy(world)
    weights = {"heavy": 0.75, "light": 0.25}
    for name, cpu in weights.items():
        live.launch(service(name, cpu=cpu, cpu_quota=False, app=app(name, cpu=3.0)))
    world.env.run()

    assert length(world.record, "app", 0) == pytest.approx(4.0)
    assert length(world.record, "app", 1) == pytest.approx(6.0)


def test_the_least_weight_is_two_cpu_shares() -> None:
    """The agent writes `cpu.shares` of 2 at least: 0.0001 vCPU weighs as much as 2/1024 vCPU."""
    world = World()
    live = ecs(machine(vcpu=1.0), runtime=ContainerRuntime()).deploy(world)
    for name, cpu in {"tiny": 0.0001, "two": 2 / 1024}.items():
        live.launch(service(name, cpu=cpu, cpu_quota=False, app=app(name, cpu=1.0)))
    world.env.run()

    assert length(world.record, "app", 0) == pytest.approx(2.0)
    assert length(world.record, "app", 1) == pytest.approx(2.0)


def test_default_pull_behaviour_asks_the_registry_even_when_all_is_here() -> None:
    """`default` resolves on every start; `prefer-cached` only when a layer is missing."""
    picture = image(10 * MiB)
    resolved = {}
    for behavior in ("default", "prefer-cached"):
        platform = ecs(BOX, warm=(picture,), pull_behavior=behavior)
        world, _, _ = launch(platform, service(image=picture))
        resolved[behavior] = [row for row in rows(world.record) if row.phase == "resolve"]
        assert not [row for row in rows(world.record) if row.phase == "download"]

    assert len(resolved["default"]) == 1
    assert resolved["prefer-cached"] == []


def test_a_task_goes_through_the_states_of_ecs() -> None:
    """PROVISIONING, PENDING, ACTIVATING, RUNNING, STOPPED, in this order."""
    world = World()
    control = control_plane(call=1.0, placement=1.0, eni_attach=1.0)
    live = ecs(BOX, control=control, network="awsvpc").deploy(world)
    what = service(image=image(10 * MiB), app=app(cpu=1.0))
    start = live.launch(what)[0]
    seen = [live.state(start)]
    while world.env.peek() < float("inf"):
        world.env.step()
        if live.state(start) != seen[-1]:
            seen.append(live.state(start))
    live.stop(start)
    world.env.run()
    seen.append(live.state(start))

    assert seen == ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "STOPPED"]


def test_a_refusal_is_not_rewritten_by_a_stop() -> None:
    """What was refused stays refused; stopping it changes nothing."""
    world = World()
    live = ecs(BOX).deploy(world)
    start = live.launch(service(cpu=5.0))[0]
    world.env.run()
    live.stop(start)
    world.env.run()

    assert world.record.task_outcome == ["refused: RESOURCE:CPU"]
    assert start.value == Refused("RESOURCE:CPU")


def test_ecs_on_fargate_has_the_ceilings_of_fargate() -> None:
    """ECS only orchestrates: the capacity says what one host takes."""
    what = service(cpu=1.0, memory=512 * MiB)

    assert ecs_on_fargate().ceilings(what) == FargateHost(fargate()).ceilings(what)


@given(st.integers(1, 12), st.integers(1, 12))
def test_more_tasks_are_never_ready_sooner(few: int, more: int) -> None:
    """Neighbours only ever take: the last of more tasks is not ready before the last of fewer."""
    few, more = sorted((few, more))
    box: Machine = machine(vcpu=4.0, memory=9000 * MiB)
    what = service(cpu=0.25, image=image(10 * MiB), app=app(cpu=1.0))
    ends = [launch(ecs(box), what, count)[0].env.now for count in (few, more)]

    assert ends[0] <= ends[1] + 1e-9


def test_a_fleet_is_one_machine_a_number() -> None:
    """Hosts are named by type and number, each with a store of its own."""
    world = World()
    live = ecs(BOX, count=3).deploy(world)

    assert [kernel.name for kernel in live.hosts()] == ["box-0", "box-1", "box-2"]
    assert fleet(BOX, count=3).room(0.0) == 1000 * MiB
