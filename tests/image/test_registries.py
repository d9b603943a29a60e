"""Quotas of registries: who waits, how long, and who gives up."""

import pytest

from sim import catalog
from sim.core.bucket import Quota
from sim.core.world import World
from sim.experiment import Burst, Scenario, replicate
from sim.image import Image, Layer, Patience, Registry
from sim.workload import App, Service

IMAGE = Image(name="tiny", layers=(Layer(digest="tiny", compressed=1000.0),))
SERVICE = Service(name="tiny", app=App(name="tiny", private=0.0), image=IMAGE, cpu=0.25, memory=1e8)
QUEUE = Patience(waiting="queue")


def pulled_at(registry: Registry, tasks: int) -> list[float]:
    """When each of `tasks` tasks, one a host, has its image."""
    world = World(1)
    fleet = catalog.ecs("m5.xlarge", count=tasks, strategy="spread", pulls_from=registry)
    live = fleet.deploy(world)
    starts = live.launch(SERVICE, tasks)
    world.env.run()
    record = world.record
    pull = record.phases.code("pull")
    ends = [e for p, e in zip(record.span_phase, record.span_end, strict=True) if p == pull]
    assert len(ends) == len(starts)
    return sorted(ends)


def test_through_ecr_public_the_last_of_n_hosts_waits_for_n_less_the_burst() -> None:
    """A client that waits its turn: (n - burst) / 10 s longer than from ECR private."""
    quick = Registry(name="private", latency=0.0)
    slow = Registry(name="public", latency=0.0, pulls=Quota(size=10.0, refill=10.0), patience=QUEUE)
    world, bucket = World(1), Quota(size=10.0, refill=10.0)
    live = bucket.deploy(world.env)
    waits = [live.take() for _ in range(60)]
    world.env.run(until=waits[-1])

    assert world.env.now == pytest.approx((60 - 10) / 10.0)
    # Calls come ten at a time; the quota, not the calls, sets the pace of sixty pulls.
    first = pulled_at(quick, 60)[0]
    assert pulled_at(slow, 60)[-1] >= first + (60 - 10) / 10.0 - 1e-9


def test_a_client_that_retries_waits_at_least_as_long_or_gives_up_and_is_counted() -> None:
    """Nobody is lost: ready and killed are all there were, and the k-th waits k over the rate."""
    service = catalog.service("node")
    scenario = Scenario(
        name="public",
        platform=catalog.ecs_on_fargate(pulls_from=catalog.registry("ecr-public")),
        arrivals=(Burst(service=service, tasks=300),),
    )
    results = replicate(scenario, times=1, seed=1)
    row = results.runs.iloc[0]
    resolved = results.spans[results.spans["phase"] == "resolve"]["start_s"].sort_values()
    first = resolved.iloc[0]

    assert row["ready"] + row["killed"] == 300
    assert row["killed"] > 0
    assert f"CannotPullContainerError: pull rate exceeded x{row['killed']}" == row["reasons"]
    for number, at in enumerate(resolved):
        assert at - first >= (number + 1 - 10) / 10.0 - 1e-6


def test_throttling_is_a_child_of_the_pull_and_tiles_nothing() -> None:
    """The wait is recorded, and a start's phases still sum to its total."""
    scenario = Scenario(
        name="public",
        platform=catalog.ecs_on_fargate(pulls_from=catalog.registry("ecr-public")),
        arrivals=(Burst(service=catalog.service("node"), tasks=100),),
    )
    spans = replicate(scenario, times=1, seed=1).spans
    throttled = spans[spans["phase"] == "throttled"]

    assert len(throttled) > 0
    assert set(throttled["parent"]) == {"pull"}


@pytest.mark.parametrize(
    ("name", "ready"), [("docker-hub", 100), ("docker-hub-personal", 200), ("docker-hub-paid", 250)]
)
def test_docker_hub_lets_a_window_of_pulls_through(name: str, ready: int) -> None:
    """100 or 200 in six hours; a paid account has no quota."""
    scenario = Scenario(
        name="hub",
        platform=catalog.ecs_on_fargate(pulls_from=catalog.registry(name)),
        arrivals=(Burst(service=catalog.service("node"), tasks=250),),
    )

    assert replicate(scenario, times=1, seed=1).runs["ready"].iloc[0] == ready


def test_a_warm_image_asks_no_registry_where_the_agent_prefers_what_it_has() -> None:
    """No quota is used for an image that is there."""
    empty = Registry(
        name="empty",
        latency=0.0,
        pulls=Quota(size=1.0, refill=1e-6),
        patience=Patience(waiting="retry", tries=1),
    )
    node = catalog.service("node")
    assert node.image is not None
    platform = catalog.ecs(
        "m5.xlarge", warm=[node.image], pull_behavior="prefer-cached", pulls_from=empty
    )
    scenario = Scenario(name="warm", platform=platform, arrivals=(Burst(service=node, tasks=8),))

    assert replicate(scenario, times=1, seed=1).runs["ready"].iloc[0] == 8
