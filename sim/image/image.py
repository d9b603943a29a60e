"""Images as content-addressed layers, and what two images share: one digest is kept once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.quantity import Bytes
from sim.host.machine import Architecture

Compression: TypeAlias = Literal["gzip", "zstd", "none"]


@description
class Layer:
    """One layer: the same digest is the same bytes, whatever image it belongs to."""

    digest: str
    compressed: Annotated[Number, Field()]
    """Bytes on the wire."""
    unpack_ratio: Number = 1.0
    """Unpacked over compressed bytes."""
    media_type: Compression = "gzip"
    """Compression on the wire."""

    @property
    def wire(self) -> float:
        """Compressed bytes, plain."""
        return plain(self.compressed)

    @property
    def unpacked(self) -> float:
        """Whole bytes on disk once unpacked."""
        return float(round(plain(self.compressed) * plain(self.unpack_ratio)))


@description
class Image:
    """A stack of layers with a name: what is built, pushed, pulled and run."""

    name: str
    layers: tuple[Layer, ...]
    """From the base up."""
    architectures: tuple[Architecture, ...] = ("amd64", "arm64")
    """Architectures the image can run on."""

    @property
    def wire(self) -> float:
        """Bytes on the wire of all layers."""
        return sum(layer.wire for layer in self.layers)

    @property
    def unpacked(self) -> float:
        """Bytes on disk of all layers."""
        return sum(layer.unpacked for layer in self.layers)


def of_size(name: str, size: Bytes, unpack_ratio: Number) -> Image:
    """An image of one layer of `size` compressed bytes, for what-if questions."""
    layer = Layer(digest=f"{name}/0", compressed=size, unpack_ratio=unpack_ratio)
    return Image(name=name, layers=(layer,))


@dataclass(frozen=True, slots=True)
class CommonLayers:
    """The layers of an image that another image has too."""

    layers: tuple[Layer, ...]

    @property
    def wire(self) -> float:
        """Bytes that are not moved again where the other image is."""
        return sum(layer.wire for layer in self.layers)

    @property
    def unpacked(self) -> float:
        """Bytes that are not written again where the other image is."""
        return sum(layer.unpacked for layer in self.layers)

    @property
    def digests(self) -> frozenset[str]:
        """Digests of the layers."""
        return frozenset(layer.digest for layer in self.layers)


def distinct(images: Iterable[Image]) -> tuple[Layer, ...]:
    """The layers that a host with all these images holds: each digest once."""
    layers: dict[str, Layer] = {}
    for image in images:
        for layer in image.layers:
            layers.setdefault(layer.digest, layer)
    return tuple(layers.values())


def common_layers(image: Image, other: Image) -> CommonLayers:
    """The layers of `image` that `other` has, from the base up."""
    theirs = {layer.digest for layer in other.layers}
    return CommonLayers(tuple(layer for layer in distinct([image]) if layer.digest in theirs))


def same_size(image: Image, other: Image, least: float = 1e6) -> tuple[Layer, ...]:
    """Layers of `image` that differ in digest from one of `other` that has its very size.

    From `least` bytes on, equal sizes are hardly chance: it is likely the same layer, named by
    two tools in two ways.
    """
    known = common_layers(image, other).digests
    sizes = {layer.wire for layer in other.layers if layer.digest not in known}
    mine = [layer for layer in distinct([image]) if layer.digest not in known]
    return tuple(layer for layer in mine if layer.wire in sizes and layer.wire >= least)
