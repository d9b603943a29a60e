"""`sim image`: the layers of an image, and what it shares with another one."""

from pathlib import Path
from typing import Annotated

import typer

from sim import catalog
from sim.cli.options import BadInput, Inputs
from sim.cli.screen import as_json, hint, note, say, table
from sim.core.quantity import shown_bytes as amount
from sim.image.image import CommonLayers, Image, common_layers, distinct, same_size
from sim.image.manifest.read import Reading, read

NAME = "image"
MOST_ROWS = 130


def command(
    image: Annotated[
        str, typer.Argument(metavar="IMAGE-OR-FILE", help="Such as node:22 or manifest.json.")
    ],
    other: Annotated[
        str | None, typer.Option("--with", help="Another image or file: what is shared with it?")
    ] = None,
    arch: Annotated[str, typer.Option(help="Taken from an index: amd64 or arm64.")] = "amd64",
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """Layers of an image, compressed and unpacked, and what it shares with another."""
    inputs = Inputs()
    inputs.choice("arch", arch, ("amd64", "arm64"))
    known = arch if arch in ("amd64", "arm64") else "amd64"
    mine = inputs.read("image", image, lambda text: find("image", text, known))
    theirs = inputs.read("with", other, lambda text: find("with", text, known))
    inputs.check()
    if mine is None:  # `check` has raised then
        raise BadInput(f"image: {image!r} is not known")
    common = CommonLayers(()) if theirs is None else common_layers(mine.image, theirs.image)
    if json:
        as_json(data(mine.image, common))
    else:
        say(sentence(mine.image, common, theirs.image if theirs else None))
        show(mine.image, common, compared=theirs is not None)
        hint(f"Runs on {', '.join(mine.image.architectures)}.")
    for line in notes(mine, theirs):
        note(line) if json else hint(line)
    return 0


def find(field: str, text: str, architecture: str) -> Reading:
    """An image of the catalogue by name, or of a file.

    Raises:
        ValueError: there is neither, or the file is wrong.
    """
    if text in catalog.images():
        lines = ("The catalogue's sizes are those of amd64.",) if architecture == "arm64" else ()
        return Reading(catalog.image(text), lines)
    if not _is_path(text):
        raise catalog.unknown(field, text, catalog.images())
    return read(
        Path(text),
        architecture="arm64" if architecture == "arm64" else "amd64",
        unpack_ratio=catalog.figure("image.unpack_ratio"),
    )


def sentence(image: Image, common: CommonLayers, other: Image | None) -> str:
    """The totals, and what is saved where the other image is."""
    count = _layers(len(image.layers))
    wire, unpacked = amount(image.wire), amount(image.unpacked)
    text = f"{image.name} has {count}: {wire} on the wire, {unpacked} unpacked."
    if other is None:
        return text
    if not common.layers:
        return f"{text} It shares no layer with {other.name}."
    rest = image.wire - common.wire
    both = sum(layer.unpacked for layer in distinct([image, other]))
    return (
        f"{text} It shares {_layers(len(common.layers))} with {other.name}: where that one is, "
        f"{amount(rest)} are pulled instead of {wire}, and {amount(common.unpacked)} "
        f"less are written; both together take {amount(both)} of disk."
    )


def show(image: Image, common: CommonLayers, *, compared: bool) -> None:
    """The layers from the base up, and their sums."""
    rows = [
        [
            short(layer.digest),
            layer.media_type,
            f"{layer.wire:,.0f}",
            f"{layer.unpacked:,.0f}",
            "yes" if layer.digest in common.digests else "",
        ]
        for layer in image.layers[:MOST_ROWS]
    ]
    rows.append(["total", "", f"{image.wire:,.0f}", f"{image.unpacked:,.0f}", ""])
    if compared:
        rows.append(["shared", "", f"{common.wire:,.0f}", f"{common.unpacked:,.0f}", ""])
    columns = ["layer", "type", "compressed", "unpacked", "shared" if compared else ""]
    table(columns, rows, title="layers from the base up, bytes", right="llrrl")
    if len(image.layers) > MOST_ROWS:
        hint(f"{len(image.layers) - MOST_ROWS} more layers are not shown; --json has them all.")


def notes(mine: Reading, theirs: Reading | None) -> list[str]:
    """What should be known of the images, once each."""
    lines = [*mine.notes]
    if theirs is not None:
        lines += theirs.notes
        alike = len(same_size(mine.image, theirs.image))
        if alike:
            lines.append(
                f"{_layers(alike)} of the very size of one of {theirs.image.name} under another "
                "digest: likely the same, but named differently (the catalogue knows sizes only)."
            )
    return list(dict.fromkeys(lines))


def data(image: Image, common: CommonLayers) -> dict[str, object]:
    """The answer for programs."""
    return {
        "image": image.name,
        "architectures": list(image.architectures),
        "layers": [
            {
                "digest": layer.digest,
                "media_type": layer.media_type,
                "compressed_bytes": _whole(layer.wire),
                "unpacked_bytes": _whole(layer.unpacked),
                "shared": layer.digest in common.digests,
            }
            for layer in image.layers
        ],
        "compressed_bytes": _whole(image.wire),
        "unpacked_bytes": _whole(image.unpacked),
        "shared_bytes": _whole(common.wire),
        "shared_unpacked_bytes": _whole(common.unpacked),
    }


def short(digest: str) -> str:
    """A digest, of which twelve digits are enough to know it by."""
    algorithm, colon, rest = digest.partition(":")
    return f"{algorithm}{colon}{rest[:12]}" if colon else digest[:40]


def _is_path(text: str) -> bool:
    try:
        exists = Path(text).exists()
    except (OSError, ValueError):
        return False
    return exists or text.endswith(".json") or text.startswith(("./", "../", "/"))


def _layers(count: int) -> str:
    return f"{count} layer" if count == 1 else f"{count} layers"


def _whole(size: float) -> int:
    return round(size)
