"""Calls between the parts of an application: operations, what they call, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import chain, groupby
from math import fsum
from typing import Annotated, Literal, NamedTuple, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from sim.core.cited import Number, Positive, plain
from sim.core.description import description
from sim.core.names import WITHOUT_DOT, UnknownName, in_name_order, unknown
from sim.core.quantity import Attempts

How: TypeAlias = Literal["sync", "parallel", "async"]
"""One after the other; together with the parallel calls next to it; or not waited for."""


@description
class Call:
    """What one visit of an operation asks of another."""

    to: Annotated[str, Field(min_length=1)]
    """`part.operation`, or the part alone where it has only one."""
    times: Number = 1.0
    """Calls per visit, on average; with 0.2 every fifth visit makes one."""
    how: How = "sync"
    timeout: Positive | None = None
    """Seconds after which the caller waits no longer; the work goes on. None: it waits."""
    retries: Attempts = 0
    """Further attempts after one that timed out or failed."""
    bytes: Number = 0.0
    """Request and answer together, on the network cards of both hosts."""
    optional: bool = False
    """Whether the caller goes on without the answer once all attempts have failed; else it
    fails, too."""

    @model_validator(mode="after")
    def _is_waited_for(self) -> Call:
        idle = self.how == "async" and (self.timeout is not None or self.retries > 0)
        if idle:
            what = "timeout" if self.timeout is not None else "retries"
            raise ValueError(f"{what}: not allowed where how is 'async': nobody waits for it")
        return self


def _together_in_name_order(calls: Sequence[Call]) -> tuple[Call, ...]:
    """Calls in order; those that are made together have none among them."""
    groups = groupby(calls, lambda call: call.how == "parallel")
    return tuple(chain.from_iterable(in_name_order([*g]) if beside else g for beside, g in groups))


@description
class Operation:
    """One thing that a part does when it is asked: its own work first, then its calls."""

    name: Annotated[str, Field(pattern=WITHOUT_DOT)]
    cpu: Number
    """Mean CPU of a visit, core-seconds of the reference core, without what it calls."""
    variation: Number = 1.0
    """Coefficient of variation of CPU and wait: 0 where all are alike, 1 where exponential."""
    wait: Number = 0.0
    """Mean seconds that a visit waits for anything else: a disk, a service outside."""
    calls: Annotated[tuple[Call, ...], AfterValidator(_together_in_name_order)] = ()
    """In order; parallel calls next to each other are made together."""


@description
class EntryPoint:
    """An operation that users ask for."""

    to: Annotated[str, Field(min_length=1)]
    weight: Positive = 1.0
    """Its part of the requests, against the other entries."""


class Place(NamedTuple):
    """An operation of a part; written `part.operation`."""

    part: str
    operation: str

    def __str__(self) -> str:
        return f"{self.part}.{self.operation}"


Operations: TypeAlias = Mapping[str, tuple[Operation, ...]]
"""By part, what it does."""


def find(operations: Operations, to: str) -> Place:
    """The operation that is meant.

    Raises:
        UnknownName: there is none of that name.
    """
    part, dot, name = to.rpartition(".")
    if not dot and len(operations.get(to, ())) == 1:
        return Place(to, operations[to][0].name)
    if any(one.name == name for one in operations.get(part, ())):
        return Place(part, name)
    every = [str(Place(p, one.name)) for p, many in operations.items() for one in many]
    if not dot and to in operations:
        mine = ", ".join(str(Place(to, one.name)) for one in operations[to]) or "none"
        raise UnknownName(f"operation: {to!r} is a part; say which of its operations: {mine}")
    alone = [p for p, many in operations.items() if len(many) == 1]
    raise unknown("operation", to, every if dot else [*alone, *every])


def check(operations: Operations, entries: tuple[EntryPoint, ...]) -> None:
    """Whether calls and entries lead to operations that exist, and end.

    Raises:
        ValueError: they do not; the message names the operation or the circle.
    """
    _check_names(operations)
    waits: dict[str, list[str]] = {}
    for here, call in every_call(operations):
        waits.setdefault(str(here), []).append(str(_found(operations, call.to, f"{here}: calls")))
    for entry in entries:
        _found(operations, entry.to, "entry")
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise ValueError(f"calls: they go round in a circle and never end: {circle}") from None


def _check_names(operations: Operations) -> None:
    for part, many in operations.items():
        names = [one.name for one in many]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{part}: operation {name!r} is there {names.count(name)} times")


def _found(operations: Operations, to: str, where: str) -> Place:
    try:
        return find(operations, to)
    except UnknownName as error:
        raise ValueError(f"{where}: {error}") from error


def every_call(operations: Operations) -> Iterator[tuple[Place, Call]]:
    """All calls, with the operation that makes them."""
    for part, many in operations.items():
        for one in many:
            for call in one.calls:
                yield Place(part, one.name), call


def visits(operations: Operations, entries: tuple[EntryPoint, ...]) -> dict[Place, float]:
    """Mean visits of each operation a request, when nothing times out."""
    total = fsum(plain(entry.weight) for entry in entries)
    mean = {Place(part, one.name): 0.0 for part, many in operations.items() for one in many}
    for entry in entries:
        mean[find(operations, entry.to)] += plain(entry.weight) / total
    made = {place: [c for here, c in every_call(operations) if here == place] for place in mean}
    after = {place: [find(operations, c.to) for c in calls] for place, calls in made.items()}
    callers_first = [*TopologicalSorter(after).static_order()][::-1]
    for place in callers_first:
        for call in made[place]:
            mean[find(operations, call.to)] += mean[place] * plain(call.times)
    return mean


@description
class Hops:
    """Seconds that a call spends on the network, there and back, by where caller and callee are."""

    same_host: Number = 0.0
    same_zone: Number = 0.0
    """Another host of the same availability zone."""
    other_zone: Number = 0.0
    sidecar: Number = 0.0
    """Seconds that the proxies of a service mesh add to each call."""
