"""Which assumed numbers an answer rests on: each moved to both ends of its range, one at a time."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.core.cited import Cited
from sim.experiment import Burst, Scenario
from sim.experiment.measure import READY, measured
from sim.experiment.sensitivity import Effect, one_at_a_time, ranged

MATTERS = 0.05
"""Share of the time to ready below which an assumed number is not worth a word."""


@dataclass(frozen=True, slots=True)
class Influence:
    """An assumed number, and what it does to one start."""

    variant: str
    effect: Effect

    @property
    def reach(self) -> float:
        """Seconds between the worst and the best; infinite where an end has no start."""
        return self.effect.swing

    def __str__(self) -> str:
        cited, base = self.effect.cited, self.effect.base
        ends = [x for x in (base, self.effect.at_low, self.effect.at_high) if not math.isnan(x)]
        return (
            f"{cited.key} {cited.shown()} ({self.variant}: "
            f"{min(ends) - base:+.1f} to {max(ends) - base:+.1f} s)"
        )


def rests_on(scenarios: Mapping[str, Scenario], seed: int) -> list[Influence]:
    """The assumed and anecdotal numbers that move a start, in the variant they move most."""
    strongest: dict[str, Influence] = {}
    for variant, scenario in scenarios.items():
        for influence in _of_one(variant, scenario, seed):
            known = strongest.get(influence.effect.cited.key)
            if known is None or influence.reach > known.reach:
                strongest[influence.effect.cited.key] = influence
    return sorted(strongest.values(), key=lambda influence: influence.reach, reverse=True)


def _of_one(variant: str, scenario: Scenario, seed: int) -> Iterator[Influence]:
    """Of one task alone, in one run: spreads say nothing then."""
    alone = replace(scenario, arrivals=(Burst(service=scenario.arrivals[0].service),))

    def ready_after(nodes: Sequence[Scenario]) -> np.ndarray:
        return measured(nodes, READY, times=1, seed=seed)

    for effect in one_at_a_time(alone, ready_after, list(_assumed(scenario))):
        if not math.isnan(effect.base) and effect.swing > MATTERS * effect.base:
            yield Influence(variant, effect)


def _assumed(scenario: Scenario) -> Iterator[Cited]:
    for cited in ranged(scenario.platform):
        if cited.standing == "assumed" and not cited.key.startswith("spread."):
            yield cited
