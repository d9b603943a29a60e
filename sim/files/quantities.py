"""Quantities by dialect: `512M` is binary in compose and decimal in Kubernetes.

| dialect | CPU | memory | time |
|---|---|---|---|
| compose | `0.5` | `512m`, `1.5G`, `64MiB`: binary; a bare number is bytes | `1m30s` |
| Kubernetes | `250m`, `0.5` | `512Mi` binary, `512M` decimal, `1e9` | seconds |
| ECS | `256` of 1024, `.5 vCPU` | `512` MiB, `1 GB` (a GiB) | seconds |
| JVM | - | `-Xmx512m`: binary | - |
"""

import math
import re
from fractions import Fraction

from sim.core.quantity import LARGEST_VCPU, LONGEST, number_in

MOST_BYTES = 2.0**50
_BINARY = {letter: 1024.0**power for power, letter in enumerate(("", "k", "m", "g", "t", "p"))}
_COMPOSE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s?([kmgtp]?)(i?b)?\s*", re.IGNORECASE)
_GO_TIME = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|us|µs|ns|s|d|w)")
_GO_UNITS = {
    "w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0,
    "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9,
}  # fmt: skip
_KUBERNETES = re.compile(
    r"([+-]?(?:\d+\.?\d*|\.\d+))(?:(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?\d{1,3}))?"
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_ECS = re.compile(r"\s*+(\d++(?:\.\d*+)?|\.\d++)\s*+([a-z]*+)\s*+", re.IGNORECASE)


def compose_bytes(text: str) -> float:
    """Bytes in `512m`, `1.5GB`, `268435456`; all units are binary.

    Raises:
        ValueError: what is allowed.
    """
    match = _COMPOSE.fullmatch(text)
    if match is None or not match[1].isascii():
        raise ValueError("a size such as 512m or 1.5g (binary), or bytes")
    return _bytes(float(match[1]) * _BINARY[match[2].lower()])


def compose_cpus(text: str) -> float:
    """vCPUs in `0.5`.

    Raises:
        ValueError: what is allowed.
    """
    found = number_in(text)
    return _vcpu(math.nan if found is None else found, "a number of CPUs such as 0.5")


def go_seconds(text: str) -> float:
    """Seconds in `1m30s`, `500ms`.

    Raises:
        ValueError: what is allowed.
    """
    parts = _GO_TIME.findall(text.strip())
    if text.strip() == "0":
        return 0.0
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise ValueError("a duration such as 30s or 1m30s")
    total = sum(float(number) * _GO_UNITS[unit] for number, unit in parts)
    if not (total == 0.0 or 1e-3 <= total <= LONGEST):  # Docker refuses what is below 1 ms, too
        raise ValueError("a duration such as 30s or 1m30s, from 1 ms to 10 years")
    return total


def kubernetes_cpu(text: str) -> float:
    """vCPUs in `250m`, `0.5`; rounded up to whole thousandths.

    Raises:
        ValueError: what is allowed.
    """
    amount = _kubernetes(text, "a number of CPUs such as 250m or 0.5")
    return _vcpu(float(Fraction(math.ceil(amount * 1000), 1000)), "a number of CPUs such as 250m")


def kubernetes_bytes(text: str) -> float:
    """Bytes in `512Mi`, `512M`, `1e9`; rounded up to whole ones.

    Raises:
        ValueError: what is allowed.
    """
    return _bytes(float(math.ceil(_kubernetes(text, "a size such as 512Mi or 1Gi"))))


def kubernetes_whole(text: str) -> int:
    """A whole number of things, such as GPUs.

    Raises:
        ValueError: what is allowed.
    """
    amount = _kubernetes(text, "a whole number")
    if amount.denominator != 1 or amount > 1000:
        raise ValueError("a whole number of at most 1000")
    return int(amount)


def ecs_cpu(text: str) -> float:
    """vCPUs in `256` (of 1024), `.5 vCPU`.

    Raises:
        ValueError: what is allowed.
    """
    allowed = "CPU units such as 256 (1024 a vCPU), or '.25 vCPU'"
    match = _ECS.fullmatch(text)
    unit = match[2].lower() if match else "?"
    if match is None or not match[1].isascii() or unit not in ("", "vcpu", "vcpus"):
        raise ValueError(allowed)
    return _vcpu(float(match[1]) / (1.0 if unit else 1024.0), allowed)


def ecs_bytes(text: str) -> float:
    """Bytes in `512` (MiB), `2 GB` (which ECS means as GiB).

    Raises:
        ValueError: what is allowed.
    """
    match = _ECS.fullmatch(text)
    scale = {"": 2.0**20, "mb": 2.0**20, "mib": 2.0**20, "gb": 2.0**30, "gib": 2.0**30}
    unit = match[2].lower() if match else "?"
    if match is None or not match[1].isascii() or unit not in scale:
        raise ValueError("MiB such as 512, or '1 GB'")
    return _bytes(float(match[1]) * scale[unit])


def _kubernetes(text: str, allowed: str) -> Fraction:
    match = _KUBERNETES.fullmatch(text.strip()) if len(text) <= 60 else None
    if match is None or not match[1].isascii():
        raise ValueError(allowed)
    suffix, exponent = match[2] or "", int(match[3] or 0)
    if suffix.endswith("i"):
        scale = Fraction(1024) ** ("KMGTPE".index(suffix[0]) + 1)
    else:
        scale = Fraction(10) ** (_DECIMAL.get(suffix, 0) + exponent)
    amount = Fraction(match[1]) * scale
    if not 0 <= amount <= MOST_BYTES:
        raise ValueError(f"{allowed}, at least 0 and at most 1Pi")
    return amount


def _vcpu(amount: float, allowed: str) -> float:
    if not 0 <= amount <= LARGEST_VCPU:
        raise ValueError(f"{allowed}, at most {LARGEST_VCPU:g}")
    return amount


def _bytes(amount: float) -> float:
    if not 0 <= amount <= MOST_BYTES:
        raise ValueError("a size of at most 1 PiB")
    return amount
