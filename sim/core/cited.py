"""A number with a passport: value, unit, range, source, date and grade."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

Grade: TypeAlias = Literal["A", "B", "C", "D", "assumed"]
Standing: TypeAlias = Literal["measured", "derived", "assumed"]

SCALES: dict[str, float] = {
    "MiB": 2.0**20,
    "GiB": 2.0**30,
    "kB": 1e3,
    "MB": 1e6,
    "MB/s": 1e6,
    "MiB/s": 2.0**20,
    "MiB per GiB": 2.0**-10,
    "Gbit/s": 125e6,
    "MB/s of input per core": 1e6,
    "MB/s of output per core": 1e6,
    "core-s per GB written": 1e-9,
    "min": 60.0,
    "tasks/min": 1 / 60,
}
"""Base units in one of each source's unit; a unit that is not here is its own base."""


@dataclass(frozen=True, slots=True)
class Cited:
    """A figure about the world.

    `value`, `low` and `high` are in base units (s, byte, vCPU); `unit` is the source's own, in
    which `shown` prints it. `low..high` is what is not known about the figure, never the
    variation from start to start, and is never sampled inside a run.
    """

    key: str
    value: float
    unit: str
    grade: Grade
    source: str
    as_of: str
    low: float | None = None
    high: float | None = None
    note: str = ""
    core: str = ""
    """The core on which CPU work, or a rate a core, was measured."""

    def __float__(self) -> float:
        return self.value

    @property
    def standing(self) -> Standing:
        """The grade in a word: A and B somebody measured, C is derived or fitted, D is hearsay."""
        return {"A": "measured", "B": "measured", "C": "derived"}.get(self.grade, "assumed")  # type: ignore[return-value]

    @property
    def ranges(self) -> bool:
        """Whether something is not known about it: it has a range, and one that is not a point."""
        return self.low is not None and self.high is not None and self.low < self.high

    def shown(self) -> str:
        """Value and range in the source's unit, such as `15 s (8 to 30)`."""
        scale = SCALES.get(self.unit, 1.0)
        text = f"{self.value / scale:.6g} {self.unit}".rstrip()
        if self.low is None or self.high is None:
            return text
        return f"{text} ({self.low / scale:.6g} to {self.high / scale:.6g})"


Number: TypeAlias = Annotated[float, Field(ge=0)] | Cited
"""A figure in a description: a plain number of at least 0, or a cited one."""


Positive: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)] | Cited
"""A figure above 0."""


def plain(number: Number) -> float:
    """The bare value; taken once, when a description is deployed."""
    return number.value if isinstance(number, Cited) else number
