"""The platforms of the story: sizes, quotas and choices as AWS has them."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import rows, tiles

from sim import catalog
from sim.catalog.instances.table import by_price
from sim.core.cited import plain
from sim.core.world import World
from sim.start import Ready
from sim.units import GiB, MiB

SIZES = {
    0.25: [0.5, 1, 2],
    0.5: [1, 2, 3, 4],
    1: [2, 3, 4, 5, 6, 7, 8],
    2: [*range(4, 17)],
    4: [*range(8, 31)],
    8: [*range(16, 61, 4)],
    16: [*range(32, 121, 8)],
    32: [60, 120, 244],
}
"""GiB by vCPU, from the price list."""


def test_fargate_has_the_sizes_of_the_price_list() -> None:
    """4 vCPU with 8 to 30 GiB in steps of one, 16 with 32 to 120 in steps of eight."""
    found: dict[float, list[float]] = {}
    for size in catalog.fargate().sizes:
        found.setdefault(size.vcpu, []).append(size.memory / GiB)

    assert found == SIZES


def test_fargate_sizes_are_sorted() -> None:
    """By vCPU, then memory: the first that holds a task is the smallest."""
    pairs = [(size.vcpu, size.memory) for size in catalog.fargate().sizes]

    assert pairs == sorted(pairs)


@pytest.mark.parametrize(
    ("cpu", "memory", "given_"),
    [
        (0.25, 512 * MiB, "0.25 vCPU, 512 MiB"),
        (0.25, 513 * MiB, "0.25 vCPU, 1 GiB"),
        (0.25, 3 * GiB, "0.5 vCPU, 3 GiB"),
        (0.3, 512 * MiB, "0.5 vCPU, 1 GiB"),
        (2.0, 1 * GiB, "2 vCPU, 4 GiB"),
        (4.0, 31 * GiB, "8 vCPU, 32 GiB"),
        (16.0, 120 * GiB, "16 vCPU, 120 GiB"),
        (16.1, 32 * GiB, "32 vCPU, 60 GiB"),
        (1.0, 121 * GiB, "32 vCPU, 244 GiB"),
    ],
)
def test_fargate_rounds_up(cpu: float, memory: float, given_: str) -> None:
    """To a size that can be bought."""
    assert str(catalog.fargate().size_for(catalog.service(cpu=cpu, memory=memory))) == given_


@given(st.floats(0.05, 32.0), st.floats(0.1, 244.0))
def test_a_fargate_size_is_the_cheapest_that_holds_it(cpu: float, memory: float) -> None:
    """What is given is what one would choose from the list."""
    fargate = catalog.fargate()
    size = fargate.size_for(catalog.service(cpu=cpu, memory=memory * GiB))
    prices = [fargate.price(s) for s in fargate.sizes if s.vcpu >= cpu and s.memory >= memory * GiB]

    assert size is not None
    assert fargate.price(size) == pytest.approx(min(prices))


@pytest.mark.parametrize(("cpu", "memory"), [(32.1, 32 * GiB), (1.0, 245 * GiB)])
def test_what_no_fargate_size_holds_is_refused(cpu: float, memory: float) -> None:
    """With the largest that there is."""
    first = catalog.ecs_on_fargate().ceilings(catalog.service(cpu=cpu, memory=memory))[0]

    assert (first.limit, first.allows) == ("Fargate size", 0)
    assert "32 vCPU, 244 GiB" in first.how


def test_fargate_launches_a_hundred_and_then_twenty_a_second() -> None:
    """The bucket as AWS documents it."""
    launches = catalog.fargate().launches

    assert (plain(launches.size), plain(launches.refill)) == (100.0, 20.0)


def test_fargate_costs_what_the_price_list_says() -> None:
    """1 vCPU and 2 GiB: 0.04048 + 2 x 0.004445 USD an hour."""
    fargate = catalog.fargate()
    size = fargate.size_for(catalog.service(cpu=1.0, memory=2 * GiB))
    assert size is not None

    assert fargate.price(size) == pytest.approx(0.04937)


@given(
    st.floats(0.05, 100.0),
    st.floats(0.05, 300.0),
    st.sampled_from(["amd64", "arm64"]),
    st.booleans(),
)
@settings(max_examples=80)
def test_ec2_takes_the_cheapest_type_that_holds_the_app(
    cpu: float, memory: float, architecture: str, burstable: bool
) -> None:
    """Non-metal, of that architecture: vCPUs, and OS-visible memory less the guest OS's own use."""
    what = catalog.service(cpu=cpu, memory=memory * GiB)
    ec2 = catalog.ec2_for(what, architecture, burstable=burstable)  # type: ignore[arg-type]
    os = catalog.figure("vm.memory.guest_os.debian_minimal").value
    enough = [
        type_
        for type_ in by_price(architecture, burstable=burstable)  # type: ignore[arg-type]
        if type_.vcpu >= cpu and type_.memory_visible - os >= memory * GiB
    ]

    assert (ec2 is None) == (not enough)
    if ec2 is not None:
        price = ec2.machine.usd_per_hour
        assert price is not None
        assert plain(price) == min(type_.usd_per_hour or 0.0 for type_ in enough)
        assert ec2.ceilings(what)[0].allows == 1


def test_known_choices_of_ec2() -> None:
    """0.25 vCPU and 512 MiB go on the cheapest with 1 GiB: t4g.micro, t3a.micro, or no T at all."""
    what = catalog.service(cpu=0.25, memory=512 * MiB)
    chosen = {
        (architecture, burstable): catalog.ec2_for(what, architecture, burstable=burstable)
        for architecture in ("amd64", "arm64")
        for burstable in (True, False)
    }
    names = {key: ec2.machine.name for key, ec2 in chosen.items() if ec2 is not None}

    assert names["amd64", True] == "t3a.micro"
    assert names["arm64", True] == "t4g.micro"
    assert not names["amd64", False].startswith("t")


def test_ecs_calls_take_ten_tasks() -> None:
    """And the agent's own use does not lower what is registered."""
    ecs = catalog.ecs("m5.xlarge")

    assert ecs.control_plane.tasks_per_call == 10
    assert ecs.hosting.registered_memory == 15611 * MiB
    assert plain(ecs.agent_memory) > 0.0


@pytest.mark.parametrize("app", ["java", "node", "mysql"])
@pytest.mark.parametrize("name", ["docker", "vm", "ec2", "ecs", "fargate"])
def test_every_app_becomes_ready_on_every_platform(name: str, app: str) -> None:
    """At its default size; its phases tile, and nothing is left open."""
    what = catalog.service(app)
    ec2 = catalog.ec2_for(what)
    platform = {
        "docker": catalog.docker(catalog.bare("m5.xlarge")),
        "vm": catalog.hypervisor(catalog.bare("m5.xlarge")),
        "ec2": ec2,
        "ecs": catalog.ecs("m5.xlarge"),
        "fargate": catalog.ecs_on_fargate(),
    }[name]
    assert platform is not None
    world = World()
    start = platform.deploy(world).launch(what)[0]
    world.env.run()
    parts = tiles(world.record, 0)

    assert start.value == Ready()
    assert all(a.end == b.start for a, b in pairwise(parts))
    assert not world.record.opened
    assert len(rows(world.record)) >= len(parts)


@pytest.mark.parametrize("type_", ["t3.nano", "t3a.nano", "t4g.nano"])
def test_the_smallest_types_kill_a_task_and_do_not_crash(type_: str) -> None:
    """An OOM kill is an outcome."""
    world = World()
    start = catalog.ecs(type_).deploy(world).launch(catalog.service(memory=384 * MiB))[0]
    world.env.run()

    assert str(start.value).startswith("killed: OOM kill")


def test_a_micro_vm_is_lighter_than_a_virtual_machine() -> None:
    """On the host, and until its kernel is up."""
    vm, micro = catalog.virtual_machine(), catalog.micro_vm()

    assert micro.on_host(512 * MiB) < vm.on_host(512 * MiB)
    assert micro.firmware is None
    assert vm.firmware is not None
    assert micro.vmm.work < vm.vmm.work


def test_ec2_for_a_name_says_what_it_takes() -> None:
    """An app's name is no service."""
    with pytest.raises(ValueError, match=r"service: 'java' is not allowed; .*, such as"):
        catalog.ec2_for("java")  # type: ignore[arg-type]
