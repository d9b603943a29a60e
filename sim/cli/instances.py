"""`sim instances`: the EC2 types that are known."""

from typing import Annotated

from sim.catalog import Instance, instances, matching
from sim.cli.options import Json
from sim.cli.screen import as_json, say, table
from sim.core.description import description
from sim.core.names import unknown
from sim.core.question import BadInput, Typed
from sim.units import GiB, MiB


@description
class InstancesQuestion:
    """Which EC2 instance types are known, and what do they have?"""

    pattern: Annotated[str, Typed(argument=True)] = "*"
    """Such as m5, 'c7g.*' or '*.metal'."""


def command(question: InstancesQuestion, to: Json) -> int:
    """List the types that match."""
    found = matching(question.pattern)
    if not found:
        raise BadInput(str(unknown("instance", question.pattern, instances())))
    if to.json:
        as_json([_data(type_) for type_ in found])
        return 0
    table(
        [
            "instance",
            "arch",
            "vCPU",
            "core",
            "memory",
            "OS sees",
            "ENIs",
            "awsvpc tasks",
            "trunk",
            "pods",
            "$/h",
        ],
        [_cells(type_) for type_ in found],
        right="llrrrrrrrrr",
    )
    many = f"{len(found)} type{'' if len(found) == 1 else 's'}"
    say(f"{many}. Sources: Karpenter's tables (2026-08), vantage (2025-12).")
    say("trunk: tasks with ENI trunking as ECS documents it. pods: EKS's max pods. - : not known.")
    say("core: work of a vCPU, that of an m5 vCPU is 1 (CoreMark: sim parameters core_speed).")
    say("Prices on demand in us-east-1.")
    return 0


def _data(type_: Instance) -> dict[str, object]:
    data: dict[str, object] = {
        "instance": type_.name,
        "architecture": type_.architecture,
        "vcpu": type_.vcpu,
        "memory_bytes": type_.memory,
        "memory_visible_bytes": type_.memory_visible,
        "enis": type_.enis,
        "max_pods": type_.max_pods,
        "metal": type_.metal,
        "burstable": type_.burstable,
    }
    if type_.core_speed.grade != "assumed":
        data["core_speed"] = type_.core_speed.value
    if type_.trunk_tasks is not None:
        data["trunk_tasks"] = type_.trunk_tasks
    if type_.baseline is not None:
        data["baseline"] = type_.baseline
    if type_.usd_per_hour is not None:
        data["usd_per_hour"] = type_.usd_per_hour
    return data


def _cells(type_: Instance) -> list[object]:
    return [
        type_.name,
        type_.architecture,
        type_.vcpu,
        "-" if type_.core_speed.grade == "assumed" else f"{type_.core_speed.value:.2f}",
        f"{type_.memory / GiB:g} GiB",
        f"{type_.memory_visible / MiB:.0f} MiB",
        type_.enis,
        type_.enis - 1,
        "-" if type_.trunk_tasks is None else type_.trunk_tasks,
        type_.max_pods,
        "-" if type_.usd_per_hour is None else f"{type_.usd_per_hour:.4f}",
    ]
