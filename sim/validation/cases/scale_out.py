"""Scale-outs: how many containers run so many minutes after all were asked for (2020)."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cache

from sim import catalog
from sim.core.description import figures, with_figure
from sim.experiment import Burst, Scenario
from sim.experiment.running.run import run
from sim.platforms import ECS, EKS
from sim.units import MiB, minutes
from sim.validation.case import Case
from sim.validation.format import Format
from sim.validation.table import TableRow

CONTAINERS = 3_500

ORCHESTRATORS = ("fargate", "eks.fargate")
"""Whose launch quotas are those of 2020 here; all else is as it is today."""

KNOWN: dict[str, Callable[[], ECS | EKS]] = {
    "FargateOnECS": catalog.ecs_service_on_fargate,
    "FargateOnEKS": catalog.eks_on_fargate,
}
UNKNOWN = {
    "TunedFargate": "what was tuned, and to which quotas, is not published",
    "EKS": "the quota of spot instances and the autoscaler's settings of that year are not known",
}


def judge(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row: the containers that run on one platform at one minute."""
    series, minute = row.text("series"), row.number("minute")
    measured = row.measured("containers")
    if measured is None:
        return
    yield ours.case(
        row,
        f"{series}, minute {minute:g}",
        "containers",
        measured,
        running(series, minute) if series in KNOWN else None,
        reason="" if series in KNOWN else UNKNOWN.get(series, f"{series!r} is not known"),
    )


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
    service = catalog.service("generic", cpu=0.25, memory=512 * MiB)
    burst = Burst(service=service, tasks=CONTAINERS)
    record = run(Scenario(name="scale-out", platform=platform, arrivals=(burst,)), 1, 0)
    return sorted(record.task_end)


SCALE_OUT = Format(
    "scale-out",
    ("series", "minute", "containers"),
    ("scale_out_2020.csv",),
    judge,
)
