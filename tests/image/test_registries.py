"""Quotas of registries: who waits, how long, and who gives up."""

from dataclasses import replace

import pytest
from pulling import Bench
from worlds import docker, image, machine

from sim import catalog
from sim.core.description import figures
from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.experiment import Burst, Scenario, replicate
from sim.image import Image, Layer, Registry, RetryPolicy
from sim.image.transfer.client import GAVE_UP
from sim.units import MiB

IMAGE = Image(name="tiny", layers=(Layer(digest="tiny", compressed=1000.0),))
QUEUE = RetryPolicy(waiting="queue")


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
        retry_policy=RetryPolicy(waiting="retry", tries=1),
    )
    node = catalog.service("node")
    assert node.image is not None
    platform = catalog.ecs(
        "m5.xlarge", warm=[node.image], pull_behavior="prefer-cached", pulls_from=empty
    )
    scenario = Scenario(name="warm", platform=platform, arrivals=(Burst(service=node, tasks=8),))

    assert replicate(scenario, times=1, seed=1).runs["ready"].iloc[0] == 8


def together(hub: Registry, hosts: int, picture: Image = IMAGE) -> list[Bench]:
    """So many hosts that pull one image at the same moment."""
    world = World(1)
    live = hub.deploy(world)
    benches = [Bench(machine(), world=world, live=live).pull(picture) for _ in range(hosts)]
    world.env.run()
    return benches


@pytest.mark.parametrize("hosts", [10, 11, 75, 300])
def test_n_hosts_that_queue_wait_n_less_the_burst_over_the_rate(hosts: int) -> None:
    """ECR Public: ten at once and ten a second; the last has its image so much later, exactly."""
    private = Registry(name="private", latency=0.5)
    public = Registry(
        name="public", latency=0.5, pulls=Quota(size=10, refill=10), retry_policy=QUEUE
    )
    last = {hub.name: max(b.ended[0] for b in together(hub, hosts)) for hub in (private, public)}

    assert last["public"] - last["private"] == pytest.approx((hosts - 10) / 10.0)


@pytest.mark.parametrize("client", ["ecs_agent", "kubelet_retry_policy"])
def test_clients_that_back_off_take_at_least_as_long_and_none_is_lost(client: str) -> None:
    """ECS agents give up after five tries and are counted; kubelets never do."""
    retry_policy = getattr(catalog, client)()
    hub = Registry(
        name="public", latency=0.5, pulls=Quota(size=10, refill=10), retry_policy=retry_policy
    )
    benches = together(hub, 300)
    ended = sorted(end for bench in benches for end in bench.ended)
    failed = [text for bench in benches for _, text in bench.failed]

    assert len(ended) + len(failed) == 300
    assert set(failed) == ({GAVE_UP} if client == "ecs_agent" else set())
    alone = together(Registry(name="private", latency=0.5), 1)[0].ended[0]
    for number, end in enumerate(ended, 1):
        assert end - alone >= (number - 10) / 10.0 - 1e-9


def test_kubelet_begins_ten_pulls_at_once_and_tries_the_others_again_after_ten_seconds() -> None:
    """Thirty images on one node: ten now, ten after 10 s, and the last ten after 10 + 20 s.

    In ten seconds the bucket is full again, and it holds no more than its burst.
    """
    hub = {"latency": 0.0, "retry_policy": catalog.kubelet_retry_policy()}
    bench = Bench(machine(), hub, decompress_rate=1e18)
    for number in range(30):
        bench.pull(image(1.0, name=str(number)))
    bench.run()

    assert [round(end) for end in sorted(bench.ended)] == [0] * 10 + [10] * 10 + [30] * 10


def test_a_pod_that_waits_when_the_run_ends_is_censored_and_says_why() -> None:
    """`ImagePullBackOff`: neither ready nor lost; who was let through later is simply ready."""
    hub = Registry(
        name="tight",
        latency=0.0,
        pulls=Quota(size=1, refill=0.04),
        retry_policy=catalog.kubelet_retry_policy(),
    )
    node = catalog.service("node")
    box = machine(vcpu=64.0, memory=64e9)
    fleet = docker(box, registry=hub)
    rows = {}
    for until in (9.0, 10_000.0):
        services = [replace(node, image=image(1e6, name=str(n))) for n in range(3)]
        arrivals = tuple(Burst(service=service) for service in services)
        scenario = Scenario(name="pods", platform=fleet, arrivals=arrivals, until=until)
        rows[until] = replicate(scenario, times=1, seed=1).runs.iloc[0]

    assert rows[9.0]["ready"] == 1
    assert rows[9.0]["censored"] == 2
    assert rows[9.0]["reasons"] == "ImagePullBackOff x2"
    assert rows[10_000.0]["ready"] == 3
    assert rows[10_000.0]["reasons"] == ""


def cached(**upstream: object) -> Registry:
    """A pull-through cache without quotas of its own, in front of a slow and strict registry."""
    hub: dict[str, object] = {"name": "hub", "latency": 2.0, "total_rate": 10 * MiB, **upstream}
    return Registry(name="cache", latency=0.5, upstream=Registry(**hub))  # type: ignore[arg-type]


def test_a_pull_through_cache_asks_its_upstream_once_for_all_hosts() -> None:
    """One pull of a quota that allows one, and the bytes of the image once."""
    picture = image(100 * MiB, 20 * MiB)
    world = World(1)
    live = cached(pulls=Quota(size=1, refill=1e-9)).deploy(world)
    benches = [
        Bench(machine(), world=world, live=live, decompress_rate=1e18).pull(picture, at=at)
        for at in (0.0, 0.0, 3.0, 60.0)
    ]
    world.env.run()
    ended = [bench.ended[0] for bench in benches]

    assert live.upstream is not None
    assert live.upstream.total is not None
    assert live.upstream.total.busy_integral == pytest.approx(picture.wire)
    # First: 0.5 + 2 s to resolve, then 120 MiB at 10 MiB/s; who comes meanwhile ends with it.
    assert ended[:3] == [pytest.approx(14.5)] * 3
    # Later: what the cache itself takes, which is its latency.
    assert ended[3] == pytest.approx(60.5)


def test_an_image_that_the_cache_has_not_yet_counts_on_the_upstream() -> None:
    """The second image finds the quota used up; the first one goes on being served."""
    other = image(1 * MiB, name="other")
    hub = cached(pulls=Quota(size=1, refill=1e-9))
    hub = replace(hub, retry_policy=RetryPolicy(waiting="retry", first=1.0, tries=2))
    world = World(1)
    live = hub.deploy(world)
    bench = Bench(machine(), world=world, live=live).pull(IMAGE).pull(other, at=10.0)
    second = Bench(machine(), world=world, live=live).pull(IMAGE, at=20.0)
    world.env.run()

    assert [at for at, _ in bench.failed] == [11.0]
    assert len(second.ended) == 1


def test_a_cache_in_front_of_docker_hub_lets_all_tasks_start() -> None:
    """Docker Hub lets 200 of 210 Fargate tasks of a personal account through, the cache all."""
    ready = {}
    for name in ("docker-hub-personal", "ecr-cache-docker-hub"):
        scenario = Scenario(
            name="cache",
            platform=catalog.ecs_on_fargate(pulls_from=catalog.registry(name)),
            arrivals=(Burst(service=catalog.service("node"), tasks=210),),
        )
        ready[name] = replicate(scenario, times=1, seed=1).runs["ready"].iloc[0]

    assert ready == {"docker-hub-personal": 200, "ecr-cache-docker-hub": 210}


def test_figures_of_a_cache_are_listed_with_the_upstreams() -> None:
    """A description can be walked, whatever stands in it."""
    keys = {cited.key for _, cited in figures(catalog.registry("ecr-cache-docker-hub"))}

    assert {"registry.ecr.manifests", "registry.docker_hub.personal"} <= keys
