"""An image from what its user has: a manifest of OCI or Docker, or what a tool printed of it.

Read are OCI image manifests and Docker's schema 2 (`crane manifest`, `skopeo inspect --raw`,
`docker manifest inspect`, with -v also of all platforms), `skopeo inspect`,
`docker image inspect` and `docker history --format json`. A manifest with the history of the same
image behind it, in one file, tells both sizes of each layer.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sim.core.cited import Number
from sim.core.names import Architecture
from sim.image.image import Image
from sim.image.manifest.docker_tools import history_layers, inspected_layers, with_history
from sim.image.manifest.json_document import BadManifest, JsonValue, documents, shown, text_of
from sim.image.manifest.oci import (
    OCI,
    SKOPEO,
    Ratios,
    architecture_of,
    candidates,
    choose,
    only_for,
    read_layers,
    to_fetch,
)

ALLOWED = (
    "read are manifests of OCI and Docker (docker manifest inspect, crane manifest, skopeo "
    "inspect --raw), skopeo inspect, docker image inspect and docker history --format json"
)
UNTOLD = (
    "What compressed layers unpack to is estimated, for a manifest does not tell; the output of "
    "docker history --format json --human=false behind it in the file does."
)
BODIES = ("SchemaV2Manifest", "OCIManifest")


@dataclass(frozen=True, slots=True)
class Reading:
    """An image that was read, and notes for its user."""

    image: Image
    notes: tuple[str, ...]


@dataclass(slots=True)
class _ReadContext:
    """What the caller asks for, and the notes taken while the document is read."""

    architecture: Architecture
    ratios: Ratios
    name: str
    fixed_name: bool
    notes: list[str]

    def call(self, name: str) -> None:
        """Take the image's name from the document, unless the caller gave one."""
        if not self.fixed_name and name.isascii() and name.isprintable() and 0 < len(name) <= 300:
            self.name = name


def read_image(
    path_or_text: str | Path,
    *,
    architecture: Architecture,
    unpack_ratio: Number,
    zstd_ratio: Number | None = None,
    name: str | None = None,
) -> Image:
    """The image in a file, or in a text that is JSON itself.

    Args:
        architecture: the platform taken from an index; of a manifest that names none, its own.
        unpack_ratio: unpacked over compressed bytes of a gzip layer, where the document does not
            tell both.
        zstd_ratio: likewise of a zstd layer; None: as gzip.
        name: instead of the one in the document, or the file's.

    Raises:
        BadManifest: it cannot be read; the message names the file and each place in it.
    """
    return read(
        path_or_text,
        architecture=architecture,
        unpack_ratio=unpack_ratio,
        zstd_ratio=zstd_ratio,
        name=name,
    ).image


def read(
    path_or_text: str | Path,
    *,
    architecture: Architecture,
    unpack_ratio: Number,
    zstd_ratio: Number | None = None,
    name: str | None = None,
) -> Reading:
    """Read an image as `read_image` does, with notes on what its user should know.

    Raises:
        BadManifest: it cannot be read.
    """
    text, label = text_of(path_or_text)
    values = documents(text, label)
    stem = Path(label).stem or label
    ratios = Ratios(unpack_ratio, unpack_ratio if zstd_ratio is None else zstd_ratio)
    context = _ReadContext(architecture, ratios, name or stem, name is not None, [])
    try:
        image = _read(values, context)
    except BadManifest as error:
        lines = str(error).split("\n")
        raise BadManifest("\n".join([f"{label}: {lines[0]}", *lines[1:]])) from None
    return Reading(image, tuple(context.notes))


def _read(values: list[object], context: _ReadContext) -> Image:
    """A document of its own, or a manifest and what `docker history` prints of the same image."""
    steps = [item for item in values if isinstance(item, dict) and "CreatedBy" in item]
    others = [item for item in values if not (isinstance(item, dict) and "CreatedBy" in item)]
    lines = [JsonValue(item, f"step {number}") for number, item in enumerate(steps, 1)]
    if not others:
        layers = history_layers(lines, context.name, context.ratios.gzip, context.notes)
        context.notes.append(_unsaid(context.architecture))
        return Image(name=context.name, layers=layers, architectures=(context.architecture,))
    image = _single(others, context)
    if not steps:
        if any(layer.files is None for layer in image.layers):
            context.notes.append(UNTOLD)
        return image
    return replace(image, layers=with_history(image.layers, lines, context.notes))


def _single(values: list[object], context: _ReadContext) -> Image:
    if len(values) > 1:
        raise BadManifest(f"it holds {len(values)} JSON documents; give one")
    root = JsonValue(values[0])
    if isinstance(root.value, list):
        items = root.items()
        if items and all("Descriptor" in item and _body(item) for item in items):
            return _verbose(items, context)
        if len(items) != 1:
            raise BadManifest(f"it is a list of {len(items)}; {ALLOWED}")
        root = items[0]
    for is_it, reader in _READERS:
        if is_it(root):
            return reader(root, context)
    raise BadManifest(f"{_guess(root)}; {ALLOWED}")


def _guess(node: JsonValue) -> str:
    """A guess at what a document without sizes is, for the message."""
    if "rootfs" in node or "diff_ids" in node:
        return "it is an image's configuration, which has no sizes of layers"
    if "Config" in node and "Layers" in node:
        return "it is the list inside docker save's archive, which has no sizes of layers"
    if isinstance(node.value, dict | list):
        return "it is no description of an image"
    return f"it is {shown(node.value)}, not an object"


def _body(node: JsonValue) -> str:
    return next((key for key in BODIES if key in node), "")


def _verbose(items: list[JsonValue], context: _ReadContext) -> Image:
    """All platforms of `docker manifest inspect -v`, or the only one."""
    entry, offered = choose(candidates(items, verbose=True), context.architecture, context.notes)
    context.call(entry.node.word("Ref").partition("@")[0])
    manifest = entry.node.at(_body(entry.node))
    return _image(manifest, offered, context)


def _index(node: JsonValue, context: _ReadContext) -> Image:
    _checked_schema(node)
    if "layers" in node:
        raise BadManifest("layers: an index has none, and this has both layers and manifests")
    entries = candidates(node.at("manifests").items(), verbose=False)
    raise to_fetch(choose(entries, context.architecture, context.notes)[0])


def _plain(node: JsonValue, context: _ReadContext) -> Image:
    image = _image(node, (context.architecture,), context)
    context.notes.append(_unsaid(context.architecture))
    return image


def _skopeo(node: JsonValue, context: _ReadContext) -> Image:
    if "LayersData" not in node:
        raise BadManifest("LayersData: it is missing; skopeo prints it since 1.10, or use --raw")
    architecture = architecture_of(node.at("Architecture"), node.at("Os"))
    _note_other(architecture, context)
    context.call(node.word("Name"))
    layers = read_layers(node.at("LayersData").items(), SKOPEO, context.ratios, context.notes)
    return Image(name=context.name, layers=layers, architectures=(architecture,))


def _docker(node: JsonValue, context: _ReadContext) -> Image:
    architecture = architecture_of(node.at("Architecture"), node.at("Os"))
    _note_other(architecture, context)
    tags = node.at("RepoTags").items() if "RepoTags" in node else []
    context.call(tags[0].text() if tags else "")
    layers = inspected_layers(node, context.ratios.gzip, context.notes)
    return Image(name=context.name, layers=layers, architectures=(architecture,))


def _first_schema(node: JsonValue, context: _ReadContext) -> Image:  # noqa: ARG001 (one signature)
    raise BadManifest(
        "it is a manifest of schema 1, which has no sizes; Docker no longer pulls it. "
        "Push the image again with a current client and read its manifest then"
    )


def _image(manifest: JsonValue, offered: tuple[Architecture, ...], context: _ReadContext) -> Image:
    _checked_schema(manifest)
    layers = read_layers(manifest.at("layers").items(), OCI, context.ratios, context.notes)
    return Image(name=context.name, layers=layers, architectures=offered)


def _checked_schema(node: JsonValue) -> None:
    version = node.at("schemaVersion")
    if version.value != 2 or isinstance(version.value, bool):
        raise version.wrong("2")


def _note_other(architecture: Architecture, context: _ReadContext) -> None:
    if architecture != context.architecture:
        context.notes.append(only_for(architecture))


def _unsaid(architecture: Architecture) -> str:
    return f"It does not name its architecture; it is taken for {architecture}."


_READERS: tuple[
    tuple[Callable[[JsonValue], bool], Callable[[JsonValue, _ReadContext], Image]], ...
] = (
    (lambda node: bool(_body(node)) and "Descriptor" in node, lambda n, a: _verbose([n], a)),
    (lambda node: "fsLayers" in node or _schema_1(node), _first_schema),
    (lambda node: "manifests" in node, _index),
    (lambda node: "layers" in node, _plain),
    (lambda node: "RootFS" in node, _docker),
    (lambda node: "LayersData" in node or ("Layers" in node and "Digest" in node), _skopeo),
    (lambda node: "schemaVersion" in node, _plain),
)
"""Kinds of document: how each is recognised, and its reader. The first that fits is taken."""


def _schema_1(node: JsonValue) -> bool:
    return isinstance(node.value, dict) and node.value.get("schemaVersion") in (1, "1")
