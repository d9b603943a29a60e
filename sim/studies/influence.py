"""Why an answer is what it is: the numbers that move it, each over its range, largest first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from sim.experiment import Scenario
from sim.experiment.running.metric import READY, measured
from sim.experiment.statistics.one_at_a_time import Answers, Effect, fixed, one_at_a_time

T = TypeVar("T")

LEAST = 0.01
"""Share of the answer by which a number has to move it to be listed."""
TIMES = 5
"""Replications of which a time to ready is the mean, at most."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One answer, and the numbers that moved it."""

    variant: str
    what: str
    """Which answer, in words."""
    base: float
    effects: tuple[Effect, ...]
    """Of the numbers that moved it by 1 % or more, largest first."""
    others: int
    """Numbers that were moved and did less."""
    without_range: int
    """Numbers that have no range."""

    def json(self) -> list[dict[str, Any]]:
        """Plain data, a number each."""
        return [{"answer": self.what, **effect.json()} for effect in self.effects]


def explain(
    variant: str, what: str, node: T, answers: Answers[T], *, base: float, idle: int = 0, **how: Any
) -> Explained:
    """The numbers in a description that move its answer.

    Args:
        base: the answer.
        idle: numbers known to do nothing, which are not tried.
        how: further arguments of `one_at_a_time`.
    """
    effects = one_at_a_time(node, answers, **how)
    moved = tuple(e for e in effects if e.swing > 0.0 and e.swing >= LEAST * abs(base) and e.told)
    others = len(effects) - len(moved) + idle
    return Explained(variant, what, base, moved, others, len(fixed(node)))


def explain_starts(
    scenarios: Mapping[str, Scenario], *, seed: int, replications: int, jobs: int | None = 1
) -> list[Explained]:
    """The numbers that move the mean time to ready; none where no start becomes ready."""
    times = min(TIMES, replications)

    def ready_after(nodes: Sequence[Scenario]) -> np.ndarray:
        return measured(nodes, READY, times=times, seed=seed, jobs=jobs, what="explaining")

    found = []
    for variant, scenario in scenarios.items():
        base = float(ready_after([scenario]).mean())
        if not math.isnan(base):
            found.append(
                explain(variant, "mean time to ready, s", scenario, ready_after, base=base)
            )
    return found
