"""One-at-a-time sensitivity: each cited figure moved over its range, all others as they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from sim.core.cited import Cited
from sim.core.description import figures, with_figure
from sim.experiment.statistics.estimate import Estimate, mean

T = TypeVar("T")
Answers = Callable[[Sequence[T]], Any]
"""From descriptions to their answers: one row each, a column per replication (or numbers)."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A figure, and the answer at both ends of its range, all else as it is."""

    cited: Cited
    base: float
    at_low: float
    at_high: float
    change: Estimate
    """From the low end to the high end, with its interval under common random numbers."""

    @property
    def swing(self) -> float:
        """How far the answer moves; infinite where an end has none."""
        ends = (self.base, self.at_low, self.at_high)
        return math.inf if any(math.isnan(end) for end in ends) else max(ends) - min(ends)

    @property
    def beyond_chance(self) -> bool:
        """Whether one end of the range can be told from the other; a single run cannot tell."""
        low, high = self.change.low, self.change.high
        return low is None or high is None or not low <= 0.0 <= high

    def json(self) -> dict[str, Any]:
        """Plain data in base units; an end without an answer is absent, and `refused` says so."""
        data: dict[str, Any] = {
            "figure": self.cited.key,
            "value": self.cited.value,
            "low": self.cited.low,
            "high": self.cited.high,
            "shown": self.cited.shown(),
            "grade": self.cited.grade,
            "standing": self.cited.standing,
        }
        for name, end in (("at_low", self.at_low), ("at_high", self.at_high)):
            if math.isnan(end):
                data["refused"] = "at one end of the range there is no answer"
            else:
                data[name] = end
        if math.isfinite(self.swing):
            data["swing"] = self.swing
        if self.change.low is not None and self.change.high is not None:
            data["change_interval"] = [self.change.low, self.change.high]
        return data


def ranged(node: object) -> list[Cited]:
    """The figures in a description that have a range, each once."""
    return list({c.key: c for _, c in figures(node) if c.ranges}.values())


def fixed(node: object) -> list[Cited]:
    """The figures in a description without a range, each once; nothing moves them."""
    return list({c.key: c for _, c in figures(node) if not c.ranges}.values())


def one_at_a_time(
    node: T,
    answers: Answers[T],
    only: Iterable[Cited] | None = None,
    *,
    base: float | np.ndarray | None = None,
) -> list[Effect]:
    """Each figure moved to both ends of its range, strongest first.

    Args:
        answers: evaluates many descriptions at once, on the same random numbers.
        only: the figures to move; None: all that have a range.
        base: what `answers` says of the description as it is; None: it is asked.
    """
    moved = ranged(node) if only is None else list(only)
    if not moved:
        return []
    ends = [with_figure(node, c.key, end) for c in moved for end in (c.low, c.high)]  # type: ignore[arg-type]
    rows = np.asarray(answers([node, *ends] if base is None else ends), dtype=float)
    rows = rows.reshape(len(rows), -1)
    if base is not None:
        rows = np.vstack([np.reshape(base, (1, -1)), rows])
    effects = [
        _effect(cited, rows[0], rows[2 * number + 1], rows[2 * number + 2])
        for number, cited in enumerate(moved)
    ]
    return sorted(effects, key=lambda effect: -effect.swing)


def _effect(cited: Cited, base: np.ndarray, low: np.ndarray, high: np.ndarray) -> Effect:
    change = mean(cited.key, high - low)
    return Effect(cited, float(base.mean()), float(low.mean()), float(high.mean()), change)
