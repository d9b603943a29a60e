"""Images as `docker image inspect` and `docker history` print them: by unpacked sizes only."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from sim.core.cited import Cited, Number, plain
from sim.core.quantity import parse_docker_size
from sim.image.image import Layer
from sim.image.manifest.json_document import BadManifest, JsonValue
from sim.image.manifest.oci import digest_of

LARGEST_BARE = 2000.0
"""Compressed bytes of a layer without files at most: a tar of a few folders."""


def inspected_layers(node: JsonValue, unpack_ratio: Number, notes: list[str]) -> tuple[Layer, ...]:
    """The layers of `docker image inspect`: one, for it gives the size of all together.

    Its digest is that of the only layer's files, or the image's own id where there are several.
    """
    layers = [digest_of(item) for item in node.at("RootFS").at("Layers").items()]
    size = node.at("Size").size()
    if not layers:
        raise BadManifest("RootFS.Layers: it is empty, so there is nothing to run")
    digest = layers[0] if len(layers) == 1 else _identity(node, layers)
    if len(layers) > 1:
        notes.append(
            f"docker image inspect gives one size for all {len(layers)} layers: they are taken "
            "as one, which is shared with no other image. The split is in its manifest "
            "(docker manifest inspect -v)."
        )
    if "Descriptor" in node:  # moby pull request 53426
        notes.append(
            "It is from Docker's containerd image store, where Size is taken for the compressed "
            "bytes; releases since September 2026 add the unpacked ones. A manifest is surer."
        )
        return (Layer(digest=digest, compressed=float(size), unpack_ratio=unpack_ratio),)
    notes.append(_estimated("Size", unpack_ratio))
    return (Layer(digest=digest, files=float(size), unpack_ratio=unpack_ratio),)


def history_layers(
    lines: list[JsonValue], name: str, unpack_ratio: Number, notes: list[str]
) -> tuple[Layer, ...]:
    """The layers of `docker history --format json`, which has the newest first and no digests."""
    kept = _steps_with_files(lines)
    notes.append(_estimated("Size", unpack_ratio))
    notes.append(
        "docker history has no digests, so no layer is known to be shared, and rounds sizes to "
        "three digits unless it is called with --human=false."
    )
    return tuple(
        Layer(digest=f"{name}/history/{number}", files=size, unpack_ratio=unpack_ratio)
        for number, size in kept
    )


def with_history(
    layers: Sequence[Layer], lines: list[JsonValue], notes: list[str]
) -> tuple[Layer, ...]:
    """The layers of a manifest, with the unpacked sizes that `docker history` prints of them.

    A step that adds no bytes may have a layer all the same, of folders: the smallest are those.

    Raises:
        BadManifest: the two are not of one image.
    """
    sizes = [size for _, size in _steps_with_files(lines)]
    by_size = sorted(range(len(layers)), key=lambda place: layers[place].wire)
    bare = set(by_size[: len(layers) - len(sizes)])
    if len(sizes) > len(layers) or any(layers[place].wire > LARGEST_BARE for place in bare):
        raise BadManifest(
            f"docker history has {len(sizes)} steps with files and the manifest {len(layers)} "
            "layers: they are not of one image"
        )
    told = iter(sizes)
    known = [
        replace(layer, files=0.0 if place in bare else next(told))
        for place, layer in enumerate(layers)
    ]
    for layer in known:
        if layer.wire > 2.0 * layer.unpacked + 1e6:
            raise BadManifest(
                f"docker history says {layer.unpacked:.0f} bytes of the layer that has "
                f"{layer.wire:.0f} compressed: they are not of one image"
            )
    notes.append("Unpacked sizes are those of docker history, compressed ones of the manifest.")
    return tuple(known)


def _steps_with_files(lines: list[JsonValue]) -> list[tuple[int, float]]:
    """Number and unpacked bytes of the steps that add any, from the base up."""
    sizes = [(number, _history_size(line.at("Size"))) for number, line in enumerate(lines[::-1])]
    kept = [(number, size) for number, size in sizes if size > 0.0]
    if not kept:
        raise BadManifest("Size: no step has files, so there is nothing to run")
    return kept


def _identity(node: JsonValue, layers: list[str]) -> str:
    if "Id" in node:
        return digest_of(node.at("Id"))
    return "sha256:" + hashlib.sha256("\n".join(layers).encode()).hexdigest()


def _estimated(field: str, unpack_ratio: Number) -> str:
    return (
        f"{field} is that of the unpacked files; the compressed bytes are estimated from it, "
        f"1 to {_shown(unpack_ratio)}."
    )


def _shown(ratio: Number) -> str:
    if isinstance(ratio, Cited) and ratio.ranges:
        return f"{ratio.value:g} ({ratio.low:g} to {ratio.high:g}, {ratio.standing})"
    return f"{plain(ratio):g}"


def _history_size(node: JsonValue) -> float:
    text = node.text()
    try:
        return parse_docker_size(text)
    except ValueError:
        allowed = "a size such as 77.4MB, or whole bytes with --human=false"
        raise node.wrong(allowed) from None
