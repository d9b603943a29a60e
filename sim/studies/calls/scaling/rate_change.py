"""A rate that changes: `50..400`, at once, or `50..500 in 10min`."""

import re
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from sim.core.description import description
from sim.core.names import shown
from sim.core.quantity import parse_seconds
from sim.core.question import Typed

_RAMP = re.compile(r"\s*+([0-9.]{1,40})\s*+\.\.\s*+([0-9.]{1,40})\s*+(?:in\s++(\S++))?\s*+")
_ALLOWED = "from one rate to another, such as 50..400 or '50..500 in 10min'"


@description
class RateChange:
    """From one rate of requests to another."""

    begin: float
    end: float
    seconds: float = 0.0
    """That it takes; 0: at once."""

    def __str__(self) -> str:
        return f"{self.begin:g}..{self.end:g}" + (f" in {self.seconds:g}s" if self.seconds else "")


def _change(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _RAMP.fullmatch(value.replace("...", ".."))
    try:
        ends = (float(match[1].rstrip(".")), float(match[2])) if match else (0.0, 0.0)
    except ValueError:
        ends = (0.0, 0.0)
    if match is None or not all(end > 0.0 for end in ends):
        raise ValueError(f"{shown(value)} is not allowed; {_ALLOWED}")
    seconds = parse_seconds(match[3]) if match[3] else 0.0
    return RateChange(begin=ends[0], end=ends[1], seconds=seconds)


Ramp: TypeAlias = Annotated[RateChange, BeforeValidator(_change), Typed(shape="<from..to>")]
