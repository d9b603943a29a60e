"""`sim read`: what was understood of a user's own files."""

from sim.cli.inventory import show_inventory
from sim.cli.options import Json
from sim.cli.screen import IN_JSON, as_json, hint, lead, note, notes, table
from sim.core.names import first_of
from sim.core.quantity import shown_size, shown_vcpu
from sim.experiment.storage.whole_file import write_whole
from sim.files.own.writing import written
from sim.files.question import ReadQuestion
from sim.files.reading import inventory_in, understood
from sim.workload import Application, Part
from sim.workload.application import SizeSource

LONGEST_IMAGE = 32
"""Signs of the name of an image; JSON has it whole."""


def command(question: ReadQuestion, to: Json) -> int:
    """Show services, copies, sizes and order; then what was ignored or understood otherwise."""
    inventory = inventory_in(question)
    if inventory is not None and to.json:
        as_json(
            {
                "guests": inventory.rows(),
                "left_out": dict(inventory.left_out),
                "notes": list(inventory.notes),
            }
        )
        return 0
    if inventory is not None and question.write is None:
        show_inventory(inventory)
        return 0
    app = understood(question)
    if question.write is not None:
        write_whole(question.write, written(app))
        note(f"wrote {question.write}")
    if to.json:
        as_json({"services": app.rows(), "ignored": list(app.ignored), "notes": list(app.notes)})
        return 0
    lead(sentence(app))
    table(
        ["service", "copies", "vCPU", "memory", "size from", "waits for", "image"],
        [_cells(part, row) for part, row in zip(app.parts, app.rows(), strict=True)],
        right="lrrr",
        rest=IN_JSON,
    )
    notes(app.notes)
    if app.ignored:
        hint(f"ignored: {', '.join(app.ignored)}.")
    return 0


def sentence(app: Application) -> str:
    """How much it is, and how well that is known."""
    running = [(p, r) for p, r in zip(app.parts, app.rows(), strict=True) if not p.daemon]
    copies = sum(part.copies for part, _ in running)
    cpu = sum(row["cpu"] * part.copies for part, row in running)
    memory = sum(row["memory_bytes"] * part.copies for part, row in running)
    many = len(app.parts)
    what = f"{many} service{'' if many == 1 else 's'}, {copies} cop{'y' if copies == 1 else 'ies'}"
    daemons = [part.name for part in app.parts if part.daemon]
    beside = f", and on every host {first_of(daemons)}" if daemons else ""
    size = f"{cpu:.4g} vCPU and {shown_size(memory, 4)}"
    return f"{app.name} is {what}: {size}{beside}. {_known(app)}"


_WORDS: dict[SizeSource, str] = {
    "file": "from the file",
    "stats": "measured (--sizes)",
    "heap": "from the JVM heap",
    "image": "known from the image",
    "assumed": "assumed",
}


def _known(app: Application) -> str:
    sources = [part.size_from for part in app.parts]
    if set(sources) == {"file"} and all(part.cpu_from == "file" for part in app.parts):
        return "All sizes are from the file."
    counts = [
        f"{words} for {sources.count(source)}"
        for source, words in _WORDS.items()
        if source in sources
    ]
    return (
        f"Memory is {', '.join(counts)} of {len(sources)} services."
        if len(sources) > 1
        else (f"Memory is {counts[0].removesuffix(' for 1')}.")
    )


def _cells(part: Part, row: dict[str, object]) -> list[object]:
    service = part.service
    copies = "1 per host" if part.daemon else part.copies
    waits = ", ".join(f"{wait.part} {wait.until}" for wait in part.after)
    origin: str = part.size_from
    if part.cpu_from != origin:
        origin = f"{origin}, vCPU {part.cpu_from}"
    beside = f" +{len(service.sidecars)}" if service.sidecars else ""
    return [
        f"{part.name}{beside}",
        copies,
        shown_vcpu(float(str(row["cpu"]))).removesuffix(" vCPU"),
        shown_size(float(str(row["memory_bytes"])), 4),
        origin,
        waits or "nothing",
        _image(str(row["image"] or "not named").partition("@")[0]),
    ]


def _image(name: str) -> str:
    """Whole, unless a registry's host and path would make the table too wide."""
    return name if len(name) <= LONGEST_IMAGE else f".../{name.rpartition('/')[2]}"
