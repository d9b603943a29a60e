"""Bars: what the errors of a group must not exceed, and whether they do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from sim.validation.case import SPLITS, Case, Split

What: TypeAlias = Literal["median", "p90", "worst", "outside"]
"""A statistic of the absolute errors; or the share of cases outside their own bar."""

ALL = "all groups"

ROWS: dict[Split, float] = {split: 20.0 if split == "calibrated" else 50.0 for split in SPLITS}
"""Percent that one case may be off, where its group says nothing else."""

ONE_IN_THIRTY = 100.0 / 30.0


@dataclass(frozen=True, slots=True)
class Bar:
    """The most that a statistic of some cases of a group may be, percent."""

    what: What
    limit_pct: float
    of: str = ""
    """A split or a tag; `held out`: all that were not fitted to; empty: all cases."""

    def __str__(self) -> str:
        what = "cases outside their bar" if self.what == "outside" else self.what
        return f"{what}{f', {self.of},' if self.of else ''} at most {self.limit_pct:.3g}%"

    def takes(self, case: Case) -> bool:
        """Whether a case counts."""
        return case.inside is not None and (
            self.of in ("", case.split, *case.tags) or (self.of == "held out" and case.held_out)
        )


GENERAL = (
    Bar("median", 5.0, "calibrated"),
    Bar("median", 15.0, "held out"),
)
"""Bars of a group that names none of its own."""

OVERALL = (
    *GENERAL,
    Bar("outside", 0.0, "calibrated"),
    Bar("outside", ONE_IN_THIRTY, "held out"),
)
"""Bars of all groups together."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bar, and what the cases make of it."""

    group: str
    bar: Bar
    found_pct: float
    cases: int

    @property
    def held(self) -> bool:
        """Whether it is not above its bar."""
        return self.found_pct <= self.bar.limit_pct

    def __str__(self) -> str:
        said = "held" if self.held else "MISSED"
        found = f"{self.found_pct:.1f}%, {self.cases} cases"
        return f"{self.group}: {self.bar}: {said} ({found})"


def verdict(group: str, bar: Bar, cases: Sequence[Case]) -> Verdict | None:
    """Whether a bar is held; None where it has no cases, for no case is no pass."""
    ours = [case for case in cases if bar.takes(case)]
    if not ours:
        return None
    return Verdict(group, bar, STATISTICS[bar.what](ours), len(ours))


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
            f"{self.split}, {self.cases} cases: median {self.median_pct:.1f}%, "
            f"worst {self.worst_pct:+.1f}%, bias {self.bias_pct:+.1f}%"
            + (f", {self.outside} outside" if self.outside else "")
        )


def summaries(cases: Sequence[Case]) -> list[Summary]:
    """One for each split that has predictions."""
    made = []
    for split in SPLITS:
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


def _errors(cases: Sequence[Case]) -> list[float]:
    return [abs(case.error_pct or 0.0) for case in cases]


def _median(cases: Sequence[Case]) -> float:
    return float(np.median(_errors(cases)))


def _p90(cases: Sequence[Case]) -> float:
    return float(np.quantile(_errors(cases), 0.9))


def _worst(cases: Sequence[Case]) -> float:
    return max(_errors(cases))


def _outside(cases: Sequence[Case]) -> float:
    return 100.0 * sum(case.inside is False for case in cases) / len(cases)


STATISTICS: dict[str, Callable[[Sequence[Case]], float]] = {
    "median": _median,
    "p90": _p90,
    "worst": _worst,
    "outside": _outside,
}
