"""OCI and Docker manifests: the layers of an image, and the platforms of an index.

Media types: OCI image specification 1.1 (media-types.md) and Docker's image manifest, schema 2.
An index (Docker: manifest list) holds descriptors only; `docker manifest inspect -v` prints each of
its manifests in full, beside the descriptor that names the platform.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, get_args

from sim.core.cited import Number
from sim.core.names import Architecture
from sim.image.image import Compression, Layer
from sim.image.manifest.json_document import BadManifest, JsonValue, all_of, shown

ATTESTATION = "vnd.docker.reference.type"
"""The annotation of what stands in an index beside its images and is none."""
UNCOMPRESSED = "io.containers.estargz.uncompressed-size"
"""The annotation of a layer that tells the bytes of its tar (stargz-snapshotter, estargz)."""

_LAYER = re.compile(
    r"application/vnd\.(?:"
    r"oci\.image\.layer(?P<held>\.nondistributable)?\.v1\.tar(?:\+(?P<oci>gzip|zstd))?"
    r"|docker\.image\.rootfs(?P<foreign>\.foreign)?\.diff\.tar(?:\.(?P<docker>gzip|zstd))?)"
)
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{1,200}")
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


class Ratios(NamedTuple):
    """Unpacked over compressed bytes of layers that nobody has looked into."""

    gzip: Number
    zstd: Number

    def of(self, compression: Compression) -> Number:
        """That of one compression."""
        return 1.0 if compression == "none" else self.zstd if compression == "zstd" else self.gzip


class Fields(NamedTuple):
    """What a tool calls the parts of a descriptor."""

    media_type: str
    digest: str
    size: str


OCI = Fields("mediaType", "digest", "size")
SKOPEO = Fields("MIMEType", "Digest", "Size")


def digest_of(node: JsonValue) -> str:
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
    nodes: Iterable[JsonValue], fields: Fields, ratios: Ratios, notes: list[str]
) -> tuple[Layer, ...]:
    """Layers from the base up, each digest once, for it is moved and stored once.

    Args:
        notes: is added to where something is worth saying.

    Raises:
        BadManifest: what is wrong with all of them, or there are none.
    """
    layers: dict[str, Layer] = {}
    mistakes: list[str] = []
    repeated = held = 0
    for node in nodes:
        try:
            layer, kept_back = _layer(node, fields, ratios)
            _same_size(layers, layer, node)
        except BadManifest as error:
            mistakes.append(str(error))
            continue
        repeated += layer.digest in layers
        held += kept_back
        layers[layer.digest] = layer
    if mistakes:
        raise all_of(mistakes)
    if not layers:
        raise BadManifest("it has no layers, so there is nothing to run")
    if repeated:
        notes.append(f"Layers that stand there again, {repeated} in all, are counted once.")
    if held:
        notes.append(
            f"Foreign (non-distributable) layers, {held} in all, are counted like the others; "
            "they come from their publisher, not from the registry."
        )
    return tuple(layers.values())


def _layer(node: JsonValue, fields: Fields, ratios: Ratios) -> tuple[Layer, bool]:
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
    files: float | None = None
    try:
        files = float(size) if compression == "none" else _uncompressed(node)
    except BadManifest as error:
        mistakes.append(str(error))
    if mistakes:
        raise BadManifest("\n".join(dict.fromkeys(mistakes)))
    layer = Layer(
        digest=digest,
        compressed=float(size),
        files=files,
        unpack_ratio=ratios.of(compression) if files is None else 1.0,
        media_type=compression,
    )
    return layer, held


def _uncompressed(node: JsonValue) -> float | None:
    """Bytes of the layer's tar, where its builder has noted them (eStargz)."""
    notes = node.at("annotations") if "annotations" in node else JsonValue({})
    if UNCOMPRESSED not in notes:
        return None
    value = notes.at(UNCOMPRESSED)
    text = value.text()
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise value.wrong("a whole number of bytes")
    return float(text)


def _media_type(node: JsonValue) -> tuple[Compression, bool]:
    match = _LAYER.fullmatch(node.text())
    if match is None:
        raise node.wrong("the media type of an image layer: a tar, plain or with gzip or zstd")
    held = match["held"] is not None or match["foreign"] is not None
    word = match["oci"] or match["docker"]
    if word == "gzip":
        return "gzip", held
    return ("zstd" if word == "zstd" else "none"), held


def _same_size(layers: dict[str, Layer], layer: Layer, node: JsonValue) -> None:
    other = layers.get(layer.digest)
    if other is not None and other.wire != layer.wire:
        raise BadManifest(
            f"{node.path}: {shown(layer.digest)} has {layer.wire:.0f} bytes here and "
            f"{other.wire:.0f} before; one digest is one content"
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """One platform's image in an index."""

    architecture: str
    node: JsonValue


def candidates(entries: list[JsonValue], *, verbose: bool) -> list[Candidate]:
    """The images of Linux in an index; attestations and other systems are not images for it.

    Args:
        verbose: the entries have a `Descriptor` beside the manifest itself.
    """
    images = []
    for entry in entries:
        descriptor = entry.at("Descriptor") if verbose else entry
        annotations = descriptor.at("annotations") if "annotations" in descriptor else JsonValue({})
        if "platform" not in descriptor or ATTESTATION in annotations:
            continue
        platform = descriptor.at("platform")
        if platform.at("os").text() == "linux":
            images.append(Candidate(platform.at("architecture").text(), entry))
    return images


def choose(
    entries: list[Candidate], architecture: Architecture, notes: list[str]
) -> tuple[Candidate, tuple[Architecture, ...]]:
    """The candidate for an architecture, or the only one, and all that the image runs on.

    Raises:
        BadManifest: it runs on none that is modelled.
    """
    known: tuple[Architecture, ...] = get_args(Architecture)
    here = {entry.architecture for entry in entries}
    offered = tuple(name for name in known if name in here)
    if not offered:
        words = ", ".join(shown(f"linux/{name}") for name in sorted(here)[:5]) or "no platform"
        raise BadManifest(f"it offers {words}; allowed: linux/amd64, linux/arm64")
    chosen = architecture if architecture in offered else offered[0]
    if chosen != architecture:
        notes.append(only_for(chosen))
    return next(entry for entry in entries if entry.architecture == chosen), offered


def only_for(architecture: Architecture) -> str:
    """The note on an image that does not run where it was asked for."""
    return f"The image is for {architecture} only; elsewhere its start ends in exec format error."


def architecture_of(node: JsonValue, system: JsonValue) -> Architecture:
    """The architecture that a tool prints.

    Raises:
        BadManifest: it is not of Linux, or not modelled.
    """
    if system.text() != "linux":
        raise system.wrong("linux: no other system is modelled")
    for name in get_args(Architecture):
        if name == node.text():
            known: Architecture = name
            return known
    raise node.wrong("amd64 or arm64: no other architecture is modelled")


def to_fetch(candidate: Candidate) -> BadManifest:
    """What is missing when an index names a manifest and does not hold it."""
    digest = digest_of(candidate.node.at("digest"))
    return BadManifest(
        "it is an index: one descriptor a platform, and no layers. Fetch the manifest for "
        f"linux/{candidate.architecture}, {digest}:\n"
        f"docker manifest inspect IMAGE@{digest}\n"
        f"(or crane manifest, or skopeo inspect --raw docker://; all platforms in one file: "
        "docker manifest inspect -v IMAGE)"
    )
