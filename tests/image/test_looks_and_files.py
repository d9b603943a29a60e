"""What a pull costs besides bytes: looks at unchanged tags, addresses, time-outs, many files."""

import pytest
from pulling import LATENCY, Bench
from worlds import image, launch, machine, registry

from sim import catalog
from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.image import RetryPolicy
from sim.image.image import of_size
from sim.image.transfer.unpacking import Unpacking
from sim.platforms import ECS
from sim.units import MB, MiB

PICTURE = image(10 * MiB)
ONE = Quota(size=1.0, refill=1e-9)
GIVES_UP = RetryPolicy(waiting="retry", tries=1, word="rate exceeded")


def killed(platform: ECS, tasks: int) -> int:
    _, _, starts = launch(platform, catalog.service("node", cpu=0.01), tasks)
    return sum(str(start.value).startswith("killed") for start in starts)


@pytest.mark.parametrize(("counts", "refused"), [(True, 2), (False, 0)])
def test_a_look_at_an_unchanged_tag_is_a_pull_only_where_the_registry_counts_it(
    counts: bool, refused: int
) -> None:
    """One pull is let through; three starts of a warm image look, each for a latency."""
    bench = Bench(hub={"pulls": ONE, "retry_policy": GIVES_UP, "looks_count": counts})
    bench.store.load(PICTURE)
    for _ in range(3):
        bench.pull(PICTURE, how="always")
    bench.run()

    assert len(bench.failed) == refused
    assert bench.ended == [LATENCY] * (3 - refused)


def test_a_tag_that_is_not_here_is_pulled_whether_looks_count_or_not() -> None:
    """The second image, of which nothing is on the disk, finds the quota used up."""
    bench = Bench(hub={"pulls": ONE, "retry_policy": GIVES_UP, "looks_count": False})
    bench.pull(PICTURE).pull(image(5 * MiB, name="other"), at=50.0).run()

    assert [text for _, text in bench.failed] == ["rate exceeded"]


def test_a_hundred_and_fifty_warm_tasks_take_no_pull_of_docker_hub() -> None:
    """100 pulls in six hours and address: the agent's looks are not among them."""
    node = catalog.service("node")
    assert node.image is not None
    warm = catalog.ecs("m5.24xlarge", warm=[node.image], pulls_from=catalog.registry("docker-hub"))

    assert killed(warm, 150) == 0


@pytest.mark.parametrize(("name", "lost"), [("docker-hub", 50), ("docker-hub-public-ip", 0)])
def test_behind_a_nat_gateway_all_hosts_share_the_quota_of_one_address(
    name: str, lost: int
) -> None:
    """150 Fargate tasks pull for themselves: a hundred by one address, or each by its own."""
    assert killed(catalog.ecs_on_fargate(pulls_from=catalog.registry(name)), 150) == lost


def test_a_host_with_an_address_of_its_own_has_its_own_quota() -> None:
    """Two hosts pull twice each: the second pull of each is one too many."""
    world = World()
    live = registry(pulls=ONE, retry_policy=GIVES_UP, per_host=True).deploy(world)
    benches = [Bench(world=world, live=live) for _ in range(2)]
    for bench in benches:
        bench.pull(PICTURE).pull(image(5 * MiB, name="other"), at=50.0)
    world.env.run()

    assert [len(bench.ended) for bench in benches] == [1, 1]
    assert [len(bench.failed) for bench in benches] == [1, 1]


@pytest.mark.parametrize(("name", "rate"), [("ecr-public", 10), ("ecr-public-anonymous", 1)])
def test_ecr_public_is_slower_without_a_login(name: str, rate: float) -> None:
    """Ten pulls a second to AWS resources and with a login, one elsewhere without."""
    found = catalog.registry(name)
    assert found.pulls is not None

    assert float(found.pulls.refill) == rate
    assert not found.looks_count


def test_a_pull_that_takes_too_long_is_given_up() -> None:
    """The ECS agent's limit is two hours; here it is 5 s, and the bytes take a second each."""
    policy = RetryPolicy(timeout=5.0, error="CannotPullContainerError")
    bench = Bench(hub={"retry_policy": policy}).pull(image(10 * 10 * MiB), at=1.0).run()
    in_time = Bench(hub={"retry_policy": policy}).pull(image(10 * MiB)).run()

    assert [text.partition(" within")[0] for _, text in bench.failed] == [
        "CannotPullContainerError: image: not here"
    ]
    assert len(in_time.ended) == 1


COSTS = {"unpack_cpu": 2e-9, "file_size": 100e3, "file_cpu": 1e-4}
"""Half of what a byte costs is that of its file."""


@pytest.mark.parametrize(
    ("count", "work"), [(None, 0.2), (1000.0, 0.2), (0.0, 0.1), (10_000.0, 1.1)]
)
def test_files_cost_beside_their_bytes(count: float | None, work: float) -> None:
    """100 MB in files of the usual size cost what bytes cost; in ten times as many, more."""
    layer = of_size("files", 100 * MB, 1.0, count).layers[0]
    unpacking = Unpacking(decompress_rate=1e9, **COSTS)  # type: ignore[arg-type]

    assert unpacking.work(layer) == pytest.approx(work)


@pytest.mark.parametrize(("count", "seconds"), [(100.0, 10.0), (6_000.0, 20.0)])
def test_many_small_files_wait_for_operations_of_the_disk(count: float, seconds: float) -> None:
    """100 MB at 10 MB/s, or 6,000 operations at 300 a second, whichever takes longer."""
    box = machine(nic=1e12, disk=10 * MB, iops=300.0)
    bench = Bench(box, file_writes=1.0, keep_blob=False, decompress_rate=1e12)
    bench.pull(of_size("files", 100 * MB, 1.0, count)).run()

    assert bench.lengths("unpack") == [pytest.approx(seconds, rel=1e-3)]


def test_the_usual_file_leaves_the_answer_as_it_is() -> None:
    """Where only bytes are known, files and operations of gp3 change nothing."""
    layer = of_size("usual", 100 * MB, 2.6).layers[0]
    unpacking = catalog.unpacking()
    disk = catalog.machine("m5.large")
    operations = unpacking.writes(layer) / float(disk.iops)

    assert unpacking.work(layer) == pytest.approx(
        layer.unpacked * float(unpacking.unpack_cpu) * float(unpacking.core)
    )
    assert operations < layer.unpacked / float(disk.disk)
