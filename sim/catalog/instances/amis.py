"""What the OS of an instance sees of its memory, by machine image: the same type differs by MiB.

The table's figures are AL2023's: where both were seen they agree.
"""

from dataclasses import replace
from typing import Literal, TypeAlias, get_args

from sim.catalog.figures import figure
from sim.catalog.instances.table import Instance
from sim.core.cited import Cited

Ami: TypeAlias = Literal["al2", "al2023", "bottlerocket"]


def memory_lost(type_: Instance, ami: Ami | None) -> Cited:
    """Nominal memory that the OS does not see, bytes.

    Args:
        ami: None: it was not said, so that the range is that of all images.
    """
    lost = type_.memory_lost
    if type_.source and ami is None:  # a user's own figure
        return lost
    name = "al2023" if ami is None else ami
    more, tables = (figure(f"ami.{each}.memory_lost") for each in (name, "al2023"))
    images = [figure(f"ami.{each}.memory_lost") for each in ((name,) if ami else get_args(Ami))]
    low, high = (_low(lost), _high(lost))
    return replace(
        lost,
        value=max(0.0, lost.value + more.value - tables.value),
        low=max(0.0, low + min(map(_low, images)) - tables.value),
        high=min(0.99 * type_.memory, high + max(map(_high, images)) - tables.value),
        grade=lost.grade if name == "al2023" else "C",
        source=lost.source if name == "al2023" else f"{lost.source}; {more.source}",
        note=f"{lost.note}; as {name} sees it",
    )


def _low(figure: Cited) -> float:
    return figure.value if figure.low is None else figure.low


def _high(figure: Cited) -> float:
    return figure.value if figure.high is None else figure.high
