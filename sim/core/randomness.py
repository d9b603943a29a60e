"""Frozen distributions, and streams of random numbers addressed by name.

A stream is `SeedSequence(seed, spawn_key=(replication, crc32(name)))`: never global, never
positional, so a new stream changes no other, and platforms can be compared in pairs (common
random numbers).
"""

import math
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import Field

from sim.core.cited import Number, plain
from sim.core.description import description

if TYPE_CHECKING:
    import numpy as np

BLOCK = 64
"""Numbers drawn at a time: a numpy call costs as much as sixty numbers."""


@description
class Lognormal:
    """A positive duration or amount that varies from start to start.

    With `spread` as coefficient of variation, sigma = sqrt(ln(1 + spread^2)).
    """

    median: Number
    """In base units."""
    spread: Number
    """Coefficient of variation; 0 makes it constant."""


@description
class Exponential:
    """Memoryless, as between two Poisson arrivals."""

    mean: Number
    """In base units."""


@description
class Uniform:
    """Uniform from 0 to `high`, such as the phase of something periodic."""

    high: Number
    """In base units."""


Varying: TypeAlias = Annotated[float, Field(ge=0)] | Lognormal | Exponential | Uniform
"""A constant, or a distribution."""

Sampler: TypeAlias = Callable[[], float]
Draw: TypeAlias = Callable[["np.random.Generator"], "np.ndarray[tuple[int], np.dtype[np.float64]]"]
"""A block of numbers from a generator."""


class Streams:
    """The random numbers of one replication.

    Args:
        seed: any non-negative integer.
        replication: number of the replication, from 0.
    """

    __slots__ = ("_samplers", "replication", "seed")

    def __init__(self, seed: int, replication: int = 0) -> None:
        self.seed = seed
        self.replication = replication
        self._samplers: dict[str, tuple[Varying, Sampler]] = {}

    def generator(self, name: str) -> "np.random.Generator":
        """A fresh generator at the start of stream `name`."""
        import numpy as np

        key = (self.replication, zlib.crc32(name.encode()))
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    def sampler(self, name: str, what: Varying) -> Sampler:
        """The function that draws the next value of stream `name`; made once for each name.

        Raises:
            ValueError: the name has another distribution already.
        """
        known = self._samplers.get(name)
        if known is None:
            known = self._samplers[name] = (what, _sampler(what, partial(self.generator, name)))
        elif known[0] is not what and known[0] != what:
            raise ValueError(f"stream: {name!r} has another distribution already: {known[0]!r}")
        return known[1]


def median(what: Varying) -> float:
    """The middle value, in base units; what a start takes when nothing varies."""
    if isinstance(what, Lognormal):
        return plain(what.median)
    if isinstance(what, Uniform):
        return 0.5 * plain(what.high)
    return plain(what.mean) * math.log(2.0) if isinstance(what, Exponential) else what


def _sampler(what: Varying, begun: "Callable[[], np.random.Generator]") -> Sampler:
    import numpy as np

    if isinstance(what, Exponential):
        mean = plain(what.mean)
        return in_blocks(begun, lambda generator: generator.exponential(mean, BLOCK))
    if isinstance(what, Uniform):
        high = plain(what.high)
        return in_blocks(begun, lambda generator: generator.uniform(0.0, high, BLOCK))
    if isinstance(what, Lognormal) and plain(what.spread) > 0.0:
        middle = plain(what.median)
        sigma = math.sqrt(math.log1p(plain(what.spread) ** 2))
        return in_blocks(
            begun, lambda generator: middle * np.exp(sigma * generator.standard_normal(BLOCK))
        )
    return repeat(median(what)).__next__


def draw_gamma(
    generator: "np.random.Generator", mean: float, variation: float, number: int
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Gamma-distributed numbers; exponential where their coefficient of variation is 1."""
    import numpy as np

    if variation == 0.0 or mean == 0.0:
        return np.full(number, mean)
    if variation == 1.0:
        return generator.exponential(mean, number)
    shape = variation**-2
    return generator.gamma(shape, mean / shape, number)


def in_blocks(begun: "Callable[[], np.random.Generator]", draw: Draw) -> Sampler:
    """One at a time of the numbers that `draw` makes many of at once, without a call of Python.

    Args:
        begun: makes the generator, when the first number is asked for: many never are.
    """

    def blocks() -> Iterator[list[float]]:
        generator = begun()
        while True:
            yield draw(generator).tolist()

    return chain.from_iterable(blocks()).__next__
