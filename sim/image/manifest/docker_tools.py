"""Images as `docker image inspect` and `docker history` print them: by unpacked sizes only."""

import hashlib

from sim.core.cited import Number, plain
from sim.core.quantity import parse_docker_size
from sim.image.image import Layer
from sim.image.manifest.json_document import BadManifest, JsonValue
from sim.image.manifest.oci import digest_of


def unpacked_layer(digest: str, unpacked: float, unpack_ratio: Number) -> Layer:
    """A layer of known unpacked size, which stays exact; its compressed size is estimated."""
    compressed = float(round(unpacked / max(plain(unpack_ratio), 1e-3)))
    if unpacked and not compressed:
        compressed = 1.0
    ratio = unpacked / compressed if compressed else 1.0
    return Layer(digest=digest, compressed=compressed, unpack_ratio=ratio)


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
    return (unpacked_layer(digest, float(size), unpack_ratio),)


def history_layers(
    lines: list[JsonValue], name: str, unpack_ratio: Number, notes: list[str]
) -> tuple[Layer, ...]:
    """The layers of `docker history --format json`, which has the newest first and no digests."""
    sizes = [(number, _history_size(line.at("Size"))) for number, line in enumerate(lines[::-1])]
    kept = [(number, size) for number, size in sizes if size > 0.0]
    if not kept:
        raise BadManifest("Size: no step has files, so there is nothing to run")
    notes.append(_estimated("Size", unpack_ratio))
    notes.append(
        "docker history has no digests, so no layer is known to be shared, and rounds sizes to "
        "three digits unless it is called with --human=false."
    )
    return tuple(
        unpacked_layer(f"{name}/history/{number}", size, unpack_ratio) for number, size in kept
    )


def _identity(node: JsonValue, layers: list[str]) -> str:
    if "Id" in node:
        return digest_of(node.at("Id"))
    return "sha256:" + hashlib.sha256("\n".join(layers).encode()).hexdigest()


def _estimated(field: str, unpack_ratio: Number) -> str:
    return (
        f"{field} is that of the unpacked files; the compressed bytes are estimated from it, "
        f"1 to {plain(unpack_ratio):g}."
    )


def _history_size(node: JsonValue) -> float:
    text = node.text()
    try:
        return parse_docker_size(text)
    except ValueError:
        allowed = "a size such as 77.4MB, or whole bytes with --human=false"
        raise node.wrong(allowed) from None
