"""Bars: what the errors of a group must not exceed, and whether they do."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from sim.validation.case import Case

What: TypeAlias = Literal["median", "p90", "worst"]

ROWS = {"calibrated": 20.0, "held out": 50.0}
"""Percent that one case may be off, where its group says nothing else."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The most that a statistic of the absolute errors of some cases of a group may be."""

    what: What
    limit_pct: float
    of: str = ""
    """A split or a tag; empty: all cases."""
    save: float = 0.0
    """For `worst`: the share of cases that may be beyond it."""

    def __str__(self) -> str:
        return f"{self.what}{f' of {self.of}' if self.of else ''} at most {self.limit_pct:g} %"

    def takes(self, case: Case) -> bool:
        """Whether a case counts."""
        return case.error_pct is not None and (
            not self.of or self.of == case.split or self.of in case.tags
        )


GENERAL = (
    Bar("median", 5.0, "calibrated"),
    Bar("worst", 20.0, "calibrated"),
    Bar("median", 15.0, "held out"),
    Bar("worst", 50.0, "held out", save=1 / 30),
)
"""Those of the cases of a group that says nothing else."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bar, and what the cases make of it."""

    group: str
    bar: Bar
    found_pct: float
    cases: int

    held: bool = field(default=False)

    def __str__(self) -> str:
        said = "held" if self.held else "MISSED"
        found = f"{self.found_pct:.1f} %, {self.cases} cases"
        return f"{self.group}: {self.bar}: {said} ({found})"


def verdict(group: str, bar: Bar, cases: Sequence[Case]) -> Verdict | None:
    """Whether a bar is held; None where it has no cases, for no case is no pass."""
    errors = [abs(case.error_pct or 0.0) for case in cases if bar.takes(case)]
    if not errors:
        return None
    found = STATISTICS[bar.what](errors)
    beyond = sum(error > bar.limit_pct for error in errors)
    held = found <= bar.limit_pct
    if bar.what == "worst":
        held = beyond <= math.floor(bar.save * len(errors))
    return Verdict(group, bar, found, len(errors), held)


@dataclass(frozen=True, slots=True)
class Summary:
    """The errors of the cases of one split of a group, percent."""

    split: str
    cases: int
    median_pct: float
    worst_pct: float
    """The largest, with its sign."""
    bias_pct: float
    """Mean of the signed errors."""
    outside: int

    def __str__(self) -> str:
        return (
            f"{self.split}, {self.cases} cases: median {self.median_pct:.1f} %, "
            f"worst {self.worst_pct:+.1f} %, bias {self.bias_pct:+.1f} %"
            + (f", {self.outside} outside" if self.outside else "")
        )


def summaries(cases: Sequence[Case]) -> list[Summary]:
    """One for each split that has predictions."""
    made = []
    for split in ("calibrated", "held out"):
        ours = [case for case in cases if case.split == split]
        errors = [case.error_pct for case in ours if case.error_pct is not None]
        if errors:
            made.append(
                Summary(
                    split,
                    len(errors),
                    float(np.median(np.abs(errors))),
                    max(errors, key=abs),
                    float(np.mean(errors)),
                    sum(case.inside is False for case in ours),
                )
            )
    return made


def _median(errors: Sequence[float]) -> float:
    return float(np.median(errors))


def _p90(errors: Sequence[float]) -> float:
    return float(np.quantile(errors, 0.9))


STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "median": _median,
    "p90": _p90,
    "worst": max,
}
