"""Why an answer is what it is: the numbers that move it, each over its range, largest first."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from sim.core.cited import Cited
from sim.core.description import figures, with_figure
from sim.experiment import Burst, Scenario
from sim.experiment.running.metric import READY, measured
from sim.experiment.running.run import run
from sim.experiment.statistics.one_at_a_time import Answers, Effect, fixed, one_at_a_time

T = TypeVar("T")

MATTERS = 0.05
"""Share of the time to ready below which an assumed number is not worth a word."""
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


@dataclass(frozen=True, slots=True)
class Influence:
    """An assumed number, and what it does to one start."""

    cited: Cited
    variant: str
    seconds: float
    """Time to ready as it is assumed."""
    least: float
    """Time to ready at the better end of the range."""
    most: float
    """Time to ready at the worse end of the range."""

    def __str__(self) -> str:
        return (
            f"{self.cited.key} {self.cited.shown()} ({self.variant}: "
            f"{self.least - self.seconds:+.1f} to {self.most - self.seconds:+.1f} s)"
        )


def rests_on(scenarios: Mapping[str, Scenario], seed: int) -> list[Influence]:
    """The assumed and anecdotal numbers that move a start, in the variant they move most."""
    strongest: dict[str, Influence] = {}
    for variant, scenario in scenarios.items():
        for influence in _of_one(variant, scenario, seed):
            known = strongest.get(influence.cited.key)
            if known is None or _reach(influence) > _reach(known):
                strongest[influence.cited.key] = influence
    return sorted(strongest.values(), key=_reach, reverse=True)


def influences(
    variant: str, node: T, seconds: Callable[[T], float | None], *, matters: float = MATTERS
) -> list[Influence]:
    """The assumed and anecdotal numbers in a description that move what it takes.

    Args:
        seconds: how long it takes; None where it does not get there.
        matters: share of that below which a number is not worth a word.
    """
    base = seconds(node)
    if base is None:
        return []
    found = []
    for cited in {c.key: c for _, c in figures(node)}.values():
        if cited.grade not in ("assumed", "D") or cited.key.startswith("spread."):
            continue
        ends = [end for end in (cited.low, cited.high) if end is not None]
        moved = [seconds(with_figure(node, cited.key, end)) for end in ends]
        times = [base, *(time for time in moved if time is not None)]
        influence = Influence(cited, variant, base, min(times), max(times))
        if _reach(influence) > matters * base:
            found.append(influence)
    return sorted(found, key=_reach, reverse=True)


def _of_one(variant: str, scenario: Scenario, seed: int) -> list[Influence]:
    burst = scenario.arrivals[0]
    alone = replace(scenario, arrivals=(Burst(service=burst.service),))
    return influences(
        variant,
        scenario.platform,
        lambda platform: _ready_after(replace(alone, platform=platform), seed),
    )


def _ready_after(scenario: Scenario, seed: int) -> float | None:
    record = run(scenario, seed, 0)
    if record.task_outcome[0] != "ready":
        return None
    return record.task_end[0] - record.task_begin[0]


def _reach(influence: Influence) -> float:
    return influence.most - influence.least


def assumed_line(assumed: Sequence[Influence]) -> str:
    """The assumed numbers that an answer rests on, in one line."""
    if not assumed:
        return "No assumed number moves it by 5 % or more."
    return f"Rests on assumed numbers: {'; '.join(map(str, assumed))}."
