"""One replication: phases tile, what is open is censored, kills leave nothing, seeds decide."""

import gc
import itertools
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simpy import Event
from worlds import (
    LOAD,
    PHASES,
    PLATFORMS,
    Row,
    app,
    docker,
    ec2,
    ecs,
    ecs_on_fargate,
    hypervisor,
    idle,
    image,
    length,
    machine,
    outcomes,
    rows,
    service,
    tiles,
    vm,
)

from sim.core.randomness import Lognormal
from sim.core.world import World
from sim.experiment import Burst, Poisson, Scenario, compare, replicate
from sim.experiment.running.run import run, run_row
from sim.experiment.storage.tables import spans_table
from sim.host import Step
from sim.sandbox import ContainerRuntime
from sim.start import Start
from sim.units import MiB
from sim.workload import Service

PICTURE = image(20 * MiB, 5 * MiB, ratio=2.0)
WEB = service(
    cpu=0.5,
    memory=100 * MiB,
    image=PICTURE,
    app=app(cpu=1.0, wait=0.5, spread=0.3, hot=20 * MiB, read=30 * MiB),
)


def scenario(platform: Any, *arrivals: Burst | Poisson, **rest: Any) -> Scenario:
    return Scenario(name="test", platform=platform, arrivals=arrivals, **rest)


def burst(tasks: int = 4, what: Service = WEB) -> Burst:
    return Burst(service=what, tasks=tasks)


@pytest.mark.parametrize("name", PLATFORMS)
def test_phases_of_a_start_tile_it(name: str) -> None:
    """In the order of model.md, Starts, without gap or overlap: from request to ready."""
    record = run(scenario(PLATFORMS[name], burst()), 1, 0)
    assert record.task_outcome == ["ready"] * 4
    for task in range(4):
        parts = tiles(record, task)
        total = parts[-1].end - record.task_begin[task]

        assert tuple(part.phase for part in parts) == PHASES[name]
        assert parts[0].start == record.task_begin[task]
        assert all(a.end == b.start for a, b in itertools.pairwise(parts))
        assert sum(part.length for part in parts) == pytest.approx(total, abs=1e-9, rel=0)
        assert {part.outcome for part in parts} == {"done"}


@given(
    st.sampled_from(sorted(PLATFORMS)),
    st.integers(1, 6),
    st.integers(0, 1000),
    st.floats(0.05, 30.0),
)
def test_a_run_cut_anywhere_files_no_start_as_finished(
    name: str, tasks: int, seed: int, until: float
) -> None:
    """What is open at the stop is censored; all that is `done` stands as in the whole run."""
    whole = run(scenario(PLATFORMS[name], burst(tasks)), seed, 0)
    cut = run(scenario(PLATFORMS[name], burst(tasks), until=until), seed, 0)
    finished = {row for row in rows(whole) if row.end < until}
    done = {row for row in rows(cut) if row.outcome == "done"}

    assert done == finished
    assert {row.end for row in rows(cut) if row.outcome == "censored"} <= {until}
    assert all(row.outcome != "interrupted" for row in rows(cut))
    assert all(
        mine in (theirs, "")
        for mine, theirs in zip(cut.task_outcome, whole.task_outcome, strict=True)
    )


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_start_open_at_the_stop_is_censored(name: str) -> None:
    """It has exactly one open tiling phase, which ends at the stop and is not `done`."""
    record = run(scenario(PLATFORMS[name], burst(1), until=2.75), 1, 0)
    gc.collect()
    parts = tiles(record, 0)

    assert [part.outcome for part in parts] == ["done"] * (len(parts) - 1) + ["censored"]
    assert parts[-1].end == 2.75
    assert run_row(record, "", 0)["censored"] == 1
    assert run_row(record, "", 0)["ready"] == 0


def test_the_garbage_collector_closes_no_span() -> None:
    """A generator closed after the run files nothing more."""
    record = run(scenario(docker(), burst(), until=1.5), 1, 0)
    before = rows(record)
    record.env = World().env
    gc.collect()

    assert rows(record) == before


def test_the_garbage_collector_is_on_again_after_a_run() -> None:
    """A run restores what it switches off, and leaves aside what a process has put aside."""
    gc.freeze()
    run(scenario(docker(), burst(1)), 1, 0)

    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000


def stop_all(
    world: World, live: Any, what: Service, count: int, span: float
) -> Generator[Event, Any, None]:
    """Launch `count` starts, two a second, and stop each after up to `span` seconds."""
    draw = np.random.default_rng(7)

    def stop(start: Start, after: float) -> Generator[Event, Any, None]:
        yield world.env.timeout(after)
        yield live.stop(start)

    for _ in range(count):
        yield world.env.timeout(draw.exponential(0.5))
        world.env.process(stop(live.launch(what)[0], draw.uniform(0.0, span)))


STOPS = {
    "docker": (docker(), 250, 8.0),
    "vm": (hypervisor(), 250, 8.0),
    "microvm": (hypervisor(vm=vm(firmware=None, backing="on_touch")), 150, 6.0),
    "ec2": (ec2(), 100, 12.0),
    "ecs-bridge": (ecs(count=2), 150, 8.0),
    "ecs-awsvpc": (ecs(machine(enis=4), network="awsvpc", count=2), 150, 8.0),
    "fargate": (ecs_on_fargate(), 100, 20.0),
}
assert sum(count for _, count, _ in STOPS.values()) >= 1000


@pytest.mark.parametrize("name", STOPS)
def test_random_stops_leave_nothing_behind(name: str) -> None:
    """1,000 starts stopped anywhere on their way: capacity idle, ledger at its base."""
    platform, count, span = STOPS[name]
    box = machine(disk=100 * MiB, nic=100 * MiB, enis=4)
    if name in ("docker", "vm"):
        platform = docker(box) if name == "docker" else hypervisor(box)
    world = World()
    live = platform.deploy(world)
    base = [kernel.memory.used for kernel in live.hosts()]
    world.env.process(stop_all(world, live, WEB, count, span))
    world.env.run()
    world.record.close()

    assert all(idle(kernel) for kernel in live.hosts())
    assert all(kernel.memory.private == kernel.memory.hot == 0.0 for kernel in live.hosts())
    assert not base or [kernel.memory.used for kernel in live.hosts()] == base
    assert len([row for row in rows(world.record) if row.outcome == "interrupted"]) > 20
    assert not world.record.opened
    assert all(row.outcome != "censored" for row in rows(world.record))


@pytest.mark.parametrize("name", ["docker", "vm", "ecs-bridge"])
def test_room_is_back_after_random_stops(name: str) -> None:
    """After all stops as many starts are admitted as on a fresh host."""
    platform = PLATFORMS[name]
    world = World()
    live = platform.deploy(world)
    world.env.process(stop_all(world, live, WEB, 60, 6.0))
    world.env.run()
    one = service("another", cpu=1.0, memory=50 * MiB)
    starts = live.launch(one, 4)
    world.env.run()

    assert outcomes(starts) == ["ready"] * 4


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_stop_in_the_instant_of_the_launch_leaves_nothing(name: str) -> None:
    """Before the story of the start has begun."""
    world = World()
    live = PLATFORMS[name].deploy(world)
    start = live.launch(WEB)[0]
    live.stop(start)
    world.env.run()

    assert str(start.value) == "killed: stopped"
    assert all(idle(kernel) and kernel.memory.private == 0.0 for kernel in live.hosts())
    assert not world.record.opened


@pytest.mark.parametrize("name", ["docker", "vm", "ec2"])
def test_a_stop_ends_the_read_of_the_app_at_once(name: str) -> None:
    """A process that is interrupted while it waits leaves nothing behind."""
    box = machine(disk=1 * MiB)
    platform = {"docker": docker, "vm": hypervisor, "ec2": ec2}[name](box)
    world = World()
    live = platform.deploy(world)
    start = live.launch(service(app=app(read=1000 * MiB)))[0]
    world.env.run(until=100.0)
    disk = live.hosts()[0].disk
    assert disk.rate == 1 * MiB
    live.stop(start)
    world.env.run(until=101.0)

    assert disk.rate == 0.0


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_stop_ends_the_work_of_the_app_at_once(name: str) -> None:
    """CPU that nobody waits for any more is not used."""
    world = World()
    live = PLATFORMS[name].deploy(world)
    start = live.launch(service(app=app(cpu=1000.0)))[0]
    world.env.run(until=100.0)
    kernel = live.hosts()[0]
    assert kernel.cpu.root.rate == 1.0
    live.stop(start)
    world.env.run(until=101.0)

    assert idle(kernel)


def noisy() -> dict[str, Any]:
    steps = ContainerRuntime(
        create=Step(cpu=0.2, spread=0.2), start=Step(cpu=0.2, spread=0.2), shim=1 * MiB
    )
    wait = Lognormal(median=2.0, spread=0.5)
    return {
        "docker": docker(runtime=steps),
        "vm": hypervisor(vm=vm(kernel=Step(cpu=0.5, spread=0.2))),
        "ec2": ec2(pending=wait),
        "ecs": ecs(runtime=steps),
        "fargate": ecs_on_fargate(provision=wait),
    }


@pytest.mark.parametrize("name", noisy())
def test_the_same_seed_gives_the_same_tables_and_another_seed_others(name: str) -> None:
    """Equal runs are equal to the last digit; replications and seeds differ."""
    one = scenario(noisy()[name], burst(3), sample_every=1.0)
    first, again, other = (replicate(one, times=2, seed=seed) for seed in (5, 5, 6))

    assert first.spans.equals(again.spans)
    assert first.runs.equals(again.runs)
    assert first.samples.equals(again.samples)
    assert first.run_id == again.run_id != other.run_id
    assert not first.spans["end_s"].equals(other.spans["end_s"])
    by_run = [first.spans[first.spans["run"] == n]["end_s"].tolist() for n in (0, 1)]
    assert by_run[0] != by_run[1]


def test_task_k_has_the_same_startup_work_on_every_platform() -> None:
    """Common random numbers: on idle cores `app` takes equally long on all platforms."""
    what = service(cpu=1.0, app=app(cpu=1.0, spread=0.5))
    box = machine(vcpu=64.0)
    platforms = {"docker": docker(box), "vm": hypervisor(box), "ec2": ec2(), "ecs": ecs(box)}
    platforms["fargate"] = ecs_on_fargate()
    lengths = {}
    for name, platform in platforms.items():
        record = run(scenario(platform, burst(5, what)), 3, 0)
        lengths[name] = [length(record, "app", task) for task in range(5)]

    assert len(set(lengths["docker"])) == 5
    for name in platforms:
        assert lengths[name] == pytest.approx(lengths["docker"]), name


def test_task_k_has_the_same_requests_on_every_platform() -> None:
    """With room to spare, every request takes equally long wherever its task runs."""
    what = service(cpu=1.0, load=LOAD)
    box = machine(vcpu=64.0)
    sojourns = {}
    for name, platform in {"docker": docker(box), "vm": hypervisor(box), "ec2": ec2()}.items():
        record = run(scenario(platform, burst(3, what), serve=5.0), 3, 0)
        pairs = zip(record.request_task, record.request_sojourn, strict=True)
        sojourns[name] = sorted((task, round(sojourn, 9)) for task, sojourn in pairs)

    assert len(sojourns["docker"]) > 300
    assert sojourns["vm"] == sojourns["docker"]
    assert sojourns["ec2"] == sojourns["docker"]


def test_without_neighbours_every_slow_down_is_one() -> None:
    """A request is compared with itself when its sandbox has the host to itself."""
    what = service(cpu=0.5, load=LOAD)
    record = run(scenario(docker(), burst(1, what), serve=20.0), 1, 0)

    assert len(record.request_slowdown) > 200
    assert list(record.request_slowdown) == pytest.approx([1.0] * len(record.request_slowdown))


def test_on_fargate_a_request_is_compared_with_the_size_that_was_given() -> None:
    """A task has its microVM to itself: its slow-down is 1, also where the size was rounded up."""
    what = service(cpu=0.3, load=LOAD)
    record = run(scenario(ecs_on_fargate(), burst(1, what), serve=10.0), 1, 0)

    assert len(record.request_slowdown) > 100
    assert list(record.request_slowdown) == pytest.approx([1.0] * len(record.request_slowdown))


def test_requests_arrive_within_the_window_after_ready() -> None:
    """A task serves its load from the moment it is ready, for as long as was asked."""
    what = service(cpu=1.0, load=LOAD, app=app(wait=3.0))
    record = run(scenario(docker(), burst(1, what), serve=5.0), 1, 0)
    ready = tiles(record, 0)[-1].end
    pairs = zip(record.request_end, record.request_sojourn, strict=True)
    arrivals = [end - sojourn for end, sojourn in pairs]

    assert ready <= min(arrivals) <= ready + 1.0
    assert max(arrivals) <= ready + 5.0


def test_a_task_serves_as_soon_as_it_is_ready_though_others_arrive_later() -> None:
    """With a Poisson stream, early tasks do not wait for late ones before they serve."""
    what = service(cpu=1.0, memory=10 * MiB, load=LOAD)
    arrivals = Poisson(service=what, tasks=5, per_second=0.1)
    record = run(scenario(docker(), arrivals, serve=5.0), 1, 0)
    ready = tiles(record, 0)[-1].end
    served = zip(record.request_task, record.request_end, strict=True)

    assert min(end for task, end in served if task == 0) <= ready + 1.0


def test_a_sandbox_killed_while_it_serves_ends_its_requests_quietly() -> None:
    """An OOM kill is an outcome, never an exception: the rest of the run goes on."""
    box = machine(memory=1000 * MiB)
    large = service("large", memory=600 * MiB, load=LOAD)
    late = Burst(service=service("late", memory=500 * MiB), at=5.0)
    record = run(scenario(docker(box), burst(1, large), late, serve=10.0), 1, 0)

    assert record.task_outcome == ["killed: OOM kill: host out of memory", "ready"]
    assert len(record.request_task) > 0


def test_poisson_arrivals_have_their_rate() -> None:
    """400 arrivals at 2 a second take 200 s, within four standard errors (10 s each)."""
    arrivals = Poisson(service=service(cpu=0.01), tasks=400, per_second=2.0)
    record = run(scenario(ecs_on_fargate(), arrivals), 1, 0)

    assert abs(record.task_begin[-1] - 200.0) <= 4 * 10.0
    assert list(record.task_begin) == sorted(record.task_begin)


def test_arrivals_are_the_same_on_every_platform() -> None:
    """Task k arrives at the same time on each: the stream belongs to the workload."""
    arrivals = Poisson(service=service(cpu=0.01), tasks=10, per_second=1.0)
    times = [
        list(run(scenario(platform, arrivals), 4, 0).task_begin)
        for platform in (docker(), ec2(), ecs_on_fargate())
    ]

    assert times[0] == times[1] == times[2]


def test_a_burst_begins_when_it_was_asked_for() -> None:
    """`at` is when the request is made; the wait for it belongs to no phase."""
    record = run(scenario(docker(), Burst(service=service(), tasks=2, at=30.0)), 1, 0)

    assert list(record.task_begin) == [30.0, 30.0]
    assert tiles(record, 0)[0].start == 30.0


def test_the_cpu_meter_reads_the_work_done() -> None:
    """The mean use between readings, summed, is the work in core-seconds."""
    what = service(cpu=1.0, app=app(cpu=3.7))
    quick = ContainerRuntime()
    record = run(scenario(docker(runtime=quick), burst(1, what), sample_every=0.5), 1, 0)
    names = record.resources.all()
    used = [
        use
        for code, use in zip(record.sample_resource, record.sample_used, strict=True)
        if names[code] == "cpu"
    ]

    assert sum(used) * 0.5 == pytest.approx(3.7)


def test_the_host_is_the_same_in_all_rows_of_a_start() -> None:
    """Also in the rows of phases that came before it was placed."""
    record = run(scenario(ecs(count=2, strategy="spread"), burst(2)), 1, 0)
    frame = spans_table(record, "v", 0)

    assert frame.groupby("task")["host"].unique().map(list).tolist() == [["box-0"], ["box-1"]]


def test_a_refused_start_has_no_host() -> None:
    """Empty, and never a missing value."""
    record = run(scenario(ecs(), burst(1, service(cpu=100.0))), 1, 0)
    frame = spans_table(record, "v", 0)

    assert set(frame["host"]) == {""}
    assert run_row(record, "v", 0)["refused"] == 1
    assert run_row(record, "v", 0)["reasons"] == "RESOURCE:CPU x1"


def test_a_comparison_is_one_table_with_a_variant_each() -> None:
    """Serial runs of each variant, in the order they were named."""
    variants = {"b": scenario(docker(), burst(1)), "a": scenario(ec2(), burst(1))}
    results = compare(variants, times=2, seed=1)

    assert results.runs[["variant", "run"]].to_numpy().tolist() == [
        ["b", 0],
        ["b", 1],
        ["a", 0],
        ["a", 1],
    ]
    assert list(results.spans["variant"].unique()) == ["b", "a"]


def test_a_replication_alone_equals_the_same_one_of_many() -> None:
    """Replication 2 does not depend on replications 0 and 1: they may run anywhere."""
    one = scenario(noisy()["docker"], burst(2))
    many = replicate(one, times=3, seed=9).spans
    alone = spans_table(run(one, 9, 2), "test", 2)

    assert many[many["run"] == 2].reset_index(drop=True).equals(alone)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"times": 0}, "replications: 0"),
        ({"times": "ten"}, "times: 'ten' is not allowed; a whole number"),
        ({"seed": -1}, "seed: -1"),
        ({"seed": "a"}, "seed: 'a' is not allowed; a whole number"),
    ],
)
def test_impossible_replications_are_refused(changed: dict[str, Any], message: str) -> None:
    """With the field and the value."""
    with pytest.raises(ValueError, match=message):
        replicate(scenario(docker(), burst(1)), **changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"platform": "ecs"}, r"platform: 'ecs' is not allowed; a platform, such as"),
        ({"arrivals": ()}, "one or more"),
    ],
)
def test_a_scenario_needs_a_platform_and_arrivals(changed: dict[str, Any], message: str) -> None:
    """It is refused where it is made, not where it is run."""
    given = {"name": "x", "platform": docker(), "arrivals": (burst(1),), **changed}
    with pytest.raises(ValueError, match=message):
        Scenario(**given)


@pytest.mark.parametrize(
    ("field", "arrivals"),
    [
        ("per_second", [Poisson(service=service("a"), tasks=2, per_second=r) for r in (1.0, 2.0)]),
        (
            "startup.spread",
            [Burst(service=service("a", app=app(spread=s))) for s in (0.1, 0.5)],
        ),
    ],
)
def test_two_services_of_one_name_are_drawn_alike(field: str, arrivals: list[Any]) -> None:
    """Random numbers belong to a name: in the middle of a run it would be too late to say so."""
    with pytest.raises(ValueError, match=f"two of service 'a' with another {field} each"):
        Scenario(name="x", platform=docker(), arrivals=tuple(arrivals))

    twice = Scenario(name="x", platform=docker(), arrivals=(arrivals[0],) * 2)
    assert run(twice, 1, 0).ready == 2 * arrivals[0].tasks


def test_a_quantile_is_a_share() -> None:
    """With what is allowed."""
    results = replicate(scenario(docker(), burst(1)), times=2)
    with pytest.raises(ValueError, match=r"quantile: 1.5 is not allowed; above 0 and below 1"):
        results.estimate("time_to_ready_s", quantile=1.5)


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_bigger_image_is_never_ready_sooner(one: int, other: int) -> None:
    """Time to ready does not fall as the image grows."""
    small, large = sorted((one, other))
    ends = [
        tiles(run(scenario(docker(), burst(1, replace(WEB, image=image(n * MiB)))), 1, 0), 0)[-1]
        for n in (small, large)
    ]

    assert ends[0].end <= ends[1].end


@pytest.mark.parametrize("name", ["docker", "vm", "ecs-bridge"])
def test_more_tasks_at_once_are_never_sooner_in_the_mean(name: str) -> None:
    """Neighbours only take: the mean time to ready rises with the number started at once."""
    what = service(cpu=1.0, memory=50 * MiB, app=app(cpu=2.0))
    box = machine(vcpu=2.0, memory=9000 * MiB)
    platform = {"docker": docker(box), "vm": hypervisor(box, cpu_overcommit=8.0)}.get(name)
    means = []
    for tasks in (1, 2, 3, 6):
        record = run(scenario(platform or ecs(machine(vcpu=6.0)), burst(tasks, what)), 1, 0)
        last: list[Row] = [tiles(record, task)[-1] for task in range(tasks)]
        means.append(sum(row.end for row in last) / tasks)

    assert means == sorted(means)
