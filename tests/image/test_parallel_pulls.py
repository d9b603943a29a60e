"""Pulls that fetch a layer over several connections and unpack several layers at once."""

from dataclasses import replace

import pytest
from pulling import LATENCY, Bench
from worlds import image, machine

from sim import catalog
from sim.catalog.nodes.settings import PullMode
from sim.core.world import World
from sim.image import Image
from sim.units import MB, MiB

HUB = {"latency": LATENCY, "connection_rate": 10 * MiB}
EIGHT = image(*[100 * MiB] * 8)
WIDE = {"nic": 1000 * MiB, "vcpu": 16.0}


def seconds(picture: Image, vcpu: float = 16.0, **costs: float) -> float:
    """Of one pull to a host with a wide card."""
    bench = Bench(machine(**{**WIDE, "vcpu": vcpu}), HUB, **costs).pull(picture).run()
    return bench.ended[0] - LATENCY


@pytest.mark.parametrize(("unpacks", "turns"), [(1, 8), (2, 4), (3, 3), (8, 1), (20, 1)])
def test_layers_are_unpacked_in_so_many_turns(unpacks: int, turns: int) -> None:
    """Eight layers of 100 MiB, 2 s of decompression each; the wire takes 10 s for all at once."""
    found = seconds(EIGHT, downloads=8, unpacks=unpacks)

    assert found == pytest.approx(10.0 + 2.0 * turns)


@pytest.mark.parametrize(("downloads", "turns"), [(1, 10), (4, 3), (10, 1), (50, 1)])
def test_a_layer_comes_over_as_many_connections_as_it_has_pieces(
    downloads: int, turns: int
) -> None:
    """100 MiB in ten pieces of 1 s each on their connection; then 2 s of decompression."""
    found = seconds(image(100 * MiB), downloads=downloads, chunk=10 * MiB)

    assert found == pytest.approx(1.0 * turns + 2.0)


def test_layers_share_the_connections_of_a_pull() -> None:
    """Two layers of 100 MiB over four connections of 10 MiB/s: 5 s, and the bytes are the same."""
    bench = Bench(machine(**WIDE), HUB, downloads=4, chunk=10 * MiB, unpacks=2)
    bench.pull(image(100 * MiB, 100 * MiB)).run()

    assert bench.ended[0] - LATENCY == pytest.approx(5.0 + 2.0, abs=1.0)
    assert bench.moved == pytest.approx(200 * MiB)


def test_one_core_unpacks_no_sooner_side_by_side() -> None:
    """CPU binds: eight times 2 core-seconds are 16 s in any order."""
    one, all_ = (seconds(EIGHT, vcpu=1.0, downloads=8, unpacks=unpacks) for unpacks in (1, 8))

    assert one == pytest.approx(10.0 + 16.0)
    assert all_ == pytest.approx(10.0 + 16.0)


def test_a_host_that_goes_leaves_nothing_under_way() -> None:
    """Neither a connection nor a thread of a pull that fetches and unpacks side by side."""
    for at in (1.5, 3.0, 4.5, 21.5):
        bench = Bench(machine(**WIDE), HUB, downloads=4, chunk=10 * MiB, unpacks=4)
        bench.pull(EIGHT).run(until=at)
        bench.store.abandon()
        before = bench.moved, bench.kernel.cpu.busy_integral
        bench.run()
        assert (bench.moved, bench.kernel.cpu.busy_integral) == before


def pulled(type_: str, mode: PullMode, disk: float) -> float:
    """Seconds until an app of 30 layers and 9.35 GB runs (vLLM's size)."""
    what = replace(catalog.service("generic"), image=image(*[9354 / 30 * MB] * 30, ratio=2.0))
    box = replace(catalog.machine(type_), disk=disk, iops=1e6, disk_size=1e12)
    made = catalog.docker(box)
    server = replace(made.server, unpacking=catalog.unpacking(mode=mode))
    world = World(seed=1)
    replace(made, server=server).deploy(world).launch(what)
    world.env.run()
    return world.env.now


def test_parallel_modes_gain_where_cores_and_disk_do_not_bind() -> None:
    """aws-samples/karpenter-blueprints: 130.8 s with containerd, 39.6 s with SOCI in parallel, on a
    large host with NVMe; 2 vCPUs unpack hardly sooner, nor does a volume of 125 MiB/s."""
    usual, parallel = (
        pulled("m6i.32xlarge", mode, 3e9) for mode in ("containerd", "soci-parallel")
    )
    small = [pulled("m5.large", mode, 3e9) for mode in ("containerd", "soci-parallel")]
    slow = [pulled("m6i.32xlarge", mode, 125 * MiB) for mode in ("containerd", "soci-parallel")]

    assert usual / parallel > 3.0
    assert small[0] / small[1] < 2.0
    assert slow[0] / slow[1] < 1.1
    assert pulled("m6i.32xlarge", "containerd-parallel", 3e9) < 0.5 * usual


def test_the_modes_of_the_catalogue() -> None:
    """containerd's three connections and one layer at a time; SOCI's as EKS's AL2023 sets it."""
    usual, soci = catalog.unpacking(), catalog.unpacking(mode="soci-parallel")

    assert (usual.downloads, usual.unpacks, usual.chunk) == (3, 1, None)
    assert (soci.downloads, soci.unpacks, soci.pieces(160 * MB)) == (20, 12, 10)
