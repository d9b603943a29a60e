"""A number with a passport: value, unit, range, source, date and grade."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from sim.core.names import shown

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
    "days": 86400.0,
    "tasks/min": 1 / 60,
}
"""Base units in one of each source's unit; a unit that is not here is its own base."""


FAR = 1e6
"""How many times larger or smaller than what is known of it a figure may be made."""

SPREADS = ("of the median", "coefficient of variation")
NEVER_ZERO = ("of an m5 vCPU", "of an m5d.metal core", "of one thread", "unpacked/compressed")
"""Units of speeds and ratios, by which work is divided, apart from those that have a `/s`."""


CHECKED = ConfigDict(extra="forbid", ser_json_inf_nan="strings")
"""How descriptions are checked, and written as JSON."""

_CHECKS: list[CoreSchema] = []


class Allowed(NamedTuple):
    """What a value may be."""

    low: float
    high: float
    words: str


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

    __pydantic_config__ = CHECKED

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How one is checked in a description: made once, and not for each that may hold one."""
        if not _CHECKS:
            _CHECKS.append(handler(source))
        return _CHECKS[0]

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

    def moved(self, value: float) -> "Cited":
        """The same with another value (base units).

        Raises:
            ValueError: it cannot be one of that unit; the message names key, value and what can.
        """
        allowed = self._allowed()
        if isinstance(value, bool) or not allowed.low <= value <= allowed.high:
            raise ValueError(f"{self.key}: {shown(value)} is not allowed; {allowed.words}")
        return replace(self, value=float(value))

    def _allowed(self) -> "Allowed":
        """What a value of this unit may be, as wide as arithmetic goes."""
        most = FAR * max(1.0, self.value, self.high or 0.0)
        if self.unit.startswith("fraction"):
            return Allowed(0.0, 1.0, "a fraction from 0 to 1")
        if self.unit in SPREADS:
            return Allowed(0.0, 10.0, "a spread from 0 to 10")
        if "/s" in self.unit or self.unit in NEVER_ZERO:
            least = min(self.value, self.low or self.value) / FAR
            return Allowed(least, most, f"a number from {least:.3g} to {most:.3g}, in base units")
        return Allowed(0.0, most, f"a number from 0 to {most:.3g}, in base units")

    def shown(self) -> str:
        """Value and range in the source's unit, such as `15 s (8 to 30)`."""
        scale = SCALES.get(self.unit, 1.0)
        text = f"{self.value / scale:.6g} {self.unit}".rstrip()
        if self.low is None or self.high is None:
            return text
        return f"{text} ({self.low / scale:.6g} to {self.high / scale:.6g})"


Number: TypeAlias = Annotated[float, Field(ge=0)] | Cited
"""A figure in a description: a plain number of at least 0, or a cited one."""


def _above_zero(figure: Cited) -> Cited:
    if not figure.value > 0.0:
        raise ValueError(f"{figure.key}: {shown(figure.value)} is not allowed; a number above 0")
    return figure


Positive: TypeAlias = (
    Annotated[float, Field(gt=0, allow_inf_nan=False)]
    | Annotated[Cited, AfterValidator(_above_zero)]
)
"""A figure above 0."""


def plain(number: Number) -> float:
    """The bare value; taken once, when a description is deployed."""
    return number.value if isinstance(number, Cited) else number
