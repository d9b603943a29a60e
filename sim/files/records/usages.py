"""What containers used: Container Insights, `docker stats`, ranges of Prometheus, recommenders."""

from collections.abc import Mapping
from typing import Any

from sim.core.quantity import number_in
from sim.files.records.objects import mapping, objects_in
from sim.files.sizes.measured import uses
from sim.files.text.value import Value
from sim.studies.fit.observed import Records
from sim.units import MiB

CPU_UNITS = 1024.0
"""Of ECS, in one vCPU."""
MOST = 2.0**50
"""Of any use, bytes or vCPUs, and of a time: no machine has as much, and no fit holds it."""
LARGEST_CPU = 4096.0
"""vCPUs; a series without a name whose values are above are bytes."""


def insights(node: Mapping[str, Any], records: Records) -> None:
    """A performance log event of ECS, of type Container or Task."""
    name = str(node.get("ContainerName") or node.get("TaskDefinitionFamily") or "task")
    if node.get("Type") == "Task":
        name = str(node.get("TaskDefinitionFamily") or "task")
    cpu, memory = _number(node.get("CpuUtilized")), _number(node.get("MemoryUtilized"), MOST / MiB)
    seen, at = records.use(name), (_number(node.get("Timestamp")) or 0.0) / 1000.0
    if cpu is not None:
        seen.cpu.append((at, cpu / CPU_UNITS))
    if memory is not None:
        seen.memory.append((at, memory * MiB))


def prometheus(node: Mapping[str, Any], records: Records) -> None:
    """A range of working sets, or of rates of CPU time."""
    for series in objects_in(node["data"].get("result")):
        labels = mapping(series.get("metric"))
        points = series.get("values") or [series.get("value")]
        values = [each for each in map(_point, points) if each is not None]
        name = str(
            labels.get("container") or labels.get("pod") or labels.get("name") or "container"
        )
        if name == "POD" or not values:
            continue
        told = str(labels.get("__name__") or "")
        memory = "memory" in told or (
            not told and max(amount for _, amount in values) > LARGEST_CPU
        )
        (records.use(name).memory if memory else records.use(name).cpu).extend(values)


def _point(point: Any) -> tuple[float, float] | None:
    """A time and a value, which is written as a text."""
    if not isinstance(point, list) or len(point) != 2:
        return None
    at, value = _number(point[0]), _number(point[1])
    return None if at is None or value is None else (at, value)


def _number(value: Any, most: float = MOST) -> float | None:
    """A number of at least 0, also where it is written as a text; above the most it is none."""
    number = number_in(value)
    return None if number is None or not 0.0 <= number <= most else number


def stats(node: Value, records: Records) -> None:
    """A line of `docker stats`: one instant of one container."""
    for name, use in uses(node):
        seen = records.use(name)
        if use.cpu is not None:
            seen.cpu.append((0.0, use.cpu))
        if use.memory is not None:
            seen.memory.append((0.0, use.memory))


def advice(node: Value, records: Records) -> None:
    """What KRR or a vertical autoscaler recommends; of several copies the most."""
    for name, use in uses(node):
        seen = records.use(name)
        seen.advised_cpu = _most(seen.advised_cpu, use.cpu)
        seen.advised_memory = _most(seen.advised_memory, use.memory)


def _most(one: float | None, other: float | None) -> float | None:
    return max((each for each in (one, other) if each is not None), default=None)


def is_insights(node: Mapping[str, Any]) -> bool:
    """Whether an object is a performance log event of ECS."""
    return "CpuUtilized" in node and node.get("Type") in ("Task", "Container")


def is_range(node: Mapping[str, Any]) -> bool:
    """Whether an object is the answer to a query of Prometheus."""
    data = node.get("data")
    return isinstance(data, dict) and data.get("resultType") in ("matrix", "vector")


def is_stats(node: Mapping[str, Any]) -> bool:
    """Whether an object is a line of `docker stats`."""
    return "MemUsage" in node


def is_advice(node: Mapping[str, Any]) -> bool:
    """Whether an object recommends sizes."""
    status = node.get("status")
    return isinstance(node.get("scans"), list) or (
        isinstance(status, dict) and isinstance(status.get("recommendation"), dict)
    )
