"""Services on one base image, or each on its own: what moves to a host, and what sits on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sim import catalog
from sim.experiment import Burst, Results, Scenario, compare
from sim.image import Image, Layer
from sim.image.image import distinct
from sim.units import MB
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd

BASES = ("nginx:1-trixie", "node:22", "mysql:8", "eclipse-temurin:21-jre")


@dataclass(frozen=True, slots=True)
class SharedLayers:
    """What was run, and its bytes.

    Attributes:
        images: of the services, by variant.
        table: one row a variant; bytes and seconds.
    """

    images: Mapping[str, Sequence[Image]]
    results: Results
    table: pd.DataFrame


def shared_layers(
    *,
    base: str = "node:22",
    bases: Sequence[str] = BASES,
    own: float = 10 * MB,
    instance: str = catalog.DEFAULT_TYPE,
    seed: int = 1,
    replications: int = 10,
) -> SharedLayers:
    """Start one service on each of `bases`, and as many on `base` alone, on one Docker server.

    Args:
        own: compressed bytes of the layer that each service adds.
        instance: EC2 type whose size the server has.

    Raises:
        ValueError: an image or the type is not known.
    """
    images = {
        "one base": [_image(base, number, own) for number in range(len(bases))],
        "a base each": [_image(name, number, own) for number, name in enumerate(bases)],
    }
    docker = catalog.docker(catalog.bare(instance))
    scenarios = {
        variant: Scenario(
            name="shared-layers",
            platform=docker,
            arrivals=tuple(Burst(service=_service(image)) for image in built),
        )
        for variant, built in images.items()
    }
    results = compare(
        scenarios,
        times=replications,
        seed=seed,
        name="shared-layers",
        catalogue=catalog.digest(),
        summary=lambda results: _table(images, results),
    )
    return SharedLayers(images, results, results.summary)


def _image(base: str, number: int, own: float) -> Image:
    ratio = catalog.figure("image.unpack_ratio.unknown")
    layer = Layer(digest=f"own/{number}", compressed=own, unpack_ratio=ratio)
    return Image(name=f"service-{number}", layers=(*catalog.image(base).layers, layer))


def _service(image: Image) -> Service:
    return replace(catalog.service("generic"), name=image.name, image=image)


def _table(images: Mapping[str, Sequence[Image]], results: Results) -> pd.DataFrame:
    """Bytes of the images one by one, of what moves, and of what sits on the disk."""
    import pandas as pd

    starts = results.starts().groupby(["variant", "run"])["time_to_running_s"].max()
    on_disk = catalog.unpacking().on_disk
    return pd.DataFrame(
        [
            {
                "variant": variant,
                "services": len(built),
                "images_bytes": round(sum(image.wire for image in built)),
                "moved_bytes": round(sum(layer.wire for layer in distinct(built))),
                "disk_bytes": round(sum(map(on_disk, distinct(built)))),
                "all_running_s": float(starts[variant].mean()),
            }
            for variant, built in images.items()
        ]
    )
