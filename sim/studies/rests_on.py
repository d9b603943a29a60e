"""Which assumed numbers an answer rests on: each moved to both ends of its range, one at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from sim.core.cited import Cited
from sim.core.description import figures, with_figure
from sim.experiment import Burst, Scenario
from sim.experiment.running.run import run

T = TypeVar("T")

MATTERS = 0.05
"""Share of the time to ready below which an assumed number is not worth a word."""


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
