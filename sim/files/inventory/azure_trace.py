"""The table of VMs that Azure publishes: sizes in classes, CPU in percent, no use of memory."""

from sim.files.inventory.forms import AZURE_TRACE_HEADER
from sim.files.inventory.machines import ListedMachine
from sim.files.inventory.rows import Row
from sim.files.inventory.sheet import Line, Sheet
from sim.units import GiB
from sim.workload.sizing.use import Use

ABOVE = {"vcpu_bucket": (">24", 32.0), "memory_bucket": (">64", 112.0)}
"""What is taken for the highest class: the next size of the D series of Azure."""
SHOWN = 12
"""Characters of a name, which is a hash."""


def with_header(sheet: Sheet) -> Sheet:
    """The same with its header, where it is the table without one."""
    first = sheet.header
    if len(first) != len(AZURE_TRACE_HEADER) or not _is_class(first[9]):
        return sheet
    lines = [Line(1, first), *sheet.lines]
    return sheet._replace(header=AZURE_TRACE_HEADER, lines=lines)


def _is_class(text: str) -> bool:
    return text.removeprefix(">").isdecimal()


def machine_of_trace(row: Row) -> ListedMachine:
    """The machine of one row."""
    vcpu, memory = _class(row, "vcpu_bucket"), _class(row, "memory_bucket")
    of = vcpu or 1.0
    return ListedMachine(
        row=row,
        name=row.text("name")[:SHOWN],
        id=row.text("name"),
        vcpu=vcpu,
        memory=None if memory is None else memory * GiB,
        cpu=Use(p95=row.part("cpu_p95", of), peak=row.part("cpu_peak", of)),
        cpu_mean=row.part("cpu_mean", of),
        groups={kind: row.text(kind) for kind in ("category", "deployment") if row.text(kind)},
    )


def _class(row: Row, field: str) -> float | None:
    highest, taken = ABOVE[field]
    text = row.text(field)
    if text == highest:
        row.note(f"{highest} is taken as {taken:g} {'vCPUs' if 'vcpu' in field else 'GiB'}")
        return taken
    return row.number(field, 1024.0)
