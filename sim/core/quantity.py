"""Quantities as people write them: `512MiB`, `250m`, `30s`; strict, with a hint for each slip.

In Python a field takes a float of the base unit (`512 * MiB`) or such a text. From a file or a
command line (validation context `{"text": True}`) a bare number is refused where a unit is needed.

And quantities as they are shown, each in one way:

| function | shows | such as |
|---|---|---|
| `shown_number` | four digits that count | `0.1235`, `none` for NaN |
| `shown_plain` | the same in columns: without an exponent, zeros kept | `12.30` |
| `shown_change` | a difference, with its sign | `+0.35` |
| `shown_seconds` | seconds, to so many decimals | `12.3 s`, `-` for none |
| `shown_duration` | a time that may be short | `12.3 s`, `45 ms` |
| `shown_memory` | memory in the unit that suits it | `0.5 GiB`, `6 MiB` |
| `shown_size` | a size one asks for or buys, exactly | `512 MiB`, `2 GiB` |
| `shown_machine` | a size of CPU and memory | `4 vCPU, 16 GiB` |
| `shown_gib`, `shown_mib` | memory to be compared, always in one unit | `0.50 GiB`, `512 MiB` |
| `shown_bytes` | bytes on the wire or on disk, in decimal units | `31.4 MB` |
| `shown_vcpu` | vCPUs | `0.25 vCPU` |

A share is `f"{share:.0%}"` and a count `f"{count:,}"`: they need no function.
"""

import math
import re
from collections.abc import Callable
from numbers import Real
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from sim import units

LARGEST_VCPU = 448.0
"""No service needs more; above it, someone wrote ECS CPU units."""
LARGEST_SIZE = 2.0**50
"""Bytes of a file or a layer, 1 PiB: more is a slip."""
LONGEST = 10 * 365.25 * 86400.0
"""Seconds of anything in a run, 10 years: the clock is exact to 0.1 us until then."""
LARGEST_WORK = 1e9
"""Core-seconds of one step, 30 years: more is a slip."""

_BYTES = {
    name: getattr(units, name) for name in ("B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB")
}
_DOCKER = {"": 1.0, "B": 1.0, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15}
_SECONDS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_PLAIN = re.compile(r"[+-]?([0-9]++\.?[0-9]*+|\.[0-9]++)([eE][+-]?[0-9]++)?")
_NUMBER = re.compile(r"\s*+([0-9]++(?:\.[0-9]*+)?|\.[0-9]++)\s*+([A-Za-z/]*+)\s*+")


def number_in(value: object) -> float | None:
    """The finite number that a value is, or that a text spells as people and JSON do.

    Python's own `float` also takes `1_000`, `Infinity`, `nan` and the digits of every script.
    """
    if isinstance(value, str):
        value = float(value) if _PLAIN.fullmatch(value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


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


def parse_size(text: str) -> float:
    """Whole bytes of a file or a layer in `120MB`, `1GiB`, or as Docker prints them: `12.3kB`,
    `0B`; 0 is a size too.

    Raises:
        ValueError: no such amount, or more than 1 PiB.
    """
    match = _NUMBER.fullmatch(text)
    printed = match is not None and (match[2] == "kB" or float(match[1]) == 0.0)
    if printed and match is not None and match[2] in ("", *_DOCKER):
        size = parse_docker_size(text)
    else:
        size = parse_bytes(text)
    if size > LARGEST_SIZE:
        raise ValueError(f"{text[:40]!r} is above 1 PiB")
    return float(round(size))


def parse_docker_size(text: str) -> float:
    """Whole bytes in `77.4MB` or `81234`, as Docker prints them, whose units are decimal.

    Raises:
        ValueError: no such size, or more than 1 PiB.
    """
    allowed = "a size such as 77.4MB, or whole bytes"
    number, unit = _split(text, allowed)
    size = number * _DOCKER.get(unit, math.inf)
    if not size <= LARGEST_SIZE:
        raise ValueError(f"{text[:40]!r} is not {allowed}")
    return float(round(size))


def parse_work(text: str) -> float:
    """Core-seconds in `30`, `1.5s`.

    Raises:
        ValueError: not a number of them, or more than 30 years.
    """
    match = _NUMBER.fullmatch(text)
    if match is None or match[2] not in ("", "s") or float(match[1]) > LARGEST_WORK:
        raise ValueError(f"{text[:40]!r} is not a number of core-seconds such as 30")
    return float(match[1])


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
    amount = parse_reserved_vcpu(text)
    if amount <= 0.0:
        raise ValueError(f"{text!r} is not {_VCPUS}; it must be above 0")
    return amount


def parse_reserved_vcpu(text: str) -> float:
    """vCPUs that are reserved, in the same words: 0 is allowed.

    Raises:
        ValueError: not a number of vCPUs, or more than any machine has.
    """
    number, unit = _split(text, _VCPUS)
    if unit not in ("", "m", "vCPU", "vcpu"):
        raise ValueError(f"{text!r} is not {_VCPUS}")
    amount = number / 1000.0 if unit == "m" else number
    if amount > LARGEST_VCPU:
        ecs = f"; ECS counts 1024 CPU units per vCPU: write {amount / 1024:g}"
        raise ValueError(f"{text!r} is not {_VCPUS}, at most {LARGEST_VCPU:g}{ecs}")
    return amount


_VCPUS = "a number of vCPUs such as 0.5, 2 or 250m"


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


def _no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is a truth value; a number is needed")
    return value


def _as_spelled(value: object) -> object:
    """A text is a number where `number_in` finds one; how long or large, its field says."""
    _no_truth(value)
    if isinstance(value, str) and not _PLAIN.fullmatch(value.strip()) and _is_python_s(value):
        meant = value.strip().replace("_", "")
        hint = f"; write {meant[:40]}" if _PLAIN.fullmatch(meant) else ""
        raise ValueError(f"{value[:40]!r} is not allowed; a number{hint}")
    return value


def _is_python_s(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


NUMBER = BeforeValidator(_as_spelled)
"""Of a field that takes a number: `true` is none, though Python counts it as 1, nor is `1_000`."""


def _before(
    parse: Callable[[str], float], *, bare: bool
) -> Callable[[object, ValidationInfo], object]:
    def read(value: object, info: ValidationInfo) -> object:
        _no_truth(value)
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
    Field(ge=0, le=LONGEST, allow_inf_nan=False),
    _schema("30s"),
]
Count: TypeAlias = Annotated[int, NUMBER, Field(ge=1, le=10_000_000)]
"""Tasks of one arrival; a start takes 250 bytes at least."""
MOST_HOSTS = 100_000
Hosts: TypeAlias = Annotated[int, NUMBER, Field(ge=1, le=MOST_HOSTS)]
"""Machines that are up already."""
Copies: TypeAlias = Annotated[int, NUMBER, Field(ge=0, le=100_000)]
"""Tasks, pods or containers of one service."""
AtMost: TypeAlias = Annotated[int, NUMBER, Field(ge=1, le=1_000_000)]
"""Things of a kind that are there at once at most: threads, zones, files, pulls."""
Attempts: TypeAlias = Annotated[int, NUMBER, Field(ge=0, le=1000)]
"""What is done once more after it has failed, or looked at in a row."""
Gpus: TypeAlias = Annotated[int, NUMBER, Field(ge=0, le=64)]
"""Whole GPUs; no machine has more."""
Rate: TypeAlias = Annotated[float, NUMBER, Field(ge=1e-6, le=1e6)]
"""Arrivals a second, from one in 11 days."""
Between: TypeAlias = Annotated[Seconds, Field(ge=1e-3)]
"""Seconds between two readings of a meter."""
Vcpu: TypeAlias = Annotated[
    float,
    BeforeValidator(_before(parse_vcpu, bare=True)),
    Field(gt=0, le=LARGEST_VCPU),
    WithJsonSchema({"type": ["number", "string"], "examples": [0.25, "250m"]}),
]

ReservedVcpu: TypeAlias = Annotated[
    float,
    BeforeValidator(_before(parse_reserved_vcpu, bare=True)),
    Field(ge=0, le=LARGEST_VCPU),
    WithJsonSchema({"type": ["number", "string"], "examples": [0.25, "250m"]}),
]
"""vCPUs that are reserved: 0 is nothing."""


def shown_number(value: float) -> str:
    """A number in four digits that count; `none` for NaN."""
    return "none" if math.isnan(value) else f"{value:.4g}"


def shown_plain(value: float, digits: int = 4) -> str:
    """A number in so many digits, three below 1, without an exponent where people count."""
    if value == 0.0 or not 1e-4 <= abs(value) < 1e9:
        return f"{value:.3g}"
    place = math.floor(math.log10(abs(value)))
    return f"{value:.{max(0, (digits if place >= 0 else 3) - 1 - place)}f}"


def shown_bound(value: float, *, least: bool = False) -> str:
    """A largest number that is allowed (or a smallest one), in four digits.

    It is rounded to the side that is allowed: who then asks for it gets it. One that nobody would
    ask for is shown as it comes: 0, 1e-15, inf.
    """
    if not 1e-9 <= value < 1e15:
        return f"{value:.3g}"
    place = 3 - math.floor(math.log10(value))
    whole = math.ceil(value * 10.0**place) if least else math.floor(value * 10.0**place)
    text = f"{whole / 10.0**place:,.{max(0, place)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown_change(value: float) -> str:
    """A difference with its sign, in three digits that count."""
    return f"{value:+.3g}"


def shown_seconds(value: float | None, decimals: int = 1) -> str:
    """Seconds; `-` where there are none (None or NaN)."""
    return "-" if value is None or math.isnan(value) else f"{value:.{decimals}f} s"


def shown_duration(value: float, *, least: float = 0.0995, decimals: int = 1) -> str:
    """A duration in s: `12.3 s`, below `least` in milliseconds: `45 ms`."""
    return shown_seconds(value, decimals) if value >= least else f"{1000.0 * value:.0f} ms"


def shown_vcpu(value: float) -> str:
    """A number of vCPUs, to a thousandth: `0.25 vCPU`."""
    return f"{round(value, 3) or value:g} vCPU"


def shown_memory(size: float) -> str:
    """Bytes of memory in the unit in which they are a tenth or more: `0.5 GiB`, `6 MiB`."""
    for unit, scale in (("GiB", units.GiB), ("MiB", units.MiB), ("KiB", units.KiB)):
        if size >= 0.1 * scale:
            return f"{size / scale:.4g} {unit}"
    return f"{size:.4g} B"


def shown_size(size: float, digits: int = 6) -> str:
    """Bytes of memory as one asks for them or buys them: `512 MiB`, `2 GiB`."""
    unit, scale = ("GiB", units.GiB) if size >= units.GiB else ("MiB", units.MiB)
    return f"{size / scale:.{digits}g} {unit}"


def shown_machine(vcpu: float, memory: float) -> str:
    """A size of CPU and memory: `4 vCPU, 16 GiB`."""
    return f"{shown_vcpu(vcpu)}, {shown_size(memory)}"


def shown_gib(size: float) -> str:
    """Bytes of memory in GiB, to be compared with others: `0.50 GiB`."""
    return f"{size / units.GiB:.2f} GiB"


def shown_mib(size: float) -> str:
    """Bytes of memory in whole MiB: `512 MiB`."""
    return f"{size / units.MiB:.0f} MiB"


def shown_bytes(size: float) -> str:
    """Bytes as registries and Docker print them."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size:.0f} B"
