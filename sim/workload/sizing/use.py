"""What a program was seen to use of one resource: a series, its quantiles, or one reading."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from sim.core.description import description

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
SHARES = {"p50": 0.50, "p95": 0.95, "p99_5": 0.995, "peak": 1.0}
"""The quantiles that are kept, as fractions of all readings."""


class Seen(NamedTuple):
    """An amount, and what it is, in words such as `p95`."""

    amount: float
    said: str


@description
class Series:
    """Readings in the order of their times."""

    times: tuple[float, ...]
    """Seconds."""
    amounts: tuple[Amount, ...]

    @model_validator(mode="after")
    def _go_together(self) -> "Series":
        if not self.times or len(self.times) != len(self.amounts):
            raise ValueError(
                f"series: {len(self.times)} times and {len(self.amounts)} amounts are not "
                f"allowed; as many of one as of the other, and at least one"
            )
        if any(later < earlier for earlier, later in zip(self.times, self.times[1:], strict=False)):
            raise ValueError("series: times that go backwards are not allowed; in order")
        return self

    @property
    def span(self) -> float:
        """Seconds from the first reading to the last."""
        return self.times[-1] - self.times[0]


@description
class Use:
    """What was seen of one resource, in vCPU or in bytes; None: not known."""

    p50: Amount | None = None
    p95: Amount | None = None
    p99_5: Amount | None = None
    peak: Amount | None = None
    instant: Amount | None = None
    """One reading, at a moment that nobody chose."""
    series: Series | None = None

    @property
    def several(self) -> bool:
        """Whether more is known than one instant."""
        return self.series is not None or any(getattr(self, name) is not None for name in SHARES)

    def at(self, share: float) -> Seen:
        """The quantile, or what is known nearest to it; larger rather than smaller.

        Args:
            share: of the readings that are not above it; 1 is the peak.

        Raises:
            LookupError: nothing is known but an instant, or not even that.
        """
        if self.series is not None:
            return Seen(float(np.quantile(self.series.amounts, share)), named(share))
        known = {
            of: amount for name, of in SHARES.items() if (amount := getattr(self, name)) is not None
        }
        if not known:
            raise LookupError("no use over time is known")
        if share in known:
            return Seen(known[share], named(share))
        above = [of for of in known if of > share]
        nearest = min(above) if above else max(known)
        return Seen(known[nearest], f"{named(nearest)}, for {named(share)} is not known")


def named(share: float) -> str:
    """A quantile in a word: `p99.5`, `peak`."""
    return "peak" if share >= 1.0 else f"p{100 * share:g}"


def use_of(times: Sequence[float], amounts: Sequence[float]) -> Use:
    """The use that readings show, in any order."""
    order = np.argsort(np.asarray(times, dtype=float), kind="stable")
    series = Series(
        times=tuple(float(times[index]) for index in order),
        amounts=tuple(float(amounts[index]) for index in order),
    )
    found = np.quantile(series.amounts, [*SHARES.values()]).tolist()
    return Use(**dict(zip(SHARES, found, strict=True)), series=series)
