"""Containers of one image share its file pages; each VM has a copy of its own."""

import pytest
from worlds import app, docker, hypervisor, image, launch, machine, service, vm

from sim import catalog, density
from sim.core.world import World
from sim.studies.density.bench import Bench
from sim.studies.density.by_use import largest_by_use, window_for
from sim.units import GiB, MiB
from sim.workload import Load

IDLE = Load(share=1e-4, request_cpu=0.01)
WHAT = service(
    cpu=0.1,
    memory=190 * MiB,
    load=IDLE,
    image=image(200 * MiB),
    app=app(private=90 * MiB, hot=100 * MiB, read=150 * MiB),
)
BOX = machine(vcpu=8.0, memory=4 * GiB, nic=100 * MiB, disk=100 * MiB)


def test_containers_hold_one_copy_of_the_image_s_file_pages_and_vms_one_each() -> None:
    """Eight sandboxes: 100 MiB of hot pages on the Docker host, eight times that in the guests."""
    containers = docker(BOX).deploy(World())
    containers.settle(WHAT, 8)
    guests = hypervisor(BOX).deploy(World()).settle(WHAT, 8)

    assert containers.hosts()[0].memory.hot == 100 * MiB
    assert sum(guest.kernel.memory.hot for guest in guests) == 800 * MiB


def test_shared_pages_are_why_more_containers_fit_by_use() -> None:
    """Each of n containers takes 90 + 10 MiB beside one copy of 100; a guest of 256 MiB all."""
    bench = Bench(WHAT, vcpu=8.0, window=window_for(8.0), slowdown=2.0, seed=(1, 0))
    by_use = {
        name: largest_by_use(platform, bench, core_speed=1.0).count
        for name, platform in {"docker": docker(BOX), "vm": hypervisor(BOX, vm=vm())}.items()
    }

    assert by_use == {"docker": (4096 - 100) // 100, "vm": 4096 // (256 + 10)}
    assert by_use["docker"] > 4096 // (90 + 100 + 10)  # what would fit with a copy each


def test_the_budget_names_shared_pages_and_copies() -> None:
    """Both budgets add up to the machine, with the same apps in them."""
    parts = {
        name: {part.item: part.bytes / MiB for part in platform.budget(WHAT, 5)}
        for name, platform in {"docker": docker(BOX), "vm": hypervisor(BOX)}.items()
    }

    assert parts["docker"]["shared files"] == 100
    assert parts["vm"]["file copies"] == 500
    assert parts["docker"]["apps"] == parts["vm"]["apps"] == 450
    assert all(sum(budget.values()) == 4096 for budget in parts.values())


def test_the_answer_says_how_often_the_pages_are_there() -> None:
    """21 MiB of a Java app's files: once for all containers, and a copy in each of two VMs."""
    found = density(app="java", by="reservation")
    hot = catalog.service("java").hot

    assert found.row("docker").json()["file_pages_bytes"] == round(hot)
    assert found.row("vm").json()["file_pages_bytes"] == round(2 * hot)
    assert "share one copy of the files they read (21 MiB of page cache)" in found.pages_line()
    assert "2 VMs hold 2 copies (43 MiB)" in found.pages_line()
    assert density(by="reservation").pages_line() == ""


@pytest.mark.parametrize(("memory", "reads"), [(4096, 0.0), (170, 0.8)])
def test_a_start_reads_from_disk_only_what_is_not_cached(memory: int, reads: float) -> None:
    """150 MiB are read at 100 MiB/s: nothing where 200 MiB stayed cached, 80 where 70 did."""
    what = service(
        cpu=0.1, memory=100 * MiB, image=image(200 * MiB), app=app(private=0.0, read=150 * MiB)
    )
    box = machine(vcpu=8.0, memory=memory * MiB, nic=100 * MiB, disk=100 * MiB)
    platform = docker(box, os_and_daemons=(90 * MiB if memory == 170 else 0.0))
    world, live, _ = launch(platform, what)
    moved = live.hosts()[0].disk.busy_integral / (100 * MiB)

    # Blob and files were written: 200 + 200 MiB; what the start read comes on top.
    assert moved - 4.0 == pytest.approx(reads, abs=0.01)
    assert world.env.now > 0.0
