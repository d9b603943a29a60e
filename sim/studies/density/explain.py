"""Why so many fit: the numbers that move each count, by reservation and by use."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

from sim.experiment.running.progress import progress
from sim.experiment.statistics.one_at_a_time import one_at_a_time, ranged
from sim.host import Machine
from sim.studies.density.by_use import ByUse, Sized
from sim.studies.influence import Explained, explain
from sim.workload import Service

Node: TypeAlias = tuple[Sized, Service]


class Answered(Protocol):
    """A question about density that has been answered, and can be asked again."""

    @property
    def service(self) -> Service: ...

    @property
    def platforms(self) -> Mapping[str, tuple[Machine, Sized]]: ...

    def wants_use(self, name: str) -> bool: ...

    def by_use(
        self, machine: Machine, platform: Sized, service: Service, *, quietly: bool
    ) -> list[ByUse]: ...


def why_so_many(answered: Answered) -> Iterator[Explained]:
    """Explain every row whose host takes many; the others take one, whatever the numbers."""
    for name, (machine, platform) in answered.platforms.items():
        node = platform, answered.service
        yield explain(name, "by reservation", node, _reserved, base=_reserved([node])[0])
        if answered.wants_use(name):
            yield _by_use(answered, name, machine, node)


def _by_use(answered: Answered, name: str, machine: Machine, node: Node) -> Explained:
    """But for the load, a figure reaches a count by use only through the memory it leaves."""

    def counts(nodes: Sequence[Node]) -> list[int]:
        found = []
        with progress(f"why so many: {name}", "count", total=len(nodes)) as told:
            for platform, service in nodes:
                answers = answered.by_use(machine, platform, service, quietly=True)
                found.append(statistics.median_low(answer.count for answer in answers))
                told.update()
        return found

    count = counts([node])[0]
    only = ranged(node[1].load) + [
        effect.cited
        for effect in one_at_a_time(node, _fitting)
        if effect.swing and min(effect.base, effect.at_low, effect.at_high) <= count
    ]
    idle = len(ranged(node)) - len(only)
    return explain(name, "by use", node, counts, base=count, idle=idle, only=only)


def _reserved(nodes: Sequence[Node]) -> list[int]:
    return [platform.ceilings(service)[0].allows for platform, service in nodes]


def _fitting(nodes: Sequence[Node]) -> list[int]:
    return [platform.fits_in_memory(service) for platform, service in nodes]
