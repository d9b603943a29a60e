"""Which platform first, and which assumption would turn that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from sim.studies.plan.question import Goal
from sim.studies.plan.row import PlanRow


@dataclass(frozen=True, slots=True)
class RankedBy:
    """A measure by which platforms are ranked, the least first; then by the others."""

    columns: tuple[str, ...]
    unit: str
    words: str

    def key(self, row: PlanRow) -> tuple[float, ...]:
        """What it is ranked by; what is not known comes last."""
        data = row.json()
        return tuple(data.get(column, inf) for column in self.columns)

    def against(self, row: PlanRow, other: PlanRow) -> str:
        """How much the next best is behind."""
        mine, theirs = self.key(row)[0], self.key(other)[0]
        where = other.platform.phrase
        if theirs == inf:
            return f"What it would be {where} is not known"
        if mine == theirs:
            return f"It is the same {where}, which is behind by {self._next(row, other)}"
        return f"Next best is {other.platform.label}: {self.words.format(theirs, theirs - mine)}"

    def _next(self, row: PlanRow, other: PlanRow) -> str:
        for column, mine, theirs in zip(
            self.columns[1:], self.key(row)[1:], self.key(other)[1:], strict=True
        ):
            if mine != theirs:
                return SHOWN[column]
        return "name"


SHOWN = {
    "usd_per_month": "cost",
    "machines": "machines",
    "ready_cold_p50_s": "time until it is up",
}

RANKED_BY: dict[Goal, RankedBy] = {
    "cost": RankedBy(
        ("usd_per_month", "ready_cold_p50_s", "machines"),
        "USD a month",
        "{:,.0f} USD a month, {:,.0f} more",
    ),
    "ready": RankedBy(
        ("ready_cold_p50_s", "usd_per_month", "machines"), "s", "up after {:.1f} s, {:.1f} s later"
    ),
    "density": RankedBy(
        ("machines", "usd_per_month", "ready_cold_p50_s"),
        "machines",
        "{:.0f} machines, {:.0f} more",
    ),
}


def ranked(rows: Sequence[PlanRow], goal: Goal, breaks: Callable[[PlanRow], bool]) -> list[PlanRow]:
    """Those that can be had and keep to what is required first, by the goal."""
    by = RANKED_BY[goal]
    return sorted(rows, key=lambda row: (row.hosts is None, breaks(row), *by.key(row)))


@dataclass(frozen=True, slots=True)
class Turning:
    """An assumption, moved over its range, and whether another platform would then be first."""

    what: str
    """The assumption in words: `memory of 3 services that no file says (512 MiB each)`."""
    low: str
    high: str
    at_low: tuple[str, float]
    """The platform that is then first, and its measure."""
    at_high: tuple[str, float]
    base: tuple[str, float]
    unit: str

    @property
    def swing(self) -> float:
        """How far it moves the recommended platform's measure."""
        return max(abs(self.at_low[1] - self.base[1]), abs(self.at_high[1] - self.base[1]))

    @property
    def turns(self) -> bool:
        """Whether another platform would be first."""
        return self.at_low[0] != self.base[0] or self.at_high[0] != self.base[0]

    def sentence(self) -> str:
        """What it is, and what it would do."""
        ends = [self._end(self.low, self.at_low), self._end(self.high, self.at_high)]
        ends = [end for end in ends if end]
        turn = "turns the ranking" if self.turns else "does not turn the ranking"
        return f"{self.what}: {' and '.join(ends)}; it {turn}."

    def _end(self, said: str, end: tuple[str, float]) -> str:
        if not said:
            return ""
        value = "not possible" if end[1] == inf else f"{end[1]:,.0f} {self.unit}"
        return f"{said} makes it {value} on {end[0]}"
