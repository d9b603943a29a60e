"""What neighbours do to each other through hardware: caches of a core, and VMs of a cloud."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from sim import catalog
from sim.catalog import UnknownName
from sim.validation.bars import Bar
from sim.validation.case import Case
from sim.validation.format import Format
from sim.validation.table import TableRow, read
from sim.workload import Load

COLUMN = "cpu_per_request_one_at_a_time_ms"


def judge(ours: Format, row: TableRow) -> Iterator[Case]:
    """CPU of a request beside others; that of one container alone is in the same file."""
    app, containers = row.text("app"), row.whole("containers", 1)
    measured = row.measured(COLUMN)
    if measured is None or containers == 1:
        return
    name = row.text("case") if row.optional_text("case") else row.place
    alone = _alone(row.file, app) if row.file is not None else None
    predicted, reason = None, f"the file has no row of {app} with one container"
    if alone is not None:
        try:
            crowding = catalog.figure(f"app.{app}.crowding")
            load = Load(share=0.1, request_cpu=1.0, crowding=crowding)
            predicted, reason = alone * load.crowded(containers), ""
        except UnknownName as error:
            reason = str(error)
    yield ours.case(row, name, "ms", measured, predicted, reason=reason)


@cache
def _alone(file: Path, app: str) -> float | None:
    """CPU of a request of a container that has the core to itself."""
    found = [
        row.measured(COLUMN)
        for row in read(file).rows
        if row.text("app") == app and row.whole("containers", 1) == 1
    ]
    return next((each for each in found if each is not None), None)


CROWDING = Format(
    "crowded caches",
    ("app", "containers", COLUMN),
    ("cpu_per_request_real_apps.csv",),
    judge,
    bars=(Bar("median", 5.0),),
)

OWN = 1.0
"""Fifth percentile over the median of what a VM has of its own: to the model it does not vary."""

SHARED = "hardware that nothing shares out: no noise of it is modelled"
CREDITS = "a burstable size lives on credits, which are not modelled"


def judge_noise(ours: Format, row: TableRow) -> Iterator[Case]:
    """One benchmark on one size of VM."""
    measured = row.measured("p5_of_median")
    if measured is None:
        return
    name = f"{row.text('case')}, {row.text('size')}: p5 of the median"
    own = row.text("own") == "yes"
    reason = CREDITS if row.text("burstable") == "yes" else SHARED
    predicted = OWN if own else None
    yield ours.case(row, name, "share", measured, predicted, reason="" if own else reason)


VM_NOISE = Format(
    "noise of cloud VMs",
    ("case", "size", "burstable", "own", "p5_of_median"),
    ("azure_vm_noise.csv",),
    judge_noise,
    bars=(Bar("worst", 5.0),),
)
