"""Calls that a file lets one guess: a variable of one service that names another.

`CART_SERVICE_ADDR: cart:7070` says that somebody calls `cart`, not how often, nor with what work.
So these are proposals: they are shown, and used only where they are accepted.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from sim import catalog
from sim.files.text.source import sources
from sim.files.text.yaml_values import documents
from sim.workload import Application
from sim.workload.calls import Call, EntryPoint, Operation

DO = "do"
"""The one operation of a service of which nothing is known."""

_HOSTS = re.compile(r"(?:^|[/@,=\s])([a-z0-9][a-z0-9.-]*)(?=[:/,\s]|$)", re.IGNORECASE)


class Proposal(NamedTuple):
    """One service seems to call another."""

    caller: str
    callee: str
    variable: str

    def __str__(self) -> str:
        return f"{self.caller} calls {self.callee} ({self.variable})"


def proposals(paths: Iterable[Path], application: Application) -> list[Proposal]:
    """What the variables of compose services and Kubernetes containers name."""
    names = {part.name for part in application.parts}
    found: dict[tuple[str, str], Proposal] = {}
    for text in sources(paths):
        for document in documents(text):
            for caller, variable, value in _variables(document):
                for callee in _named(value, names) - {caller}:
                    if caller in names:
                        one = Proposal(caller, callee, variable)
                        known = found.setdefault((caller, callee), one)
                        found[caller, callee] = min(known, one, key=str)
    return [found[edge] for edge in sorted(found)]


def accepted(application: Application, edges: Iterable[Proposal]) -> Application:
    """The application with one operation a service, and one call for each proposal.

    Users ask for what nobody calls. A call that would lead back is left out: of a circle those
    stay first whose caller is called by fewest, and calls most.
    """
    edges = list(edges)
    made, got = Counter(edge.caller for edge in edges), Counter(edge.callee for edge in edges)
    calls: dict[str, list[str]] = {}
    for edge in sorted(edges, key=lambda each: (got[each.caller], -made[each.caller], str(each))):
        if not _reaches(calls, edge.callee, edge.caller):
            calls.setdefault(edge.caller, []).append(edge.callee)
    used = {name for edge in edges for name in (edge.caller, edge.callee)}
    called = {callee for many in calls.values() for callee in many}
    cpu = catalog.figure("workload.request_cpu")
    parts = tuple(
        replace(
            part,
            operations=(
                Operation(
                    name=DO,
                    cpu=cpu,
                    calls=tuple(Call(to=callee) for callee in calls.get(part.name, ())),
                ),
            ),
        )
        if part.name in used
        else part
        for part in application.parts
    )
    entries = tuple(EntryPoint(to=name) for name in calls if name not in called)
    note = (
        f"calls are proposed by environment values, each once a visit, and every visit is assumed "
        f"to take {cpu.shown()} of CPU"
    )
    return replace(application, parts=parts, entries=entries, notes=(*application.notes, note))


def _reaches(calls: dict[str, list[str]], start: str, goal: str) -> bool:
    return start == goal or any(_reaches(calls, each, goal) for each in calls.get(start, ()))


def _named(value: str, names: set[str]) -> set[str]:
    """Services that a value names: as a host, whose first label counts, or alone."""
    hosts = {host.lower() for host in _HOSTS.findall(value)}
    return {name for name in names if name in {host.split(".")[0] for host in hosts}}


def _variables(document: Any) -> Iterator[tuple[str, str, str]]:
    """Service, variable and value, of compose and of Kubernetes."""
    if not isinstance(document, dict):
        return
    services = document.get("services")
    for name, service in services.items() if isinstance(services, dict) else ():
        inner = service.get("environment") if isinstance(service, dict) else None
        yield from ((str(name), key, value) for key, value in _pairs(inner))
    for item in document.get("items") or [document]:
        if not isinstance(item, dict):
            continue
        name = str((item.get("metadata") or {}).get("name", ""))
        for container in _containers(item):
            yield from ((name, key, value) for key, value in _pairs(container.get("env")))


def _containers(node: Any) -> Iterator[dict[str, Any]]:
    """Whatever stands in a list `containers`, however deep."""
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "containers" and isinstance(value, list):
            yield from (each for each in value if isinstance(each, dict))
        else:
            yield from _containers(value)


def _pairs(variables: Any) -> Iterator[tuple[str, str]]:
    """Names and values, of a mapping, of `NAME=value`, or of `{name:, value:}`."""
    if isinstance(variables, dict):
        yield from ((str(key), str(value)) for key, value in variables.items())
    for each in variables if isinstance(variables, list) else ():
        if isinstance(each, dict):
            yield str(each.get("name")), str(each.get("value", ""))
        else:
            key, _, value = str(each).partition("=")
            yield key, value
