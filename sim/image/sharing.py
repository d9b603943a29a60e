"""What two images have in common on one host: layers of one digest are moved and kept once."""

from collections.abc import Iterable
from dataclasses import dataclass

from sim.image.image import Image, Layer


@dataclass(frozen=True, slots=True)
class Shared:
    """The layers of an image that another one has, too."""

    layers: tuple[Layer, ...]

    @property
    def wire(self) -> float:
        """Bytes that need not be moved where the other image is."""
        return sum(layer.wire for layer in self.layers)

    @property
    def unpacked(self) -> float:
        """Bytes that need not be written where the other image is."""
        return sum(layer.unpacked for layer in self.layers)

    @property
    def digests(self) -> frozenset[str]:
        """Of the layers."""
        return frozenset(layer.digest for layer in self.layers)


def distinct(images: Iterable[Image]) -> tuple[Layer, ...]:
    """The layers of some images, each digest once: what a host that has them all holds."""
    found: dict[str, Layer] = {}
    for image in images:
        for layer in image.layers:
            found.setdefault(layer.digest, layer)
    return tuple(found.values())


def shared(image: Image, other: Image) -> Shared:
    """The layers of `image` that `other` has, from the base up."""
    theirs = {layer.digest for layer in other.layers}
    return Shared(tuple(layer for layer in distinct([image]) if layer.digest in theirs))


def same_size(image: Image, other: Image, least: float = 1e6) -> tuple[Layer, ...]:
    """Layers of `image` that differ in digest from one of `other` that has its very size.

    From `least` bytes on, equal sizes are hardly chance: it is likely the same layer, named by
    two tools in two ways.
    """
    known = shared(image, other).digests
    sizes = {layer.wire for layer in other.layers if layer.digest not in known}
    mine = [layer for layer in distinct([image]) if layer.digest not in known]
    return tuple(layer for layer in mine if layer.wire in sizes and layer.wire >= least)
