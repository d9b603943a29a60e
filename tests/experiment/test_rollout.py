"""Whole applications: order is latency, and the critical path tiles the time until all is up."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import app, docker, ecs, eks, image, machine, rows, runtime, service, tiles

from sim.core.recorder import Recorder
from sim.core.world import World
from sim.experiment import Rollout, Scenario
from sim.experiment.running.run import run
from sim.host import Step
from sim.studies.uptime.critical_path import PhaseSpan, StartedCopy, critical_path
from sim.units import MiB
from sim.workload import Application, HealthCheck, Part, Wait

QUICK = runtime(create=Step(), start=Step(), shim=0.0)
LARGE = machine(vcpu=64.0, memory=8000 * MiB)
DOCKER = docker(LARGE, runtime=QUICK)


def part(name: str, seconds: float, *after: Wait, **rest: Any) -> Part:
    """A part whose program is up after some seconds."""
    own = {key: rest.pop(key) for key in ("check", "image", "memory") if key in rest}
    return Part(service=service(name, app=app(wait=seconds), **own), after=after, **rest)


def rolled_out(platform: Any, *parts: Part) -> tuple[Recorder, dict[str, StartedCopy]]:
    """What happened, and the last copy of each part by name."""
    rollout = Rollout(application=Application(name="app", parts=parts), ordered=platform.orders)
    record = run(Scenario(name="up", platform=platform, arrivals=(rollout,)), 1, 0)
    copies = {}
    for task, name in enumerate(rollout.names()):
        mine = [row for row in rows(record) if row.task == task]
        spans = [PhaseSpan(row.phase, row.parent, row.start, row.end) for row in mine]
        copies[name] = StartedCopy(name, spans)
    return record, copies


def began(copy: StartedCopy) -> float:
    """When its container ran."""
    return next(tile.start for tile in copy.tiles if tile.phase == "app")


@pytest.mark.parametrize(
    ("check", "begins"),
    [
        (HealthCheck(interval=10.0), 10.0),
        (HealthCheck(), 30.0),
        (HealthCheck(start_period=30.0), 5.0),
        (None, 3.0),
    ],
)
def test_a_wait_for_healthy_ends_at_the_next_look(check: HealthCheck | None, begins: float) -> None:
    """The database would answer after 3 s: compose's defaults find that out after 30."""
    db = part("db", 3.0, check=check)
    record, copies = rolled_out(DOCKER, part("web", 1.0, Wait(part="db", until="healthy")), db)

    assert began(copies["web"]) == begins
    assert [t.phase for t in copies["web"].tiles if t.length] == ["waits for db", "app"]
    assert record.task_end.tolist() == [3.0, begins + 1.0]
    link = critical_path([*copies.values()])[0]
    assert (link.part, link.until, link.unseen) == ("db", begins, begins - 3.0)


def test_airflow_waits_for_its_init_step_and_that_for_two_databases() -> None:
    """Postgres and Redis are seen healthy at 10, init ends at 30, and four services begin then."""
    ten = HealthCheck(interval=10.0)
    healthy = [Wait(part=name, until="healthy") for name in ("postgres", "redis")]
    done = Wait(part="init", until="completed")
    four = [part(f"s{n}", 1.0 + n, *healthy, done) for n in range(4)]
    _, copies = rolled_out(
        DOCKER,
        *four,
        part("init", 20.0, *healthy, once=True),
        part("postgres", 3.0, check=ten),
        part("redis", 1.0, check=ten),
    )
    path = critical_path([*copies.values()])

    assert [began(copies[f"s{n}"]) for n in range(4)] == [30.0] * 4
    assert [(link.since, link.until) for link in path] == [(0.0, 10.0), (10.0, 30.0), (30.0, 34.0)]
    assert [link.part for link in path[1:]] == ["init", "s3"]


@pytest.mark.parametrize(
    ("platform", "ready"),
    [(ecs(LARGE, runtime=QUICK), 3.0), (eks(LARGE, runtime=QUICK), 0.5 + 10.0)],
)
def test_where_nobody_orders_all_start_at_once_and_a_program_waits_for_what_it_needs(
    platform: Any, ready: float
) -> None:
    """On ECS until the database answers, on Kubernetes until a probe has seen that."""
    db = part("db", 3.0, check=HealthCheck(interval=10.0))
    _, copies = rolled_out(platform, part("web", 1.0, Wait(part="db", until="healthy")), db)

    assert began(copies["web"]) == began(copies["db"])
    assert copies["web"].ready == copies["db"].ready == ready
    path = critical_path([*copies.values()])
    assert [link.part for link in path] == ["db", "web"]
    assert sum(link.length for link in path) == ready


def test_compose_pulls_all_images_before_it_starts_any_container() -> None:
    """The cache's image is there after 1.2 s, the other after 2.2: both start then."""
    large, small = image(10 * MiB, name="large"), image(1.0, name="small")
    _, copies = rolled_out(DOCKER, part("cache", 1.0, image=small), part("web", 1.0, image=large))

    assert began(copies["cache"]) == began(copies["web"]) == pytest.approx(2.2)


def test_what_runs_once_gives_its_room_back() -> None:
    """The step's 6 GiB are free again when the service takes its own, on a server of 8."""
    world, step = World(1), Wait(part="step", until="completed")
    large = [part("web", 1.0, step, memory=6000 * MiB)]
    large += [part("step", 1.0, once=True, memory=6000 * MiB)]
    live = DOCKER.deploy(world)
    rollout = Rollout(application=Application(name="app", parts=tuple(large)), ordered=True)
    world.env.process(rollout.arrive(world, live, lambda _: None))
    world.env.run()

    assert world.record.task_outcome == ["ready", "ready"]
    (left,) = live.hosts()[0].memory.groups
    assert left.private == 6000 * MiB


def test_who_waits_for_what_never_comes_is_censored() -> None:
    """The database is refused, for its port is taken; the web server waits to the end."""
    one = Part(service=service("a proxy", host_ports=(80,)))
    two = Part(service=service("db", host_ports=(80,)))
    record, copies = rolled_out(DOCKER, one, two, part("web", 1.0, Wait(part="db")))

    assert [word.split(":")[0] for word in record.task_outcome] == ["ready", "refused", ""]
    assert [tile.phase for tile in copies["web"].tiles][-1] == "waits for db"


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 9), st.sets(st.integers(0, 5))), min_size=1, max_size=6))
def test_it_is_up_after_the_longest_way_through_the_waits(drawn: list[tuple[int, Any]]) -> None:
    """Each begins when the last that it waits for is ready; the critical path tiles the whole."""
    parts, ready = [], list[float]()
    for number, (seconds, others) in enumerate(drawn):
        before = sorted(other for other in others if other < number)
        waits = [Wait(part=f"p{other}", until="healthy") for other in before]
        parts.append(part(f"p{number}", float(seconds), *waits))
        ready.append(seconds + max((ready[other] for other in before), default=0.0))
    _, copies = rolled_out(DOCKER, *parts)
    path = critical_path([*copies.values()])

    assert [copies[f"p{n}"].ready for n in range(len(parts))] == ready
    assert path[0].since == 0.0
    assert path[-1].until == max(ready)
    assert all(one.until == two.since for one, two in pairwise(path))
    assert all(link.unseen == 0.0 for link in path)


def test_an_application_without_order_starts_as_its_services_would() -> None:
    """Same tasks, same times."""
    from sim.experiment import Burst

    two = [part("a", 1.0, copies=3), part("b", 2.0)]
    record, _ = rolled_out(ecs(LARGE), *two)
    bursts = tuple(Burst(service=each.service, tasks=each.copies) for each in two)
    alone = run(Scenario(name="up", platform=ecs(LARGE), arrivals=bursts), 1, 0)

    assert record.task_end.tolist() == alone.task_end.tolist()
    assert [tiles(record, n) for n in range(4)] == [tiles(alone, n) for n in range(4)]
