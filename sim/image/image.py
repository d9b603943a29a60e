"""Images as content-addressed layers."""

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
    """How it is compressed on the wire."""

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
    """What a Dockerfile was built into, and what is pulled and run."""

    name: str
    layers: tuple[Layer, ...]
    """From the base up."""
    architectures: tuple[Architecture, ...] = ("amd64", "arm64")
    """Those the image can run on."""

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
