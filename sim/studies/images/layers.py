"""One image: its layers, and what it shares with another one."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from sim import catalog
from sim.core.description import description
from sim.core.names import Architecture
from sim.core.quantity import shown_bytes
from sim.core.question import Mistake, Question, Typed
from sim.image.image import CommonLayers, Image, common_layers, distinct, same_size
from sim.image.manifest.read import Reading, read
from sim.studies.kinds import Arch


@description
class ImageQuestion(Question):
    """Which layers has an image, and which of them has another one, too?"""

    image: Annotated[str, Typed(argument=True, shape="IMAGE-OR-FILE")]
    """Such as node:22 or manifest.json."""
    other: Annotated[str | None, Typed(name="with", shape="<image>")] = None
    """Another image or file: what is shared with it?"""
    architecture: Arch = "amd64"
    """Taken from an index: amd64 or arm64."""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:  # noqa: ARG002 (all are looked at)
        """Images that are not there, or not what they should be."""
        for name, text in (("image", self.image), ("other", self.other)):
            try:
                _ = text is None or find(text, self.architecture)
            except ValueError as error:
                yield Mistake((name,), str(error).removeprefix("image: "))


@dataclass(frozen=True, slots=True)
class ImageAnswer:
    """An image, perhaps another one, and the layers that both have."""

    image: Image
    other: Image | None
    common: CommonLayers
    notes: tuple[str, ...]
    """What should be known of the images, once each."""

    def sentence(self) -> str:
        """The totals, and what is saved where the other image is."""
        image, common = self.image, self.common
        wire, count = shown_bytes(image.wire), _layers(len(image.layers))
        low, high = image.at("low"), image.at("high")
        on_wire = f"{_sizes(image.wire, high.wire, low.wire)} on the wire"
        text = f"{image.name} has {count}: {on_wire}, "
        text += f"{_sizes(image.unpacked, low.unpacked, high.unpacked)} unpacked."
        if self.other is None:
            return text
        if not common.layers:
            return f"{text} It shares no layer with {self.other.name}."
        rest = image.wire - common.wire
        both = sum(layer.unpacked for layer in distinct([image, self.other]))
        return (
            f"{text} It shares {_layers(len(common.layers))} with {self.other.name}: where that "
            f"one is, {shown_bytes(rest)} are pulled instead of {wire}, and "
            f"{shown_bytes(common.unpacked)} less are written; both together take "
            f"{shown_bytes(both)} of disk."
        )

    def json(self) -> dict[str, Any]:
        """Plain data; sizes are bytes."""
        image, common = self.image, self.common
        return {
            "image": image.name,
            "architectures": list(image.architectures),
            "layers": [
                {
                    "digest": layer.digest,
                    "media_type": layer.media_type,
                    "compressed_bytes": round(layer.wire),
                    "unpacked_bytes": round(layer.unpacked),
                    "shared": layer.digest in common.digests,
                }
                for layer in image.layers
            ],
            "compressed_bytes": round(image.wire),
            "unpacked_bytes": round(image.unpacked),
            **self._ranges(),
            "shared_bytes": round(common.wire),
            "shared_unpacked_bytes": round(common.unpacked),
        }

    def _ranges(self) -> dict[str, list[int]]:
        """Both ends of what is not known about the sizes of the image."""
        low, high = self.image.at("low"), self.image.at("high")
        ends = {
            "compressed_range_bytes": [round(high.wire), round(low.wire)],
            "unpacked_range_bytes": [round(low.unpacked), round(high.unpacked)],
        }
        return {name: both for name, both in ends.items() if both[0] < both[1]}


def answer(question: ImageQuestion) -> ImageAnswer:
    """The layers of an image, and those it shares."""
    mine = find(question.image, question.architecture)
    if question.other is None:
        return ImageAnswer(mine.image, None, CommonLayers(()), mine.notes)
    theirs = find(question.other, question.architecture)
    notes = [*mine.notes, *theirs.notes]
    alike = len(same_size(mine.image, theirs.image))
    if alike:
        notes.append(
            f"{_layers(alike)} of the very size of one of {theirs.image.name} under another "
            "digest: likely the same, but named differently (the catalogue knows sizes only)."
        )
    common = common_layers(mine.image, theirs.image)
    return ImageAnswer(mine.image, theirs.image, common, tuple(dict.fromkeys(notes)))


def find(text: str, architecture: Architecture) -> Reading:
    """An image of the catalogue by name, or of a file.

    Raises:
        ValueError: there is neither, or the file is wrong.
    """
    if text in catalog.images():
        lines = ("The catalogue's sizes are those of amd64.",) if architecture == "arm64" else ()
        return Reading(catalog.image(text), lines)
    known = catalog.known_image(text, architecture)
    if known is not None and known.image is not None and known.exact:
        return Reading(known.image, (f"Its layers are those of {known.source}.",))
    if not _is_path(text):
        own = f"docker manifest inspect -v {text} > image.json, then sim image image.json"
        raise ValueError(
            f"{catalog.unknown('image', text, catalog.images())}; for any other: {own}"
        )
    return read(
        Path(text),
        architecture=architecture,
        unpack_ratio=catalog.figure("image.unpack_ratio.unknown"),
        zstd_ratio=catalog.figure("image.unpack_ratio.zstd"),
    )


def _sizes(size: float, low: float, high: float) -> str:
    """Bytes, and the range they may be in where they are not known exactly."""
    exact = low == high
    return shown_bytes(size) + ("" if exact else f" ({shown_bytes(low)} to {shown_bytes(high)})")


def _is_path(text: str) -> bool:
    try:
        exists = Path(text).exists()
    except (OSError, ValueError):
        return False
    return exists or text.endswith(".json") or text.startswith(("./", "../", "/"))


def _layers(count: int) -> str:
    return f"{count} layer" if count == 1 else f"{count} layers"
