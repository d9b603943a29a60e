"""How much work a vCPU of each EC2 family does, against the one that all CPU work is counted in."""

import statistics
from functools import cache

from sim.catalog.figures import rows
from sim.core.cited import Cited

REFERENCE_FAMILY = "m5"
"""The family whose vCPU is the reference core of all CPU work."""


def core_speed(name: str) -> Cited:
    """Of one vCPU of an instance type: its family's."""
    return core_speeds()[f"ec2.{_family(name)}.core_speed"]


@cache
def core_speeds() -> dict[str, Cited]:
    """Of every family, by key; 1 where it was not measured."""
    families = dict.fromkeys(_family(row["instance_type"]) for row in rows("ec2_instances.csv"))
    reference = _coremark()[REFERENCE_FAMILY]
    found = (_cited(family, _coremark().get(family), reference) for family in sorted(families))
    return {speed.key: speed for speed in found}


def _cited(family: str, coremark: float | None, reference: float) -> Cited:
    return Cited(
        key=f"ec2.{family}.core_speed",
        value=1.0 if coremark is None else coremark / reference,
        unit="of an m5 vCPU",
        grade="assumed" if coremark is None else "C",
        source="CoreMark per vCPU measured by vantage, median of the family over that of m5",
        as_of="2025-12",
        note="not measured: taken as 1" if coremark is None else "",
    )


@cache
def _coremark() -> dict[str, float]:
    """Median CoreMark per vCPU of a family; single types differ by noise more than by silicon."""
    measured: dict[str, list[float]] = {}
    for row in rows("ec2_instances.csv"):
        if row["coremark_iter_s"] and row["vcpu"]:
            per_vcpu = float(row["coremark_iter_s"]) / int(row["vcpu"])
            measured.setdefault(_family(row["instance_type"]), []).append(per_vcpu)
    return {family: statistics.median(each) for family, each in measured.items()}


def _family(name: str) -> str:
    return name.split(".", maxsplit=1)[0]
