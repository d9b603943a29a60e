"""Which instance type: containers on one, what each costs an hour, and the types none betters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim import catalog
from sim.core.cited import plain
from sim.studies.cost.bill import Machines, bill, whole_machines
from sim.studies.platforms import row
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd


def by_instance_type(service: Service, pattern: str = "*", *, tasks: int = 100) -> pd.DataFrame:
    """One row an EC2 type that holds at least one ECS task (bridge) of a service, densest first.

    `frontier` marks the types that no other betters: none is as dense and costs less a container,
    none costs as little and is denser. Left out are bare metal, T types, whose surplus credits are
    billed by use, and types whose price is not known. A vCPU counts as one, however fast it is:
    `core_speed` (of an m5 vCPU) stands beside it. `hosts` and `usd_per_month` are of `tasks` tasks,
    on whole instances with their volumes: whoever is cheapest in a full one need not be there.

    Args:
        pattern: of the type's name, as in a shell.
        tasks: of which the cost is told.
    """
    import pandas as pd

    types = [t for t in catalog.matching(pattern) if not t.metal and not t.burstable]
    rows = [_row(type_, service, tasks) for type_ in types if type_.usd_per_hour is not None]
    table = pd.DataFrame([row for row in rows if row["count"]])
    if table.empty:
        raise ValueError(f"pattern: no type of {pattern!r} holds a task of {service.name}")
    order = ["count", "usd_per_container_hour"]
    table = table.sort_values(order, ascending=[False, True], ignore_index=True)
    best_so_far = table["usd_per_container_hour"].cummin()
    table["frontier"] = best_so_far < best_so_far.shift(fill_value=float("inf"))
    return table


def _row(type_: catalog.Instance, service: Service, tasks: int) -> dict[str, object]:
    machine = catalog.machine(type_.name)
    limit = catalog.ecs(machine).ceilings(service)[0]
    price = type_.usd_per_hour or 0.0
    hosts = whole_machines(tasks, limit.allows) if limit.allows else 0
    cost = bill(row("ecs").charges, [Machines(type=type_.name, count=hosts)])
    return {
        "instance": type_.name,
        "architecture": type_.architecture,
        "core_speed": plain(machine.core_speed),
        "count": limit.allows,
        "stopped_by": limit.limit,
        "usd_per_hour": price,
        "usd_per_container_hour": price / max(1, limit.allows),
        "hosts": hosts,
        "usd_per_month": cost.usd_per_month,
    }
