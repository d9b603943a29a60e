"""Pulls whose seconds can be counted by hand, and pulls that were measured."""

import math

import pytest

from sim import catalog
from sim.catalog.figures import core_of
from sim.core.world import World
from sim.host import Machine, Step
from sim.image import Image, Layer, Registry, Unpacking
from sim.platforms import Docker, Fleet
from sim.sandbox import ContainerRuntime
from sim.units import MB, GiB
from sim.workload import App, Service

IMAGE = Image(name="hundred", layers=(Layer(digest="hundred", compressed=100 * MB),))


def starts_take(*, page_cache: bool) -> list[float]:
    """Seconds of two starts, one after the other, on a host of round numbers."""
    machine = Machine(name="round", vcpu=1.0, memory=8 * GiB, disk=100 * MB, nic=20 * MB)
    unpacking = Unpacking(
        decompress_rate=math.inf,
        unpack_cpu=0.0,
        overlap=False,
        keep_blob=False,
        page_cache=page_cache,
    )
    server = Fleet(
        machine=machine,
        runtime=ContainerRuntime(),
        registry=Registry(name="near", latency=0.0),
        unpacking=unpacking,
    )
    app = App(name="app", startup=Step(cpu=5.0), private=0.0, startup_read=100 * MB)
    service = Service(name="app", app=app, image=IMAGE, cpu=1.0, memory=1 * GiB)
    world = World()
    live = Docker(server=server, bridge_ports=1024).deploy(world)
    seconds = []
    for _ in range(2):
        before = world.env.now
        live.launch(service)
        world.env.run()
        seconds.append(world.env.now - before)
    return seconds


def test_without_a_page_cache_a_start_downloads_writes_reads_and_works() -> None:
    """5 (download) + 1 (write) + 1 (read) + 5 (work) = 12 s; the second start 1 + 5 s."""
    assert starts_take(page_cache=False) == pytest.approx([12.0, 6.0], abs=1e-9)


def test_with_a_page_cache_nothing_is_read_back() -> None:
    """5 + 1 + 5 s; the second start has only its work to do."""
    assert starts_take(page_cache=True) == pytest.approx([11.0, 5.0], abs=1e-9)


@pytest.mark.parametrize(
    ("layers", "unpacked", "measured"),
    [(9, 1180, 6.8), (9, 2770, 14.6), (125, 49, 4.63), (9, 315, 1.91), (9, 49, 0.43)],
)
def test_unpacking_takes_what_containerd_was_measured_to_take(
    layers: int, unpacked: int, measured: float
) -> None:
    """Images of zeros on a local SSD (container-chonks, Nov 2024): within 40% each."""
    wire = 3.4 * MB / layers
    ratio = unpacked * MB / layers / wire
    picture = Image(
        name="zeros",
        layers=tuple(
            Layer(digest=str(n), compressed=wire, unpack_ratio=ratio) for n in range(layers)
        ),
    )
    speed = core_of("image.unpack.cpu")  # theirs is not known: taken for that of the rates
    machine = Machine(name="ssd", vcpu=16.0, memory=60 * GiB, core_speed=speed)
    fleet = catalog.fleet(machine, pulls_from=Registry(name="near", latency=0.0))
    service = Service(
        name="x", app=App(name="x", private=0.0), image=picture, cpu=1.0, memory=1 * GiB
    )
    world = World()
    Docker(server=fleet, bridge_ports=1024).deploy(world).launch(service)
    world.env.run()
    filed = world.record.filed
    place = filed.phase.index(world.record.phases.code("pull"))
    seconds = filed.end[place] - filed.start[place]

    assert seconds == pytest.approx(measured, rel=0.4)


@pytest.mark.parametrize(("media_type", "seconds"), [("gzip", 4.0), ("zstd", 1.0), ("none", 0.0)])
def test_a_layer_is_decompressed_as_fast_as_its_kind_allows(
    media_type: str, seconds: float
) -> None:
    """100 MB at 25 MB/s of gzip, at 100 MB/s of zstd, and not at all."""
    layer = Layer(digest="one", compressed=100 * MB, media_type=media_type)
    unpacking = Unpacking(decompress_rate=25 * MB, zstd_rate=100 * MB, unpack_cpu=0.0)
    server = Fleet(
        machine=Machine(name="round", vcpu=1.0, memory=8 * GiB),
        runtime=ContainerRuntime(),
        registry=Registry(name="near", latency=0.0),
        unpacking=unpacking,
    )
    image = Image(name="hundred", layers=(layer,))
    service = Service(name="app", app=App(name="app"), image=image, cpu=1.0, memory=1 * GiB)
    world = World()
    Docker(server=server, bridge_ports=1024).deploy(world).launch(service)
    world.env.run()

    assert world.env.now == pytest.approx(seconds)


def test_whoever_comes_while_an_image_is_on_its_way_starts_when_it_is_here() -> None:
    """100 MB at 25 MB/s of gzip: both are ready after 4 s, of which the second has waited 2."""
    layer = Layer(digest="one", compressed=100 * MB)
    server = Fleet(
        machine=Machine(name="round", vcpu=1.0, memory=8 * GiB),
        runtime=ContainerRuntime(),
        registry=Registry(name="near", latency=0.0),
        unpacking=Unpacking(decompress_rate=25 * MB, unpack_cpu=0.0),
    )
    image = Image(name="hundred", layers=(layer,))
    service = Service(name="app", app=App(name="app"), image=image, cpu=0.5, memory=1 * GiB)
    world = World()
    live = Docker(server=server, bridge_ports=1024).deploy(world)
    (first,) = live.launch(service)
    world.env.run(until=2.0)
    (second,) = live.launch(service)
    world.env.run(until=3.9)
    assert not (first.triggered or second.triggered)
    world.env.run(until=4.1)

    assert first.triggered
    assert second.triggered
