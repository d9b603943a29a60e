"""Containers: pull, create, start, app on one shared kernel; what kills them, what they hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import app, docker, idle, image, launch, length, machine, outcomes, rows, service

from sim.core.world import World
from sim.host import Step
from sim.sandbox import ContainerRuntime
from sim.units import MiB

PICTURE = image(100 * MiB)


def test_phases_of_a_cold_start_add_up() -> None:
    """Pull 1 + 10 + 2, create 0.25 + 0.25, start 0.25, app 2 + 1 on one idle core."""
    what = service(image=PICTURE, app=app(cpu=2.0, wait=1.0))
    world, _, _ = launch(docker(), what)

    assert length(world.record, "pull") == pytest.approx(13.0)
    assert length(world.record, "create") == pytest.approx(0.5)
    assert length(world.record, "start") == pytest.approx(0.25)
    assert length(world.record, "app") == pytest.approx(3.0)
    assert world.env.now == pytest.approx(16.75)


def test_the_second_start_on_a_host_skips_the_pull() -> None:
    """What is on the disk is not fetched again."""
    world = World()
    live = docker().deploy(world)
    for _ in range(2):
        live.launch(service(image=PICTURE))
        world.env.run()

    assert length(world.record, "pull", 0) == pytest.approx(13.0)
    assert length(world.record, "pull", 1) == 0.0


def test_a_warm_image_skips_the_pull() -> None:
    """A host that has the image from before does not ask Docker's registry."""
    world, _, _ = launch(docker(warm=(PICTURE,)), service(image=PICTURE))

    assert length(world.record, "pull") == 0.0


def test_an_app_without_an_image_pulls_nothing() -> None:
    """The phase is there, with length 0."""
    world, _, _ = launch(docker(), service())

    assert length(world.record, "pull") == 0.0
    assert not [row for row in rows(world.record) if row.parent]


@given(st.floats(0.1, 4.0), st.floats(0.1, 10.0), st.integers(1, 8), st.floats(0.5, 2.0))
def test_start_up_on_an_idle_host_is_work_over_what_it_may_use(
    cpu: float, work: float, threads: int, speed: float
) -> None:
    """The least of quota, threads and vCPUs decides; quotas stay in vCPU, work in core-seconds."""
    what = service(cpu=cpu, app=app(cpu=work, threads=threads))
    world, _, _ = launch(docker(machine(vcpu=4.0, core_speed=speed)), what)

    assert length(world.record, "app") == pytest.approx(work / speed / min(cpu, threads, 4.0))


def test_start_up_contends_with_the_neighbours() -> None:
    """Eight apps of 1 core-second at once on 4 vCPUs take 2 s each, one takes 1 s."""
    what = service(app=app(cpu=1.0))
    one, many = (launch(docker(runtime=ContainerRuntime()), what, n)[0] for n in (1, 8))

    assert one.env.now == pytest.approx(1.0)
    assert many.env.now == pytest.approx(2.0)


def test_a_wait_is_not_cpu() -> None:
    """Eight apps that only wait do not disturb each other."""
    world, _, _ = launch(docker(runtime=ContainerRuntime()), service(app=app(wait=1.0)), 8)

    assert world.env.now == pytest.approx(1.0)


def test_creation_is_the_daemons_work_and_start_the_containers() -> None:
    """A quota of 0.1 stretches `start` tenfold and leaves `create` as it is."""
    world, _, _ = launch(docker(), service(cpu=0.1))

    assert length(world.record, "create") == pytest.approx(0.5)
    assert length(world.record, "start") == pytest.approx(2.5)


@pytest.mark.parametrize("limit", [100, 99])
def test_over_its_own_limit_at_start_it_is_killed_and_gives_all_back(limit: int) -> None:
    """A working set of 100 MiB within 100 MiB is ready; within 99 MiB it is killed."""
    what = service(memory=limit * MiB, app=app(private=100 * MiB, hot=10 * MiB, cpu=1.0))
    world, live, starts = launch(docker(), what)
    memory = live.hosts()[0].memory

    if limit == 100:
        assert outcomes(starts) == ["ready"]
        assert memory.used == 110 * MiB
    else:
        assert outcomes(starts) == ["killed: OOM kill: over its own memory limit"]
        assert memory.used == 0.0
        assert idle(live.hosts()[0])
        assert [row.outcome for row in rows(world.record)][-1] == "interrupted"


def test_a_full_host_kills_the_largest() -> None:
    """A small container that comes late costs the large one its life."""
    world = World()
    live = docker(machine(memory=1000 * MiB)).deploy(world)
    large = live.launch(service("large", memory=700 * MiB))[0]
    world.env.run()
    small = live.launch(service("small", memory=400 * MiB))[0]
    world.env.run()

    assert str(small.value) == "ready"
    assert world.record.task_outcome == ["killed: OOM kill: host out of memory", "ready"]
    assert large.sandbox is not None
    assert not large.sandbox.alive
    assert live.hosts()[0].memory.used == 410 * MiB


def test_a_start_on_a_host_that_thrashes_is_ready_and_marked() -> None:
    """Nobody is killed for file pages in use; the second start says that they give way."""
    box = machine(memory=1000 * MiB)
    what = service(memory=700 * MiB, app=app(private=450 * MiB, hot=150 * MiB))
    world, _, starts = launch(docker(box), what, 2)

    marked = [row.task for row in rows(world.record) if row.phase == "thrashing"]
    assert outcomes(starts) == ["ready", "ready"]
    assert marked == [1]


def test_a_start_that_is_killed_at_the_instant_it_would_be_ready_is_not_ready() -> None:
    """The neighbour takes its memory in the same completion, before it is told of its own end."""
    world = World()
    live = docker(machine(memory=1000 * MiB)).deploy(world)
    quick = app(cpu=0.125, private=700 * MiB)
    (larger,) = live.launch(service(memory=800 * MiB, app=quick), 1)
    world.env.run(until=0.125)
    quick = app(cpu=0.125, private=600 * MiB)
    (smaller,) = live.launch(service(memory=800 * MiB, app=quick), 1)
    world.env.run()

    assert outcomes([larger, smaller]) == ["killed: OOM kill: host out of memory", "ready"]
    assert not larger.at_end


def test_a_start_killed_on_its_way_is_an_outcome() -> None:
    """A neighbour's growth may kill a start that computes: `killed`, and its span interrupted."""
    world = World()
    live = docker(machine(memory=1000 * MiB)).deploy(world)
    large = live.launch(service("large", memory=700 * MiB, app=app("large", cpu=100.0)))[0]
    world.env.run(until=10.0)
    live.launch(service("small", memory=400 * MiB))
    world.env.run()

    assert str(large.value) == "killed: OOM kill: host out of memory"
    assert [row.outcome for row in rows(world.record) if row.task == 0][-1] == "interrupted"
    assert idle(live.hosts()[0])


def test_containers_of_one_image_share_its_files() -> None:
    """n of them hold the files once, private pages and shim n times."""
    what = service(image=image(50 * MiB), app=app(private=20 * MiB, hot=50 * MiB))
    _, live, _ = launch(docker(), what, 4)

    assert live.hosts()[0].memory.used == 50 * MiB + 4 * (20 + 10) * MiB


def test_files_that_a_pull_left_in_the_cache_are_not_there_twice() -> None:
    """All of an image's 50 MiB hot: used and cached together hold them once."""
    what = service(image=image(50 * MiB), app=app(private=20 * MiB, hot=50 * MiB))
    _, live, _ = launch(docker(), what)
    memory = live.hosts()[0].memory

    assert memory.used + memory.cached == (50 + 20 + 10) * MiB


def test_a_start_reads_from_disk_only_what_is_not_cached() -> None:
    """Just pulled: all is in the page cache. On a full host the files are read again."""
    box = machine(memory=1000 * MiB, disk=50 * MiB)
    what = service(image=PICTURE, memory=50 * MiB, app=app(read=100 * MiB))
    fresh, _, _ = launch(docker(box, warm=(PICTURE,)), what)
    full, _, _ = launch(docker(box, warm=(PICTURE,), os_and_daemons=940 * MiB), what)
    tight, _, _ = launch(docker(box, warm=(PICTURE,), os_and_daemons=915 * MiB), what)

    assert length(fresh.record, "app") == 0.0
    assert length(full.record, "app") == pytest.approx(1.0)
    assert length(tight.record, "app") == pytest.approx(0.5)


def test_an_image_for_another_architecture_ends_with_exec_format_error() -> None:
    """It is pulled and created, and then the kernel cannot run it."""
    foreign = type(PICTURE)(name="arm", layers=PICTURE.layers, architectures=("arm64",))
    world, live, starts = launch(docker(), service(image=foreign))

    assert outcomes(starts) == ["killed: exec format error"]
    assert [(row.phase, row.outcome) for row in rows(world.record) if not row.parent] == [
        ("pull", "done"),
        ("create", "done"),
        ("start", "interrupted"),
    ]
    assert live.hosts()[0].memory.used == 0.0


def test_a_stop_after_ready_gives_all_back() -> None:
    """Memory, shim and cgroup; a second stop does nothing."""
    world = World()
    live = docker().deploy(world)
    start = live.launch(service(app=app(private=30 * MiB)))[0]
    world.env.run()
    assert live.hosts()[0].memory.used == 40 * MiB
    live.stop(start)
    live.stop(start)
    world.env.run()

    assert live.hosts()[0].memory.used == 0.0
    assert idle(live.hosts()[0])


@given(st.integers(0, 4000))
def test_a_stop_at_any_instant_leaves_nothing(tick: int) -> None:
    """Also exactly where one phase ends and the next begins (steps of 1/256 s hit them all)."""
    world = World()
    live = docker(runtime=ContainerRuntime(create=Step(cpu=1.0), start=Step(cpu=1.0), shim=5.0))
    host = live.deploy(world)
    start = host.launch(service(image=image(20 * MiB), app=app(cpu=2.0, wait=1.0, hot=7.0)))[0]
    world.env.run(until=0.001 + tick / 256)
    host.stop(start)
    world.env.run()

    assert host.hosts()[0].memory.used == 0.0
    assert idle(host.hosts()[0])


@pytest.mark.parametrize("phase_end", [1.0, 3.0, 3.4, 4.4, 5.4, 7.4, 8.4])
def test_a_stop_at_the_very_moment_a_phase_ends_leaves_nothing(phase_end: float) -> None:
    """Resolve, download, unpack, create, start, work and wait end at these instants."""
    world = World()
    runtime = ContainerRuntime(create=Step(cpu=1.0), start=Step(cpu=1.0), shim=5.0)
    live = docker(runtime=runtime).deploy(world)
    start = live.launch(service(image=image(20 * MiB), app=app(cpu=2.0, wait=1.0, hot=7.0)))[0]

    def stop() -> Any:
        yield world.env.timeout(phase_end)
        live.stop(start)

    world.env.process(stop())
    world.env.run()
    world.record.close()

    assert live.hosts()[0].memory.used == 0.0
    assert idle(live.hosts()[0])
    assert all(row.outcome != "censored" for row in rows(world.record))
