"""Lazy loading: what is needed comes first, the rest in the background."""

import pytest
from pulling import Bench
from worlds import app, docker, image, launch, length, machine, rows, service

from sim import catalog, startup
from sim.image import Lazy
from sim.image.transfer.unpacking import Unpacking
from sim.units import MiB

QUARTER = Lazy(needed=0.25)


def test_a_container_starts_after_the_needed_fraction_and_the_rest_follows() -> None:
    """100 MiB at 10 MiB/s and 50 MiB/s: 1 + 2.5 + 0.5 s; the other 75% take 7.5 + 1.5 s."""
    picture = image(100 * MiB)
    bench = Bench(lazy=QUARTER).pull(picture).run()

    assert bench.ended == [4.0]
    assert bench.world.env.now == pytest.approx(13.0)
    assert bench.lengths("download") == [2.5]
    assert bench.lengths("download", "background") == [7.5]
    assert bench.moved == pytest.approx(picture.wire)
    assert bench.store.digests == {"image/0"}
    assert bench.kernel.memory.cached == pytest.approx(100 * MiB)


def test_an_index_comes_first() -> None:
    """A hundredth of 100 MiB: 0.1 s more."""
    bench = Bench(lazy=Lazy(needed=0.25, index=0.01)).pull(image(100 * MiB)).run()

    assert bench.ended == [pytest.approx(4.1)]
    assert bench.moved == pytest.approx(101 * MiB)


def test_an_app_that_reads_more_waits_for_what_it_reads() -> None:
    """It reads half of all files: 1 + 5 + 1 s."""
    bench = Bench(lazy=QUARTER).pull(image(100 * MiB, ratio=2.0), reads=100 * MiB).run()

    assert bench.ended == [pytest.approx(1.0 + 5.0 + 2.0)]


def test_a_small_layer_has_no_index_and_comes_whole() -> None:
    """10 MiB whole beside a quarter of 40 MiB; then the other 30 MiB."""
    lazy = Lazy(needed=0.25, least=20 * MiB)
    bench = Bench(lazy=lazy).pull(image(10 * MiB, 40 * MiB)).run()

    assert sum(bench.lengths("download", "background")) == pytest.approx(3.0)
    assert bench.lengths("unpack") == [pytest.approx(0.2), pytest.approx(0.2)]


def test_a_second_start_does_not_wait_for_the_background() -> None:
    """The image is still on its way, and can be started from."""
    bench = Bench(lazy=QUARTER).pull(image(100 * MiB)).pull(image(100 * MiB), at=6.0).run()

    assert bench.ended == [4.0, 6.0]
    assert bench.moved == pytest.approx(100 * MiB)


def test_the_background_competes_for_the_network() -> None:
    """Another pull of 20 MiB at 4 s gets half of the card: 4 s for what takes 2 alone."""
    bench = Bench(hub={"connection_rate": 100 * MiB}, lazy=QUARTER).pull(image(100 * MiB))
    bench.pull(image(20 * MiB, name="other"), at=3.0).run()
    alone = Bench(lazy=QUARTER).pull(image(20 * MiB, name="other"), at=3.0).run()

    # Both need a quarter first: 5 MiB, at half the rate 1 s instead of 0.5 s.
    assert bench.ended[1] - alone.ended[0] == pytest.approx(0.5)


def test_a_lazy_start_is_ready_sooner_and_moves_as_many_bytes() -> None:
    """The whole of it on one Docker host; the app's own reads are never from a missing file."""
    picture = image(200 * MiB)
    what = service(image=picture, app=app(cpu=1.0, read=20 * MiB, private=0.0))
    box = machine(nic=10 * MiB, disk=100 * MiB)
    ready = {}
    for lazy in (None, QUARTER):
        costs = Unpacking(decompress_rate=50 * MiB, unpack_cpu=0.0, lazy=lazy)
        world, live, starts = launch(docker(box, unpacking=costs), what)
        ready[lazy is not None] = rows(world.record)[-1], length(world.record, "pull")
        assert str(starts[0].value) == "ready"
        assert live.hosts()[0].nic.busy_integral == pytest.approx(picture.wire)

    assert ready[True][1] < 0.35 * ready[False][1]


def test_lazy_loading_about_halves_a_large_images_start_on_fargate() -> None:
    """AWS speaks of up to 50% for images above 250 MB; the provisioning stays what it is."""
    found = startup(app="node", platform="fargate", lazy=True, replications=4)
    p50 = {row.image: row.seconds["p50_s"] for row in found.totals()}

    assert 0.4 * p50["cold"] < p50["lazy"] < 0.8 * p50["cold"]


def test_only_platforms_that_load_lazily_are_asked_for_it() -> None:
    """The ECS agent on EC2 pulls through dockerd; a VM pulls nothing."""
    for platform in ("ecs", "ec2", "vm"):
        with pytest.raises(ValueError, match=f"lazy: not allowed on {platform},"):
            startup(platform=platform, lazy=True, replications=1)


def test_needed_bytes_are_those_of_slacker() -> None:
    """6.4% of an image's bytes (Harter et al., FAST'16)."""
    lazy = catalog.unpacking(lazy=True).lazy

    assert lazy is not None
    assert float(lazy.needed) == 0.064
    assert catalog.unpacking().lazy is None
