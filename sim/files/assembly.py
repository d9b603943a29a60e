"""From drafts to an application, with everything that was found on the way."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sim.core.mistakes import BadDescription
from sim.core.quantity import shown_vcpu
from sim.core.question import BadInput
from sim.files.draft import ContainerDraft, Drafts, PartDraft, refuse_crowd, share_volumes
from sim.files.sizes.ladder import LADDER, ObservedUse, SizedContainer, found_use, sized, told
from sim.files.text.findings import Findings
from sim.files.text.place import TextPlace
from sim.workload import Application, Part, Service, Wait
from sim.workload.application import SizeSource


def assembled(
    drafts: Drafts, measured: Mapping[str, ObservedUse], findings: Findings
) -> Application:
    """The application that drafts are.

    Raises:
        BadInput: something is wrong with the files.
    """
    refuse_crowd(drafts.name, len(drafts.parts))
    share_volumes(drafts.parts)
    made = [_part(draft, measured) for draft in drafts.parts]
    findings.refuse()
    parts = tuple(part for part in made if part is not None)
    _note_sizes(parts, findings)
    try:
        return Application(
            name=drafts.name,
            parts=parts,
            entries=drafts.entries,
            notes=findings.notes,
            ignored=findings.ignored,
        )
    except BadDescription as error:
        lines = [f"{_place(line, drafts)}: {line}" for line in str(error).splitlines()]
        raise BadInput("\n".join(lines)) from None


def _place(mistake: str, drafts: Drafts) -> TextPlace:
    """Where it stands that parts do not hang together: `web.home: calls: ...`, `entry: ...`."""
    path, _, rest = mistake.partition(": ")
    name, _, operation = path.partition(".")
    for part in drafts.parts:
        if part.name == name:
            node = part.main.node[operation] if operation else part.main.node
            return node["after" if rest.startswith("part:") else "calls"].place
    nowhere = TextPlace(drafts.parts[0].main.node.place.source, 0)
    return nowhere if drafts.whole is None else drafts.whole[path].place


def _part(draft: PartDraft, measured: Mapping[str, ObservedUse]) -> Part | None:
    for each in draft.init:
        _as_large_as(draft.main, each)
    for each in draft.containers:
        each.after = [_waits_for_part(wait, draft) for wait in each.after]
    every = [_sized(each, measured, _name(each, draft)) for each in draft.containers]
    if any(each is None for each in every):
        return None
    known = [each for each in every if each is not None]
    services = [each.service for each in known]
    init, (main, *sidecars) = services[: len(draft.init)], services[len(draft.init) :]
    whole = draft.main.node.made(_with, main, init, sidecars)
    if whole is None:
        return None
    return draft.main.node.made(
        Part,
        service=whole,
        copies=draft.copies,
        after=tuple(draft.after),
        daemon=draft.daemon,
        once=draft.once,
        most_per_host=draft.most_per_host,
        apart_from=tuple(draft.apart_from),
        spread=draft.spread,
        autoscaling=draft.autoscaling,
        volumes=tuple(draft.volumes),
        threads=draft.threads,
        operations=draft.operations,
        size_from=_weakest(each.memory_from for each in known),
        cpu_from=_weakest(each.cpu_from for each in known),
    )


def _as_large_as(main: ContainerDraft, init: ContainerDraft) -> None:
    """An init container of which nothing is said has the room of the one that comes after it."""
    init.asks = any((init.cpu, init.cpu_limit, init.memory, init.memory_limit))
    if not (init.cpu or init.cpu_limit):
        init.cpu, init.cpu_limit = main.cpu, main.cpu_limit
    if not (init.memory or init.memory_limit):
        init.memory, init.memory_limit = main.memory, main.memory_limit


def _waits_for_part(wait: Wait, draft: PartDraft) -> Wait:
    """The main container has the name of its part."""
    return replace(wait, part=draft.name) if wait.part == draft.main.name else wait


def _name(container: ContainerDraft, part: PartDraft) -> str:
    if container is part.main:
        return part.name
    return container.name if container.name != part.name else f"{container.name}-beside"


def _with(main: Service, init: list[Service], sidecars: list[Service]) -> Service:
    return replace(main, init=tuple(init), sidecars=tuple(sidecars))


def _sized(
    draft: ContainerDraft, measured: Mapping[str, ObservedUse], name: str
) -> SizedContainer | None:
    for what in ("cpu", "memory"):
        asked, most = getattr(draft, what), getattr(draft, f"{what}_limit")
        if asked and most and asked > most:
            draft.node.say(f"{what}: a request of {asked:g} is above its limit of {most:g}")
            return None
    return draft.node.made(sized, draft, found_use(draft, name, measured), name)


def _weakest(sources: Iterable[SizeSource]) -> SizeSource:
    return max(sources, key=LADDER.index)


def _note_sizes(parts: tuple[Part, ...], findings: Findings) -> None:
    """What is assumed, and how far it may be off."""
    for part in parts:
        if part.size_from == "assumed":
            what = f"nothing says how much memory these need; {told('memory')} a container is"
            findings.note(f"{what} assumed, which --sizes replaces", part.name)
    for part in parts:
        if part.cpu_from == "assumed":
            what = f"nothing says how much CPU these need; {told('cpu', shown_vcpu)} a container is"
            findings.note(f"{what} assumed", part.name)
