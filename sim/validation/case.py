"""A case: a figure that was measured, beside what the model makes of the same inputs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Split: TypeAlias = Literal["calibrated", "interpolated", "extrapolated", "held out"]
"""Fitted to; not fitted to and between what was, or beyond it; not fitted to and no such range."""

SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True, slots=True)
class Case:
    """One measured figure.

    A case without `predicted` has a `reason`; one without `bar_pct` is never inside or outside.
    """

    group: str
    case: str
    unit: str
    """Unit of `measured` and `predicted`."""
    measured: float
    split: Split
    predicted: float | None = None
    bar_pct: float | None = None
    """Largest error either way, percent of what was measured."""
    reason: str = ""
    """Why there is no prediction."""
    tags: frozenset[str] = frozenset()
    """What a bar of the group may ask for, such as `quota`."""

    @property
    def held_out(self) -> bool:
        """Whether no figure of the catalogue was fitted to it."""
        return self.split != "calibrated"

    @property
    def error_pct(self) -> float | None:
        """Signed error, percent of what was measured."""
        if self.predicted is None:
            return None
        return 100.0 * (self.predicted / self.measured - 1.0)

    @property
    def inside(self) -> bool | None:
        """Whether the error is within the bar; None where there is no bar or no prediction."""
        if self.error_pct is None or self.bar_pct is None:
            return None
        return abs(self.error_pct) <= self.bar_pct

    def json(self) -> dict[str, object]:
        """Plain data; what is not known is absent."""
        data: dict[str, object] = {
            "group": self.group,
            "case": self.case,
            "measured": self.measured,
            "unit": self.unit,
            "predicted": self.predicted,
            "error_pct": self.error_pct,
            "split": self.split,
            "bar_pct": self.bar_pct,
            "inside": self.inside,
            "reason": self.reason or None,
        }
        return {key: value for key, value in data.items() if value is not None}


def groups(cases: Sequence[Case]) -> Iterator[tuple[str, list[Case]]]:
    """The cases of each group, in order of first appearance."""
    for name in dict.fromkeys(case.group for case in cases):
        yield name, [case for case in cases if case.group == name]
