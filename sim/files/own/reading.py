"""From an app or an application of one's own to drafts."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from sim import catalog
from sim.catalog.apps import IMAGE_OF
from sim.core.mistakes import by_item
from sim.core.names import unknown
from sim.files.draft import ContainerDraft, Drafts, PartDraft, refuse_crowd
from sim.files.own.forms import (
    OwnApp,
    OwnApplication,
    OwnOperation,
    OwnPart,
    OwnProgram,
    OwnWait,
)
from sim.files.text.place import PlacedMapping
from sim.files.text.value import Value
from sim.host import Step
from sim.workload import App, Wait
from sim.workload.calls import Call, EntryPoint, Operation

F = TypeVar("F")

_PART = {field.name for field in fields(OwnPart)}
_OPERATION = {field.name for field in fields(OwnOperation)}


def read_own(node: Value) -> Drafts:
    """What a file of one's own says."""
    if "application" not in node:
        app = _formed(node, node.value, OwnApp)
        if app is None:
            return Drafts(name="app", parts=[])
        main = _container(app, app.app, node, app.like)
        return Drafts(name=app.app, parts=[PartDraft(name=app.app, main=main)], whole=node)
    whole = _formed(node, _plain(node), OwnApplication)
    if whole is None:
        return Drafts(name="application", parts=[])
    refuse_crowd(node.place.source, len(whole.parts))
    at = {name: node["parts"][name] for name in whole.parts}
    made = (at[name].made(_part, own, name, at[name]) for name, own in whole.parts.items())
    parts = [part for part in made if part is not None]
    entries = tuple(EntryPoint(to=to, weight=weight) for to, weight in whole.entry.items())
    return Drafts(name=whole.application, parts=parts, entries=entries, whole=node)


def program_of(node: Value) -> OwnProgram | None:
    """What an `x-sim` block says; None where there is none, or it is wrong."""
    return _formed(node, node.value, OwnProgram) if node.mapping() else None


def applied(own: OwnProgram, draft: ContainerDraft) -> None:
    """Lay what one says oneself over what a file says."""
    mine = _container(own, draft.name, draft.node, own.app)
    for name in ("cpu", "cpu_limit", "memory", "memory_limit", "image_size", "app", "like"):
        if (value := getattr(mine, name)) is not None:
            setattr(draft, name, value)


def _formed(node: Value, value: Any, form: type[F]) -> F | None:
    """The description that a value is; each mistake is told where it stands."""
    try:
        return TypeAdapter(form).validate_python(value, context={"text": True})
    except ValidationError as error:
        for item, line in by_item(error, form):
            at = node
            for step in map(str, item["loc"]):
                if step in at:
                    at = at[step]
            path, _, message = line.partition(": ")
            node.findings.mistake(at.place, ".".join(filter(None, (node.path, path))), message)
        return None


def _plain(node: Value) -> PlacedMapping:
    """The file with its short forms written out: operations stand among the fields of a part."""
    whole = PlacedMapping()
    for key, field in node.fields():
        whole.put(key, field.value, field.place)
    if isinstance(node["parts"].value, dict):
        parts = PlacedMapping()
        for name, part in node["parts"].fields():
            parts.put(name, _part_written_out(part), part.place)
        whole.put("parts", parts, node["parts"].place)
    if isinstance(node["entry"].value, str):
        whole["entry"] = {node["entry"].value: 1.0}
    elif isinstance(node["entry"].value, list):
        whole["entry"] = {str(to.value): 1.0 for to in node["entry"].items()}
    return whole


def _part_written_out(part: Value) -> Any:
    if not isinstance(part.value, dict):
        return part.value if part else {}
    made: dict[str, Any] = {"operations": {}}
    for key, field in part.fields():
        if key not in _PART and isinstance(field.value, dict) and field.value.keys() & _OPERATION:
            calls = [_named(call.value, "to") for call in field["calls"].items()]
            made["operations"][key] = {**field.value, "calls": calls}
        elif key == "after" and isinstance(field.value, list):
            made["after"] = [_named(wait.value, "part") for wait in field.items()]
        else:
            made[key] = field.value
    return made


def _named(value: Any, key: str) -> Any:
    return {key: value} if isinstance(value, str) else value


def _part(part: OwnPart, name: str, node: Value) -> PartDraft:
    return PartDraft(
        name=name,
        main=_container(part, name, node, part.app),
        init=[_container(each, each.name, node, each.app) for each in part.init],
        sidecars=[
            _container(each, each.name, node, each.app, each.essential) for each in part.sidecars
        ],
        copies=part.copies,
        after=_waits(part.after),
        daemon=part.daemon,
        once=part.once,
        most_per_host=part.most_per_host,
        apart_from=list(part.apart_from),
        spread=part.spread,
        autoscaling=part.autoscaling,
        volumes=list(part.volumes),
        threads=part.threads,
        operations=tuple(_operations(part)),
    )


def _operations(part: OwnPart) -> Iterator[Operation]:
    for name, own in part.operations.items():
        calls = tuple(
            Call(**{field.name: getattr(call, field.name) for field in fields(call)})
            for call in own.calls
        )
        yield Operation(
            name=name, cpu=own.cpu_ms / 1e3, variation=own.variation, wait=own.wait, calls=calls
        )


def _container(
    own: OwnProgram, name: str, node: Value, like: str | None, essential: bool = True
) -> ContainerDraft:
    if like is not None and like not in catalog.apps():
        field = "like" if "like" in node else "app"
        node[field].say(str(unknown("app", like, catalog.apps())).removeprefix("app: "))
        like = None
    quota = (own.cpu_limit or own.cpu) if own.cpu_quota else None
    return ContainerDraft(
        name=name,
        node=node,
        image=own.image or (IMAGE_OF.get(like) if like is not None else None),
        image_size=own.image_size,
        cpu=own.cpu,
        cpu_limit=quota,
        memory=own.memory if own.memory_reservation is None else own.memory_reservation,
        memory_limit=own.memory if own.memory_limited else None,
        memory_from=own.size_from,
        cpu_from=own.cpu_from,
        like=like,
        app=_program(own, name, like),
        gpus=own.gpus,
        host_ports=own.host_ports,
        published_ports=own.published_ports,
        check=own.check,
        essential=essential,
        after=_waits(own.after_containers),
    )


def _waits(own: tuple[OwnWait, ...]) -> list[Wait]:
    return [Wait(part=wait.part, until=wait.until) for wait in own]


def _program(own: OwnProgram, name: str, like: str | None) -> App | None:
    """The program that is described; None where nothing is said of it."""
    said = (own.startup, own.private, own.hot_files, own.works_on)
    if all(each is None for each in said):
        return None
    app = App(name=name) if like is None else replace(catalog.app(like), name=name)
    if own.startup is not None:
        start = own.startup
        spread = catalog.figure("spread.boot")
        step = Step(cpu=start.cpu, wait=start.wait, threads=start.threads, spread=spread)
        app = replace(app, startup=step, startup_read=start.read or 0.0)
    if own.private is not None:
        app = replace(app, private=own.private, kernel_memory=0.0, gives_back=0.0)
    if own.hot_files is not None:
        app = replace(app, hot_files=own.hot_files)
    return app if own.works_on is None else replace(app, threads=own.works_on)
