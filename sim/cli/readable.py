"""Tables of scripts as one reads them: units that fit the size, three digits that count."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sim.core.quantity import shown_bytes

if TYPE_CHECKING:
    import pandas as pd

SHARES = ("use", "cpu_used", "memory_used")
"""Columns of shares of what there is."""


def readable(frame: pd.DataFrame) -> tuple[list[str], list[list[str]], str]:
    """Headers, rows, and for each column `r` where it holds numbers and else `l`.

    Bytes are written with their unit; a column of seconds that are all below one is one of
    milliseconds; a share is a percentage.
    """
    heads, columns, sides = [], [], ""
    for name in map(str, frame.columns):
        head, write = _way(name, frame[name])
        heads.append(head)
        columns.append([_cell(value, write) for value in frame[name]])
        sides += "r" if frame[name].dtype.kind in "fiu" else "l"
    return heads, [list(row) for row in zip(*columns, strict=True)], sides


def _way(name: str, values: pd.Series[Any]) -> tuple[str, Callable[[float], str]]:
    if values.dtype.kind not in "fiu":
        return name, number
    if name.endswith("_bytes"):
        return name.removesuffix("_bytes"), shown_bytes
    if name in SHARES:
        return name, lambda share: f"{share:.0%}"
    seconds = name.endswith("_s") and not name.endswith("_per_s")
    if seconds and 0.0 < _largest(values) < 1.0:
        return f"{name[:-2]}_ms", lambda value: number(1e3 * value)
    return name, number


def _largest(values: Sequence[float] | pd.Series[Any]) -> float:
    return max((abs(float(value)) for value in values if _known(value)), default=0.0)


def _cell(value: Any, write: Callable[[float], str]) -> str:
    if not _known(value):
        return "-"
    return str(value) if isinstance(value, str | bool) else write(value)


def _known(value: Any) -> bool:
    import pandas as pd

    return value is not None and value is not pd.NA and value == value  # noqa: PLR0124 (NaN)


def number(value: float) -> str:
    """Three digits that count: 6,497, 285, 13.9, 0.0465; what is nothing but noise is 0."""
    if math.isinf(value):
        return "no limit"
    if abs(value) >= 100.0 or value == round(value):
        return f"{value:,.0f}"
    if abs(value) < 1e-9:
        return "0"
    place = math.floor(math.log10(abs(value)))
    return f"{value:.{min(6, max(0, 2 - place))}f}"
