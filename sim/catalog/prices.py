"""What AWS charges for capacity: by region, and by the way it is bought; None: not known.

A price is never taken from another region, nor a Spot ratio from another type.
"""

from dataclasses import replace
from functools import cache
from typing import Literal, TypeAlias

from sim.catalog.data import rows
from sim.catalog.figures import figure
from sim.catalog.instances.table import instance
from sim.core.cited import Cited
from sim.core.names import Architecture

DEFAULT_REGION = "us-east-1"
"""The only region of which EC2's prices are known."""

Purchase: TypeAlias = Literal["on-demand", "spot", "savings-plan", "instance-savings-plan"]
"""How capacity is bought; Savings Plans are of one year, without upfront payment."""

ClusterTier: TypeAlias = Literal["standard", "extended", "xl", "2xl", "4xl", "8xl"]
"""Support of an EKS cluster's version, or the size of its provisioned control plane."""

SPOT_ADVISOR = "AWS Spot Instance Advisor feed (alexei-led/spotinfo @5eedf20)"
_SAVINGS = {
    "savings-plan": "ec2.savings.compute_1y_no_upfront",
    "instance-savings-plan": "ec2.savings.instance_1y_no_upfront",
}
_X86, _ARM = ("fargate.price", "fargate.price.arm64")


def regions() -> tuple[str, ...]:
    """Regions of which some price is known."""
    return tuple(sorted({DEFAULT_REGION, *(region for region, _ in _fargate())}))


def fargate_price(
    region: str = DEFAULT_REGION, architecture: Architecture = "amd64"
) -> tuple[Cited, Cited] | None:
    """USD an hour of a vCPU and of a GB, on demand, Linux."""
    if region == DEFAULT_REGION:
        key = _ARM if architecture == "arm64" else _X86
        return figure(f"{key}.vcpu_hour"), figure(f"{key}.gb_hour")
    row = _fargate().get((region, architecture))
    return None if row is None else (_fargate_figure(row, "vcpu"), _fargate_figure(row, "gb"))


def fargate_spot_ratio(region: str, architecture: Architecture = "amd64") -> Cited | None:
    """Price of Fargate Spot over that on demand."""
    usual = figure("fargate.spot.ratio")
    if region == DEFAULT_REGION:
        arm = replace(usual, grade="C", note=f"that of x86; {usual.note}")
        return arm if architecture == "arm64" else usual
    row = _fargate().get((region, architecture))
    if row is None:
        return None
    return replace(
        usual,
        key=f"fargate.{region}.{architecture}.spot_ratio",
        value=float(row["spot_ratio"]),
        grade="B" if row["spot_grade"] == "B" else "C",
        source="theuves/fgcalc src/utils/data.js, read from the Fargate price page",
        as_of="2021-01-14",
        note="the price moves with capacity" + ("" if row["spot_grade"] == "B" else "; of x86"),
    )


def ec2_price(type_: str, region: str = DEFAULT_REGION) -> Cited | None:
    """USD an hour of an instance on demand, Linux; a user's own type has its price everywhere.

    Raises:
        UnknownName: there is no such type.
    """
    if region != DEFAULT_REGION and not instance(type_).source:
        return None
    from sim.catalog.instances.machines import machine  # a description, which terms need not

    price = machine(type_).usd_per_hour
    return price if isinstance(price, Cited) else None


def ec2_ratio(type_: str, region: str, purchase: Purchase) -> Cited | None:
    """Price of an instance bought that way over its price on demand; None on demand, too."""
    if purchase == "spot":
        row = _spot().get((type_, region))
        return None if row is None else _spot_ratio(row)
    return figure(_SAVINGS[purchase]) if purchase in _SAVINGS else None


def spot_interruptions(type_: str, region: str = DEFAULT_REGION) -> str | None:
    """Share of Spot instances of a type that EC2 took back in a month: `5-10%`."""
    row = _spot().get((type_, region))
    return None if row is None else row["interruptions"]


def cluster_price(tier: ClusterTier = "standard") -> float:
    """USD an hour of an EKS control plane; provisioned ones pay for it besides the standard."""
    standard = figure("eks.cluster.price").value
    if tier == "standard":
        return standard
    price = figure(f"eks.cluster.price.{tier}").value
    return price if tier == "extended" else standard + price


def fee_share(key: str, type_: str) -> float:
    """The fee that AWS takes for managing an instance, over its price on demand.

    Args:
        key: figure of the fee of types without GPUs.
    """
    family = type_.partition(".")[0]
    gpus = bool(instance(type_).gpus or instance(type_).gpu_name)
    part = 1.0
    if family.startswith("trn") or (gpus and family.startswith("p")):
        part = figure("ecs.mi.fee.training").value
    elif gpus and family.startswith("g"):
        part = figure("ecs.mi.fee.graphics").value
    return part * figure(key).value


@cache
def _fargate() -> dict[tuple[str, str], dict[str, str]]:
    return {(row["region"], row["arch"]): row for row in rows("fargate_prices.csv")}


@cache
def _spot() -> dict[tuple[str, str], dict[str, str]]:
    return {(row["instance_type"], row["region"]): row for row in rows("spot_ratios.csv")}


def _fargate_figure(row: dict[str, str], part: str) -> Cited:
    value, derived = float(row[f"{part}_hour"]), row["grade"] == "C"
    return Cited(
        key=f"fargate.price.{row['region']}.{row['arch']}.{part}_hour",
        value=value,
        low=0.78 * value / 0.8 if derived else None,
        high=0.82 * value / 0.8 if derived else None,
        unit="USD",
        grade="C" if derived else ("A" if row["grade"] == "A" else "B"),
        source=row["source"],
        as_of=row["as_of"],
        note="an hour, Linux",
    )


def _spot_ratio(row: dict[str, str]) -> Cited:
    ratio = float(row["ratio"])
    return Cited(
        key=f"ec2.{row['instance_type']}.{row['region']}.spot_ratio",
        value=ratio,
        low=ratio - 0.005,
        high=ratio + 0.005,
        unit="of the on-demand price",
        grade="A",
        source=SPOT_ADVISOR,
        as_of="2025-06-28",
        note=f"whole percents; {row['interruptions']} of instances are taken back in a month; "
        "Spot prices move",
    )
