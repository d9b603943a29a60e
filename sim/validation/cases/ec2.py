"""EC2 starts, from the call until sshd answers: other regions, another day, other images."""

from collections.abc import Iterator
from functools import cache

from sim import catalog
from sim.catalog import UnknownName
from sim.experiment import Burst, Scenario
from sim.experiment.running.run import run
from sim.experiment.statistics.estimate import quantile
from sim.units import MiB
from sim.validation.case import Case
from sim.validation.format import Format
from sim.validation.table import TableRow

KNOWN = "Amazon Linux 2023"
"""The machine image of the catalogue."""

STARTS = 101


def judge(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row: an instance type, where, and its machine image."""
    measured = row.measured("to_sshd_s")
    if measured is None:
        return
    type_, ami = row.text("instance_type"), row.text("ami")
    name = f"{type_}, {row.text('where')}, {ami}"
    seconds, reason = None, f"{ami}: the catalogue has {KNOWN} only"
    if ami == KNOWN:
        try:
            seconds, reason = to_sshd(type_), ""
        except UnknownName as error:
            reason = str(error)
    name += "" if seconds is not None else f" ({measured:g} s)"
    yield ours.case(row, name, "s", measured, seconds, reason=reason)


@cache
def to_sshd(type_: str) -> float:
    """Seconds from the call until user space is up, median; there is no app.

    Raises:
        UnknownName: there is no such type.
    """
    platform = catalog.ec2(catalog.machine(type_))
    service = catalog.service("generic", cpu=0.25, memory=128 * MiB)
    burst = Burst(service=service, tasks=1)
    scenario = Scenario(name="ec2-starts", platform=platform, arrivals=(burst,))
    return quantile([run(scenario, 1, number).task_end[0] for number in range(STARTS)], 0.5)


EC2_STARTS = Format("ec2 starts", ("instance_type", "ami", "to_sshd_s"), ("ec2_starts.csv",), judge)
