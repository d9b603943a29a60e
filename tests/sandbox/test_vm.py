"""Virtual machines: sizes in steps, a kernel and a ledger of their own, backed or touched."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import (
    app,
    hypervisor,
    idle,
    image,
    kernel,
    launch,
    length,
    machine,
    outcomes,
    rows,
    service,
    vm,
)

from sim.core.world import World
from sim.image import Image
from sim.sandbox import Guest, VirtualMachine
from sim.units import MiB
from sim.workload import Demand

MICRO: dict[str, Any] = {"firmware": None, "backing": "on_touch"}


def test_a_guest_is_the_least_multiple_of_128_mib_that_leaves_the_app_its_memory() -> None:
    """8 kernel + 20 OS + 100 app = 128 MiB exactly; one byte more needs 256."""
    assert vm().nominal_memory(100 * MiB) == 128 * MiB
    assert vm().nominal_memory(100 * MiB + 1) == 256 * MiB


@given(st.integers(1, 64_000), st.integers(0, 100), st.floats(0.0, 0.05), st.integers(0, 200))
def test_the_size_of_a_guest_is_enough_and_one_step_less_is_not(
    memory: int, fixed: int, slope: float, os: int
) -> None:
    """Visible memory less the OS's own use holds the app, and 128 MiB less would not."""
    guest = vm(guest_kernel_fixed=fixed * MiB, guest_kernel_per_byte=slope, guest_os=os * MiB)
    nominal = guest.nominal_memory(memory * MiB)

    assert nominal % (128 * MiB) == 0
    assert guest.visible(nominal) - os * MiB >= memory * MiB * (1 - 1e-9)
    assert guest.visible(nominal - 128 * MiB) - os * MiB < memory * MiB


@pytest.mark.parametrize(("cpu", "vcpus"), [(0.1, 1), (1.0, 1), (1.1, 2), (4.0, 4)])
def test_a_guest_has_whole_vcpus(cpu: float, vcpus: int) -> None:
    """One at least."""
    assert vm().vcpus(cpu) == vcpus


def test_reserved_memory_is_whole_on_the_host_from_the_start() -> None:
    """Nominal and VMM, before the app has touched a page."""
    world = World()
    live = hypervisor().deploy(world)
    live.launch(service(memory=100 * MiB, app=app(cpu=5.0)))
    world.env.run(until=0.01)

    assert live.kernel.memory.used == (128 + 10) * MiB
    world.env.run()
    assert live.kernel.memory.used == (128 + 10) * MiB


def test_a_micro_vm_takes_what_it_ever_touched() -> None:
    """VMM, guest kernel and OS at first; with the app's working set later; no more."""
    world = World()
    live = hypervisor(vm=vm(**MICRO)).deploy(world)
    live.launch(service(memory=100 * MiB, app=app(private=40 * MiB)))
    world.env.run(until=0.01)

    assert live.kernel.memory.used == (10 + 8 + 20) * MiB
    world.env.run()
    assert live.kernel.memory.used == (10 + 8 + 20 + 40) * MiB


def test_phases_of_a_boot_add_up() -> None:
    """VMM 0.25, firmware 0.5, kernel 0.25, user space 1 + 1, app 2 s on idle cores."""
    world, _, _ = launch(hypervisor(), service(app=app(cpu=2.0)))
    lengths = [round(row.length, 9) for row in rows(world.record)]

    assert lengths == [0.0, 0.25, 0.5, 0.25, 2.0, 2.0]


def test_a_micro_vm_has_no_firmware() -> None:
    """The phase is not there at all."""
    world, _, _ = launch(hypervisor(vm=vm(**MICRO)), service())

    assert [row.phase for row in rows(world.record)] == [
        "placement",
        "vmm",
        "kernel",
        "user_space",
        "app",
    ]


def test_boots_contend_for_the_host() -> None:
    """Four guests with a vCPU each on 4 vCPUs boot as one does; eight take longer."""
    ends = [
        launch(hypervisor(machine(vcpu=4.0, memory=9000 * MiB), cpu_overcommit=2.0), service(), n)[
            0
        ].env.now
        for n in (1, 4, 8)
    ]

    assert ends[0] == pytest.approx(3.0)
    assert ends[1] == pytest.approx(3.0)
    assert ends[2] == pytest.approx(5.0)


def test_a_guest_uses_no_more_than_its_vcpus() -> None:
    """Two threads in a guest of one vCPU share it, though the app has no quota and cores idle."""
    what = service(cpu=1.0, cpu_quota=False, app=app(cpu=4.0, threads=2))
    world, _, _ = launch(hypervisor(), what)

    assert length(world.record, "app") == pytest.approx(4.0)


def test_a_quota_holds_within_a_guest() -> None:
    """Half a vCPU of the guest's one."""
    world, _, _ = launch(hypervisor(), service(cpu=0.5, app=app(cpu=1.0)))

    assert length(world.record, "app") == pytest.approx(2.0)


def test_guests_compete_by_their_vcpus() -> None:
    """On 2 vCPUs a guest of 2 gets twice what a guest of 1 gets, whatever their apps ask for."""
    world = World()
    quick = {name: {"cpu": 0.0} for name in ("vmm", "kernel", "user_space")}
    plain: VirtualMachine = vm(firmware=None, **quick)
    live = hypervisor(machine(vcpu=2.0), vm=plain, cpu_overcommit=2.0).deploy(world)
    for name, cpu, work in (("two", 2.0, 4.0), ("one", 1.0, 2.0)):
        live.launch(service(name, cpu=cpu, app=app(name, cpu=work, threads=2)))
    world.env.run()

    assert length(world.record, "app", 0) == pytest.approx(3.0)
    assert length(world.record, "app", 1) == pytest.approx(3.0)


def test_guests_share_no_page_cache() -> None:
    """Every guest reads its app's files itself, though a neighbour has just read them."""
    world = World()
    live = hypervisor(machine(disk=50 * MiB)).deploy(world)
    what = service(app=app(private=10 * MiB, hot=50 * MiB, read=50 * MiB))
    for _ in range(2):
        live.launch(what)
        world.env.run()

    assert length(world.record, "app", 0) == pytest.approx(1.0)
    assert length(world.record, "app", 1) == pytest.approx(1.0)


def test_over_its_own_limit_the_app_is_killed_and_the_guest_gives_all_back() -> None:
    """The guest's kernel kills it; with its only app the guest ends."""
    what = service(memory=100 * MiB, app=app(private=101 * MiB))
    _, live, starts = launch(hypervisor(), what)

    assert outcomes(starts) == ["killed: OOM kill: over its own memory limit"]
    assert live.kernel.memory.used == 0.0
    assert idle(live.kernel)


@pytest.mark.parametrize("kind", [{}, MICRO])
def test_the_ledger_of_a_guest_sums_to_zero_when_it_is_stopped(kind: dict[str, Any]) -> None:
    """The host's and the guest's own (model.md, Memory)."""
    world = World()
    host = kernel(world)
    demand = Demand(world, service(app=app(private=10 * MiB, hot=5 * MiB)))
    guest = Guest(vm(**kind), host, demand, None)
    assert guest.settle()
    assert guest.kernel.memory.used == 35 * MiB
    guest.stop()
    guest.stop()

    assert host.memory.used == 0.0
    assert guest.kernel.memory.used == 0.0


def test_a_guest_killed_by_its_host_says_why() -> None:
    """A microVM that touches more than the host has is killed by the host's kernel."""
    world = World()
    live = hypervisor(machine(memory=1000 * MiB), vm=vm(**MICRO)).deploy(world)
    live.kernel.memory.hold(800 * MiB)
    start = live.launch(service(memory=500 * MiB))[0]
    world.env.run()

    assert str(start.value) == "killed: OOM kill: host out of memory"
    assert live.kernel.memory.used == 800 * MiB


def test_a_guest_without_room_on_its_host_is_killed() -> None:
    """Reserved memory that is not there is an OOM kill, not an exception."""
    world = World()
    live = hypervisor(machine(memory=1000 * MiB)).deploy(world)
    live.kernel.memory.hold(950 * MiB)
    start = live.launch(service(memory=500 * MiB))[0]
    world.env.run()

    assert str(start.value) == "killed: OOM kill: host out of memory"
    assert live.kernel.memory.used == 950 * MiB


def test_an_image_for_another_architecture_does_not_run_in_a_guest() -> None:
    """The same service ends the same way on every platform."""
    foreign = Image(name="arm", layers=image(1.0).layers, architectures=("arm64",))
    _, live, starts = launch(hypervisor(), service(image=foreign))

    assert outcomes(starts) == ["killed: exec format error"]
    assert live.kernel.memory.used == 0.0


@given(st.integers(1, 1600), st.booleans())
def test_a_stop_at_any_instant_leaves_nothing(tick: int, micro: bool) -> None:
    """In whatever phase a guest is powered off, host and disk are idle and empty at the end."""
    world = World()
    live = hypervisor(machine(disk=10 * MiB), vm=vm(**(MICRO if micro else {}))).deploy(world)
    what = service(app=app(cpu=2.0, wait=1.0, hot=5 * MiB, read=10 * MiB))
    start = live.launch(what)[0]
    world.env.run(until=tick / 200)
    live.stop(start)
    world.env.run()

    assert live.kernel.memory.used == 0.0
    assert idle(live.kernel)
