"""When something happened, in any of the ways in which it is written, and how exactly.

| written as | by |
|---|---|
| `"2024-04-10T08:09:29.943000+00:00"` | AWS CLI v2; other offsets, too |
| `1557134011.644` | AWS CLI v1, boto: seconds |
| `"2023-05-02T14:19:14.98Z"` | EventBridge: zeros at the end are left out |
| `1680596442871` | Step Functions, Container Insights: milliseconds |
| `"2023-07-21T15:45:33.532811081Z"` | the task metadata endpoint; Docker's `timeNano` is a number |
| `"2024-04-10T08:09:29Z"` | Kubernetes: whole seconds |
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sim.studies.fit.observed import Spell

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)?\s*"
    r"(?:([Zz])|([+-])(\d\d):?(\d\d))?"
)
_NUMBER = re.compile(r"\d{9,20}(\.\d{1,9}\d*)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = Decimal(1_300_000_000), Decimal(4_200_000_000)
"""2011 to 2103: there were no containers to start before."""
_SCALES = (1, 10**3, 10**6, 10**9)
"""Seconds, milli-, micro- and nanoseconds: which one it is, the size of the number tells."""


class BadStamp(ValueError):  # noqa: N818 (it is what is wrong, in the user's words)
    """A stamp that is no time."""


class Stamp(NamedTuple):
    """A moment, rounded down."""

    at: Decimal
    """Seconds of the epoch; exact, so that every way to write it gives the same differences."""
    resolution: float
    """Seconds: 1, or a thousandth of it, and so on."""


def stamp(value: Any) -> Stamp | None:
    """The moment that a value means; None where it means none.

    Raises:
        BadStamp: it is something else.
    """
    if value in (None, "", 0):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadStamp("with a timestamp that is no time")
    text = repr(value) if isinstance(value, float) else str(value)[:50].strip()
    if text.startswith(("0001-01-01", "-62135596800")):  # what .NET and Go write for nothing
        return None
    return _of(_numbered(text) if _NUMBER.fullmatch(text) else _spelled(text))


def between(first: Stamp | None, second: Stamp | None) -> Spell | None:
    """The time from one stamp to another; None where one is not told.

    Older agents count whole seconds from one exact stamp: a length without a fraction is as coarse
    as they are, whatever its stamps look like.
    """
    if first is None or second is None:
        return None
    apart = second.at - first.at
    if apart == int(apart):
        return Spell(float(apart), 1.0, 1.0)
    return Spell(float(apart), first.resolution, second.resolution)


def latest(*stamps: Stamp | None) -> Stamp | None:
    """The last of some moments, as far as they are told."""
    told = [each for each in stamps if each is not None]
    return max(told, key=lambda each: (each.at, -each.resolution)) if told else None


def _numbered(text: str) -> Decimal:
    number = Decimal(text)
    for scale in _SCALES:
        if _FIRST <= number / scale <= _LAST:
            return number / scale
    raise BadStamp("with a timestamp that is no time")


def _spelled(text: str) -> Decimal:
    match = _ISO.fullmatch(text)
    if match is None:
        raise BadStamp("with a timestamp that is no time")
    day, time, fraction, _, sign, hours, minutes = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{time}+00:00")
        ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        moment = moment + ahead if sign == "-" else moment - ahead
    except (ValueError, OverflowError):
        raise BadStamp("with a timestamp that is no time") from None
    whole = Decimal((moment - _EPOCH) // timedelta(seconds=1))
    if not _FIRST <= whole <= _LAST:
        raise BadStamp("with a timestamp that is no time")
    return whole + (Decimal(f"0.{fraction}") if fraction else 0)


def _of(at: Decimal) -> Stamp:
    """Zeros at the end tell how exact it is: of a thousand exact ones, one is taken for coarse."""
    for resolution, digits in ((1.0, 0), (1e-3, 3), (1e-6, 6)):
        if at == round(at, digits):
            return Stamp(at, resolution)
    return Stamp(at, 1e-9)
