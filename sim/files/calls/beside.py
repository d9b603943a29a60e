"""A file with `entry:` and `parts:`, whose parts another file sizes."""

from dataclasses import replace
from os import PathLike
from pathlib import Path

from sim.core.mistakes import BadDescription
from sim.core.names import unknown
from sim.core.question import BadInput
from sim.files.draft import Drafts, PartDraft
from sim.files.own.reading import read_own
from sim.files.text.findings import Findings
from sim.files.text.place import PlacedMapping, TextPlace
from sim.files.text.source import source
from sim.files.text.value import Value
from sim.files.text.yaml_values import documents
from sim.workload import Application, Part


def with_calls(application: Application, path: str | PathLike[str]) -> Application:
    """The application with what its parts do, and whom they call.

    Args:
        path: an application of one's own that says nothing but `entry:`, and of its `parts:` their
            operations and threads.

    Raises:
        BadInput: all that is wrong with it, one mistake a line.
    """
    text = source(Path(path))
    found = documents(text)
    if len(found) != 1 or not isinstance(found[0], PlacedMapping):
        raise BadInput(f"{text.name}: it is not one mapping with 'entry' and 'parts'")
    findings = Findings()
    found[0].setdefault("application", application.name)
    drafts = read_own(Value(found[0], TextPlace(text.name, 0), findings))
    findings.refuse()
    return _joined(application, drafts, text.name)


def with_calls_of(application: Application, other: Application, where: str) -> Application:
    """The application with the operations, calls and entries of another one: of its traces.

    Raises:
        BadInput: a part is not there, or a call leads to nowhere.
    """
    return _joined(application, other, where)


def _joined(application: Application, said: Drafts | Application, where: str) -> Application:
    names = [part.name for part in application.parts]
    by_name: dict[str, PartDraft | Part] = {each.name: each for each in said.parts}
    for name in by_name:
        if name not in names:
            raise BadInput(f"{where}: parts: {unknown('part', name, names)}")
    parts = tuple(_with(part, by_name.get(part.name)) for part in application.parts)
    notes = (*application.notes, *getattr(said, "notes", ()))
    try:
        return replace(application, parts=parts, entries=said.entries, notes=notes)
    except BadDescription as error:
        lines = [f"{where}: {line}" for line in str(error).splitlines()]
        raise BadInput("\n".join(lines)) from None


def _with(part: Part, draft: PartDraft | Part | None) -> Part:
    if draft is None:
        return part
    threads = part.threads if draft.threads is None else draft.threads
    return replace(part, operations=draft.operations, threads=threads)
