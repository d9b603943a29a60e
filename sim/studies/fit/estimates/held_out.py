"""Judged on starts that were not looked at: fitted to the first, compared with the last."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from sim.experiment.statistics.estimate import needed
from sim.studies.fit.estimates.phases import FEW, FittedPhase, in_sequence, phase_of, two_kinds
from sim.studies.fit.observed import Spell, StartSeen

if TYPE_CHECKING:
    from sim.studies.fit.estimates.lognormal import Array

Verdict: TypeAlias = Literal["PASS", "EXCEEDS", "NO BAR"]

BAR = 0.30
"""Error either way that passes, as a share of what was measured; stamps of whole seconds add
theirs, for they tell no more."""
QUANTILES = (0.50, 0.90, 0.95)
POINTS = 1000
"""Of a fitted distribution, where several are mixed or added up."""
WHOLE = "whole start"
"""All phases together."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One quantile of one phase, measured in starts that nothing was fitted to."""

    phase: str
    n: int
    """Starts held out."""
    quantile: float
    measured_s: float
    predicted_s: float
    verdict: Verdict

    @property
    def error_pct(self) -> float:
        """Signed, of what was measured; infinite where that is 0."""
        if self.measured_s <= 0.0:
            return 0.0 if self.predicted_s == self.measured_s else math.inf
        return 100.0 * (self.predicted_s / self.measured_s - 1.0)


@dataclass(frozen=True, slots=True)
class Judged:
    """All that was held out."""

    rows: tuple[HeldOut, ...]
    distances: dict[str, float]
    """Wasserstein distance by phase, seconds."""
    starts: int
    """Held out."""
    of: int
    reason: str = ""
    """Why nothing is judged."""


def in_time(starts: Sequence[StartSeen]) -> list[StartSeen]:
    """Starts whose time is known, the first first."""
    dated = [start for start in starts if start.at is not None]
    return sorted(dated, key=lambda start: (start.at, sorted(start.phases.items())))


def split(starts: Sequence[StartSeen], share: float) -> tuple[list[StartSeen], list[StartSeen]]:
    """The first and the last of the starts; no last where either would be too few."""
    dated = in_time(starts)
    held = round(share * len(dated))
    if held < 1 or len(dated) - held < 2:
        return dated, []
    return dated[:-held], dated[-held:]


def judged(starts: Sequence[StartSeen], share: float) -> Judged:
    """The last of the starts beside what the others would have said of them.

    Args:
        share: of the starts, the last in time, that are held out.
    """
    first, last = split(starts, share)
    of = len(first) + len(last)
    if not last:
        few = f"{of} starts with a time of creation are too few to hold any out"
        return Judged((), {}, 0, of, few if share else "nothing is held out")
    rows: list[HeldOut] = []
    distances: dict[str, float] = {}
    for name in (*in_sequence(last), WHOLE):
        spells, points = _both(name, first, last)
        if not spells or points is None:
            continue
        rows += _rows(name, spells, points, enough=of >= FEW)
        distances[name] = _distance(spells, points)
    return Judged(tuple(rows), distances, len(last), of)


def _both(
    name: str, first: Sequence[StartSeen], last: Sequence[StartSeen]
) -> tuple[list[Spell], "Array | None"]:
    """What was measured, and points of what was fitted to others."""
    if name == WHOLE:
        known = [s.ready for s in first if s.ready is not None and len(s.phases) > 1]
        spells = [s.ready for s in last if s.ready is not None and len(s.phases) > 1]
        return spells, _added_up(first) if len(known) > 1 else None
    told = [start.phases[name] for start in first if name in start.phases]
    spells = [start.phases[name] for start in last if name in start.phases]
    return spells, _points(name, told) if len(told) > 1 else None


def _points(name: str, spells: Sequence[Spell]) -> "Array":
    """Points of the distribution that was fitted, of both kinds where there are two."""
    kinds = two_kinds(spells) if name.startswith("start") else None
    fits: list[FittedPhase] = [phase_of(name, kind) for kind in kinds or (spells,)]
    total = sum(fit.n for fit in fits)
    parts = [fit.points(max(1, round(POINTS * fit.n / total))) for fit in fits]
    return np.sort(np.concatenate(parts))


def _added_up(
    starts: Sequence[StartSeen],
) -> "Array":
    """Phases drawn apart from each other and added: what a simulation of them would say.

    A phase that only some starts have is drawn for as large a share of them.
    """
    draw = np.random.default_rng(0)
    total = np.zeros(POINTS)
    for name in in_sequence(starts):
        told = [start.phases[name] for start in starts if name in start.phases]
        points = np.resize(_points(name, told) if told[1:] else told[0].seconds, POINTS)
        points = draw.permutation(points)
        has = draw.random(POINTS) < len(told) / len(starts)
        total += np.where(has, points, 0.0)
    return np.sort(total)


def _rows(
    name: str,
    spells: Sequence[Spell],
    points: "Array",
    *,
    enough: bool,
) -> list[HeldOut]:
    coarse = float(np.median([spell.before for spell in spells]))
    seconds = np.sort([spell.seconds for spell in spells])
    if coarse >= 1.0:
        seconds = _evened(seconds, coarse)
    rows = []
    for q in QUANTILES:
        if len(seconds) < needed(q):
            continue
        measured = _middle(name, spells) if q == 0.50 else _order(seconds, q)
        predicted = _order(points, q)
        within = abs(predicted - measured) <= BAR * measured + (coarse if coarse >= 1.0 else 0.0)
        verdict: Verdict = "NO BAR" if not enough else "PASS" if within else "EXCEEDS"
        rows.append(HeldOut(name, len(seconds), q, measured, predicted, verdict))
    return rows


def _middle(name: str, spells: Sequence[Spell]) -> float:
    if name == WHOLE:
        return float(np.median([spell.seconds for spell in spells]))
    return phase_of(name, spells).median_s


def _evened(seconds: "Array", width: float) -> "Array":
    """Phases of whole seconds, those that are equal spread evenly over the second around them."""
    first = np.searchsorted(seconds, seconds, side="left")
    many = np.searchsorted(seconds, seconds, side="right") - first
    place = (np.arange(len(seconds)) - first + 0.5) / many
    return np.asarray(seconds + (place - 0.5) * width)


def _order(values: "Array", q: float) -> float:
    return float(np.quantile(values, q, method="inverted_cdf"))


def _distance(spells: Sequence[Spell], points: "Array") -> float:
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance([spell.seconds for spell in spells], points))
