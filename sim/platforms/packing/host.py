"""Copies of an application's parts, and the hosts that they are put on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum, inf, isfinite
from typing import Any

from sim.core.cited import plain
from sim.core.names import Architecture
from sim.host import Machine
from sim.image.image import distinct
from sim.platforms.packing.placing import Placing, Room
from sim.workload.application import Application, Part

HOST_COLUMNS = ("instance", "part", "copies", "resource", "used", "capacity")
"""Columns of `PackedHost.rows`."""

APART = "anti-affinity"
"""What stops a copy that its own application keeps off a host."""
PORTS = "host ports"
ARCHITECTURE = "architecture"


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a part, as placement sees it."""

    part: str
    request: Any
    most_per_host: float
    """Copies of the part that one host may have."""
    apart: frozenset[str]
    """Parts that may not share a host with it."""
    spread: bool
    architectures: tuple[Architecture, ...]
    layers: Mapping[str, float] = field(default_factory=dict)
    """Bytes of disk that each layer of its images takes, by digest."""
    written: float = 0.0
    """Bytes that it writes beside them."""

    @property
    def keeps_off(self) -> bool:
        """Whether it matters to later copies that this one is there."""
        return bool(self.apart) or isfinite(self.most_per_host)


@dataclass(frozen=True, slots=True)
class HostKind:
    """A kind of host that may be had, with what the application itself runs on each."""

    name: str
    architecture: Architecture
    placing: Placing
    empty: Room
    """With the application's daemons on it."""
    daemons: tuple[str, ...] = ()
    usd_per_hour: float | None = None


class PackedHost:
    """One host, and what has been put on it."""

    __slots__ = ("disk", "kind", "layers", "left", "on", "parts")

    def __init__(self, kind: HostKind) -> None:
        self.kind = kind
        self.left: Room = kind.empty
        self.on: list[Copy] = []
        self.parts: dict[str, int] = {}
        self.disk = kind.placing.disk
        """Bytes left of its disk, which no scheduler looks at; negative: images do not fit."""
        self.layers: set[str] = set()
        """Layers on it, by digest."""

    def takes(self, copy: Copy) -> bool:
        """Whether there is room for one more, and nothing keeps them apart."""
        return self.left.fits(copy.request) and not kept_off(self.kind, self.parts, copy)

    def put(self, copy: Copy) -> None:
        """One more copy."""
        self.left = self.left.less(copy.request)
        self.disk -= self._to_store(copy)
        self.layers.update(copy.layers)
        self.on.append(copy)
        self.parts[copy.part] = self.parts.get(copy.part, 0) + 1

    def plus(self, copy: Copy) -> PackedHost:
        """Another host with the same on it, and one more copy."""
        more = PackedHost(self.kind)
        more.left, more.disk = self.left, self.disk
        more.on, more.parts, more.layers = [*self.on], {**self.parts}, {*self.layers}
        more.put(copy)
        return more

    def lacks(self, copy: Copy) -> list[str]:
        """Names of the limits that keep a copy off."""
        words = [word] if (word := kept_off(self.kind, self.parts, copy)) else []
        if not self.left.fits(copy.request):
            words += short_of(self.left, copy.request) or [PORTS]
        return words

    def _to_store(self, copy: Copy) -> float:
        """Bytes of disk for its layers that are not there yet, and for what it writes."""
        if self.kind.placing.disk == inf:
            return 0.0
        missing = (size for digest, size in copy.layers.items() if digest not in self.layers)
        return copy.written + fsum(missing)

    def rows(self) -> list[dict[str, Any]]:
        """What each part on it takes of each resource: one row a part and resource."""
        found = []
        whole = self.kind.empty.amounts()
        for copy in {copy.part: copy for copy in self.on}.values():
            after = self.kind.empty.less(copy.request).amounts()
            count = self.parts[copy.part]
            found += [
                {
                    "instance": self.kind.name,
                    "part": copy.part,
                    "copies": count,
                    "resource": limit,
                    "used": count * (whole[limit] - after[limit]),
                    "capacity": whole[limit],
                }
                for limit in whole
                if isfinite(whole[limit])
            ]
        return found


def kept_off(kind: HostKind, parts: Mapping[str, int], copy: Copy) -> str:
    """What keeps a copy off a host with those parts on it, whatever room it has; else empty."""
    if kind.architecture not in copy.architectures:
        return ARCHITECTURE
    if parts.get(copy.part, 0) >= copy.most_per_host:
        return APART
    if copy.apart and not copy.apart.isdisjoint(parts):
        return APART
    return ""


def short_of(room: Room, request: Any) -> list[str]:
    """The resources of which a request takes more than there is."""
    after = room.less(request).amounts()
    return [limit for limit, amount in after.items() if amount < 0.0]


class DoesNotFit(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """A copy fits on no empty host, whatever their number.

    Args:
        part: whose copy it is.
        limits: what an empty host has too little of.
        host: its name.
    """

    def __init__(self, part: str, limits: Sequence[str], host: str) -> None:
        self.part = part
        self.limits = list(dict.fromkeys(limits))
        self.host = host
        super().__init__(f"{part} does not fit on {host}: {' and '.join(self.limits)}")


def host_kind(app: Application, machine: Machine, placing: Placing) -> HostKind:
    """A kind of host with the application's daemons on it.

    Raises:
        DoesNotFit: not even those fit.
    """
    empty = placing.empty
    daemons = [part for part in app.parts if part.daemon]
    for part in daemons:
        request = placing.request(part.service)
        if not empty.fits(request):
            raise DoesNotFit(part.name, short_of(empty, request) or [PORTS], machine.name)
        empty = empty.less(request)
    price = machine.usd_per_hour
    return HostKind(
        name=machine.name,
        architecture=machine.architecture,
        placing=placing,
        empty=empty,
        daemons=tuple(part.name for part in daemons),
        usd_per_hour=None if price is None else plain(price),
    )


def copies(app: Application, placing: Placing) -> list[Copy]:
    """Every copy that stays, in the order in which they are asked for.

    Daemons are on each host already; what runs once leaves its room to what comes after it.
    """
    apart = _apart(app)
    return [
        copy
        for part in app.in_order()
        if not (part.daemon or part.once)
        for copy in [_copy_of(part, apart.get(part.name, frozenset()), placing)] * part.copies
    ]


def jobs(app: Application, placing: Placing) -> list[Copy]:
    """A copy of each part that runs once: some host has to hold it while nothing else is there."""
    once = [part for part in app.in_order() if part.once and part.copies]
    return [_copy_of(part, frozenset(), placing) for part in once]


def _copy_of(part: Part, apart: frozenset[str], placing: Placing) -> Copy:
    """One copy of a part."""
    return Copy(
        part=part.name,
        request=placing.request(part.service),
        most_per_host=part.most_per_host or float("inf"),
        apart=apart,
        spread=part.spread,
        architectures=_built_for(part),
        layers=_layers(part, placing),
        written=fsum(plain(each.disk) for each in (*part.service.containers, *part.service.init)),
    )


def _layers(part: Part, placing: Placing) -> dict[str, float]:
    if placing.disk == inf:
        return {}
    every = (*part.service.containers, *part.service.init)
    images = [each.image for each in every if each.image is not None]
    return {layer.digest: placing.on_disk(layer) for layer in distinct(images)}


def _apart(app: Application) -> dict[str, frozenset[str]]:
    """By part, the parts that it does not share a host with: whoever says so, it holds for both."""
    pairs = {(part.name, other) for part in app.parts for other in part.apart_from}
    names = {name for pair in pairs for name in pair}
    return {
        name: frozenset(b if a == name else a for a, b in pairs if name in (a, b)) for name in names
    }


def _built_for(part: Part) -> tuple[Architecture, ...]:
    """The architectures for which all of its containers were built."""
    service = part.service
    beside = (*service.init, *service.sidecars)
    return tuple(
        architecture
        for architecture in service.architectures
        if all(architecture in each.architectures for each in beside)
    )
