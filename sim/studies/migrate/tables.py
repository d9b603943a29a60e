"""Tidy tables of an answer, for pictures and for files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import fsum
from typing import TYPE_CHECKING, Any

from sim.studies.migrate.answer import MigrateAnswer
from sim.studies.migrate.sizing import MovedGuest
from sim.studies.migrate.ways import Way
from sim.units import GiB

if TYPE_CHECKING:
    import pandas as pd


def asked_and_used(answer: MigrateAnswer) -> pd.DataFrame:
    """A row a guest and resource: what it was given and the most it was seen to use."""
    import pandas as pd

    rows = [row for each in answer.guests for row in _asked_and_used(each)]
    return pd.DataFrame(rows, columns=["name", "moves_as", "resource", "asked", "used"])


def _asked_and_used(each: MovedGuest) -> Iterator[dict[str, Any]]:
    guest, who = each.guest, {"name": each.name, "moves_as": each.to}
    if guest.cpu_used is not None:
        yield {**who, "resource": "vCPU", "asked": guest.vcpu, "used": guest.cpu_used}
    if guest.memory_most is not None:
        memory = {"asked": guest.memory / GiB, "used": guest.memory_most / GiB}
        yield {**who, "resource": "memory", **memory}


def hosts(answer: MigrateAnswer) -> pd.DataFrame:
    """A row a host and resource, today and packed: shares that are reserved and used.

    Today's shares are of what its guests were given where the host itself is not told; packed
    machines are those of the cheapest way in which several share one.
    """
    import pandas as pd

    rows = [*_today(answer), *(_packed(answer, answer.packed[0]) if answer.packed else [])]
    return pd.DataFrame(rows, columns=["when", "host", "resource", "reserved", "used"])


def _today(answer: MigrateAnswer) -> Iterator[dict[str, Any]]:
    on: defaultdict[str, list[MovedGuest]] = defaultdict(list)
    for each in answer.guests:
        if each.guest.host:
            on[each.guest.host].append(each)
    known = {host.name: host for host in answer.question.inventory.hosts}
    for name, guests in sorted(on.items()):
        host = known.get(name)
        given = fsum(each.guest.vcpu for each in guests)
        memory = fsum(each.guest.memory for each in guests)
        cpus = (host.cores if host else None) or given
        whole = (host.memory if host else None) or memory
        row = {"when": "today", "host": name}
        cpu_used = fsum(each.guest.cpu_used or 0.0 for each in guests)
        yield {**row, "resource": "vCPU", "reserved": given / cpus, "used": cpu_used / cpus}
        used = fsum(each.guest.memory_used or 0.0 for each in guests)
        yield {**row, "resource": "memory", "reserved": memory / whole, "used": used / whole}


def _packed(answer: MigrateAnswer, way: Way) -> Iterator[dict[str, Any]]:
    guests = {each.name: each for each in answer.guests}
    packing = None if way.planned is None else way.planned.packing
    for number, host in enumerate(packing.hosts if packing else (), 1):
        whole, left = host.kind.empty.amounts(), host.left.amounts()
        on = [guests[copy.part] for copy in host.on]
        taken = {
            "vCPU": fsum(each.cpu_used or 0.0 for each in on),
            "memory": fsum(each.guest.memory_used or 0.0 for each in on),
        }
        for resource, used in taken.items():
            if resource in whole:
                yield {
                    "when": way.name,
                    "host": f"{number}  {host.kind.name}",
                    "resource": resource,
                    "reserved": 1.0 - left[resource] / whole[resource],
                    "used": used / whole[resource],
                }
