"""Quantities as people write them: strict, in base units, with a hint for each slip."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from sim import units
from sim.core.quantity import (
    Bytes,
    Seconds,
    Vcpu,
    parse_bytes,
    parse_seconds,
    parse_vcpu,
    shown_memory,
)


def test_units_are_floats_of_base_units() -> None:
    """Byte, second, vCPU; a bit is an eighth of a byte."""
    assert (units.KiB, units.MiB, units.GiB) == (1024.0, 1024.0**2, 1024.0**3)
    assert (units.KB, units.MB, units.GB) == (1e3, 1e6, 1e9)
    assert units.Gbit_per_s == 1e9 / 8 == 1000 * units.Mbit_per_s
    assert (units.ms, units.seconds, units.minutes, units.hours) == (0.001, 1.0, 60.0, 3600.0)
    assert units.MiB_per_s == units.MiB


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("512MiB", 512 * 2**20),
        ("4GiB", 4 * 2**30),
        ("1.5GB", 1.5e9),
        (" 512 MiB ", 512 * 2**20),
        ("1024B", 1024),
        (".5KiB", 512),
    ],
)
def test_memory_has_a_unit(text: str, amount: float) -> None:
    """Powers of two with an i, of ten without."""
    assert parse_bytes(text) == amount


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("512", "512MiB"),
        ("512m", "512MiB"),
        ("512M", "512MiB"),
        ("512Mb", "512MiB"),
        ("2g", "2GiB"),
        ("2Gi", "2GiB"),
        ("4k", "4KiB"),
        ("512mib", "512MiB"),
        ("512MIB", "512MiB"),
    ],
)
def test_a_slip_in_memory_gets_the_hint_that_it_deserves(text: str, hint: str) -> None:
    """The message holds the value, what is allowed, and what was likely meant."""
    with pytest.raises(ValueError, match=f"(write|did you mean) {hint}") as error:
        parse_bytes(text)

    assert repr(text) in str(error.value)
    assert "512MiB or 4GiB" in str(error.value)


@pytest.mark.parametrize("text", ["", "MiB", "-1MiB", "1e3MiB", "1,5GiB", "1 2MiB", "inf", "nanB"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    """Strictly: no signs, no exponents, no commas."""
    with pytest.raises(ValueError, match="is not an amount of memory"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("30s", 30.0), ("10min", 600.0), ("1h", 3600.0)]
)
def test_durations(text: str, seconds: float) -> None:
    """`m` alone is refused: it could be minutes, milli or mega."""
    assert parse_seconds(text) == pytest.approx(seconds)
    for wrong in ("30", "30m", "30S"):
        with pytest.raises(ValueError, match="is not a duration"):
            parse_seconds(wrong)


@pytest.mark.parametrize(
    ("text", "vcpu"), [("0.5", 0.5), ("2", 2.0), ("250m", 0.25), (".25", 0.25)]
)
def test_vcpus_need_no_unit(text: str, vcpu: float) -> None:
    """Kubernetes' thousandths are understood."""
    assert parse_vcpu(text) == vcpu


def test_ecs_cpu_units_get_a_hint() -> None:
    """`cpus: 1024` was meant as 1 vCPU."""
    with pytest.raises(ValueError, match=r"write 1$"):
        parse_vcpu("1024")
    with pytest.raises(ValueError, match=r"write 0\.5$"):
        parse_vcpu("512")


@pytest.mark.parametrize("text", ["0", "0m", "-1", "1vCpu", "one", "1GiB"])
def test_what_is_no_number_of_vcpus_is_refused(text: str) -> None:
    """Above 0, and nothing but a number."""
    with pytest.raises(ValueError, match="is not a number of vCPUs"):
        parse_vcpu(text)


@given(st.integers(1, 10**6), st.sampled_from(["B", "KB", "MB", "GB", "KiB", "MiB", "GiB"]))
def test_every_amount_is_read_as_its_number_of_units(number: int, unit: str) -> None:
    """Whatever the spacing."""
    expected = number * float(getattr(units, unit))

    assert parse_bytes(f"{number}{unit}") == expected
    assert parse_bytes(f"  {number}  {unit}") == expected


TEXT = {"text": True}


@pytest.mark.parametrize("kind", [Bytes, Seconds])
def test_a_bare_number_from_a_file_is_refused_where_a_unit_is_needed(kind: Any) -> None:
    """In Python it is base units; in text nobody knows what was meant."""
    adapter: TypeAdapter[float] = TypeAdapter(kind)

    assert adapter.validate_python(512) == 512.0
    for bare in (512, 512.0, "512"):
        with pytest.raises(ValidationError, match="it has no unit"):
            adapter.validate_python(bare, context=TEXT)


def test_a_bare_number_of_vcpus_is_fine_in_a_file() -> None:
    """It has no unit to forget."""
    adapter: TypeAdapter[float] = TypeAdapter(Vcpu)

    assert adapter.validate_python(0.25, context=TEXT) == 0.25
    assert adapter.validate_python("250m", context=TEXT) == 0.25
    with pytest.raises(ValidationError, match="write 1"):
        adapter.validate_python(1024, context=TEXT)


@pytest.mark.parametrize("kind", [Bytes, Seconds, Vcpu])
def test_yes_is_no_number(kind: Any) -> None:
    """A truth value in a file is a slip, not a one."""
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(True, context=TEXT)


@pytest.mark.parametrize("value", [0, -1, math.nan, "0MiB"])
def test_memory_is_above_zero(value: Any) -> None:
    """Nothing runs in no memory."""
    with pytest.raises(ValidationError):
        TypeAdapter(Bytes).validate_python(value)


@pytest.mark.parametrize("kind", [Bytes, Seconds])
def test_amounts_are_finite(kind: Any) -> None:
    """No machine has infinite memory, and a run that never ends is `until=None`."""
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(math.inf)


def test_memory_is_shown_in_a_unit_of_its_size() -> None:
    """No small fractions of a GiB."""
    sizes = (16 * units.GiB, 0.5 * units.GiB, 100 * units.MiB, 6 * units.MiB, 1000, 1)
    shown = [shown_memory(size) for size in sizes]

    assert shown == ["16 GiB", "0.5 GiB", "100 MiB", "6 MiB", "0.9766 KiB", "1 B"]


def test_no_memory_is_told_from_memory_without_a_unit() -> None:
    """Another unit would not help."""
    with pytest.raises(ValueError, match="it must be above 0"):
        parse_bytes("0")
