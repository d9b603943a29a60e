"""A file with `entry:` and `parts:`, whose parts another file sizes."""

from dataclasses import replace
from os import PathLike
from pathlib import Path

from pydantic import ValidationError

from sim.core.mistakes import mistakes
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


def _joined(application: Application, drafts: Drafts, where: str) -> Application:
    names = [part.name for part in application.parts]
    for draft in drafts.parts:
        if draft.name not in names:
            wrong = unknown("part", draft.name, names)
            raise BadInput(f"{where}: parts: {wrong}")
    said = {draft.name: draft for draft in drafts.parts}
    parts = tuple(_with(part, said.get(part.name)) for part in application.parts)
    try:
        return replace(application, parts=parts, entries=drafts.entries)
    except ValidationError as error:
        lines = [f"{where}: {line}" for line in mistakes(error, Application)]
        raise BadInput("\n".join(lines)) from None


def _with(part: Part, draft: PartDraft | None) -> Part:
    if draft is None:
        return part
    threads = part.threads if draft.threads is None else draft.threads
    return replace(part, operations=draft.operations, threads=threads)
