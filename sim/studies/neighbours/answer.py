"""The answer to *what does a bad neighbour cost*: a row a way to run beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.core.cited import Cited
from sim.experiment import Results
from sim.experiment.statistics.estimate import Estimate
from sim.studies.neighbours.question import NeighboursQuestion

if TYPE_CHECKING:
    import pandas as pd

DOES = {
    "cpu": "spins on every core",
    "memory": "takes memory without end",
    "cache": "fills the caches",
    "bandwidth": "fills the memory bus",
    "disk": "writes without end",
    "network": "sends without end",
    "fork": "forks without end",
}


BARELY = 1.05
"""Slow-down below which nobody would notice."""


@dataclass(frozen=True, slots=True)
class WayRow:
    """One way to run beside it; slow-downs are means over the runs."""

    way: str
    places: int
    """Sandboxes that the machine takes by reservation, the bad one counted."""
    p50: Estimate
    """Median of the slow-downs of the victims' requests."""
    p95: Estimate
    killed: int
    """Victims that the kernel kills."""
    hog_killed: bool
    thrashed: bool
    """Whether file pages in use were dropped on the way, which slows by what is not modelled."""
    between: str
    """What stands between it and the others."""
    p95_high: float | None = None
    """p95 at the high end of what was not measured; None: nothing of it was taken for 0."""

    def flat(self) -> dict[str, Any]:
        """One line of a table."""
        data: dict[str, Any] = {
            "way": self.way,
            "p50_slowdown": self.p50.value,
            "p95_slowdown": self.p95.value,
            "killed": self.killed,
            "between": self.between,
            "places": self.places,
        }
        return data | ({} if self.p95_high is None else {"p95_slowdown_high": self.p95_high})


@dataclass(frozen=True, slots=True)
class NeighboursAnswer:
    """Rows, and what was asked."""

    question: NeighboursQuestion
    rows: list[WayRow]
    more: dict[str, Cited]
    """By way, by how much the CPU of a victim rises for what cannot be shared out."""
    results: Results

    def json(self) -> dict[str, Any]:
        """Plain data, a row a way."""
        return {"ways": [row.flat() for row in self.rows]}

    def table(self) -> pd.DataFrame:
        """One row a way."""
        return table(self.rows)

    def cells(self) -> pd.DataFrame:
        """The same, with what was hogged in the column `bad`."""
        return self.table().assign(bad=self.question.bad)

    def sentence(self) -> str:
        """How much slower the others are, and what keeping them apart costs."""
        return f"One container that {DOES[self.question.bad]} {self._effect()} {self.cost()}"

    def _effect(self) -> str:
        first, limited, micro, vms = self.rows
        others = first.places - 1
        neighbours = "its neighbour" if others == 1 else f"its {others} neighbours"
        if first.killed:
            gone = neighbours if first.killed == others else f"{first.killed} of {neighbours}"
            return (
                f"makes the kernel kill {gone} (the largest process goes first); with limits "
                f"{limited.killed or 'none'}, as VMs {vms.killed or 'none'}."
            )
        if first.hog_killed:
            return f"is killed by the kernel itself, with or without limits; {neighbours} survive."
        if max(row.p95.value for row in self.rows) < BARELY:
            return f"does not slow {neighbours}, however they run (p95 {first.p95.value:.2f})."
        return (
            f"slows {neighbours}: as containers without limits they take "
            f"{first.p95.value:.2f} times as long at p95, with limits {limited.p95.value:.2f} "
            f"times, as microVMs {micro.p95.value:.2f} and as VMs {vms.p95.value:.2f} times."
        )

    def cost(self) -> str:
        """What keeping them apart costs in places."""
        shared, apart = self.rows[0].places, self.rows[-1].places
        if apart >= shared:
            return "Running them as VMs costs no capacity."
        return f"As VMs, {apart} fit instead of {shared}."

    def notes(self) -> list[str]:
        """What was not measured, what is not modelled, and who dies."""
        notes = []
        for key, cited in {c.key: c for c in self.more.values()}.items():
            if cited.value == 0.0 and cited.high:
                notes.append(
                    f"{key} was never measured: here it costs a victim's request no CPU; "
                    f"*up to* takes it to cost {cited.high:.0%}."
                )
            elif cited.low is not None and cited.high is not None:
                notes.append(
                    f"{key}: a victim's request takes {cited.value:.0%} more CPU ({cited.low:.0%} "
                    f"to {cited.high:.0%}; measured on a core that they take in turns)."
                )
        if any(row.thrashed for row in self.rows):
            who = [row.way for row in self.rows if row.thrashed]
            notes.append(
                f"{', '.join(who)}: file pages in use are dropped before anybody is killed; how "
                f"slow that makes the victims is not modelled."
            )
        dies = [row.way for row in self.rows if row.hog_killed]
        if dies:
            notes.append(f"The kernel kills the noisy one itself: {'; '.join(dies)}.")
        if self.question.bad == "disk":
            notes.append(
                "ECS, Fargate and Kubernetes set no io.max, so containers with limits share a disk "
                "there like those without."
            )
        return notes


def table(rows: Sequence[WayRow]) -> pd.DataFrame:
    """One row a way."""
    import pandas as pd

    return pd.DataFrame([row.flat() for row in rows])
