"""Every figure about the world has a passport, and the platforms hold figures, not numbers."""

import csv
import math
import statistics
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, get_args

import pytest

from sim import catalog
from sim.catalog.data import DATA, rows
from sim.catalog.figures import core_of, quota
from sim.core.cited import SCALES, Cited, Grade, plain
from sim.core.description import figures
from sim.core.randomness import Lognormal, median
from sim.units import MiB

PLATFORMS: dict[str, Any] = {
    "docker": catalog.docker(catalog.bare("m5.xlarge")),
    "vm": catalog.hypervisor(catalog.bare("m5.xlarge")),
    "microvm": catalog.hypervisor(catalog.bare("m5.metal"), vm=catalog.micro_vm()),
    "ec2": catalog.ec2(catalog.machine("t3.micro")),
    "ecs": catalog.ecs("m5.xlarge"),
    "fargate": catalog.ecs_on_fargate(),
    "eks": catalog.eks("m5.xlarge"),
    "eks-fargate": catalog.eks_on_fargate(),
    **{name: catalog.service(name) for name in ("java", "node", "mysql", "generic")},
}


@cache
def every_figure() -> dict[str, Cited]:
    found = {f"figure {key}": figure for key, figure in catalog.figures().items()}
    for name, platform in PLATFORMS.items():
        found |= {f"{name}.{path}": figure for path, figure in figures(platform)}
    for name in catalog.instances():
        found |= {f"{name}.{path}": f for path, f in figures(catalog.machine(name))}
        found |= {f"bare {name}.{path}": f for path, f in figures(catalog.bare(name))}
    return found


def test_every_figure_has_a_passport() -> None:
    """Key, unit, source, date and a grade that there is."""
    lacking = [
        where
        for where, figure in every_figure().items()
        if not (figure.key and figure.source and figure.as_of and figure.unit)
        or figure.grade not in get_args(Grade)
    ]

    assert lacking == []


def test_every_figure_lies_within_its_range() -> None:
    """low <= value <= high, both or neither given, all finite and at least 0."""
    wrong = []
    for where, figure in every_figure().items():
        given = [bound for bound in (figure.low, figure.high) if bound is not None]
        ordered = [figure.low, figure.value, figure.high] if len(given) == 2 else [figure.value]
        if len(given) == 1 or ordered != sorted(ordered) or not math.isfinite(figure.value):
            wrong.append((where, figure.shown()))

    assert wrong == []
    assert min(figure.value for figure in every_figure().values()) >= 0.0


def test_what_is_assumed_has_a_range_and_a_reason() -> None:
    """A judgement says how far off it may be, and why it was made."""
    bare = [
        where
        for where, figure in every_figure().items()
        if figure.grade == "assumed"
        and (figure.low is None or not figure.note)
        and not where.endswith("core_speed")
    ]

    assert bare == []


def test_dates_are_dates() -> None:
    """A year, or a year and more."""
    assert all(figure.as_of[:4].isdigit() for figure in every_figure().values())


def test_keys_are_unique() -> None:
    """One row a figure."""
    keys = [row["key"] for row in rows("parameters.csv")]

    assert len(keys) == len(set(keys))


def plain_numbers(node: Any, path: str = "") -> Iterator[str]:
    """Paths of bare floats in a description where a figure could stand."""
    if isinstance(node, tuple):
        for index, item in enumerate(node):
            yield from plain_numbers(item, f"{path}[{index}]")
    elif is_dataclass(node) and not isinstance(node, Cited):
        for field in fields(node):
            value = getattr(node, field.name)
            if isinstance(value, float) and "Cited" in str(field.type):
                yield f"{path}.{field.name}={value:g}"
            yield from plain_numbers(value, f"{path}.{field.name}")


NOTHING = ("=0", "=1", "=inf")
"""Numbers that need no source: they say that something is absent, or is not changed."""


@pytest.mark.parametrize(
    "name", ["docker", "vm", "microvm", "ec2", "ecs", "fargate", "eks", "eks-fargate"]
)
def test_platforms_hold_figures_and_not_numbers(name: str) -> None:
    """No number about the world without a source (layers have that of their image)."""
    bare = [path for path in plain_numbers(PLATFORMS[name]) if not path.endswith(NOTHING)]

    assert bare == []


def test_a_bare_machine_of_any_size_holds_figures_too() -> None:
    """But for the size that the user asked for."""
    bare = [
        path
        for path in plain_numbers(catalog.custom(16, 65536 * MiB))
        if not path.endswith(NOTHING)
    ]

    assert bare == []


def test_figures_are_in_base_units() -> None:
    """MiB become bytes, MB/s bytes per second; seconds stay."""
    assert catalog.figure("ecs.agent.memory").value == 60 * MiB
    assert catalog.figure("registry.connection_rate").value == 60e6
    assert catalog.figure("image.unpack.cpu").value == 2.5e-9
    assert catalog.figure("fargate.provision").value == 13.77
    assert catalog.figure("ecs.agent.memory").shown() == "60 MiB (30 to 150)"


def test_no_unit_is_forgotten() -> None:
    """A unit of memory or rate that `SCALES` does not know would be taken as base units."""
    known = set(SCALES)
    suspicious = {
        row["unit"]
        for row in rows("parameters.csv")
        if any(word in row["unit"].split() for word in ("KiB", "MB", "GB", "KB", "ms", "h", "min"))
        or row["unit"].endswith(("iB", "/s", "/h"))
    }

    counts = {f"{what}/s" for what in ("instances", "tasks", "pods", "calls", "pulls", "requests")}
    assert suspicious - counts <= known


def test_waits_for_a_control_plane_vary() -> None:
    """Around a cited median, with an assumed spread that is listed with the rest."""
    wait = catalog.control_plane("fargate.provision")

    assert isinstance(wait, Lognormal)
    assert {figure.key for _, figure in figures(wait)} == {
        "fargate.provision",
        "spread.control_plane",
    }


def test_parts_and_waits_make_the_whole() -> None:
    """A step of one thread takes CPU + wait = the wall time that was measured."""
    ec2 = PLATFORMS["ec2"]
    boot, before = ec2.booting, median(ec2.api_call) + median(ec2.pending)
    create = PLATFORMS["docker"].server.runtime.create

    whole = catalog.figure("ec2.launch.total.al2023").value
    assert before + boot.work + boot.delay == pytest.approx(whole)
    assert create.work + create.delay == pytest.approx(catalog.figure("container.create").value)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: catalog.instance("m5.xlrge"), "instance: 'm5.xlrge' .* did you mean 'm5.xlarge'"),
        (lambda: catalog.machine("M5.xlarge"), "did you mean .*'m5.xlarge'"),
        (lambda: catalog.app("jav"), "app: 'jav' .* did you mean 'java'"),
        (lambda: catalog.service("zzz"), "known: generic, java|known: java"),
        (lambda: catalog.image("node:21"), "did you mean 'node:22'"),
        (lambda: catalog.figure("fargate.provison"), "did you mean 'fargate.provision'"),
        (lambda: catalog.figure("zzzzzz"), "are known .sim parameters lists them"),
        (lambda: quota("eks.schedule"), "quota: 'eks.schedule' is not known"),
        (lambda: catalog.profile("zzzzzz"), f"known: {', '.join(catalog.RUNTIMES)}$"),
        (lambda: catalog.image("zzzzzz"), f"known: {', '.join(catalog.images())}$"),
        (lambda: catalog.instance("zzzzzz"), "1363 are known .sim instances lists"),
    ],
)
def test_an_unknown_name_is_told_the_nearest(ask: Any, message: str) -> None:
    """Field, value, and what was likely meant."""
    with pytest.raises(catalog.UnknownName, match=message):
        ask()


@pytest.mark.parametrize(
    ("key", "size", "refill"),
    [
        ("ec2.run_instances", "ec2.run_instances.bucket", "ec2.run_instances.refill"),
        (
            "ec2.run_instances.requests",
            "ec2.run_instances.requests",
            "ec2.run_instances.requests.refill",
        ),
        ("eks.scheduler", "eks.scheduler.burst", "eks.scheduler.rate"),
        ("kubelet.registry_pull", "kubelet.registry_pull.burst", "kubelet.registry_pull.qps"),
    ],
)
def test_a_quota_is_two_figures_in_its_vendors_words(key: str, size: str, refill: str) -> None:
    """Bucket and refill, burst and rate or QPS, requests and their refill."""
    found = quota(key)

    assert (found.size, found.refill) == (catalog.figure(size), catalog.figure(refill))


def test_the_digest_is_of_every_file() -> None:
    """64 hex digits, the same each time."""
    assert len(catalog.digest()) == 64
    assert catalog.digest() == catalog.digest()


def test_every_figure_of_cpu_work_names_its_core() -> None:
    """In core-seconds or a core's rate; and each core has a speed, with a range unless it is m5."""
    work = [
        row
        for name in ("parameters.csv", "start_profiles.csv")
        for row in rows(name)
        if row["unit"].startswith("core-s") or row["unit"].endswith("per core")
    ]

    assert len(work) > 40
    assert [row["key"] for row in work if not row.get("core")] == []
    for core in {row["core"] for row in work}:
        speed = catalog.figure(f"core.{core}.speed")
        assert speed.ranges or core == "m5"


def test_a_figure_tells_how_fast_its_core_is() -> None:
    assert plain(core_of("container.create.cpu")) == 1.0
    assert plain(core_of("app.spring_boot.startup_cpu")) == 2.2
    assert core_of("spread.boot") == 1.0


def test_fargates_provisioning_is_the_median_of_the_public_records() -> None:
    """The 13 on platform 1.4: low and high are the third and the eleventh: 97.8%."""
    lines = (DATA / "measured" / "fargate_starts.csv").read_text(encoding="utf-8").splitlines()
    records = csv.DictReader(line for line in lines if not line.startswith("#"))
    seconds = sorted(
        float(row["created_to_pull_s"]) for row in records if row["platform_version"] == "1.4.0"
    )
    figure = catalog.figure("fargate.provision")
    outside = 2.0 * sum(math.comb(13, below) for below in range(3)) / 2.0**13

    assert len(seconds) == 13
    assert figure.value == pytest.approx(statistics.median(seconds))
    assert (figure.low, figure.high) == pytest.approx((seconds[2], seconds[10]), abs=0.05)
    assert 1.0 - outside == pytest.approx(0.978, abs=5e-4)
    assert figure.standing == "derived"


def test_an_instances_start_is_the_median_of_six_types() -> None:
    lines = (DATA / "measured" / "ec2_starts.csv").read_text(encoding="utf-8").splitlines()
    found = csv.DictReader(line for line in lines if not line.startswith("#"))
    seconds = [float(row["to_sshd_s"]) for row in found if row["split"] == "calibrated"]

    assert len(seconds) == 6
    whole = catalog.figure("ec2.launch.total.al2023").value
    assert whole == pytest.approx(statistics.median(seconds), abs=0.005)
