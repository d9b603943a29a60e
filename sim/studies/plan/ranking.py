"""Which platform first, and which assumption would turn that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from sim.studies import platforms
from sim.studies.plan.question import Goal
from sim.studies.plan.row import PlanRow

BEHIND = {
    "usd_per_month": "costs more",
    "machines": "takes more machines",
    "ready_cold_p50_s": "is up later",
}
"""What the platform that comes second by a column does."""


@dataclass(frozen=True, slots=True)
class RankedBy:
    """A measure by which platforms are ranked, the least first; then by others."""

    columns: tuple[str, ...]
    unit: str
    more: str
    """How far the next one is behind: its measure, and by how much."""
    same: str
    """What it does that is as good."""

    def key(self, row: PlanRow) -> tuple[float, ...]:
        """What it is ranked by; what is not known comes last."""
        data = row.json()
        return tuple(data.get(column, inf) for column in self.columns)

    def against(self, row: PlanRow, other: PlanRow) -> str:
        """How far the next best is behind."""
        mine, theirs = self.key(row), self.key(other)
        label = other.platform.label
        if theirs[0] == inf:
            return f"What it would take {other.platform.phrase} is not known"
        if mine[0] != theirs[0]:
            return f"Next is {label}: {self.more.format(theirs[0], theirs[0] - mine[0])}"
        others = zip(self.columns, mine, theirs, strict=True)
        behind = next((BEHIND[column] for column, a, b in others if a != b), "")
        return f"{label} {self.same}" + (f", but {behind}" if behind else "")


RANKED_BY: dict[Goal, RankedBy] = {
    "cost": RankedBy(
        ("usd_per_month", "ready_cold_p50_s", "machines"),
        "USD a month",
        "{:,.0f} USD a month, {:,.0f} USD more",
        "costs the same",
    ),
    "ready": RankedBy(
        ("ready_cold_p50_s", "usd_per_month", "machines"),
        "s",
        "up after {:.1f} s, {:.1f} s later",
        "is up as soon",
    ),
    "density": RankedBy(
        ("machines", "usd_per_month", "ready_cold_p50_s"),
        "machines",
        "{:.0f} machines, {:.0f} more",
        "takes as many machines",
    ),
}


def ranked(rows: Sequence[PlanRow], goal: Goal, breaks: Callable[[PlanRow], bool]) -> list[PlanRow]:
    """Those that can be had and keep to what is required first, by the goal."""
    by = RANKED_BY[goal]
    return sorted(rows, key=lambda row: (row.hosts is None, breaks(row), *by.key(row)))


TIMES = " times"
"""Ends the words of a factor."""


@dataclass(frozen=True, slots=True)
class Turning:
    """An assumption at both ends of its range, and which platform is then first."""

    what: str
    """`the memory assumed for 3 services`."""
    low: str
    """The low end: `0.5 times`, or `the fewest`."""
    high: str
    at_low: tuple[str, float]
    """The platform that is then first, by name, and its measure."""
    at_high: tuple[str, float]
    base: tuple[str, float]
    unit: str

    @property
    def swing(self) -> float:
        """How far it moves the measure of whoever is first."""
        return max(abs(self.at_low[1] - self.base[1]), abs(self.at_high[1] - self.base[1]))

    @property
    def turns(self) -> bool:
        """Whether another platform would be first."""
        return {self.at_low[0], self.at_high[0]} != {self.base[0]}

    def sentence(self) -> str:
        """What it is, and what it would do."""
        if not self.turns:
            ends = dict.fromkeys(f"{end[1]:,.0f}" for end in (self.at_low, self.at_high))
            amount = f"{' to '.join(ends)} {self.unit}"
            head = f"With {self.low.removesuffix(TIMES)} to {self.high} {self.what}"
            return f"{head}, {_label(self.base[0])} stays first ({amount})."
        low = self._end(f"{self.low} {self.what}", self.at_low)
        return f"With {low}; with {self._end(self.high, self.at_high)}."

    def _end(self, head: str, end: tuple[str, float]) -> str:
        name, value = end
        if value == inf:
            return f"{head}, no platform can run it"
        stays = "stays" if name == self.base[0] else "would be"
        return f"{head}, {_label(name)} {stays} first ({value:,.0f} {self.unit})"


def _label(name: str) -> str:
    return platforms.row(name).label
