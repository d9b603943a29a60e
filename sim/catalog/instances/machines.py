"""The machines that instance types are, and the bare ones they are compared with."""

from dataclasses import replace
from functools import cache

from sim.catalog.data import rows
from sim.catalog.figures import figure
from sim.catalog.instances.amis import Ami, memory_lost
from sim.catalog.instances.table import KARPENTER, VANTAGE, Instance, family, instance
from sim.core.cited import Cited
from sim.core.fitted import remembered
from sim.core.names import Architecture
from sim.core.quantity import shown_machine
from sim.host import Machine
from sim.units import Mbit_per_s


def machine(name: str, ami: Ami | None = None) -> Machine:
    """The instance type as its guest sees it: with what the hypervisor takes off.

    Args:
        ami: the machine image, on which some MiB of memory hang; None: any.

    Raises:
        UnknownName: there is no such type.
    """
    return _machine(instance(name), ami)


@remembered
def _machine(type_: Instance, ami: Ami | None) -> Machine:
    return Machine(
        name=type_.name,
        architecture=type_.architecture,
        vcpu=type_.vcpu,
        memory=type_.memory,
        memory_lost=memory_lost(type_, ami),
        core_speed=type_.core_speed,
        disk=_disk(type_),
        iops=figure("ebs.gp3.iops"),
        nic=_nic(type_),
        quota_period=figure("linux.quota_period"),
        enis=type_.enis,
        trunk_tasks=type_.trunk_tasks,
        gpus=type_.nvidia_gpus,
        usd_per_hour=_price(type_),
    )


def bare(name: str) -> Machine:
    """One bare machine with the vCPUs and the nominal memory of an instance type."""
    type_ = instance(name)
    same = machine(name)
    lost = type_.memory_lost if type_.metal else _bare_lost(name, type_.memory)
    return Machine(
        name=shown_machine(type_.vcpu, type_.memory) if not type_.metal else name,
        architecture=same.architecture,
        vcpu=same.vcpu,
        memory=same.memory,
        memory_lost=lost,
        core_speed=same.core_speed,
        disk=same.disk,
        iops=same.iops,
        nic=same.nic,
        quota_period=same.quota_period,
        gpus=same.gpus,
        usd_per_hour=same.usd_per_hour,
    )


def custom(
    vcpu: float,
    memory: float,
    architecture: Architecture = "amd64",
    *,
    gpus: int = 0,
    usd_per_hour: float | None = None,
) -> Machine:
    """A bare machine of any size; without a price, unless its owner says one."""
    lost = figure("machine.memory_lost")
    return Machine(
        name=shown_machine(vcpu, memory),
        architecture=architecture,
        vcpu=vcpu,
        memory=memory,
        memory_lost=_scaled(lost, memory, "machine.memory_lost"),
        disk=figure("ebs.gp3.throughput"),
        iops=figure("ebs.gp3.iops"),
        nic=figure("machine.nic"),
        quota_period=figure("linux.quota_period"),
        gpus=gpus,
        usd_per_hour=usd_per_hour,
    )


@cache
def _families() -> dict[str, dict[str, str]]:
    return {row["family"]: row for row in rows("os_visible_memory_fit.csv")}


def _bare_lost(name: str, memory: float) -> Cited:
    fraction = _families().get(family(name), {}).get("metal_lost_frac")
    if not fraction:
        return _scaled(figure("machine.memory_lost"), memory, "machine.memory_lost")
    return Cited(
        key="machine.memory_lost",
        value=float(fraction) * memory,
        unit="MiB",
        grade="C",
        source=f"{VANTAGE}: the family's bare metal",
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


def _disk(type_: Instance) -> Cited:
    """A default gp3 volume, or what the instance can move to and from it where that is less."""
    volume = figure("ebs.gp3.throughput")
    if type_.ebs is None:  # an old type without a way of its own to EBS: volumes share the card
        card = _nic(type_)
        return volume if card.value >= volume.value else replace(card, key=f"ec2.{type_.name}.ebs")
    limit = type_.ebs * Mbit_per_s
    if limit >= volume.value:
        return volume
    return Cited(
        key=f"ec2.{type_.name}.ebs",
        value=limit,
        unit="MB/s",
        grade="A",
        source=type_.source or KARPENTER,
        as_of="2026-08",
        note="the instance's EBS bandwidth, below that of a default gp3 volume",
    )


def _nic(type_: Instance) -> Cited:
    key, rate = f"ec2.{type_.name}.nic", type_.network_burst or type_.network
    if rate is None:
        return replace(figure("ec2.nic.not_told"), key=key)
    burst = type_.network_burst is not None
    return Cited(
        key=key,
        value=rate * Mbit_per_s,
        unit="Gbit/s",
        grade="A",
        source=type_.source or KARPENTER,
        as_of="2026-08",
        note="burst: credits are full at launch" if burst else "baseline; the burst is not known",
    )


def _price(type_: Instance) -> Cited | None:
    if type_.usd_per_hour is None:
        return None
    return Cited(
        key=f"ec2.{type_.name}.usd_per_hour",
        value=type_.usd_per_hour,
        unit="USD",
        grade="A",
        source=type_.source or KARPENTER,
        as_of="2026-08",
        note="on demand, Linux; no volume, no public IPv4",
    )
