"""Pulls of images: decompress, write files, and what each layer costs (container-chonks)."""

from collections.abc import Iterator

from sim import catalog
from sim.catalog.figures import core_of
from sim.core.world import World
from sim.host import Machine
from sim.image import Image, Layer, Registry
from sim.platforms import Docker
from sim.units import MB, GiB
from sim.validation.bars import Bar
from sim.validation.case import SPLITS, Case
from sim.validation.format import Format
from sim.validation.table import TableRow
from sim.workload import App, Service


def judge(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row: an image of `layers` equal layers, alone on a node of 16 vCPU."""
    measured = row.measured("pull_s_median")
    if measured is None:
        return
    layers, unpacked = row.whole("layers", 1), row.number("unpacked_mb") * MB
    wire = (row.optional("wire_mb") or 0.0) * MB
    disk = f", {row.text('disk')}" if row.optional_text("disk") else ""
    name = f"{layers} layers, {unpacked / MB:g} MB{disk}"
    yield ours.case(row, name, "s", measured, pull(layers, unpacked, wire))


def pull(layers: int, unpacked: float, wire: float) -> float:
    """Seconds of one pull; the registry is near, and its answer and the disk take no time.

    The cores of the nodes are not known: they are taken for those of the rates.
    """
    each, on_the_wire = unpacked / layers, max(1.0, wire / layers)
    image = Image(
        name="measured",
        layers=tuple(
            Layer(digest=str(n), compressed=on_the_wire, unpack_ratio=each / on_the_wire)
            for n in range(layers)
        ),
    )
    speed = core_of("image.unpack.cpu")
    node = Machine(name="node", vcpu=16.0, memory=60 * GiB, core_speed=speed)
    fleet = catalog.fleet(node, pulls_from=Registry(name="near", latency=0.0))
    app = App(name="measured", private=0.0)
    service = Service(name="measured", app=app, image=image, cpu=1.0, memory=GiB)
    world = World()
    Docker(server=fleet, bridge_ports=1).deploy(world).launch(service)
    world.env.run()
    filed = world.record.filed
    place = filed.phase.index(world.record.phases.code("pull"))
    return filed.end[place] - filed.start[place]


PULLS = Format(
    "pulls",
    ("layers", "unpacked_mb", "pull_s_median"),
    ("pull_unpack.csv",),
    judge,
    bars=(Bar("median", 25.0),),
    row_bars=dict.fromkeys(SPLITS, 50.0),
)
