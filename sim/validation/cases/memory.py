"""Host memory of containers and microVMs that sit idle."""

from collections.abc import Iterator

from sim.catalog import UnknownName
from sim.studies.storm.study import resident
from sim.units import MiB
from sim.validation.case import Case
from sim.validation.cases.storms import RUNTIMES
from sim.validation.format import Format
from sim.validation.table import TableRow

GUEST = 128 * MiB
"""Memory of a guest where no column `guest_mib` gives it; containers do not depend on it."""


def judge(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row: `running` sandboxes asleep."""
    measured = row.measured("host_used_mib")
    if measured is None:
        return
    runtime, running = row.text("runtime"), row.whole("running", 1)
    guest = row.optional("guest_mib", 1.0)
    name = f"{runtime}, {running} running"
    try:
        size = GUEST if guest is None else guest * MiB
        used = resident(RUNTIMES.get(runtime, runtime), sandboxes=running, memory=size) / MiB
    except UnknownName as error:
        yield ours.case(row, name, "MiB", measured, None, reason=str(error))
        return
    yield ours.case(row, name, "MiB", measured, used)
    yield from ours.others(row, name, [("mib_per_container", "MiB", used / running)])


MEMORY = Format(
    "memory",
    ("runtime", "running", "host_used_mib"),
    ("measured_container_memory.csv",),
    judge,
    bars=(),
)
