"""An image from what its user has: a manifest of OCI or Docker, or what a tool printed of it.

Read are OCI image manifests and Docker's schema 2 (`crane manifest`, `skopeo inspect --raw`,
`docker manifest inspect`, with -v also of all platforms), `skopeo inspect`,
`docker image inspect` and `docker history --format json`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.core.cited import Number
from sim.host.machine import Architecture
from sim.image.image import Image
from sim.image.manifest.docker_tools import history_layers, inspected_layers
from sim.image.manifest.json_document import BadManifest, JsonValue, documents, shown, text_of
from sim.image.manifest.oci import (
    OCI,
    SKOPEO,
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
BODIES = ("SchemaV2Manifest", "OCIManifest")


@dataclass(frozen=True, slots=True)
class Reading:
    """An image that was read, and what its user should know of it."""

    image: Image
    notes: tuple[str, ...]


@dataclass(slots=True)
class _ReadContext:
    """What is known before the document is opened, and what was noted on the way."""

    architecture: Architecture
    unpack_ratio: Number
    name: str
    fixed_name: bool
    notes: list[str]

    def call(self, name: str) -> None:
        """Take a name from the document, where it is one and the caller gave none."""
        if not self.fixed_name and name.isascii() and name.isprintable() and 0 < len(name) <= 300:
            self.name = name


def read_image(
    path_or_text: str | Path,
    *,
    architecture: Architecture,
    unpack_ratio: Number,
    name: str | None = None,
) -> Image:
    """The image in a file, or in a text that is JSON itself.

    Args:
        architecture: the platform taken from an index; of a manifest that names none, its own.
        unpack_ratio: unpacked over compressed bytes, where a layer is compressed.
        name: instead of the one in the document, or the file's.

    Raises:
        BadManifest: it cannot be read; the message names the file and each place in it.
    """
    return read(path_or_text, architecture=architecture, unpack_ratio=unpack_ratio, name=name).image


def read(
    path_or_text: str | Path,
    *,
    architecture: Architecture,
    unpack_ratio: Number,
    name: str | None = None,
) -> Reading:
    """As `read_image`, with what is worth knowing of the image.

    Raises:
        BadManifest: it cannot be read.
    """
    text, label = text_of(path_or_text)
    found = documents(text, label)
    stem = Path(label).stem or label
    asked = _ReadContext(architecture, unpack_ratio, name or stem, name is not None, [])
    try:
        image = _history(found, asked) if _is_history(found) else _single(found, asked)
    except BadManifest as error:
        lines = str(error).split("\n")
        raise BadManifest("\n".join([f"{label}: {lines[0]}", *lines[1:]])) from None
    return Reading(image, tuple(asked.notes))


def _is_history(found: list[object]) -> bool:
    return all(isinstance(item, dict) and "CreatedBy" in item for item in found)


def _history(found: list[object], asked: _ReadContext) -> Image:
    lines = [JsonValue(item, f"step {number}") for number, item in enumerate(found, 1)]
    layers = history_layers(lines, asked.name, asked.unpack_ratio, asked.notes)
    asked.notes.append(_unsaid(asked.architecture))
    return Image(name=asked.name, layers=layers, architectures=(asked.architecture,))


def _single(found: list[object], asked: _ReadContext) -> Image:
    if len(found) > 1:
        raise BadManifest(f"it holds {len(found)} JSON documents; give one")
    root = JsonValue(found[0])
    if isinstance(root.value, list):
        items = root.items()
        if items and all("Descriptor" in item and _body(item) for item in items):
            return _verbose(items, asked)
        if len(items) != 1:
            raise BadManifest(f"it is a list of {len(items)}; {ALLOWED}")
        root = items[0]
    for is_it, reader in _READERS:
        if is_it(root):
            return reader(root, asked)
    raise BadManifest(f"{_guess(root)}; {ALLOWED}")


def _guess(node: JsonValue) -> str:
    """What a document that has no sizes seems to be."""
    if "rootfs" in node or "diff_ids" in node:
        return "it is an image's configuration, which has no sizes of layers"
    if "Config" in node and "Layers" in node:
        return "it is the list inside docker save's archive, which has no sizes of layers"
    if isinstance(node.value, dict | list):
        return "it is no description of an image"
    return f"it is {shown(node.value)}, not an object"


def _body(node: JsonValue) -> str:
    return next((key for key in BODIES if key in node), "")


def _verbose(items: list[JsonValue], asked: _ReadContext) -> Image:
    """All platforms of `docker manifest inspect -v`, or the only one."""
    entry, offered = choose(candidates(items, verbose=True), asked.architecture, asked.notes)
    asked.call(entry.node.word("Ref").partition("@")[0])
    manifest = entry.node.at(_body(entry.node))
    return _image(manifest, offered, asked)


def _index(node: JsonValue, asked: _ReadContext) -> Image:
    _checked_schema(node)
    if "layers" in node:
        raise BadManifest("layers: an index has none, and this has both layers and manifests")
    entries = candidates(node.at("manifests").items(), verbose=False)
    raise to_fetch(choose(entries, asked.architecture, asked.notes)[0])


def _plain(node: JsonValue, asked: _ReadContext) -> Image:
    image = _image(node, (asked.architecture,), asked)
    asked.notes.append(_unsaid(asked.architecture))
    return image


def _skopeo(node: JsonValue, asked: _ReadContext) -> Image:
    if "LayersData" not in node:
        raise BadManifest("LayersData: it is missing; skopeo prints it since 1.10, or use --raw")
    architecture = architecture_of(node.at("Architecture"), node.at("Os"))
    _note_other(architecture, asked)
    asked.call(node.word("Name"))
    layers = read_layers(node.at("LayersData").items(), SKOPEO, asked.unpack_ratio, asked.notes)
    return Image(name=asked.name, layers=layers, architectures=(architecture,))


def _docker(node: JsonValue, asked: _ReadContext) -> Image:
    architecture = architecture_of(node.at("Architecture"), node.at("Os"))
    _note_other(architecture, asked)
    tags = node.at("RepoTags").items() if "RepoTags" in node else []
    asked.call(tags[0].text() if tags else "")
    layers = inspected_layers(node, asked.unpack_ratio, asked.notes)
    return Image(name=asked.name, layers=layers, architectures=(architecture,))


def _first_schema(node: JsonValue, asked: _ReadContext) -> Image:  # noqa: ARG001 (one signature)
    raise BadManifest(
        "it is a manifest of schema 1, which has no sizes; Docker no longer pulls it. "
        "Push the image again with a current client and read its manifest then"
    )


def _image(manifest: JsonValue, offered: tuple[Architecture, ...], asked: _ReadContext) -> Image:
    _checked_schema(manifest)
    layers = read_layers(manifest.at("layers").items(), OCI, asked.unpack_ratio, asked.notes)
    return Image(name=asked.name, layers=layers, architectures=offered)


def _checked_schema(node: JsonValue) -> None:
    version = node.at("schemaVersion")
    if version.value != 2 or isinstance(version.value, bool):
        raise version.wrong("2")


def _note_other(architecture: Architecture, asked: _ReadContext) -> None:
    if architecture != asked.architecture:
        asked.notes.append(only_for(architecture))


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
"""How each kind is told apart, and read; the first that fits."""


def _schema_1(node: JsonValue) -> bool:
    return isinstance(node.value, dict) and node.value.get("schemaVersion") in (1, "1")
