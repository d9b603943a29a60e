"""Three ways to the same starts: as they were, simulated when they came, and simulated altogether.

Where the second is off, the figures are; where only the third is, the arrivals are: real ones come
in bursts. The phases of a start are drawn apart from each other, and a start waits for no other.
"""

from collections.abc import Generator, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from simpy import Event

from sim.core.randomness import Exponential, Lognormal, Sampler
from sim.core.world import World
from sim.experiment.statistics.estimate import needed
from sim.studies.fit.estimates.held_out import split
from sim.studies.fit.estimates.phases import FEW, FittedPhase, in_sequence, phase_of, two_kinds
from sim.studies.fit.observed import StartSeen

SEED = 1


class Corner(NamedTuple):
    """One of the three."""

    starts: str
    """Reality, measured arrivals, or simulated arrivals."""
    n: int
    p50_s: float
    p90_s: float
    at_once: int
    """Most starts that were under way at the same time."""


class Drawn(NamedTuple):
    """A phase to draw: its kinds, how many of all starts have each."""

    name: str
    kinds: tuple[FittedPhase, ...]
    of: int


def triangle(starts: Sequence[StartSeen], share: float) -> tuple[Corner, ...]:
    """Reality beside two simulations with what was fitted to the starts before; none of too few.

    Args:
        share: of the starts, the last in time, that are simulated.
    """
    whole = [start for start in starts if start.ready is not None and len(start.phases) > 1]
    first, last = split(whole, share)
    if len(last) < needed(0.9) or len(whole) < FEW:
        return ()
    begins = [start.at for start in last if start.at is not None]
    lengths = [start.ready.seconds for start in last if start.ready is not None]
    phases = list(_drawn(first))
    span = max(begins) - min(begins)
    measured = _simulated(phases, [begin - min(begins) for begin in begins], "measured")
    corners = [
        _corner("reality", list(zip(begins, lengths, strict=True))),
        _corner("measured arrivals", measured),
    ]
    if span > 0.0:
        gaps = _gaps(len(last), span / (len(last) - 1))
        corners.append(_corner("simulated arrivals", _simulated(phases, gaps, "simulated")))
    return tuple(corners)


def _drawn(starts: Sequence[StartSeen]) -> Iterator[Drawn]:
    for name in in_sequence(starts):
        spells = [start.phases[name] for start in starts if name in start.phases]
        kinds = two_kinds(spells) if name.startswith("start") else None
        yield Drawn(name, tuple(phase_of(name, kind) for kind in kinds or (spells,)), len(starts))


def _gaps(number: int, mean: float) -> list[float]:
    """When so many come of themselves, at the rate of the real ones."""
    gap = World(SEED).random.sampler("fit/arrivals", Exponential(mean=mean))
    return [float(at) for at in np.cumsum([gap() for _ in range(number)])]


def _simulated(
    phases: Sequence[Drawn], begins: Sequence[float], stream: str
) -> list[tuple[float, float]]:
    """When each start began, and how long it took."""
    world, ended = World(SEED), []
    draws = [(each, *_samplers(world, each, stream)) for each in phases]

    def start(begin: float) -> Generator[Event, Any, None]:
        yield world.env.timeout(begin)
        for each, chance, samplers in draws:
            place = chance.random() * each.of
            for kind, sampler in zip(each.kinds, samplers, strict=True):
                if 0.0 <= place < kind.n:
                    yield world.env.timeout(sampler())
                place -= kind.n
        ended.append((begin, world.env.now - begin))

    for begin in begins:
        world.env.process(start(begin))
    world.env.run()
    return ended


def _samplers(
    world: World, each: Drawn, stream: str
) -> tuple[np.random.Generator, tuple[Sampler, ...]]:
    """Which kind it is, and how long one of each kind takes."""
    name = f"fit/{stream}/{each.name}"
    return world.random.generator(name), tuple(
        world.random.sampler(
            f"{name}/{number}", Lognormal(median=kind.median_s, spread=kind.spread or 0.0)
        )
        for number, kind in enumerate(each.kinds)
    )


def _corner(name: str, starts: Sequence[tuple[float, float]]) -> Corner:
    lengths = [length for _, length in starts]
    p90 = float(np.quantile(lengths, 0.9, method="inverted_cdf"))
    return Corner(name, len(starts), float(np.median(lengths)), p90, _at_once(starts))


def _at_once(starts: Sequence[tuple[float, float]]) -> int:
    """The most that overlap; one that ends as another begins is over."""
    changes = sorted(
        change
        for begin, length in starts
        for change in ((begin, 1), (begin + length, -1))
        if length > 0.0
    )
    under_way = most = 0
    for _, change in changes:
        under_way += change
        most = max(most, under_way)
    return most
