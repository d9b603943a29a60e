"""Starts on Fargate in public records: until the pull begins, and from its end to started."""

from collections.abc import Iterator, Set
from dataclasses import replace
from functools import cache
from importlib.resources import as_file
from math import fsum

from sim import catalog
from sim.catalog.data import DATA
from sim.core.randomness import median
from sim.validation.bars import Bar
from sim.validation.case import Case
from sim.validation.format import Format
from sim.validation.table import TableRow, read

FILE = "fargate_starts.csv"
HEALTHY = ("waits for HEALTHY", "health check", "four containers with order")
"""Records whose start waits for something the record does not tell."""


def judge(ours: Format, row: TableRow) -> Iterator[Case]:
    """One record: the wait before its pull, unless the figure is of it; and its start."""
    version, date = row.optional_text("platform_version") or "unknown", row.text("date")
    name = f"platform {version}, {date}"
    provision, start = phases()
    measured = row.measured("created_to_pull_s")
    if row.optional_text("launch") not in ("", "FARGATE"):
        if measured is not None:
            yield ours.case(row, name, "s", measured, None, reason="not on Fargate")
        return
    if measured is not None and (date, measured) not in of_the_figure():
        yield ours.case(row, name, "s", measured, provision)
    elif measured is not None:
        reason = "one of the records whose median is the figure"
        yield ours.case(row, name, "s", measured, None, reason=reason)
        yield from ours.others(row, name, [("created_to_pull_s", "s", provision)])
    what = row.optional_text("what") or row.optional_text("note")
    if not any(word in what for word in HEALTHY):
        never_fitted = replace(row, split="held out")
        yield from ours.others(never_fitted, name, [("pull_to_started_s", "s", start)])


@cache
def of_the_figure() -> Set[tuple[str, float]]:
    """Date and wait of the records whose median is the figure, in whatever file they come again."""
    with as_file(DATA / "measured") as folder:
        table = read(folder / FILE, shipped=True)
    fitted = (row for row in table.rows if row.split == "calibrated")
    return {(row.text("date"), row.number("created_to_pull_s")) for row in fitted}


@cache
def phases() -> tuple[float, float]:
    """Seconds of provisioning, and of create and start on an idle microVM; medians."""
    fargate = catalog.fargate()
    steps = (fargate.runtime.create.plain(), fargate.runtime.start.plain())
    return median(fargate.provision), fsum(step.work + step.delay for step in steps)


FARGATE_STARTS = Format(
    "fargate starts",
    ("platform_version", "created_to_pull_s", "pull_to_started_s"),
    (FILE,),
    judge,
    bars=(Bar("median", 25.0),),
)
