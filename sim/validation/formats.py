"""All formats, and which of them a file has."""

from sim.validation.cases.apps import APPS
from sim.validation.cases.boots import FIRECRACKER
from sim.validation.cases.linux import LINUX
from sim.validation.cases.memory import MEMORY
from sim.validation.cases.pulls import PULLS
from sim.validation.cases.scale_out import SCALE_OUT
from sim.validation.cases.storms import RUNC, RUND
from sim.validation.format import Format
from sim.validation.table import BadData, Table

FORMATS: tuple[Format, ...] = (RUND, FIRECRACKER, RUNC, MEMORY, LINUX, APPS, PULLS, SCALE_OUT)
"""In the order in which they are printed."""


def format_of(table: Table) -> Format:
    """The format of a file, by its columns.

    Raises:
        BadData: they fit none.
    """
    for known in FORMATS:
        if set(known.needs) <= set(table.columns):
            return known
    known_ones = "\n".join(f"  {known.group}: {', '.join(known.needs)}" for known in FORMATS)
    found = ", ".join(table.columns) or "none"
    raise BadData(
        f"{table.name}: its columns fit no known format: {found}\n"
        f"known formats, by the columns that they need:\n{known_ones}"
    )
