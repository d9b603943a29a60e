"""Every figure about the world that is not an instance, an image or a size; each one cited."""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import cast

from sim.catalog.data import DATA, rows
from sim.catalog.instances.own_types import place
from sim.core.cited import SCALES, Cited, Grade, Number
from sim.core.fitted import SPREAD, remembered, stand_ins
from sim.core.names import unknown
from sim.core.randomness import Lognormal
from sim.core.token_bucket import Quota


@remembered
def figures() -> dict[str, Cited]:
    """All figures by key, with those that stand in for them while something is asked."""
    return {**filed(), **stand_ins().by_key}


@cache
def filed() -> dict[str, Cited]:
    """The catalogue's own figures by key, whatever stands in for them."""
    every = [*rows("parameters.csv"), *rows("start_profiles.csv")]
    return {row["key"]: cited(row, row["key"], row.get("core") or "") for row in every}


def figure(key: str) -> Cited:
    """The figure of that key, in base units.

    Raises:
        UnknownName: there is none.
    """
    if key not in figures():
        raise unknown("figure", key, figures())
    stand_ins().take(key)
    return figures()[key]


def core_of(key: str) -> Number:
    """Speed of the core on which CPU work or a rate was measured, of an m5 vCPU.

    Raises:
        UnknownName: there is no such figure.
    """
    name = figure(key).core
    return figure(f"core.{name}.speed") if name else 1.0


def control_plane(key: str) -> Lognormal:
    """A wait for a control plane, which varies from start to start: by its own spread, if known."""
    own = key + SPREAD
    spread = figure(own if own in figures() else "spread.control_plane")
    return Lognormal(median=figure(key), spread=spread)


def quota(key: str) -> Quota:
    """The token bucket of that key: its size and its refill are filed in the vendor's own words.

    Raises:
        UnknownName: there is none.
    """
    for size, refill in _BUCKETS:
        if key + size in figures() and key + refill in figures():
            return Quota(size=figure(key + size), refill=figure(key + refill))
    raise unknown("quota", key, figures())


_BUCKETS = ((".bucket", ".refill"), (".burst", ".rate"), (".burst", ".qps"), ("", ".refill"))
"""How the two figures of a quota end."""


@cache
def digest() -> str:
    """Fingerprint of every number in the catalogue, the user's own instance types included."""
    sha = hashlib.sha256()
    for file in sorted(DATA.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".csv"):  # what was measured, in a folder beside, is no input
            sha.update(file.read_bytes())
    if place().is_file():
        sha.update(place().read_bytes())
    return sha.hexdigest()


def cited(row: Mapping[str, str], key: str, core: str = "") -> Cited:
    """The figure that a row of a table holds, in base units."""
    scale = SCALES.get(row["unit"], 1.0)
    return Cited(
        key=key,
        value=float(row["value"]) * scale,
        unit=row["unit"],
        low=_optional(row["low"], scale),
        high=_optional(row["high"], scale),
        grade=cast(Grade, row["grade"]),
        source=row["source"],
        as_of=row["as_of"],
        note=row["note"],
        core=core,
    )


def _optional(text: str, scale: float) -> float | None:
    return float(text) * scale if text else None
