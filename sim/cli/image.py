"""`sim image`: the layers of an image, and what it shares with another one."""

from sim.cli.options import Json
from sim.cli.screen import as_json, hint, lead, note, table
from sim.studies.images import layers
from sim.studies.images.layers import ImageAnswer, ImageQuestion

MOST_ROWS = 130


def command(question: ImageQuestion, to: Json) -> int:
    """Show the layers, and what is known of them besides."""
    answer = layers.answer(question)
    if to.json:
        as_json(answer.json())
    else:
        lead(answer.sentence())
        show(answer)
        hint(f"Runs on {', '.join(answer.image.architectures)}.")
    for line in answer.notes:
        note(line) if to.json else hint(line)
    return 0


def show(answer: ImageAnswer) -> None:
    """The layers from the base up, and their sums."""
    image, common, compared = answer.image, answer.common, answer.other is not None
    rows = [
        [
            short(layer.digest, number),
            layer.media_type,
            f"{layer.wire:,.0f}",
            f"{layer.unpacked:,.0f}",
            "yes" if layer.digest in common.digests else "",
        ]
        for number, layer in enumerate(image.layers[:MOST_ROWS], start=1)
    ]
    rows.append(["total", "", f"{image.wire:,.0f}", f"{image.unpacked:,.0f}", ""])
    if compared:
        rows.append(["shared", "", f"{common.wire:,.0f}", f"{common.unpacked:,.0f}", ""])
    columns = ["layer", "type", "compressed", "unpacked", "shared" if compared else ""]
    table(columns, rows, title="layers from the base up, bytes", right="llrrl")
    if len(image.layers) > MOST_ROWS:
        hint(f"{len(image.layers) - MOST_ROWS} more layers are not shown; --json has them all.")


def short(digest: str, number: int) -> str:
    """Twelve digits of a digest are enough to know it by; else its place from the base up."""
    algorithm, colon, rest = digest.partition(":")
    if algorithm == "bytes" or not colon or "/" in rest:  # the catalogue knows no digests
        return f"layer {number}"
    return f"{algorithm}{colon}{rest[:12]}"
