"""From starts to figures: a median with its interval and a spread for each phase."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.experiment.statistics.estimate import order_ranks
from sim.studies.fit.estimates.lognormal import EXACT, FittedLognormal, fitted
from sim.studies.fit.observed import Spell, StartSeen

if TYPE_CHECKING:
    from sim.studies.fit.estimates.lognormal import Array

COARSE = 0.2
"""Share of phases with stamps of whole seconds from which on these decide how the median is
found: a few of them change no median."""
FEW = 20
"""Starts below which neither an interval from coarse stamps nor a verdict is given."""
APART = 2.0
"""How many times as long as the slowest of one kind the quickest of another takes."""
LEAST_KIND = 3
"""Starts, and a fifth of all, that make a kind of their own."""
REFUSED = 0.01
"""Chance below which the Kruskal-Wallis test says that images differ."""
OF_IMAGE = ("pull", "start", "app")
"""Phases that depend on the image; the others are the platform's."""
Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class FittedPhase:
    """What is known of one phase."""

    phase: str
    n: int
    median_s: float
    low_s: float | None = None
    """95% interval of the median; None: the sample has none."""
    high_s: float | None = None
    spread: float | None = None
    """Coefficient of variation of the fitted lognormal; None: too few to tell."""
    spells: tuple[Spell, ...] = ()
    """What it was fitted to."""
    fit: FittedLognormal | None = None
    coarse: bool = False
    """Whether its stamps are of whole seconds."""

    def points(self, number: int) -> "Array":
        """Quantiles of the fitted distribution, in the middles of equal shares; seconds."""
        if self.fit is None:
            return np.full(number, self.median_s)
        return self.fit._replace(median=self.median_s).points(number)


class Kinds(NamedTuple):
    """Two kinds of one phase, where there are two."""

    quick: tuple[Spell, ...]
    slow: tuple[Spell, ...]


def phase_of(name: str, spells: Sequence[Spell]) -> FittedPhase:
    """The figures of one phase.

    Exact stamps: the median of the sample, between order statistics. Stamps of whole seconds: the
    median of the likeliest lognormal, within 1.96 standard errors.

    Args:
        spells: at least one.
    """
    ordered = tuple(sorted(spells))
    seconds = np.array([spell.seconds for spell in ordered])
    n, middle = len(ordered), float(np.median(seconds))
    coarse = sum(max(spell.before, spell.after) > EXACT for spell in ordered) > COARSE * n
    fit = fitted(ordered) if n > 1 else None
    spread = None if fit is None else fit.spread
    if not coarse or fit is None:
        ranks = order_ranks(n, 0.5)
        low, high = (float(seconds[r - 1]) for r in ranks) if ranks else (None, None)
        return FittedPhase(name, n, middle, low, high, spread, ordered, fit)
    interval: tuple[float | None, float | None] = (None, None)
    if n >= FEW and math.isfinite(fit.error):
        reach = math.exp(Z95 * fit.error)
        interval = (fit.median / reach, fit.median * reach)
    return FittedPhase(name, n, fit.median, *interval, spread, ordered, fit, coarse=True)


def phases_of(starts: Sequence[StartSeen]) -> tuple[list[FittedPhase], list[str]]:
    """The figures of every phase, in their order, and what is to be said of them."""
    found: list[FittedPhase] = []
    notes: list[str] = []
    for name in in_sequence(starts):
        told = [start for start in starts if name in start.phases]
        rows = _by_image(name, told) if _depends_on_image(name) else {}
        if len(rows) > 1:
            notes.append(
                f"{name} differs from image to image (Kruskal-Wallis), and is fitted for each"
            )
        for label, spells in (rows or {name: _spells(name, told)}).items():
            found += _kinds(label, spells)
    return found, notes


def in_sequence(starts: Sequence[StartSeen]) -> list[str]:
    """Names of the phases; one that only some starts have stands before what follows it there."""
    names: list[str] = []
    for phases in sorted({tuple(start.phases) for start in starts}):
        for number, name in enumerate(phases):
            if name not in names:
                after = [names.index(each) for each in phases[number:] if each in names]
                names.insert(min(after, default=len(names)), name)
    return names


def _spells(name: str, starts: Sequence[StartSeen]) -> list[Spell]:
    return [start.phases[name] for start in starts]


def _depends_on_image(name: str) -> bool:
    return any(word in name for word in OF_IMAGE)


def _by_image(name: str, starts: Sequence[StartSeen]) -> dict[str, list[Spell]]:
    """The phase by image, where a test refuses to take images together; else nothing."""
    by: dict[str, list[Spell]] = {}
    for start in starts:
        by.setdefault(start.image, []).append(start.phases[name])
    enough = {image: spells for image, spells in by.items() if len(spells) >= 5}
    if len(enough) < 2 or not _differ(list(enough.values())):
        return {}
    in_size_order = sorted(by.values(), key=lambda spells: (-len(spells), sorted(spells)))
    shown = [spells for spells in in_size_order if len(spells) >= 5]
    rest = [spell for spells in in_size_order if len(spells) < 5 for spell in spells]
    rows = {f"{name}, image {number}": spells for number, spells in enumerate(shown, 1)}
    return rows | ({f"{name}, other images": rest} if rest else {})


def _differ(groups: list[list[Spell]]) -> bool:
    from scipy.stats import kruskal

    samples = [[spell.seconds for spell in group] for group in groups]
    if len({value for sample in samples for value in sample}) < 2:
        return False
    return bool(kruskal(*samples).pvalue < REFUSED)


def _kinds(name: str, spells: Sequence[Spell]) -> Iterator[FittedPhase]:
    """One row, or two where starts are of two kinds."""
    kinds = two_kinds(spells) if name.startswith("start") else None
    if kinds is None:
        yield phase_of(name, spells)
        return
    yield phase_of(name, kinds.quick)
    yield phase_of(f"{name}, second kind", kinds.slow)


def two_kinds(spells: Sequence[Spell]) -> Kinds | None:
    """The quick and the slow, where nothing lies between them over a factor of two.

    No lognormal that is sampled as often leaves such a gap in its middle.
    """
    ordered = sorted(spells)
    least = max(LEAST_KIND, math.ceil(len(ordered) / 5))
    best, cut = APART, 0
    for place in range(least, len(ordered) - least + 1):
        below, above = ordered[place - 1].high, ordered[place].low
        if below > 0.0 and above / below >= best:
            best, cut = above / below, place
    return Kinds(tuple(ordered[:cut]), tuple(ordered[cut:])) if cut else None
