"""All EC2 instance types, as a user looks for them; light: listing them makes no machine.

What AWS or a measurement says is in the table. What they leave blank is not known: it is None
here, or an estimate from siblings (same silicon) or from a neighbouring figure, graded C.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from typing import Any, TypeAlias, TypeVar

from sim.catalog.data import rows
from sim.catalog.instances.own_types import own_types
from sim.core.cited import Cited, plain
from sim.core.names import Architecture, unknown
from sim.units import MiB

T = TypeVar("T")
Row: TypeAlias = dict[str, str]

VANTAGE = "OS-visible memory measured by vantage"
KARPENTER = "Karpenter's generated instance tables, us-east-1"

DEFAULT_TYPE = "m5.xlarge"
"""The type where none is named: 4 vCPU of the reference family, 16 GiB."""

REFERENCE_FAMILY = "m5"
"""The family whose vCPU is the reference core of all CPU work."""

YOUNG = 3
"""Generation from which on a type is taken by whoever chooses by price, as Karpenter's own examples
have it; a1 is of the first."""

YOUNG_AT_TWO = "x"
"""The family whose second generation is no older than the sixth of others (X2gd is of 2021)."""

NOT_BY_PRICE = "hpc"
"""Types that nobody takes for their price: they are cheap a core, and for jobs of one tightly
coupled cluster; EKS's controller of network interfaces does not know them
(aws/amazon-vpc-resource-controller-k8s issue 663, open in July 2026)."""

LOST_OFF = 0.011
"""Share of nominal memory by which the estimate from siblings is off in 1 of 20 measured types:
each was estimated without its own family."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One row of the table, as a user looks for it; None: not known, unless it says otherwise."""

    name: str
    architecture: Architecture
    vcpu: int
    core_speed: Cited
    """Work of one vCPU, against an m5 vCPU; 1 where neither it nor a sibling was measured."""
    memory: float
    memory_lost: Cited
    """Nominal memory that the OS does not see, bytes."""
    enis: int | None
    ipv4_per_eni: int | None
    max_pods: int | None
    """Entry in the VPC CNI's table."""
    trunk_tasks: Cited | None
    """ECS tasks with ENI trunking; 0: not supported."""
    prefixes: bool
    """Whether the VPC CNI can give its ENIs prefixes: on Nitro, not on Xen."""
    branch_enis: int | None
    """Branch interfaces that the VPC resource controller gives a node's trunk."""
    gpus: int | None
    """Whole GPUs; None: it has a fraction of one, and who counts it as what is not known."""
    gpu_name: str
    accelerators: int
    """Inferentia, Trainium and the like, which are no GPUs."""
    nvme: float
    """Bytes of local NVMe disks."""
    network: float | None
    """Mbit/s, baseline."""
    network_burst: float | None
    ebs: float | None
    """Mbit/s, at most."""
    metal: bool
    burstable: bool
    baseline: float | None
    """Fraction of each vCPU that a T type's credits pay for; None: not a T type."""
    usd_per_hour: float | None
    source: str
    """Where its figures come from, if they are a user's own; empty: AWS's."""

    @property
    def nvidia_gpus(self) -> int | None:
        """Those that ECS and `nvidia.com/gpu` hand out: an AMD GPU (g4ad) is none of them."""
        return 0 if self.gpu_name.startswith("radeon") else self.gpus

    @property
    def memory_visible(self) -> float:
        """Bytes that the OS sees."""
        return self.memory - plain(self.memory_lost)


class InstanceTypes(Mapping[str, Instance]):
    """All types by name, each made when it is asked for: there are 1,400, and a look at the names
    makes none."""

    def __getitem__(self, name: str) -> Instance:
        if name not in table():
            raise KeyError(name)
        return instance(name)

    def __iter__(self) -> Iterator[str]:
        return iter(table())

    def __len__(self) -> int:
        return len(table())

    def __contains__(self, name: object) -> bool:
        return name in table()


def instances() -> Mapping[str, Instance]:
    """All types, by name."""
    return InstanceTypes()


def matching(pattern: str) -> list[Instance]:
    """Types whose name matches a shell pattern; a bare word is looked for anywhere."""
    glob = pattern if any(c in pattern for c in "*?[") else f"*{pattern}*"
    return [instance(name) for name in table() if fnmatch(name, glob)]


@cache
def instance(name: str) -> Instance:
    """The type of that name.

    Raises:
        UnknownName: there is none.
    """
    if name not in table():
        raise unknown("instance", name, table())
    return _instance(table()[name])


def known_network(name: str, what: str, value: T | None) -> T:
    """A figure of the network of a type.

    Raises:
        ValueError: it is not known.
    """
    if value is None:
        raise ValueError(f"instance: {what} of {name} are not known")
    return value


def usual(name: str) -> bool:
    """Whether who chooses by price takes it: neither an old type nor one for HPC."""
    generation = table()[name]["generation"]
    oldest = YOUNG - 1 if name.startswith(YOUNG_AT_TWO) else YOUNG
    old = generation.isdigit() and int(generation) < oldest
    return not (old or name.startswith(NOT_BY_PRICE))


def by_price(
    architecture: Architecture, *, burstable: bool = True, gpus: int = 0
) -> Iterator[Instance]:
    """Usual non-metal types of an architecture whose price and network are known, cheapest first.

    Args:
        gpus: that it has at least.
    """
    for type_ in map(instance, _by_price()):
        mine = type_.architecture == architecture and (type_.nvidia_gpus or 0) >= gpus
        if mine and (burstable or not type_.burstable):
            yield type_


def general_purpose(architecture: Architecture) -> tuple[str, ...]:
    """Of each size the cheapest type of the c, m and r families from the fifth generation on, among
    which EKS Auto Mode's built-in pool and ECS Managed Instances choose by themselves."""
    cheapest: dict[tuple[int, float], str] = {}
    for type_ in by_price(architecture, burstable=False):
        if re.match(r"[cmr][5-9]", type_.name) and type_.max_pods is not None:
            cheapest.setdefault((type_.vcpu, type_.memory), type_.name)
    return tuple(cheapest.values())


@cache
def _by_price() -> list[str]:
    """Names only: whoever asks for the cheapest that will do reads the first few."""
    priced = [
        row
        for row in table().values()
        if row["bare_metal"] != "true"
        and row["network_mbps"]
        and _price(row)
        and usual(row["instance_type"])
    ]
    in_order = sorted(priced, key=lambda r: (_price(r), int(r["vcpu"]), r["instance_type"]))
    return [row["instance_type"] for row in in_order]


def _price(row: Row) -> float:
    return float(row["price_usd_hr_us_east_1"] or 0.0)


@cache
def _rows() -> list[Row]:
    return rows("ec2_instances.csv")


@cache
def table() -> dict[str, Row]:
    """The rows by name; the user's own types come last, or in the place of AWS's."""
    return {row["instance_type"]: row for row in (*_rows(), *own_types())}


def forget() -> None:
    """Read the table again when it is asked next: the user's own types have changed."""
    for cached in (table, instance, core_speeds, _by_price, _coremark, _lost_shares):
        cached.cache_clear()


def family(name: str) -> str:
    """What stands before the size: `m5d` of `m5d.large`."""
    return name.partition(".")[0]


def silicon(name: str) -> str:
    """The family without the letters of disks and network, whose CPU and hypervisor it shares."""
    return family(name).rstrip("bdenz")


def _instance(row: Row) -> Instance:
    name, memory = row["instance_type"], float(row["memory_mib_nominal"]) * MiB
    return Instance(
        name=name,
        architecture="arm64" if row["arch"] == "arm64" else "amd64",
        vcpu=int(row["vcpu"]),
        core_speed=core_speed(name),
        memory=memory,
        memory_lost=_lost(row),
        enis=_maybe(int, row["max_eni"]),
        ipv4_per_eni=_maybe(int, row["ipv4_per_eni"]),
        max_pods=_max_pods(row),
        trunk_tasks=_trunk(row),
        prefixes=row["hypervisor"] != "xen",
        branch_enis=_maybe(int, row["branch_eni"]),
        gpus=_maybe(int, row["gpu_count"]),
        gpu_name=row["gpu_name"],
        accelerators=int(row["accelerator_count"] or 0),
        nvme=float(row["local_nvme_gb"] or 0) * 1e9,
        network=_maybe(float, row["network_mbps"]),
        network_burst=_maybe(float, row["network_burst_mbps"]),
        ebs=_maybe(float, row["ebs_mbps"]),
        metal=row["bare_metal"] == "true",
        burstable=bool(row["t_credits_per_hr"]),
        baseline=float(row["t_baseline_pct_per_vcpu"] or 0.0) / 100.0 or None,
        usd_per_hour=_maybe(float, row["price_usd_hr_us_east_1"]),
        source=row.get("source", ""),
    )


def _max_pods(row: Row) -> int | None:
    """As in the VPC CNI's table; else by its formula, for a user's own type."""
    enis, addresses = row["max_eni"], row["ipv4_per_eni"]
    if row["max_pods"] or not (enis and addresses):
        return _maybe(int, row["max_pods"])
    return int(enis) * (int(addresses) - 1) + 2


def _maybe(kind: Callable[[str], T], text: str) -> T | None:
    return kind(text) if text else None


def _lost(row: Row) -> Cited:
    """As measured; else the share that siblings of the nearest size lose."""
    memory, seen = float(row["memory_mib_nominal"]), row["memory_mib_os_visible"]
    passport: dict[str, Any] = {
        "key": f"ec2.{row['instance_type']}.memory_lost",
        "unit": "MiB",
        "source": row.get("source") or VANTAGE,
        "as_of": "2025-12",
    }
    if seen:
        return Cited(
            **passport,
            value=(memory - float(seen)) * MiB,
            grade="A",
            note="nominal less OS-visible: hypervisor, firmware, static part of the guest kernel",
        )
    share = _share_of_siblings(row)
    return Cited(
        **passport,
        value=share * memory * MiB,
        low=max(0.0, share - LOST_OFF) * memory * MiB,
        high=(share + LOST_OFF) * memory * MiB,
        grade="C",
        note="not measured on this type: the share that its measured siblings of nearest size lose",
    )


def _share_of_siblings(row: Row) -> float:
    """Types of the same silicon, else of the same maker and generation, else architecture."""
    memory = float(row["memory_mib_nominal"])
    for kind in (_same_silicon, _same_generation, _same_architecture):
        near = _lost_shares().get((row["bare_metal"], kind(row)))
        if near:
            least = min(abs(nominal - memory) for nominal, _ in near)
            return statistics.median(s for nominal, s in near if abs(nominal - memory) <= least)
    return statistics.median(share for each in _lost_shares().values() for _, share in each)


@cache
def _lost_shares() -> dict[tuple[str, str], list[tuple[float, float]]]:
    """Nominal MiB and the share lost of all measured types, by metal or not and by what they are
    siblings in."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in _rows():
        if row["memory_mib_os_visible"]:
            nominal = float(row["memory_mib_nominal"])
            lost = nominal, 1.0 - float(row["memory_mib_os_visible"]) / nominal
            for kind in (_same_silicon, _same_generation, _same_architecture):
                found.setdefault((row["bare_metal"], kind(row)), []).append(lost)
    return found


def _same_silicon(row: Row) -> str:
    return silicon(row["instance_type"])


def _same_generation(row: Row) -> str:
    return f"{row['arch']} {row['cpu_manufacturer']} {row['generation']}"


def _same_architecture(row: Row) -> str:
    return row["arch"]


def _trunk(row: Row) -> Cited | None:
    """As ECS documents it; else from the branch interfaces that the type's trunk has."""
    documented, branches = row["ecs_trunk_tasks"], row["branch_eni"]
    if not (documented or branches):
        return None
    key = f"ec2.{row['instance_type']}.trunk_tasks"
    if documented:
        return Cited(
            key=key,
            value=float(documented),
            unit="tasks",
            grade="A",
            source=row.get("source") or "ECS developer guide, task limits with ENI trunking",
            as_of="2023-04",
        )
    return Cited(
        key=key,
        value=float(branches),
        low=0.0 if row["bare_metal"] == "true" else float(branches),
        high=_most_with_trunking(int(branches)),
        unit="tasks",
        grade="C",
        source=row.get("source") or "vpc-resource-controller, branch interfaces of a trunk",
        as_of="2026-08",
        note="not in ECS's list of 2023: its branch interfaces; where both are known, ECS has up "
        "to an eighth more, and on some bare metal none",
    )


def _most_with_trunking(branches: int) -> float:
    """Branch interfaces of 54 are 60 tasks in ECS's list, 107 are 120: an eighth more at most."""
    return float(-(-branches * 9 // 8))


def core_speed(name: str) -> Cited:
    """Work of one vCPU of an instance type against the reference core: its family's."""
    return core_speeds()[f"ec2.{family(name)}.core_speed"]


@cache
def core_speeds() -> dict[str, Cited]:
    """Core speed of every family, by key; 1 where neither it nor a sibling was measured."""
    families = dict.fromkeys(map(family, table()))
    reference = _coremark(family)[REFERENCE_FAMILY]
    found = (_speed(each, reference) for each in sorted(families))
    return {speed.key: speed for speed in found}


def _speed(name: str, reference: float) -> Cited:
    own, siblings = _coremark(family).get(name), _coremark(silicon).get(silicon(name))
    coremark = siblings if own is None else own
    note = "" if own else "not measured on this family: that of its siblings"
    return Cited(
        key=f"ec2.{name}.core_speed",
        value=1.0 if coremark is None else coremark / reference,
        unit="of an m5 vCPU",
        grade="assumed" if coremark is None else "C",
        source="CoreMark per vCPU measured by vantage, median of the family over that of m5",
        as_of="2025-12",
        note="not measured: taken as 1" if coremark is None else note,
    )


@cache
def _coremark(kin: Callable[[str], str]) -> dict[str, float]:
    """Median CoreMark per vCPU of a family; single types differ by noise more than by silicon."""
    measured: dict[str, list[float]] = {}
    for name, row in table().items():
        if row["coremark_iter_s"]:
            per_vcpu = float(row["coremark_iter_s"]) / int(row["vcpu"])
            measured.setdefault(kin(name), []).append(per_vcpu)
    return {kind: statistics.median(each) for kind, each in measured.items()}
