"""Which numbers matter: each cited figure moved over its range, the others as they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from sim.core.cited import Cited
from sim.core.quantity import shown_change
from sim.experiment import Burst, Scenario
from sim.experiment.running.metric import READY, measured
from sim.experiment.statistics.one_at_a_time import Answers, Effect, fixed, one_at_a_time, ranged

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

LEAST = 0.01
"""Share of the answer by which a number has to move it to be listed."""
MATTERS = 0.05
"""Share of the answer from which on an assumed number is worth a word beside the answer."""
AVERAGED = 5
"""Replications of which an answer is the mean here, at most."""


def moves(effect: Effect, base: float, least: float) -> bool:
    """Whether a number moves an answer by `least` of it, and by more than chance."""
    return effect.swing > 0.0 and effect.swing >= least * abs(base) and effect.beyond_chance


def matters(effect: Effect, base: float) -> bool:
    """Whether a number matters that nobody has measured."""
    return effect.cited.standing == "assumed" and moves(effect, base, MATTERS)


def share(effect: Effect) -> float:
    """The part of the answer by which a number moves it; infinite where an end has no answer."""
    return effect.swing / abs(effect.base) if effect.base else math.inf


def change(effect: Effect) -> str:
    """What the low and the high end of a number do to the answer, such as `-6.2 / +13.3`."""
    ends = [end - effect.base for end in (effect.at_low, effect.at_high) if not math.isnan(end)]
    return " / ".join(shown_change(end) for end in ends if end)


@dataclass(frozen=True, slots=True)
class Explained:
    """One answer, and the numbers that moved it."""

    variant: str
    what: str
    """Which answer, in words."""
    base: float
    effects: tuple[Effect, ...]
    """The effects of 1% of it or more, largest first."""
    others: int
    """Numbers that were moved and did less."""
    without_range: int
    """Numbers that have no range."""

    def json(self) -> list[dict[str, Any]]:
        """Plain data, a number each."""
        return [{"answer": self.what, **effect.json()} for effect in self.effects]

    def assumed(self) -> list[Assumed]:
        """The assumed numbers among them that matter."""
        return [
            Assumed(self.variant, effect)
            for effect in self.effects
            if matters(effect, self.base) and not _is_spread(effect.cited)
        ]


@dataclass(frozen=True, slots=True)
class Assumed:
    """An assumed number, and what it does to the answer of one variant, in seconds."""

    variant: str
    effect: Effect

    def __str__(self) -> str:
        cited = self.effect.cited
        return f"{cited.key} {cited.shown()} ({self.variant}: {change(self.effect)} s)"


def explain(
    variant: str,
    what: str,
    node: T,
    answers: Answers[T],
    *,
    base: float | np.ndarray,
    idle: int = 0,
    only: Iterable[Cited] | None = None,
) -> Explained:
    """The numbers in a description that move its answer.

    Args:
        base: the answer, once or in every replication.
        idle: numbers known to do nothing, which are not tried.
        only: the numbers to move; None: all that have a range.
    """
    effects = one_at_a_time(node, answers, only, base=base)
    answer = float(np.mean(base))
    moved = tuple(effect for effect in effects if moves(effect, answer, LEAST))
    others = len(effects) - len(moved) + idle
    return Explained(variant, what, answer, moved, others, len(fixed(node)))


def explain_starts(
    scenarios: Mapping[str, Scenario],
    *,
    seed: int,
    replications: int,
    jobs: int | None = 1,
    only: Mapping[str, Sequence[Cited]] | None = None,
    runs: pd.DataFrame,
) -> list[Explained]:
    """The numbers that move the mean time to ready; none where no start becomes ready.

    Args:
        replications: of the answer; the mean of the first 5 of them is explained.
        only: the numbers to move, by variant; None: all that have a range.
        runs: those of the answer, by variant and number; they need not be made again.
    """
    times = min(AVERAGED, replications)

    def ready_after(nodes: Sequence[Scenario]) -> np.ndarray:
        return measured(nodes, READY, times=times, seed=seed, jobs=jobs, what="explaining")

    explained = []
    for variant, scenario in scenarios.items():
        chosen = None if only is None else only.get(variant, ())
        if chosen is not None and not chosen:
            continue
        mine = runs[(runs["variant"] == variant) & (runs["run"] < times)]
        base = mine[READY].to_numpy() if READY in mine else np.array(math.nan)
        if not np.isnan(base).any():
            what = "mean time to ready, s"
            explained.append(explain(variant, what, scenario, ready_after, base=base, only=chosen))
    return explained


def assumptions(
    scenarios: Mapping[str, Scenario],
    *,
    seed: int,
    replications: int,
    runs: pd.DataFrame,
    explained: Sequence[Explained] | None = None,
) -> list[Assumed]:
    """The assumed numbers that starts rest on, each in the variant that it moves most.

    Args:
        runs: those of the answer, as for `explain_starts`.
        explained: the answer of `explain_starts` where it is there already. Without it one start
            alone, run once, tells which numbers are worth the replications, and in which variant.
    """
    if explained is None:
        tried = strongest(each for name, s in scenarios.items() for each in _tried(name, s, seed))
        only = {
            name: [each.effect.cited for each in tried if each.variant == name]
            for name in scenarios
        }
        explained = explain_starts(
            scenarios, seed=seed, replications=replications, only=only, runs=runs
        )
    return strongest(each for answer in explained for each in answer.assumed())


def strongest(assumed: Iterable[Assumed]) -> list[Assumed]:
    """Each number once, where it moves the largest share of an answer; the largest share first."""
    best: dict[str, Assumed] = {}
    for each in sorted(assumed, key=lambda each: -share(each.effect)):
        best.setdefault(each.effect.cited.key, each)
    return list(best.values())


def assumed_figures(node: object) -> list[Cited]:
    """The assumed figures in a description that have a range."""
    return [c for c in ranged(node) if c.standing == "assumed" and not _is_spread(c)]


def assumed_line(assumed: Sequence[Assumed]) -> str:
    """The assumed numbers that an answer rests on, in one line."""
    if not assumed:
        return f"No assumed number changes it by {100 * MATTERS:g}% or more."
    return f"It rests on assumed numbers: {'; '.join(map(str, assumed))}."


def _is_spread(cited: Cited) -> bool:
    """Whether it is a spread, which moves single starts and not their mean."""
    return cited.key.startswith("spread.")


def _tried(variant: str, scenario: Scenario, seed: int) -> list[Assumed]:
    """Assumed figures that move a single start by half of what matters, or make it fail."""
    alone = replace(scenario, arrivals=(Burst(service=scenario.arrivals[0].service),))

    def ready_after(nodes: Sequence[Scenario]) -> np.ndarray:
        return measured(nodes, READY, times=1, seed=seed, jobs=1, what="explaining")

    effects = one_at_a_time(alone, ready_after, assumed_figures(alone))
    least = MATTERS / 2
    return [Assumed(variant, effect) for effect in effects if moves(effect, effect.base, least)]
