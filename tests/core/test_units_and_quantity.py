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
    number_in,
    parse_bytes,
    parse_docker_size,
    parse_seconds,
    parse_size,
    parse_vcpu,
    parse_work,
    shown_bound,
    shown_bytes,
    shown_change,
    shown_duration,
    shown_gib,
    shown_memory,
    shown_mib,
    shown_number,
    shown_plain,
    shown_seconds,
    shown_size,
    shown_vcpu,
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


def test_a_file_may_be_empty_and_is_no_larger_than_a_pebibyte() -> None:
    """Whole bytes; Docker's own sizes are decimal and may have no unit."""
    sizes = [parse_size(text) for text in ("0", "120MB", "1KiB", "1.0004KB")]
    docker = [parse_docker_size(text) for text in ("0B", "77.4MB", "1.5kB", "81234")]

    assert sizes == [0.0, 120e6, 1024.0, 1000.0]
    assert docker == [0.0, 77.4e6, 1500.0, 81234.0]
    with pytest.raises(ValueError, match="above 1 PiB"):
        parse_size("1025TiB")
    for text in ("2PB", "7 MiB", "-1", "much", "nan", ""):
        with pytest.raises(ValueError, match=r"a size such as 77\.4MB, or whole bytes"):
            parse_docker_size(text)


def test_work_is_a_number_of_core_seconds() -> None:
    """With its unit or without, up to 30 years."""
    assert [parse_work(text) for text in ("30", "1.5s", "0", "1000000000")] == [30.0, 1.5, 0.0, 1e9]
    for text in ("fast", "-1", "1000000001", "1m", "nan", "inf"):
        with pytest.raises(ValueError, match="core-seconds such as 30"):
            parse_work(text)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (shown_number(0.123456), "0.1235"),
        (shown_number(12345.6), "1.235e+04"),
        (shown_number(math.nan), "none"),
        (shown_plain(12345.6), "12346"),
        (shown_plain(12.3), "12.30"),
        (shown_plain(12.3, 3), "12.3"),
        (shown_plain(0.0123456), "0.0123"),
        (shown_plain(0.0), "0"),
        (shown_plain(1e12), "1e+12"),
        (shown_change(0.3512), "+0.351"),
        (shown_change(-12.0), "-12"),
        (shown_seconds(12.345), "12.3 s"),
        (shown_seconds(12.345, 2), "12.35 s"),
        (shown_seconds(None), "-"),
        (shown_seconds(math.nan), "-"),
        (shown_duration(0.0994), "99 ms"),
        (shown_duration(0.0995), "0.1 s"),
        (shown_duration(0.5, least=1.0, decimals=2), "500 ms"),
        (shown_duration(1.634, least=1.0, decimals=2), "1.63 s"),
        (shown_vcpu(0.25), "0.25 vCPU"),
        (shown_size(512 * units.MiB), "512 MiB"),
        (shown_size(2 * units.GiB), "2 GiB"),
        (shown_gib(512 * units.MiB), "0.50 GiB"),
        (shown_mib(1.5 * units.GiB), "1536 MiB"),
        (shown_bytes(31.44e6), "31.4 MB"),
        (shown_bytes(999.0), "999 B"),
    ],
)
def test_a_quantity_is_shown_in_one_way(shown: str, text: str) -> None:
    """What every table and sentence prints."""
    assert shown == text


@pytest.mark.parametrize(
    "text", ["1_000", "nan", "inf", "Infinity", "١٢", "0x1F", "1e999", "", ".", "1e", "--1", "²"]
)
def test_a_number_is_spelled_as_people_do(text: str) -> None:
    """Python's own `float` takes some of these."""
    assert number_in(text) is None
    assert [number_in(each) for each in ("1e3", " -1.5 ", ".5", 7, 10**400, True)] == [
        1000.0, -1.5, 0.5, 7.0, None, None,
    ]  # fmt: skip


@given(st.floats(1e-8, 1e12))
def test_a_bound_as_it_is_shown_is_allowed(bound: float) -> None:
    """Who asks for the number in a message gets it; and it is the bound, but for four digits."""
    most, least = (
        float(shown_bound(bound, least=least).replace(",", "")) for least in (False, True)
    )

    assert 0.998 * bound <= most <= bound <= least <= 1.002 * bound


def test_a_bound_has_no_exponent_and_no_idle_zeros() -> None:
    assert [shown_bound(value) for value in (1562.49, 10.0, 36e6)] == ["1,562", "10", "36,000,000"]
    assert [shown_bound(value) for value in (0.0, 5e-324, math.inf)] == ["0", "4.94e-324", "inf"]
