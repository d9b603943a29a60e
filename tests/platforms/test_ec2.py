"""EC2: an instance a task, quotas before it, its own boot after it."""

from typing import Any

import pytest
from worlds import app, ec2, idle, image, launch, length, machine, outcomes, rows, service

from sim import catalog
from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.host import Step
from sim.image import Image
from sim.start import Start
from sim.studies.platform_row import PlatformOptions
from sim.studies.platforms import row as platform_row
from sim.units import MiB


def test_phases_of_a_start_add_up() -> None:
    """Call 1, pending 5, boot 1 + 1, app 2 s."""
    world, _, _ = launch(ec2(), service(app=app(cpu=2.0)))

    assert [length(world.record, p) for p in ("request", "pending", "boot", "app")] == [
        pytest.approx(seconds) for seconds in (1.0, 5.0, 2.0, 2.0)
    ]


def test_instances_do_not_disturb_each_other() -> None:
    """Forty apps at once are ready as soon as one: each has a machine of its own."""
    what = service(app=app(cpu=2.0))
    one, many = (launch(ec2(), what, n)[0].env.now for n in (1, 40))

    assert one == many


def test_run_instances_for_more_than_the_bucket_waits() -> None:
    """60 instances of a bucket of 50 with 5 a second: the call is answered 2 s later."""
    platform = ec2(instances=Quota(size=50, refill=5))
    world, _, _ = launch(platform, service(), 60)

    assert length(world.record, "request", 0) == pytest.approx(3.0)
    assert length(world.record, "request", 59) == pytest.approx(3.0)


def test_many_calls_wait_for_the_request_quota() -> None:
    """Five calls at once, a bucket of two and one a second: the last waits 3 s."""
    world = World()
    live = ec2(requests=Quota(size=2, refill=1)).deploy(world)
    for _ in range(5):
        live.launch(service())
    world.env.run()

    assert [length(world.record, "request", n) for n in range(5)] == pytest.approx(
        [1.0, 1.0, 2.0, 3.0, 4.0]
    )


def test_instances_of_earlier_calls_count() -> None:
    """The second call finds an empty bucket."""
    world = World()
    live = ec2(instances=Quota(size=10, refill=1)).deploy(world)
    live.launch(service(), 10)
    live.launch(service(), 5)
    world.env.run()

    assert length(world.record, "request", 0) == pytest.approx(1.0)
    assert length(world.record, "request", 14) == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("what", "limit"),
    [(service(cpu=5.0), "vCPU"), (service(memory=951 * MiB), "memory")],
)
def test_what_an_instance_cannot_hold_is_refused(what: object, limit: str) -> None:
    """By the name of the ceiling, which is 0."""
    first = ec2().ceilings(what)[0]
    _, _, starts = launch(ec2(), what)

    assert (first.limit, first.allows) == (limit, 0)
    assert outcomes(starts) == [f"refused: {limit}"]


def test_what_fills_an_instance_to_the_byte_is_ready() -> None:
    """Nominal less the OS's own use, reached and not exceeded."""
    _, live, starts = launch(ec2(), service(cpu=4.0, memory=950 * MiB))

    assert outcomes(starts) == ["ready"]
    assert live.hosts()[0].memory.used == 1000 * MiB


def test_one_task_an_instance_and_then_the_account() -> None:
    """32 vCPUs of quota are eight instances of four."""
    ceilings = ec2().ceilings(service())

    assert [(c.limit.split(" (")[0], c.allows) for c in ceilings] == [
        ("one task per instance", 1),
        ("account quota", 8),
    ]
    assert [c.of_account for c in ceilings] == [False, True]


def test_a_quota_below_one_instance_allows_none() -> None:
    """It comes last all the same: it is the account's, not the host's."""
    one, quota = ec2(account_vcpus=3.0).ceilings(service())

    assert (one.allows, quota.limit.split(" (")[0], quota.allows) == (1, "account quota", 0)


def test_an_app_over_its_limit_is_killed_and_gives_all_back() -> None:
    """The instance's kernel kills it; what remains is the OS."""
    what = service(memory=100 * MiB, app=app(private=101 * MiB))
    _, live, starts = launch(ec2(), what)

    assert outcomes(starts) == ["killed: OOM kill: over its own memory limit"]
    assert live.hosts()[0].memory.private == 0.0
    assert idle(live.hosts()[0])


def test_a_terminated_instance_is_gone() -> None:
    """When all is stopped there is no host any more, or an empty one."""
    world = World()
    live = ec2().deploy(world)
    start = live.launch(service())[0]
    world.env.run()
    assert len(live.hosts()) == 1
    live.stop(start)
    world.env.run()

    assert sum(kernel.memory.used for kernel in live.hosts()) == 0.0


def test_an_image_for_another_architecture_ends_with_exec_format_error() -> None:
    """It boots, and then the app does not run."""
    foreign = Image(name="arm", layers=image(1.0).layers, architectures=("arm64",))
    _, _, starts = launch(ec2(), service(image=foreign))

    assert outcomes(starts) == ["killed: exec format error"]


def test_the_app_comes_with_the_machine_image() -> None:
    """Nothing is pulled; its files are read from the volume."""
    box = machine(disk=10 * MiB)
    what = service(image=image(500 * MiB), app=app(read=50 * MiB))
    world, _, _ = launch(ec2(box, boot=Step()), what)

    assert length(world.record, "app") == pytest.approx(5.0)
    assert "pull" not in world.record.phases.all()


def test_faster_cores_boot_and_start_sooner() -> None:
    """CPU work is halved, waits are not."""
    what = service(app=app(cpu=2.0, wait=1.0))
    world, _, _ = launch(ec2(machine(core_speed=2.0)), what)

    assert length(world.record, "boot") == pytest.approx(1.5)
    assert length(world.record, "app") == pytest.approx(2.0)


def test_the_budget_adds_up_to_nominal() -> None:
    """Lost, OS, app, free."""
    box = machine(memory=1100 * MiB, memory_lost=100 * MiB)
    what = service(memory=200 * MiB, app=app(private=150 * MiB, hot=30 * MiB))
    budget = {p.item: p.bytes / MiB for p in ec2(box).budget(what, 1)}

    used = {"lost": 100, "OS and daemons": 50, "apps": 150, "file copies": 30}
    assert budget == {**used, "free": 770}


@pytest.mark.parametrize("pending", [1.0, 5.0, 9.0])
def test_of_a_start_measured_as_a_whole_the_borders_move_nothing_but_themselves(
    pending: float,
) -> None:
    """Call 1 s, up after 20 s: what pending does not take the boot does, CPU and wait together."""
    platform = ec2(up=20.0, pending=pending, boot=Step(cpu=1.0))
    world, _, _ = launch(platform, service(app=app(cpu=2.0)))

    assert [length(world.record, p) for p in ("request", "pending", "boot", "app")] == [
        pytest.approx(seconds) for seconds in (1.0, pending, 19.0 - pending, 2.0)
    ]


def test_an_instance_of_one_task_pulls_as_it_would_in_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To the last phase of each of four starts; and in far fewer events."""
    asked = PlatformOptions(service=catalog.service("node"), pulled=True)
    platform = platform_row("ec2").made(asked)

    def started() -> tuple[list[Any], int]:
        world, _, _ = launch(platform, asked.service, 4)
        return sorted(rows(world.record)), next(world.env._eid)

    closed, few = started()
    monkeypatch.setattr(Start, "lone", None)
    events, many = started()

    assert [(*row[:3], row[5]) for row in closed] == [(*row[:3], row[5]) for row in events]
    for mine, other in zip(closed, events, strict=True):
        assert mine[3:5] == pytest.approx(other[3:5], rel=1e-9, abs=1e-9)
    assert few < many / 2
