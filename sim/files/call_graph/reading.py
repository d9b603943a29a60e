"""`application:`, `entry:` and `parts:` with what they do; alone, or beside another file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim import catalog
from sim.core.mistakes import mistakes
from sim.core.names import nearest
from sim.core.quantity import parse_bytes, parse_vcpu
from sim.core.question import BadInput
from sim.files.assembly import assembled
from sim.files.call_graph.operations import entries, known, operation
from sim.files.draft import ContainerDraft, Drafts, PartDraft
from sim.files.text.findings import Findings
from sim.files.text.place import TextPlace
from sim.files.text.source import source
from sim.files.text.value import Value
from sim.files.text.yaml_values import documents
from sim.workload import Application, EntryPoint, Operation, Part

PART = ("app", "image", "cpu", "cpu_quota", "memory", "copies", "threads")
"""Fields of a part; every other name is an operation."""
FILE = ("application", "entry", "parts")


@dataclass(slots=True)
class CallGraph:
    """What a file says of the calls of an application."""

    name: str
    entries: tuple[EntryPoint, ...]
    operations: dict[str, tuple[Operation, ...]] = field(default_factory=dict)
    threads: dict[str, int] = field(default_factory=dict)


def read_calls(path: str | PathLike[str], application: Application | None = None) -> Application:
    """An application with its calls.

    Args:
        path: a YAML file with `entry:` and `parts:`.
        application: whose parts they are, where another file says what they need; None: this file
            says it.

    Raises:
        BadInput: all that is wrong with it, one mistake a line.
    """
    text = source(Path(path))
    findings = Findings()
    every = documents(text)
    if len(every) != 1 or not isinstance(every[0], dict):
        raise BadInput(f"{text.name}: it is not one mapping with 'entry' and 'parts'")
    node = Value(every[0], TextPlace(text.name, 0), findings)
    known(node, FILE)
    graph = _graph(node)
    sized = application if application is not None else _sized(node, graph.name, findings)
    findings.refuse()
    return with_calls(sized, graph, text.name)


def with_calls(application: Application, graph: CallGraph, where: str) -> Application:
    """The application with what a file says of its calls.

    Raises:
        BadInput: a part is not there, or a call leads to nowhere.
    """
    names = [part.name for part in application.parts]
    for name in graph.operations:
        if name not in names:
            near = nearest(name, names)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
            raise BadInput(f"{where}: parts: {name!r} is not in {application.name}; {hint}")
    parts = tuple(_with(part, graph) for part in application.parts)
    try:
        return replace(application, parts=parts, entries=graph.entries)
    except ValidationError as error:
        lines = [f"{where}: {line}" for line in mistakes(error, Application)]
        raise BadInput("\n".join(lines)) from None


def is_call_graph(document: Any) -> bool:
    """Whether a document is an application with calls of its own."""
    return isinstance(document, Mapping) and isinstance(document.get("parts"), Mapping)


def _with(part: Part, graph: CallGraph) -> Part:
    if part.name not in graph.operations:
        return part
    threads = graph.threads.get(part.name, part.threads)
    return replace(part, operations=graph.operations[part.name], threads=threads)


def _graph(node: Value) -> CallGraph:
    graph = CallGraph(node["application"].text() or "application", tuple(entries(node["entry"])))
    if not node["parts"]:
        node.say("parts: it is missing; the services, and what each does")
    for name, part in node["parts"].fields():
        own = [(key, each) for key, each in part.fields() if key not in PART]
        misspelt = [key for key, each in own if not isinstance(each.value, dict | str)]
        for key in misspelt:
            near = nearest(key, PART)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            part.say(f"{key}: it is neither an operation such as {{cpu_ms: 4}} nor a field{hint}")
        made = [operation(key, each) for key, each in own if key not in misspelt]
        graph.operations[name] = tuple(each for each in made if each is not None)
        threads = part["threads"].count(1)
        if threads is not None:
            graph.threads[name] = threads
    return graph


def _sized(node: Value, name: str, findings: Findings) -> Application:
    parts = [
        PartDraft(name=part, main=_container(part, at), copies=_copies(at))
        for part, at in node["parts"].fields()
    ]
    findings.refuse()
    return assembled(Drafts(name=name, parts=parts), {}, findings)


def _copies(node: Value) -> int:
    copies = node["copies"].count(1, 10_000)
    return 1 if copies is None else copies


def _container(name: str, node: Value) -> ContainerDraft:
    app = node["app"].one_of(catalog.apps())
    cpu, memory = node["cpu"].parsed(parse_vcpu), node["memory"].parsed(parse_bytes)
    usual = catalog.service(app) if app else None
    cpu = usual.cpu if cpu is None and usual else cpu
    memory = usual.memory if memory is None and usual else memory
    quota = "cpu_quota" not in node or node["cpu_quota"].flag()
    return ContainerDraft(
        name=name,
        node=node,
        image=node["image"].text() or (usual.image.name if usual and usual.image else None),
        app=catalog.app(app) if app else None,
        cpu=cpu,
        cpu_limit=cpu if quota else None,
        memory=memory,
        memory_limit=memory,
    )
