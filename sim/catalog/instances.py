"""EC2 instance types, and the bare machines they are compared with."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache

from sim.catalog.figures import figure, rows
from sim.core.cited import Cited
from sim.core.names import unknown
from sim.host import Machine
from sim.host.machine import Architecture
from sim.units import Gbit_per_s, Mbit_per_s, MiB

_VANTAGE = "OS-visible memory measured by vantage"
_KARPENTER = "Karpenter's generated instance tables, us-east-1"

REFERENCE_FAMILY = "m5"
"""The family whose vCPU is the reference core of all CPU work."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One row of the table, as a user looks for it."""

    name: str
    architecture: Architecture
    vcpu: int
    core_speed: Cited
    """Work of one vCPU, against an m5 vCPU; 1 where it was not measured."""
    memory: float
    memory_visible: float
    enis: int
    ipv4_per_eni: int
    max_pods: int
    trunk_tasks: int | None
    metal: bool
    burstable: bool
    baseline: float | None
    """Fraction of each vCPU that a T type's credits pay for; None: not a T type."""
    usd_per_hour: float | None


@cache
def instances() -> dict[str, Instance]:
    """All types whose vCPUs and memory are known, by name."""
    return {row["instance_type"]: _instance(row) for row in _table().values() if row["vcpu"]}


def matching(pattern: str) -> list[Instance]:
    """Types whose name matches a shell pattern; a bare word is looked for anywhere."""
    glob = pattern if any(c in pattern for c in "*?[") else f"*{pattern}*"
    return [type_ for name, type_ in instances().items() if fnmatch(name, glob)]


def instance(name: str) -> Instance:
    """The type of that name.

    Raises:
        UnknownName: there is none, or its vCPUs and memory are not known.
    """
    if name in _table() and name not in instances():
        raise ValueError(f"instance: of {name!r} vCPUs and memory are not known")
    if name not in instances():
        raise unknown("instance", name, instances())
    return instances()[name]


def machine(name: str) -> Machine:
    """The instance type as its guest sees it: with what the hypervisor takes off.

    Raises:
        UnknownName: there is no such type.
    """
    type_ = instance(name)
    row = _table()[name]
    return Machine(
        name=name,
        architecture=type_.architecture,
        vcpu=type_.vcpu,
        memory=type_.memory,
        memory_lost=_lost(type_),
        core_speed=type_.core_speed,
        disk=_disk(name, row),
        nic=_nic(name, row),
        quota_period=figure("linux.quota_period"),
        enis=type_.enis,
        trunk_tasks=type_.trunk_tasks,
        usd_per_hour=_price(type_),
    )


def bare(name: str) -> Machine:
    """One bare machine with the vCPUs and the nominal memory of an instance type."""
    type_ = instance(name)
    same = machine(name)
    lost = same.memory_lost if type_.metal else _bare_lost(name, type_.memory)
    return Machine(
        name=f"{type_.vcpu}x{type_.memory / MiB / 1024:g}GiB" if not type_.metal else name,
        architecture=same.architecture,
        vcpu=same.vcpu,
        memory=same.memory,
        memory_lost=lost,
        core_speed=same.core_speed,
        disk=same.disk,
        nic=same.nic,
        quota_period=same.quota_period,
        usd_per_hour=same.usd_per_hour,
    )


def custom(vcpu: float, memory: float, architecture: Architecture = "amd64") -> Machine:
    """A bare machine of any size; it has no price."""
    lost = figure("machine.memory_lost")
    return Machine(
        name=f"{vcpu:g}x{memory / MiB / 1024:g}GiB",
        architecture=architecture,
        vcpu=vcpu,
        memory=memory,
        memory_lost=_scaled(lost, memory, "machine.memory_lost"),
        disk=figure("ebs.gp3.throughput"),
        nic=figure("machine.nic"),
        quota_period=figure("linux.quota_period"),
    )


def by_price(architecture: Architecture, *, burstable: bool = True) -> Iterator[Instance]:
    """Non-metal types of an architecture whose price is known, cheapest first."""
    types = [
        type_
        for type_ in instances().values()
        if type_.architecture == architecture and not type_.metal and type_.usd_per_hour
    ]
    for type_ in sorted(types, key=lambda t: (t.usd_per_hour or 0.0, t.vcpu, t.name)):
        if burstable or not type_.burstable:
            yield type_


@cache
def _table() -> dict[str, dict[str, str]]:
    return {row["instance_type"]: row for row in rows("ec2_instances.csv")}


@cache
def _families() -> dict[str, dict[str, str]]:
    return {row["family"]: row for row in rows("os_visible_memory_fit.csv")}


def _instance(row: dict[str, str]) -> Instance:
    memory = float(row["memory_mib_nominal"]) * MiB
    name = row["instance_type"]
    visible = row["memory_mib_os_visible"]
    return Instance(
        name=name,
        architecture="arm64" if row["arch"] == "arm64" else "amd64",
        vcpu=int(row["vcpu"]),
        core_speed=core_speed(name),
        memory=memory,
        memory_visible=float(visible) * MiB if visible else memory - _fitted(name, memory),
        enis=int(row["max_eni"]),
        ipv4_per_eni=int(row["ipv4_per_eni"]),
        max_pods=int(row["max_pods_eni"]),
        trunk_tasks=int(row["ecs_trunk_tasks"]) if row["ecs_trunk_tasks"] else None,
        metal=row["bare_metal"] == "true",
        burstable=bool(row["t_credits_per_hr"]),
        baseline=float(row["t_baseline_pct_per_vcpu"] or 0.0) / 100.0 or None,
        usd_per_hour=float(row["price_usd_hr_us_east_1"] or 0.0) or None,
    )


def _fitted(name: str, memory: float) -> float:
    """Bytes lost by the fit of the family, for a type without a measurement."""
    family = _families().get(_family(name), _families()["m6i"])
    fixed = float(family["intercept_mib_fit_le_64GiB"]) * MiB
    return fixed + float(family["slope_frac_fit_le_64GiB"]) * memory


def _lost(type_: Instance) -> Cited:
    return Cited(
        key=f"ec2.{type_.name}.memory_lost",
        value=type_.memory - type_.memory_visible,
        unit="MiB",
        grade="A",
        source=_VANTAGE,
        as_of="2025-12",
        note="nominal less OS-visible: hypervisor, firmware, static part of the guest kernel",
    )


def _bare_lost(name: str, memory: float) -> Cited:
    family = _families().get(_family(name), {})
    fraction = family.get("metal_lost_frac")
    if not fraction:
        return _scaled(figure("machine.memory_lost"), memory, "machine.memory_lost")
    return Cited(
        key="machine.memory_lost",
        value=float(fraction) * memory,
        unit="MiB",
        grade="C",
        source=f"{_VANTAGE}: the family's bare metal",
        as_of="2025-12",
    )


def _scaled(fraction: Cited, memory: float, key: str) -> Cited:
    return Cited(
        key=key,
        value=fraction.value * memory,
        low=(fraction.low or 0.0) * memory,
        high=(fraction.high or 0.0) * memory,
        unit="MiB",
        grade=fraction.grade,
        source=fraction.source,
        as_of=fraction.as_of,
        note=fraction.note,
    )


def _disk(name: str, row: dict[str, str]) -> Cited:
    volume = figure("ebs.gp3.throughput")
    limit = float(row["ebs_max_mbps_karpenter2026"] or row["ebs_max_mbps"] or "inf") * Mbit_per_s
    if limit >= volume.value:
        return volume
    return Cited(
        key=f"ec2.{name}.ebs",
        value=limit,
        unit="MB/s",
        grade="A",
        source=_KARPENTER,
        as_of="2026-08",
        note="the instance's EBS bandwidth, below that of a default gp3 volume",
    )


def _nic(name: str, row: dict[str, str]) -> Cited:
    words = row["net_advertised"].replace("Up to ", "").split()
    burst = bool(words)
    rate = float(words[0]) * Gbit_per_s if burst else float(row["net_baseline_mbps"]) * Mbit_per_s
    return Cited(
        key=f"ec2.{name}.nic",
        value=rate,
        unit="Gbit/s",
        grade="A",
        source=_KARPENTER,
        as_of="2026-08",
        note="burst: credits are full at launch" if burst else "baseline; the burst is not known",
    )


def _price(type_: Instance) -> Cited | None:
    if type_.usd_per_hour is None:
        return None
    return Cited(
        key=f"ec2.{type_.name}.usd_per_hour",
        value=type_.usd_per_hour,
        unit="usd",
        grade="A",
        source=_KARPENTER,
        as_of="2026-08",
        note="on demand, Linux; no volume, no public IPv4",
    )


def core_speed(name: str) -> Cited:
    """Work of one vCPU of an instance type against the reference core: its family's."""
    return core_speeds()[f"ec2.{_family(name)}.core_speed"]


@cache
def core_speeds() -> dict[str, Cited]:
    """Core speed of every family, by key; 1 where it was not measured."""
    families = dict.fromkeys(_family(row["instance_type"]) for row in rows("ec2_instances.csv"))
    reference = _coremark()[REFERENCE_FAMILY]
    found = (_speed(family, _coremark().get(family), reference) for family in sorted(families))
    return {speed.key: speed for speed in found}


def _speed(family: str, coremark: float | None, reference: float) -> Cited:
    return Cited(
        key=f"ec2.{family}.core_speed",
        value=1.0 if coremark is None else coremark / reference,
        unit="of an m5 vCPU",
        grade="assumed" if coremark is None else "C",
        source="CoreMark per vCPU measured by vantage, median of the family over that of m5",
        as_of="2025-12",
        note="not measured: taken as 1" if coremark is None else "",
    )


@cache
def _coremark() -> dict[str, float]:
    """Median CoreMark per vCPU of a family; single types differ by noise more than by silicon."""
    measured: dict[str, list[float]] = {}
    for row in rows("ec2_instances.csv"):
        if row["coremark_iter_s"] and row["vcpu"]:
            per_vcpu = float(row["coremark_iter_s"]) / int(row["vcpu"])
            measured.setdefault(_family(row["instance_type"]), []).append(per_vcpu)
    return {family: statistics.median(each) for family, each in measured.items()}


def _family(name: str) -> str:
    return name.split(".", maxsplit=1)[0]
