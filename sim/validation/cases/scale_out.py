"""Scale-outs: how many containers run so many minutes after all were asked for (2020)."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from sim import catalog
from sim.core.description import figures, with_figure, with_figures
from sim.experiment import Burst, Scenario
from sim.experiment.running.run import run
from sim.platforms import ECS, EKS, NodePool
from sim.units import GiB, MiB, minutes
from sim.validation.case import Case
from sim.validation.format import Format
from sim.validation.table import TableRow

CONTAINERS = 3_500

ORCHESTRATORS = ("fargate", "eks.fargate")
"""Whose launch quotas are those of 2020 here; all else is as it is today."""

THEN = {
    "eks.node.registered": "eks.2020.node.takes_pods",
    "eks.node.ec2_calls": "eks.2020.node.ec2_calls",
}
"""Figures of nodes in 2020; the first is a whole, with nothing after it."""

NODE, UP_AT_FIRST = "m5.4xlarge", 2
"""One of the four types of 16 vCPU, and the nodes of both groups of spot instances (`eks.tf`)."""


def _eks() -> EKS:
    """A node group and the Cluster Autoscaler, as the repository of the measurement has them."""
    eks = catalog.eks_cluster_autoscaler(NODE)
    if not isinstance(eks.capacity, NodePool):
        raise TypeError(f"capacity: {eks.capacity!r} is not allowed; a node pool")
    eks = replace(eks, capacity=replace(eks.capacity, begin=UP_AT_FIRST))
    then = {key: catalog.figure(old).value for key, old in THEN.items()}
    return with_figures(eks, {**then, "ec2.fleet_to_pending": 0.0, "eks.node.ready": 0.0})


KNOWN: dict[str, Callable[[], ECS | EKS]] = {
    "FargateOnECS": catalog.ecs_service_on_fargate,
    "FargateOnEKS": catalog.eks_on_fargate,
    "EKS": _eks,
}
SIZES = {"EKS": (1.0, 2 * GiB)}
"""vCPUs and bytes of a container; of Fargate a quarter of a vCPU and 512 MiB."""

BY_TIME = {"EKS": "EKS scale-outs"}
"""Judged by the time until so many run: the curve is too steep for counts; and its group."""

UNKNOWN = {"TunedFargate": "what was tuned, and to which quotas, is not published"}


def judge(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row: the containers that run on one platform at one minute."""
    series, minute = row.text("series"), row.number("minute")
    measured = row.measured("containers")
    if measured is None:
        return
    if series in BY_TIME:
        yield replace(ours, group=BY_TIME[series]).case(
            row, f"{measured:g} containers", "s", minute * minutes, seconds_until(series, measured)
        )
        return
    yield ours.case(
        row,
        f"{series}, minute {minute:g}",
        "containers",
        measured,
        running(series, minute) if series in KNOWN else None,
        reason="" if series in KNOWN else UNKNOWN.get(series, f"{series!r} is not known"),
    )


def seconds_until(column: str, containers: float) -> float | None:
    """Seconds until so many containers run; None where they never do."""
    ready_at = _ready_at(column)
    return ready_at[int(containers) - 1] if containers <= len(ready_at) else None


def running(column: str, minute: float) -> float:
    """Containers that run `minute` minutes after all were asked for."""
    return float(bisect_right(_ready_at(column), minute * minutes))


@cache
def _ready_at(column: str) -> list[float]:
    """When each container was ready; the image is not known, and none is pulled."""
    platform = KNOWN[column]()
    in_use = {cited.key for _, cited in figures(platform)}
    for key in (f"{each}.launch.{part}" for each in ORCHESTRATORS for part in ("bucket", "refill")):
        if key in in_use:
            then = catalog.figure(f"fargate.2020.launch.{key.rsplit('.', 1)[1]}")
            platform = with_figure(platform, key, then.value)
    cpu, memory = SIZES.get(column, (0.25, 512 * MiB))
    service = catalog.service("generic", cpu=cpu, memory=memory)
    burst = Burst(service=service, tasks=CONTAINERS)
    record = run(Scenario(name="scale-out", platform=platform, arrivals=(burst,)), 1, 0)
    return sorted(record.task_end)


SCALE_OUT = Format(
    "scale-out",
    ("series", "minute", "containers"),
    ("scale_out_2020.csv",),
    judge,
)
