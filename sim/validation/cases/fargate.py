"""Starts on Fargate in public records: until the pull begins, and from its end to started."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from math import fsum

from sim import catalog
from sim.core.randomness import median
from sim.validation.bars import Bar
from sim.validation.case import Case
from sim.validation.format import Format
from sim.validation.table import TableRow

CALIBRATED = "1.4.0"
"""The platform whose records gave the figure: their median is it, and none is judged."""

HEALTHY = ("waits for HEALTHY", "health check", "four containers with order")
"""Records whose start waits for something the record does not tell."""


def judge(ours: Format, row: TableRow) -> Iterator[Case]:
    """One record: another platform's provisioning, and every container's start."""
    version, date = row.text("platform_version"), row.text("date")
    name = f"platform {version}, {date}"
    provision, start = phases()
    measured = row.measured("created_to_pull_s")
    if measured is not None and version != CALIBRATED:
        yield ours.case(row, name, "s", measured, provision)
    elif measured is not None:
        reason = "one of the records whose median is the figure"
        yield ours.case(row, name, "s", measured, None, reason=reason)
        yield from ours.others(row, name, [("created_to_pull_s", "s", provision)])
    if not any(word in row.optional_text("what") for word in HEALTHY):
        never_fitted = replace(row, split="held out")
        yield from ours.others(never_fitted, name, [("pull_to_started_s", "s", start)])


@cache
def phases() -> tuple[float, float]:
    """Seconds of provisioning, and of create and start on an idle microVM; medians."""
    fargate = catalog.fargate()
    steps = (fargate.runtime.create.plain(), fargate.runtime.start.plain())
    return median(fargate.provision), fsum(step.work + step.delay for step in steps)


FARGATE_STARTS = Format(
    "fargate starts",
    ("platform_version", "created_to_pull_s", "pull_to_started_s"),
    ("fargate_starts.csv",),
    judge,
    bars=(Bar("median", 25.0),),
)
