"""Which instance types may be taken, and in what order they are worth trying."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, fsum, inf

from sim import catalog
from sim.catalog.instances.table import Instance, usual
from sim.core.names import shown, unknown
from sim.workload.application import Application, Part

AUTO = "auto"

_NEARLY = 1.0 - 1e-9


@cache
def allowed(instance: str) -> tuple[str, ...]:
    """The type of that name; for a pattern or `auto` the types that are left to choose among.

    Of those no bare metal, no T type, whose surplus credits are billed by use, and none whose
    price or network is not known; for `auto` neither an old nor an HPC type.

    Raises:
        UnknownName: there is none.
    """
    if instance in catalog.instances():
        return (instance,)
    pattern = "*" if instance == AUTO else instance
    if not any(sign in pattern for sign in "*?["):
        raise unknown("instance", instance, [*catalog.instances(), AUTO])
    types = tuple(
        each.name
        for each in catalog.matching(pattern)
        if _plain(each) and (instance != AUTO or usual(each.name))
    )
    if not types:
        raise ValueError(f"{shown(instance)} is not allowed; no type that it matches can be chosen")
    return types


def _plain(type_: Instance) -> bool:
    known = type_.usd_per_hour is not None and type_.max_pods is not None
    return known and not (type_.metal or type_.burstable)


@cache
def candidates(instance: str) -> tuple[str, ...]:
    """Of the types that may be taken those of which none has as much of everything for less."""
    return tuple(undominated(allowed(instance)))


@dataclass(frozen=True, slots=True)
class Needs:
    """What all copies of an application take together, and the largest of them."""

    cpu: float
    memory: float
    gpus: int
    largest_cpu: float
    largest_memory: float

    def least_machines(self, type_: Instance) -> float:
        """Machines of a type that no packing does without; infinite where a copy does not fit."""
        if self.largest_cpu > type_.vcpu or self.largest_memory > type_.memory_visible:
            return inf
        gpus = type_.nvidia_gpus or 0
        if self.gpus and not gpus:
            return inf
        shares = (self.cpu / type_.vcpu, self.memory / type_.memory_visible)
        whole = [ceil(share * _NEARLY) for share in shares]
        return max(1, *whole, ceil(self.gpus / gpus) if self.gpus else 0)


def needs(app: Application) -> Needs:
    """The needs of the copies that stay, and of the largest of them or of what runs once.

    Daemons come on top of each machine.
    """
    every = [part for part in app.parts if part.copies and not part.daemon]
    parts = [part for part in every if not part.once]
    largest = [_size(part) for part in every]
    sizes = [(part.copies, *_size(part)) for part in parts]
    return Needs(
        cpu=fsum(copies * cpu for copies, cpu, _, _ in sizes),
        memory=fsum(copies * memory for copies, _, memory, _ in sizes),
        gpus=sum(copies * gpus for copies, _, _, gpus in sizes),
        largest_cpu=max((cpu for cpu, _, _ in largest), default=0.0),
        largest_memory=max((memory for _, memory, _ in largest), default=0.0),
    )


def _size(part: Part) -> tuple[float, float, int]:
    """vCPUs, bytes and GPUs that its containers reserve side by side."""
    containers = part.service.containers
    return (
        fsum(each.cpu for each in containers),
        fsum(each.reserved for each in containers),
        sum(each.gpus for each in containers),
    )


def by_least_cost(
    app: Application, names: Sequence[str], spare: int
) -> Iterator[tuple[float, str]]:
    """The types and a price an hour below which none of them holds the application.

    Whoever goes through them may stop where the bound is not below what was found: what comes
    after costs at least as much. A type whose price is not known comes last.
    """
    wanted = needs(app)
    bounds = []
    for name in names:
        type_ = catalog.instance(name)
        machines = wanted.least_machines(type_) + spare
        if machines < inf or len(names) == 1:
            price = inf if type_.usd_per_hour is None else type_.usd_per_hour * machines
            bounds.append((price, name))
    yield from sorted(bounds)


def undominated(names: Sequence[str]) -> list[str]:
    """Types of which none other has as much of everything for less; cheapest first."""
    types = sorted(map(catalog.instance, names), key=lambda t: (t.usd_per_hour or inf, t.name))
    kept: list[Instance] = []
    for type_ in types:
        if not any(_as_good(other, type_) for other in kept):
            kept.append(type_)
    return [type_.name for type_ in kept]


def _as_good(cheaper: Instance, type_: Instance) -> bool:
    return (
        cheaper.architecture == type_.architecture
        and cheaper.vcpu >= type_.vcpu
        and cheaper.memory_visible >= type_.memory_visible
        and (cheaper.max_pods or 0) >= (type_.max_pods or 0)
        and (cheaper.nvidia_gpus or 0) >= (type_.nvidia_gpus or 0)
    )
