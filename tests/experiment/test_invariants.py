"""What holds in every simulation, whatever is asked, stopped and when."""

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from worlds import LOAD, PLATFORMS, app, idle, image, rows, service

from sim.core.world import World
from sim.experiment import Burst, Scenario, replicate
from sim.start import Killed, Ready, Refused
from sim.units import MiB

YEAR = 365.25 * 86400.0


def drawn_service(draw: random.Random, name: str) -> Any:
    """A small service of some kind."""
    quota = draw.random() < 0.7
    return service(
        name,
        app=app(
            cpu=draw.choice((0.0, 0.05, 0.4)),
            private=draw.choice((0.0, 20.0, 60.0)) * MiB,
            hot=draw.choice((0.0, 5.0)) * MiB,
        ),
        image=draw.choice(
            (None, image(3 * MiB, name="web"), image(9 * MiB, 2 * MiB, name="other"))
        ),
        cpu=draw.choice((0.25, 0.5, 1.0)),
        cpu_quota=quota,
        memory=draw.choice((64.0, 128.0)) * MiB,
        disk=draw.choice((0.0, 1.0 * MiB)),
    )


def check(kind: str, seed: int) -> None:
    """One small scenario, with stops at random moments, and all of it ended after a while."""
    draw = random.Random(f"{kind}/{seed}")
    world = World(seed)
    live = PLATFORMS[kind].deploy(world)
    at = draw.choice((0.0, 7.0, 1e5, YEAR / 12.0, YEAR))
    if at:
        world.env.run(until=at)
    before = {each.name: each.memory.used for each in live.hosts()}
    starts = []
    for number in range(draw.randint(1, 3)):
        starts += live.launch(drawn_service(draw, f"s{number}"), draw.randint(1, 3))
        world.env.run(until=world.env.now + draw.uniform(0.001, 20.0))
    for start in draw.sample(starts, draw.randint(0, len(starts))):
        live.stop(start)
        world.env.run(until=world.env.now + draw.uniform(0.001, 20.0))
    world.env.run(until=world.env.now + 5_000.0)
    hosts = list(live.hosts())
    ready = [start for start in starts if isinstance(start.value, Ready)]

    assert all(isinstance(start.value, Ready | Refused | Killed) for start in starts)
    assert len({start.task for start in starts}) == len(starts)
    for start in ready:
        mine = [row for row in rows(world.record) if row.task == start.task and not row.parent]
        ends = [*(row.start for row in mine[1:]), mine[-1].end]
        assert [row.end for row in mine] == pytest.approx(ends, abs=1e-6)
        assert all(row.end >= row.start for row in mine)

    for start in starts:
        live.stop(start)
    world.env.run(until=world.env.now + 5_000.0)
    for each in hosts:
        assert idle(each), (kind, seed)
        if each.name in before:  # else the host went with its task
            assert each.memory.used == pytest.approx(before[each.name], abs=1.0), (kind, seed)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_what_ends_leaves_nothing_behind(kind: str) -> None:
    """One outcome a start, phases that tile, and memory, CPU, disk and NIC as they were."""
    for seed in range(12):
        check(kind, seed)


@pytest.mark.long
@pytest.mark.parametrize("kind", PLATFORMS)
def test_what_ends_leaves_nothing_behind_in_five_thousand(kind: str) -> None:
    """The same, far more often."""
    for seed in range(100, 660):
        check(kind, seed)


def check_load(kind: str, seed: int) -> None:
    """The same tasks beside others are no sooner ready, but for the luck of where they land."""
    draw = random.Random(f"{kind}/{seed}")
    what = replace(drawn_service(draw, "web"), memory=64.0 * MiB)
    alone, more = draw.randint(1, 4), draw.randint(1, 4)
    late = draw.choice((0.0, 1e5, YEAR))
    means = []
    for tasks in (alone, alone + more):
        burst = Burst(service=what, tasks=tasks, at=late)
        starts = replicate(
            Scenario(name="x", platform=PLATFORMS[kind], arrivals=(burst,)), times=2, seed=seed + 1
        ).starts()
        means.append(starts[starts["task"] < alone]["time_to_ready_s"].mean())

    assert not means[1] < 0.98 * means[0], (kind, seed, means)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_more_load_is_never_faster(kind: str) -> None:
    """Whoever was asked for first waits at least as long where more are asked for."""
    check_load(kind, 0)


@pytest.mark.long
@pytest.mark.parametrize("kind", PLATFORMS)
def test_more_load_is_never_faster_in_five_hundred(kind: str) -> None:
    """The same, more often."""
    for seed in range(1, 57):
        check_load(kind, seed)


RUN_ALL = """\
import sys
from hashlib import sha256
from pathlib import Path
import sim
from sim.files.calls.proposals import proposals
from worlds import LOAD, PLATFORMS, service
from sim.experiment import Burst, Scenario
from sim.experiment.running.columns import span_columns

text = ""
for name, platform in PLATFORMS.items():
    many = tuple(Burst(service=service(each, load=LOAD), tasks=2) for each in ("b", "a", "c"))
    record = Scenario(name="x", platform=platform, arrivals=many, serve=2.0).run(1, 0)
    text += repr(span_columns(record, name, 0)) + repr(record.task_outcome)
for path in map(Path, sys.argv[1:]):
    app = sim.read(path)
    text += repr((app, proposals([path], app)))
print(sha256(text.encode()).hexdigest(), len(text))
"""


NAMED = "\n---\n".join(
    f"kind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n    - name: {name}\n"
    "      image: nginx\n      env: [{name: ALL, value: 'http://a/,http://b/,http://c/'}]"
    for name in "abc"
)
"""Pods that name each other in one variable."""
LEFT_OUT = json.dumps(
    {
        "services": [{"serviceName": "web", "taskDefinition": "web"}],
        "taskDefinitions": [
            {"family": name, "containerDefinitions": [{"name": "x", "image": "nginx"}]}
            for name in ("web", "b", "c", "d", "e")
        ],
    }
)
"""Task definitions that nobody runs."""


def test_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    """No set of names, no dictionary by address decides anything."""
    files = {"pods.yaml": NAMED, "tasks.json": LEFT_OUT}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    told = {
        subprocess.run(
            [sys.executable, "-c", RUN_ALL, *(str(tmp_path / name) for name in files)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(told) == 1
    assert int(told.pop().split()[1]) > 5_000


@pytest.mark.parametrize("kind", ["docker", "vm", "ecs-bridge", "eks"])
def test_permuted_services_give_the_same_answer(kind: str) -> None:
    """Two services that are asked for at once: whichever is named first."""
    one, two = service("one", app=app(cpu=0.3)), service("two", app=app(cpu=0.3))
    bursts = (Burst(service=one, tasks=2), Burst(service=two, tasks=2))
    scenario = Scenario(name="x", platform=PLATFORMS[kind], arrivals=bursts)
    turned = replace(scenario, arrivals=bursts[::-1])

    times = [
        sorted(replicate(each, times=1).starts()["time_to_ready_s"]) for each in (scenario, turned)
    ]

    assert times[0] == times[1]


def check_order(kind: str, seed: int) -> None:
    """Some services, several asked for at one instant, in two orders."""
    draw = random.Random(f"order/{kind}/{seed}")
    bursts = [
        Burst(
            service=replace(drawn_service(draw, f"s{number}"), load=LOAD),
            tasks=draw.randint(1, 3),
            at=draw.choice((0.0, 0.0, 5.0, draw.uniform(0.0, 30.0))),
        )
        for number in range(draw.randint(2, 5))
    ]
    turned = draw.sample(bursts, len(bursts))
    records = [
        Scenario(
            name="x", platform=PLATFORMS[kind], arrivals=tuple(each), serve=1.0, until=200.0
        ).run(seed, 0)
        for each in (bursts, turned)
    ]

    first, second = (
        (
            each.services.all(),
            each.task_service,
            each.task_outcome,
            rows(each),
            each.request_sojourn,
        )
        for each in records
    )

    assert len(first[3]) > 1
    assert second == first, (kind, seed)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_the_order_in_which_services_are_written_decides_nothing(kind: str) -> None:
    """Nothing but names and times decides: every number is the same, to the last digit."""
    for seed in range(1, 5):
        check_order(kind, seed)


@pytest.mark.long
@pytest.mark.parametrize("kind", PLATFORMS)
def test_the_order_in_which_services_are_written_decides_nothing_in_five_hundred(kind: str) -> None:
    """The same, more often."""
    for seed in range(5, 61):
        check_order(kind, seed)
