"""Images as content-addressed layers, and what two images share: one digest is kept once."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias

from pydantic import model_validator

from sim.core.cited import Cited, Number, plain
from sim.core.description import description
from sim.core.names import Architecture, Unordered
from sim.core.quantity import Bytes

Compression: TypeAlias = Literal["gzip", "zstd", "none"]
End: TypeAlias = Literal["low", "high"]


def ends_of(ratio: Number) -> tuple[float, float]:
    """Both ends of a figure's range; twice the figure where it has none."""
    if isinstance(ratio, Cited) and ratio.low is not None and ratio.high is not None:
        return ratio.low, ratio.high
    return plain(ratio), plain(ratio)


@description
class Layer:
    """One layer: the same digest is the same bytes, whatever image it belongs to."""

    digest: str
    compressed: Number | None = None
    """Bytes on the wire; None: told by the files and the ratio."""
    files: Number | None = None
    """Bytes on disk once unpacked; None: told by the bytes on the wire and the ratio."""
    unpack_ratio: Number = 1.0
    """Unpacked over compressed bytes, which tells the one from the other; idle where both are
    known."""
    media_type: Compression = "gzip"
    """Compression on the wire."""
    count: Number | None = None
    """How many files it has; None: not known, they are of the usual size."""

    @model_validator(mode="after")
    def _has_a_size(self) -> Self:
        if self.compressed is None and self.files is None:
            raise ValueError("compressed or files: one of them has to be known")
        return self

    @property
    def wire(self) -> float:
        """Compressed bytes, plain."""
        if self.compressed is not None:
            return plain(self.compressed)
        files = self.unpacked
        return max(1.0, float(round(files / max(plain(self.unpack_ratio), 1e-3)))) if files else 0.0

    @property
    def unpacked(self) -> float:
        """Whole bytes on disk once unpacked."""
        if self.files is not None:
            return float(round(plain(self.files)))
        return float(round(self.wire * plain(self.unpack_ratio)))

    @property
    def exact(self) -> bool:
        """Whether nothing about its two sizes hangs on a ratio that has a range."""
        both = self.compressed is not None and self.files is not None
        return both or not (isinstance(self.unpack_ratio, Cited) and self.unpack_ratio.ranges)

    @property
    def ratio(self) -> Number:
        """Unpacked over compressed bytes, whichever of the three is told by the others."""
        if self.compressed is None or self.files is None:
            return self.unpack_ratio
        return self.unpacked / self.wire if self.wire else 1.0

    def at(self, end: End) -> "Layer":
        """The layer at one end of what is not known about its ratio."""
        if self.exact:
            return self
        low, high = ends_of(self.unpack_ratio)
        return replace(self, unpack_ratio=low if end == "low" else high)


@description
class Image:
    """A stack of layers with a name: what is built, pushed, pulled and run."""

    name: str
    layers: tuple[Layer, ...]
    """From the base up."""
    architectures: Unordered[Architecture] = ("amd64", "arm64")
    """Architectures the image can run on."""

    @property
    def wire(self) -> float:
        """Bytes on the wire of all layers."""
        return sum(layer.wire for layer in self.layers)

    @property
    def unpacked(self) -> float:
        """Bytes on disk of all layers."""
        return sum(layer.unpacked for layer in self.layers)

    def at(self, end: End) -> "Image":
        """The image at one end of what is not known about its layers' ratios."""
        return replace(self, layers=tuple(layer.at(end) for layer in self.layers))


def of_size(name: str, size: Bytes, unpack_ratio: Number, count: Number | None = None) -> Image:
    """An image of one layer of `size` compressed bytes, for what-if questions.

    Args:
        count: how many files it has; None: as many as are usual.
    """
    layer = Layer(digest=f"{name}/0", compressed=size, unpack_ratio=unpack_ratio, count=count)
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
