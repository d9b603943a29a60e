"""Descriptors of layers, as OCI and Docker write them, into layers.

Media types: OCI image specification 1.1 (media-types.md) and Docker's image manifest, schema 2.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from sim.core.cited import Number
from sim.image.image import Compression, Layer
from sim.image.manifest.json_document import BadManifest, Node, all_of, shown

_LAYER = re.compile(
    r"application/vnd\.(?:"
    r"oci\.image\.layer(?P<held>\.nondistributable)?\.v1\.tar(?:\+(?P<oci>gzip|zstd))?"
    r"|docker\.image\.rootfs(?P<foreign>\.foreign)?\.diff\.tar(?:\.(?P<docker>gzip|zstd))?)"
)
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{1,200}")
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


class Fields(NamedTuple):
    """What a tool calls the parts of a descriptor."""

    media_type: str
    digest: str
    size: str


OCI = Fields("mediaType", "digest", "size")
SKOPEO = Fields("MIMEType", "Digest", "Size")


def digest_of(node: Node) -> str:
    """A digest; of SHA-256, 64 hexadecimal digits.

    Raises:
        BadManifest: it is none.
    """
    text = node.text()
    pattern = _SHA256 if text.startswith("sha256:") else _DIGEST
    if pattern.fullmatch(text) is None:
        raise node.wrong("a digest such as sha256: and 64 digits of 0-9, a-f")
    return text


def read_layers(
    nodes: Iterable[Node], fields: Fields, unpack_ratio: Number, notes: list[str]
) -> tuple[Layer, ...]:
    """Layers from the base up, each digest once, for it is moved and stored once.

    Args:
        notes: is added to where something is worth saying.

    Raises:
        BadManifest: what is wrong with all of them, or there are none.
    """
    found: dict[str, Layer] = {}
    mistakes: list[str] = []
    repeated = held = 0
    for node in nodes:
        try:
            layer, kept_back = _layer(node, fields, unpack_ratio)
            _same_size(found, layer, node)
        except BadManifest as error:
            mistakes.append(str(error))
            continue
        repeated += layer.digest in found
        held += kept_back
        found[layer.digest] = layer
    if mistakes:
        raise all_of(mistakes)
    if not found:
        raise BadManifest("it has no layers, so there is nothing to run")
    if repeated:
        notes.append(f"Layers that stand there again, {repeated} in all, are counted once.")
    if held:
        notes.append(
            f"Foreign (non-distributable) layers, {held} in all, are counted like the others; "
            "they come from their publisher, not from the registry."
        )
    return tuple(found.values())


def _layer(node: Node, fields: Fields, unpack_ratio: Number) -> tuple[Layer, bool]:
    """One layer, and whether registries do not distribute it; all its mistakes at once."""
    mistakes: list[str] = []
    digest, size, held = "", 0, False
    compression: Compression = "gzip"
    try:
        digest = digest_of(node.at(fields.digest))
    except BadManifest as error:
        mistakes.append(str(error))
    try:
        size = node.at(fields.size).size()
    except BadManifest as error:
        mistakes.append(str(error))
    try:
        compression, held = _media_type(node.at(fields.media_type))
    except BadManifest as error:
        mistakes.append(str(error))
    if mistakes:
        raise BadManifest("\n".join(dict.fromkeys(mistakes)))
    ratio = 1.0 if compression == "none" else unpack_ratio
    layer = Layer(digest=digest, compressed=float(size), unpack_ratio=ratio, media_type=compression)
    return layer, held


def _media_type(node: Node) -> tuple[Compression, bool]:
    match = _LAYER.fullmatch(node.text())
    if match is None:
        raise node.wrong("the media type of an image layer: a tar, plain or with gzip or zstd")
    held = match["held"] is not None or match["foreign"] is not None
    word = match["oci"] or match["docker"]
    if word == "gzip":
        return "gzip", held
    return ("zstd" if word == "zstd" else "none"), held


def _same_size(found: dict[str, Layer], layer: Layer, node: Node) -> None:
    other = found.get(layer.digest)
    if other is not None and other.wire != layer.wire:
        raise BadManifest(
            f"{node.path}: {shown(layer.digest)} has {layer.wire:.0f} bytes here and "
            f"{other.wire:.0f} before; one digest is one content"
        )
