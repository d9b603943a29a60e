"""A hypervisor on one server: whole vCPUs, whole guests, nothing overcommitted unless asked."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from worlds import (
    app,
    docker,
    hypervisor,
    image,
    launch,
    machine,
    outcomes,
    registry,
    rows,
    service,
    unpacking,
    vm,
)

from sim.core.world import World
from sim.platforms.hypervisor import GuestImages
from sim.units import MiB

CASES: dict[str, tuple[Any, Any, str, int]] = {
    "vCPU": (hypervisor(machine(vcpu=4.0)), service(cpu=0.25), "vCPU", 4),
    "vCPU, two each": (hypervisor(machine(vcpu=5.0)), service(cpu=1.5), "vCPU", 2),
    "overcommit": (
        hypervisor(machine(vcpu=4.0), cpu_overcommit=1.5),
        service(cpu=0.25),
        "vCPU",
        6,
    ),
    "memory": (hypervisor(machine(vcpu=64.0)), service(memory=100 * MiB), "memory", 7),
    "host OS": (
        hypervisor(machine(vcpu=64.0), host_os=35 * MiB),
        service(memory=100 * MiB),
        "memory",
        6,
    ),
    "none": (hypervisor(), service(memory=2000 * MiB), "memory", 0),
}


@pytest.mark.parametrize("name", CASES)
def test_the_simulation_refuses_one_more_than_the_ceiling(name: str) -> None:
    """Count guests run, one more is refused by the name of the binding limit."""
    platform, what, limit, count = CASES[name]
    first = platform.ceilings(what)[0]
    _, _, starts = launch(platform, what, count + 1)

    assert (first.limit, first.allows) == (limit, count)
    assert outcomes(starts) == ["ready"] * count + [f"refused: {limit}"]


@given(
    st.tuples(st.integers(1, 20), st.integers(100, 9000)),
    st.integers(1, 40).map(lambda tenths: tenths / 10),
    st.integers(1, 1000),
    st.booleans(),
    st.integers(10, 30).map(lambda tenths: tenths / 10),
)
def test_ceilings_and_simulation_agree_on_any_size(
    size_of_host: tuple[int, int], cpu: float, size: int, micro: bool, overcommit: float
) -> None:
    """The same count and the same reason from arithmetic and simulation."""
    kind = vm(firmware=None, backing="on_touch") if micro else vm()
    vcpu, memory = size_of_host
    box = machine(vcpu=float(vcpu), memory=memory * MiB)
    platform = hypervisor(box, vm=kind, cpu_overcommit=overcommit)
    what = service(cpu=cpu, memory=size * MiB)
    first = platform.ceilings(what)[0]
    assume(first.allows <= 30)
    _, _, starts = launch(platform, what, first.allows + 1)

    assert outcomes(starts) == ["ready"] * first.allows + [f"refused: {first.limit}"]


def test_admitted_micro_vms_are_not_killed_for_the_files_they_read() -> None:
    """As many as the ceiling says are ready, whatever passes through their page caches."""
    micro = vm(firmware=None, backing="on_touch")
    platform = hypervisor(machine(vcpu=64.0), vm=micro)
    what = service(cpu=0.1, memory=150 * MiB, app=app(read=300 * MiB))
    count = platform.ceilings(what)[0].allows
    _, live, starts = launch(platform, what, count)

    assert outcomes(starts) == ["ready"] * count
    assert live.kernel.memory.used <= live.kernel.memory.capacity


def test_a_guest_that_was_powered_off_makes_room() -> None:
    """vCPUs and memory."""
    world = World()
    live = hypervisor(machine(vcpu=1.0, memory=138 * MiB)).deploy(world)
    first = live.launch(service(memory=100 * MiB))[0]
    world.env.run()
    live.stop(first)
    live.stop(first)
    later = live.launch(service(memory=100 * MiB), 2)
    world.env.run()

    assert outcomes(later) == ["ready", "refused: vCPU"]


def test_a_guest_that_was_killed_makes_room() -> None:
    """A guest killed on its way takes nothing any more, as on ECS."""
    world = World()
    live = hypervisor(machine(vcpu=1.0)).deploy(world)
    first = live.launch(service(memory=100 * MiB, app=app(private=200 * MiB)))[0]
    world.env.run()
    second = live.launch(service(memory=100 * MiB))[0]
    world.env.run()

    assert str(first.value).startswith("killed: OOM kill")
    assert str(second.value) == "ready"


def test_a_guest_stopped_in_the_instant_of_its_launch_makes_room() -> None:
    """As one that is stopped later."""
    world = World()
    live = hypervisor(machine(vcpu=1.0)).deploy(world)
    live.stop(live.launch(service(memory=100 * MiB))[0])
    world.env.run()
    second = live.launch(service(memory=100 * MiB))[0]
    world.env.run()

    assert str(second.value) == "ready"


def test_overcommit_stretches_and_does_not_add() -> None:
    """Eight busy guests on 4 vCPUs take twice as long as four."""
    plain = vm(firmware=None, **{n: {"cpu": 0.0} for n in ("vmm", "kernel", "user_space")})
    platform = hypervisor(machine(memory=9000 * MiB), vm=plain, cpu_overcommit=2.0)
    ends = [launch(platform, service(app=app(cpu=3.0)), n)[0].env.now for n in (4, 8)]

    assert ends == [pytest.approx(3.0), pytest.approx(6.0)]


@pytest.mark.parametrize("kind", ["reserved", "on_touch"])
def test_the_budget_adds_up_to_nominal_and_to_what_is_used(kind: Any) -> None:
    """Each item once; what is used of the host is what its ledger shows."""
    box = machine(memory=1100 * MiB, memory_lost=100 * MiB)
    platform = hypervisor(box, vm=vm(backing=kind), host_os=50 * MiB)
    what = service(memory=60 * MiB)
    budget = platform.budget(what, 3)
    _, live, _ = launch(platform, what, 3)
    free = next(part.bytes for part in budget if part.item == "free")

    assert sum(part.bytes for part in budget) == 1100 * MiB
    assert free == live.kernel.memory.capacity - live.kernel.memory.used


@given(
    st.integers(1, 64),
    st.integers(200, 64_000),
    st.floats(0.05, 8.0),
    st.integers(1, 8000),
    st.integers(0, 40),
)
def test_vms_never_exceed_containers_on_the_same_machine(
    vcpu: int, memory: int, cpu: float, size: int, shim: int
) -> None:
    """Where a guest costs more than a shim, one kernel takes at least as many (claim)."""
    box = machine(vcpu=float(vcpu), memory=memory * MiB)
    what = service(cpu=cpu, memory=size * MiB)
    from worlds import runtime

    as_vms = hypervisor(box, host_os=50 * MiB).ceilings(what)[0]
    server = docker(
        box, os_and_daemons=50 * MiB, runtime=runtime(shim=min(shim, 38) * MiB), bridge_ports=1e6
    )

    assert as_vms.allows <= server.ceilings(what)[0].allows


def fetched(*, here: bool = False) -> tuple[list[float], float]:
    """Seconds of each pull of three guests of one app, and bytes on the wire; an OS of 100 MiB on
    the wire and 500 on disk, an app of 50, over 10 MiB/s, decompressed at 50 MiB/s."""
    images = GuestImages(
        registry=registry(),
        unpacking=unpacking(),
        os_wire=100 * MiB,
        os_files=500 * MiB,
        here=here,
    )
    platform = hypervisor(machine(nic=1000 * MiB), images=images)
    what = service(image=image(50 * MiB))
    world, live, _ = launch(platform, what, 3)
    pulls = [row.length for row in rows(world.record) if (row.phase, row.parent) == ("pull", "")]
    (host,) = live.hosts()
    return pulls, host.nic.busy_integral


def test_an_image_of_a_guest_comes_once_a_host_and_has_the_size_of_os_and_app() -> None:
    """1 s to ask, 150 MiB at 10 MiB/s, 550 MiB at 50 MiB/s: 27 s, for all three; then none."""
    pulls, moved = fetched()

    assert pulls == pytest.approx([27.0] * 3)
    assert moved == pytest.approx(150 * MiB)
    assert fetched(here=True) == ([0.0] * 3, 0.0)
