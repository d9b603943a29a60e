"""`sim instances`: the EC2 types that are known, and the user's own."""

from pathlib import Path
from typing import Annotated, Any

from sim.catalog import Instance, instances, matching
from sim.catalog.instances import own_types
from sim.catalog.instances.table import forget
from sim.cli.options import Json
from sim.cli.screen import as_json, say, table
from sim.core.cited import Cited, plain
from sim.core.description import description
from sim.core.names import unknown
from sim.core.question import BadInput, Typed
from sim.units import GiB, MiB


@description
class InstancesQuestion:
    """Which EC2 instance types are known, and what do they have?"""

    pattern: Annotated[str, Typed(argument=True, shape="PATTERN")] = "*"
    """Such as m5, 'c7g.*' or '*.metal'."""
    update: Annotated[Path | None, Typed(shape="<file>")] = None
    """A CSV of types in the columns of the table: they are kept for every verb, and a name that is
    known is replaced."""


def command(question: InstancesQuestion, to: Json) -> int:
    """List the types that match; first keep the user's own, if there are any."""
    if question.update is not None:
        try:
            new = own_types.update(question.update)
        except ValueError as error:
            raise BadInput(str(error)) from error
        if not to.json:
            kept = f"kept {len(new)} type{'' if len(new) == 1 else 's'} in {own_types.place()}"
            say(f"{kept}: {', '.join(new[:10])}{' and others' if len(new) > 10 else ''}")
        forget()
    types = matching(question.pattern)
    if not types:
        raise BadInput(str(unknown("instance", question.pattern, instances())))
    if to.json:
        as_json([_data(type_) for type_ in types])
        return 0
    table(
        list(_cells(types[0])),
        [list(_cells(type_).values()) for type_ in types],
        right="llrrrrrrrrr",
        spare=["trunk", "core", "GPUs"],
        dash="",  # said below, with the other signs
    )
    many = f"{len(types)} type{'' if len(types) == 1 else 's'}"
    say(f"{many}. Sources: Karpenter's tables (2026-08), vantage (2025-12).")
    say(
        "- : not known. ~ : an estimate (grade C): what the OS sees from sibling types, tasks with "
        "ENI trunking from branch interfaces where ECS documents none."
    )
    say("An ECS task with awsvpc takes one of the ENIs but the first. pods: EKS's max pods.")
    say("core: work of a vCPU, that of an m5 vCPU is 1 (CoreMark).")
    say("Prices on demand in us-east-1.")
    return 0


def _data(type_: Instance) -> dict[str, Any]:
    data: dict[str, Any] = {
        "instance": type_.name,
        "architecture": type_.architecture,
        "vcpu": type_.vcpu,
        "memory_bytes": type_.memory,
        "memory_visible_bytes": type_.memory_visible,
        "memory_visible_grade": type_.memory_lost.grade,
        "accelerators": type_.accelerators,
        "local_nvme_bytes": type_.nvme,
        "metal": type_.metal,
        "burstable": type_.burstable,
    }
    if type_.core_speed.grade != "assumed":
        data["core_speed"] = type_.core_speed.value
    if type_.trunk_tasks is not None:
        data["trunk_tasks"] = int(type_.trunk_tasks.value)
        data["trunk_tasks_grade"] = type_.trunk_tasks.grade
    maybe = {
        "enis": type_.enis,
        "ipv4_per_eni": type_.ipv4_per_eni,
        "max_pods": type_.max_pods,
        "gpus": type_.gpus,
        "gpu": type_.gpu_name or None,
        "network_mbit_per_s": type_.network,
        "ebs_mbit_per_s": type_.ebs,
        "baseline": type_.baseline,
        "usd_per_hour": type_.usd_per_hour,
        "source": type_.source or None,
    }
    return data | {key: value for key, value in maybe.items() if value is not None}


def _cells(type_: Instance) -> dict[str, object]:
    """A row, by column."""
    speed, trunk, price = type_.core_speed, type_.trunk_tasks, type_.usd_per_hour
    cells = {
        "instance": type_.name,
        "arch": type_.architecture,
        "vCPU": type_.vcpu,
        "core": None if speed.grade == "assumed" else f"{speed.value:.2f}",
        "GiB": f"{round(type_.memory / GiB, 2):g}",
        "OS sees MiB": f"{_about(type_.memory_lost)}{type_.memory_visible / MiB:.0f}",
        "ENIs": type_.enis,
        "trunk": None if trunk is None else f"{_about(trunk)}{plain(trunk):.0f}",
        "pods": type_.max_pods,
        "GPUs": type_.gpus,
        "$/h": None if price is None else f"{price:.4f}",
    }
    return {column: "-" if cell is None else cell for column, cell in cells.items()}


def _about(figure: Cited) -> str:
    """A sign before what is derived."""
    return "" if figure.grade == "A" else "~"
