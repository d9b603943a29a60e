"""Layers on a host: each digest once, downloads side by side, unpacked in order."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulling import LATENCY, RATE, Bench, Puller
from worlds import idle, image, kernel, machine, registry, rows, unpacking

from sim.core.randomness import Lognormal
from sim.core.world import World
from sim.image import Image, ImageStore, Layer
from sim.image.image import of_size
from sim.units import MiB


def test_a_pull_takes_resolve_download_and_unpack() -> None:
    """100 MiB at 10 MiB/s, doubled when unpacked at 50 MiB/s: 1 + 10 + 4 s."""
    bench = Bench().pull(image(100 * MiB, ratio=2.0)).run()

    assert bench.ended == [15.0]
    assert bench.lengths("resolve") == [1.0]
    assert bench.lengths("download") == [10.0]
    assert bench.lengths("decompress") == [4.0]
    assert bench.lengths("unpack") == [4.0]


def test_each_layer_has_its_own_children_of_pull() -> None:
    """One download, one decompress and one unpack a layer, all children of `pull`."""
    bench = Bench().pull(image(10 * MiB, 20 * MiB, 30 * MiB)).run()
    found = rows(bench.world.record)

    assert {row.parent for row in found} == {"pull"}
    for phase in ("download", "decompress", "unpack"):
        assert len([row for row in found if row.phase == phase]) == 3


def test_layers_are_unpacked_one_after_the_other_from_the_base_up() -> None:
    """However quick the upper layers come, they wait for those below."""
    bench = Bench(hub={"connection_rate": 100 * MiB}).pull(image(30 * MiB, 10 * MiB, 20 * MiB))
    unpacked = [row for row in rows(bench.run().world.record) if row.phase == "unpack"]

    assert [row.length for row in unpacked] == pytest.approx([0.6, 0.2, 0.4])
    assert all(a.end <= b.start for a, b in itertools.pairwise(unpacked))


@pytest.mark.parametrize(("downloads", "seconds"), [(1, 4.0), (2, 2.0), (4, 1.0)])
def test_so_many_layers_are_downloaded_at_once(downloads: int, seconds: float) -> None:
    """Four layers of 1 s each on a free network: 4 s, 2 s or 1 s."""
    bench = Bench(machine(), downloads=downloads, decompress_rate=1e18)
    bench.pull(image(*[10 * MiB] * 4)).run()

    assert bench.ended[0] == pytest.approx(LATENCY + seconds)


def test_simultaneous_pulls_move_the_bytes_once() -> None:
    """Two starts that need the same image on one host share one download."""
    picture = image(60 * MiB, 40 * MiB)
    alone = Bench().pull(picture).run()
    both = Bench().pull(picture).pull(picture).run()

    assert alone.moved == both.moved == pytest.approx(picture.wire)
    assert both.ended == alone.ended * 2


def test_a_late_puller_waits_for_what_is_on_its_way() -> None:
    """It ends with the first one, and moves no byte of its own."""
    picture = image(100 * MiB)
    bench = Bench().pull(picture).pull(picture, at=5.0).run()

    assert bench.ended == [13.0, 13.0]
    assert bench.moved == pytest.approx(picture.wire)


def test_a_second_pull_costs_nothing() -> None:
    """What is on disk is neither resolved nor fetched again."""
    picture = image(100 * MiB)
    bench = Bench().pull(picture).pull(picture, at=50.0).run()

    assert bench.ended == [13.0, 50.0]
    assert bench.store.digests == {layer.digest for layer in picture.layers}


def test_asking_the_registry_costs_its_latency_only() -> None:
    """An agent that asks on every start resolves the name and finds all layers here."""
    bench = Bench()
    bench.store.load(image(100 * MiB))
    bench.pull(image(100 * MiB), how="default", at=5.0).run()

    assert bench.ended == [6.0]
    assert bench.moved == 0.0


def test_a_loaded_image_needs_no_registry() -> None:
    """A warm image starts from the disk."""
    bench = Bench()
    bench.store.load(image(100 * MiB))
    bench.pull(image(100 * MiB), at=5.0).run()

    assert bench.ended == [5.0]


def test_images_on_one_base_share_its_layers() -> None:
    """Only the layers that the host lacks are fetched."""
    base = Layer(digest="base", compressed=80 * MiB)
    one, other = (
        Image(name=name, layers=(base, Layer(digest=name, compressed=10 * MiB)))
        for name in ("one", "other")
    )
    bench = Bench().pull(one).pull(other, at=50.0).run()

    assert bench.moved == pytest.approx(100 * MiB)
    assert bench.ended[1] == pytest.approx(50.0 + 1.0 + 1.0 + 0.2)


def test_a_layer_that_stands_twice_in_an_image_is_fetched_once() -> None:
    """Empty layers are common, and the same digest is the same bytes."""
    twice = Layer(digest="empty", compressed=10 * MiB)
    bench = Bench().pull(Image(name="twice", layers=(twice, twice))).run()

    assert bench.moved == pytest.approx(10 * MiB)
    assert len(bench.ended) == 1


def test_the_slowest_of_network_connection_and_registry_decides() -> None:
    """A flow goes at the least of NIC, connection and its share of the registry."""
    ends = {
        "nic": Bench(machine(nic=5 * MiB)),
        "connection": Bench(machine(nic=50 * MiB), {"connection_rate": 5 * MiB}),
        "registry": Bench(machine(nic=50 * MiB), {"total_rate": 5 * MiB}),
        "disk": Bench(machine(nic=50 * MiB, disk=5 * MiB), decompress_rate=1e18),
    }
    downloads = {name: bench.pull(image(50 * MiB)).run() for name, bench in ends.items()}

    assert {name: b.lengths("download") for name, b in downloads.items()} == {
        name: [pytest.approx(10.0)] for name in ends
    }


def test_streams_overlap_and_the_slowest_ends_the_step() -> None:
    """Decompressing 2 s, untarring 3 s and writing 4 s together take 4 s (model.md, Pulls)."""
    bench = Bench(machine(nic=100 * MiB, disk=25 * MiB), unpack_cpu=3.0 / (100 * MiB))
    bench.pull(image(100 * MiB)).run()

    assert bench.lengths("decompress") == [pytest.approx(2.0)]
    assert bench.lengths("unpack") == [pytest.approx(4.0)]


def test_decompression_is_single_threaded_cpu_work_of_the_host() -> None:
    """It takes output / rate core-seconds, is no faster on more cores, and on faster cores is."""
    for vcpu, speed, seconds in ((1.0, 1.0, 4.0), (8.0, 1.0, 4.0), (8.0, 2.0, 2.0)):
        bench = Bench(machine(vcpu=vcpu, core_speed=speed)).pull(image(200 * MiB)).run()

        assert bench.lengths("decompress") == [pytest.approx(seconds)]
        assert bench.kernel.cpu.root.busy_integral == pytest.approx(seconds)


def test_each_layer_costs_its_overhead() -> None:
    """Five layers of next to nothing take five times the overhead of one."""
    bench = Bench(machine(), layer_overhead=0.5, decompress_rate=1e18)
    bench.pull(image(*[1.0] * 5)).run()

    assert bench.ended[0] == pytest.approx(LATENCY + 2.5, abs=1e-5)


def test_unpacked_files_stay_in_the_page_cache_as_far_as_ram_allows() -> None:
    """100 MiB unpacked in 1,000 MiB stay; in 60 MiB sixty do."""
    for memory, cached in ((1000, 100), (60, 60)):
        bench = Bench(machine(nic=RATE, memory=memory * MiB)).pull(image(100 * MiB)).run()

        assert bench.kernel.memory.cached == cached * MiB
        assert bench.kernel.memory.used == 0.0


def test_a_puller_that_dies_leaves_the_download_to_the_daemon() -> None:
    """The next one finds the image on its way, and the bytes move once."""
    bench = Bench()
    picture = image(100 * MiB)

    def story() -> Any:
        yield from bench.store.pull(Puller(bench.world), picture, "prefer-cached")

    first = bench.world.env.process(story())
    first.defused = True
    bench.world.env.run(until=5.0)
    first.interrupt("killed")
    bench.pull(picture).run()

    assert bench.ended == [13.0]
    assert bench.moved == pytest.approx(picture.wire)


def test_two_hosts_share_a_registry_and_nothing_else() -> None:
    """Each fetches for itself; a registry that gives 10 MiB/s in all gives each 5."""
    world = World()
    hub = registry(total_rate=10 * MiB).deploy(world)
    ended = []

    def story(store: ImageStore) -> Any:
        yield from store.pull(Puller(world), image(50 * MiB), "prefer-cached")
        ended.append(world.env.now)

    for _ in range(2):
        host = kernel(world)
        world.env.process(story(ImageStore(host, host.cpu.group(), hub, unpacking())))
    world.env.run()

    assert ended == [pytest.approx(1.0 + 10.0 + 1.0)] * 2


def test_the_latency_of_a_registry_varies_around_its_median() -> None:
    """200 draws: half are above the median, within four standard errors."""
    world = World()
    hub = registry(latency=Lognormal(median=1.0, spread=0.5)).deploy(world)
    above = sum(hub.resolve(image()) > 1.0 for _ in range(200))

    assert abs(above - 100) <= 4 * 200**0.5 / 2


def test_of_size_is_an_image_of_one_layer() -> None:
    """For what-if questions: so many bytes on the wire, so many when unpacked."""
    picture = of_size("what-if", 100.0, 2.5)

    assert (picture.wire, picture.unpacked) == (100.0, 250.0)


SIZES = st.lists(st.integers(0, 40), min_size=1, max_size=6)


@given(SIZES, st.lists(st.floats(0.0, 20.0), min_size=1, max_size=4), st.integers(1, 4))
def test_any_pulls_move_each_byte_once_and_leave_the_host_idle(
    sizes: list[int], times: list[float], downloads: int
) -> None:
    """Whoever pulls when: wire bytes once, every puller is served, nothing stays busy."""
    picture = image(*(size * MiB for size in sizes))
    bench = Bench(machine(nic=RATE, disk=100 * MiB), downloads=downloads)
    for at in times:
        bench.pull(picture, at=at)
    bench.run()

    assert bench.moved == pytest.approx(picture.wire)
    assert len(bench.ended) == len(times)
    assert len({end for end in bench.ended if end > max(times) + LATENCY}) <= 1
    assert idle(bench.kernel)


@given(SIZES, st.integers(0, 5), st.integers(1, 40))
def test_a_larger_layer_is_never_sooner(sizes: list[int], which: int, more: int) -> None:
    """Making any one layer larger does not make the pull shorter."""
    ends = []
    for extra in (0, more):
        grown = [size + extra * (n == which % len(sizes)) for n, size in enumerate(sizes)]
        ends += Bench().pull(image(*(size * MiB for size in grown))).run().ended

    assert ends[0] <= ends[1] + 1e-9
