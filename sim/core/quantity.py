"""Quantities as people write them: `512MiB`, `250m`, `30s`; strict, with a hint for each slip.

In Python a field takes a float of the base unit (`512 * MiB`) or such a text. From a file or a
command line (validation context `{"text": True}`) a bare number is refused where a unit is needed.
"""

import re
from collections.abc import Callable
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from sim import units

LARGEST_VCPU = 448.0
"""No machine on the market has more; above it, someone wrote ECS CPU units."""

_BYTES = {
    name: getattr(units, name) for name in ("B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB")
}
_SECONDS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_NUMBER = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([A-Za-z/]*)\s*")


def parse_bytes(text: str) -> float:
    """Bytes in `512MiB`, `4GiB`, `1.5GB`.

    Raises:
        ValueError: no such amount; the message says what is allowed and what was likely meant.
    """
    allowed = "an amount of memory such as 512MiB or 4GiB"
    amount = _parse(text, _BYTES, allowed, _memory_hint)
    if amount == 0.0:
        raise ValueError(f"{text!r} is not {allowed}; it must be above 0")
    return amount


def parse_seconds(text: str) -> float:
    """Seconds in `500ms`, `30s`, `10min`, `1h`.

    Raises:
        ValueError: no such duration.
    """
    return _parse(text, _SECONDS, "a duration such as 500ms, 30s or 10min")


def parse_vcpu(text: str) -> float:
    """vCPUs in `0.5`, `2`, `250m` (Kubernetes' thousandths).

    Raises:
        ValueError: not a number of vCPUs, or more than any machine has.
    """
    allowed = "a number of vCPUs such as 0.5, 2 or 250m"
    number, unit = _split(text, allowed)
    if unit not in ("", "m", "vCPU", "vcpu"):
        raise ValueError(f"{text!r} is not {allowed}")
    amount = number / 1000.0 if unit == "m" else number
    if amount > LARGEST_VCPU:
        ecs = f"; ECS counts 1024 CPU units a vCPU: write {amount / 1024:g}"
        raise ValueError(f"{text!r} is not {allowed}, at most {LARGEST_VCPU:g}{ecs}")
    if amount <= 0.0:
        raise ValueError(f"{text!r} is not {allowed}; it must be above 0")
    return amount


def _split(text: str, allowed: str) -> tuple[float, str]:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not {allowed}")
    return float(match[1]), match[2]


def _parse(
    text: str,
    scales: dict[str, float],
    allowed: str,
    hint: Callable[[float, str], str] = lambda number, unit: "",  # noqa: ARG005 (one signature)
) -> float:
    number, unit = _split(text, allowed)
    if unit in scales:
        return number * scales[unit]
    known = ", ".join(scales)
    same = [name for name in scales if name.lower() == unit.lower()]
    if same and not hint(number, unit):
        raise ValueError(f"{text!r} is not {allowed}: write {number:g}{same[0]}")
    why = "it has no unit" if unit == "" else f"there is no unit {unit!r} here"
    raise ValueError(f"{text!r} is not {allowed}: {why} (known: {known}){hint(number, unit)}")


def _memory_hint(number: float, unit: str) -> str:
    letters = {"k": "KiB", "m": "MiB", "g": "GiB", "t": "TiB"}
    if unit == "m":
        return f"; Docker's m is MiB (in Kubernetes it means thousandths): write {number:g}MiB"
    if unit and unit[0].lower() in letters and unit.lower() in (unit[0].lower(), unit.lower()[:2]):
        return f"; write {number:g}{letters[unit[0].lower()]}"
    if unit == "" and number == 0.0:
        return "; it must be above 0"
    return f"; did you mean {number:g}MiB?" if unit == "" else ""


def _before(
    parse: Callable[[str], float], *, bare: bool
) -> Callable[[object, ValidationInfo], object]:
    def read(value: object, info: ValidationInfo) -> object:
        if isinstance(value, bool):
            raise ValueError(f"{value!r} is a truth value; a number is needed")
        from_text = bool(info.context and info.context.get("text"))
        if isinstance(value, str):
            return parse(value)
        if from_text and isinstance(value, int | float):
            return parse(f"{value:.15g}") if bare else parse(f"{value}")
        return value

    return read


def _schema(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "examples": [example]})


Bytes: TypeAlias = Annotated[
    float,
    BeforeValidator(_before(parse_bytes, bare=False)),
    Field(gt=0, allow_inf_nan=False),
    _schema("512MiB"),
]
Seconds: TypeAlias = Annotated[
    float,
    BeforeValidator(_before(parse_seconds, bare=False)),
    Field(ge=0, allow_inf_nan=False),
    _schema("30s"),
]
Vcpu: TypeAlias = Annotated[
    float,
    BeforeValidator(_before(parse_vcpu, bare=True)),
    Field(gt=0, le=LARGEST_VCPU),
    WithJsonSchema({"type": ["number", "string"], "examples": [0.25, "250m"]}),
]


def shown_memory(size: float) -> str:
    """Bytes of memory in the unit in which they are a tenth or more: `0.5 GiB`, `6 MiB`."""
    for unit, scale in (("GiB", units.GiB), ("MiB", units.MiB), ("KiB", units.KiB)):
        if size >= 0.1 * scale:
            return f"{size / scale:.4g} {unit}"
    return f"{size:.4g} B"


def shown_bytes(size: float) -> str:
    """Bytes as registries and Docker print them."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size:.0f} B"
