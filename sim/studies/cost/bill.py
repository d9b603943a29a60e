"""What so many machines or Fargate tasks of a platform cost, item by item: pure.

A service is paid in whole machines. What is not known makes the whole not known, and says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, Literal, TypeAlias

from sim import catalog
from sim.catalog.prices import DEFAULT_REGION, Purchase
from sim.core.cited import Cited, plain
from sim.core.description import description
from sim.core.names import Architecture, shown
from sim.core.quantity import Bytes, Vcpu
from sim.platforms import FargateSize
from sim.studies.cost.charges import Charges
from sim.studies.cost.terms import PLANS, PriceTerms
from sim.units import GiB

HOURS_A_MONTH = 730.0
"""As AWS's own calculator counts a month."""

Item: TypeAlias = Literal["compute", "surplus", "fee", "volume", "storage", "address", "cluster"]

BOUGHT: dict[Purchase, str] = {
    "on-demand": "on demand",
    "spot": "Spot",
    "savings-plan": "Compute Savings Plan",
    "instance-savings-plan": "EC2 Instance Savings Plan",
}


@description
class Machines:
    """Whole instances of one type."""

    type: str
    count: float = 1.0
    """How many; a mean over runs need not be whole."""
    usd_per_hour: float | None = None
    """Price of one, where it is no EC2 type or its owner says another."""


@description
class SizedTasks:
    """Tasks of one size on Fargate."""

    vcpu: Vcpu
    memory: Bytes
    count: float = 1.0
    architecture: Architecture = "amd64"
    ephemeral: Bytes | None = None
    """Bytes of storage of each; None: the 20 GiB that are in the price."""

    @property
    def size(self) -> FargateSize:
        """The size of one."""
        return FargateSize(vcpu=self.vcpu, memory=self.memory)


Capacity: TypeAlias = Machines | SizedTasks

Known: TypeAlias = tuple[float | None, str]
"""A number, or why it is not known."""


@dataclass(frozen=True, slots=True)
class CostItem:
    """One line of a bill."""

    item: Item
    what: str
    """How many of what, as a line of text says it."""
    usd_per_hour: float | None
    """None: not known."""
    unknown: str = ""
    """What is not known, where the price is not."""
    cited: Cited | None = None
    """The price or ratio it rests on."""

    def json(self) -> dict[str, Any]:
        """Plain data; a price that is not known is absent, and `refused` says why."""
        data: dict[str, Any] = {"item": self.item, "what": self.what}
        if self.usd_per_hour is None:
            return data | {"refused": self.unknown}
        return data | {"usd_per_hour": self.usd_per_hour}


@dataclass(frozen=True, slots=True)
class Bill:
    """What it costs altogether."""

    items: tuple[CostItem, ...]
    terms: PriceTerms

    @property
    def usd_per_hour(self) -> float | None:
        """The whole; None where a part is not known."""
        prices = [item.usd_per_hour for item in self.items if item.usd_per_hour is not None]
        return fsum(prices) if len(prices) == len(self.items) else None

    @property
    def usd_per_month(self) -> float | None:
        """The whole for 730 hours."""
        price = self.usd_per_hour
        return None if price is None else price * HOURS_A_MONTH

    @property
    def unknown(self) -> tuple[str, ...]:
        """What is not known, each once."""
        return tuple(dict.fromkeys(item.unknown for item in self.items if item.unknown))

    def plus(self, item: CostItem) -> Bill:
        """With one line more."""
        return Bill((*self.items, item), self.terms)

    def of(self, *items: Item) -> Bill:
        """Some kinds of item only."""
        return Bill(tuple(item for item in self.items if item.item in items), self.terms)

    @property
    def machines_usd_per_hour(self) -> float | None:
        """Compute and fee: what the machines themselves cost."""
        return self.of("compute", "fee").usd_per_hour

    def json(self) -> dict[str, Any]:
        """Plain data; what is not known is absent, and `refused` says why."""
        data: dict[str, Any] = {
            "region": self.terms.region,
            "items": [item.json() for item in self.items],
        }
        if self.usd_per_hour is None:
            return data | {"refused": "; ".join(self.unknown)}
        whole = {"usd_per_hour": self.usd_per_hour, "usd_per_month": self.usd_per_month}
        return data | whole

    def sentence(self) -> str:
        """The items and their sum, in USD a month."""
        if self.usd_per_hour is None:
            return "; ".join(self.unknown)
        months = [f"{i.what} {HOURS_A_MONTH * (i.usd_per_hour or 0.0):,.2f}" for i in self.items]
        if not months:
            return "nothing runs, and nothing is paid"
        total = f" = {self.usd_per_month:,.2f}" if len(months) > 1 else ""
        return f"{' + '.join(months)}{total} USD a month"


NO_BILL = Bill((), PriceTerms())
"""Nothing, which costs nothing."""


def bill(charges: Charges, capacity: Sequence[Capacity], terms: PriceTerms | None = None) -> Bill:
    """What some machines or Fargate tasks cost on a platform with those charges.

    Args:
        capacity: kinds of machine, or sizes of Fargate task; none: only what there always is.
        terms: None: on demand in us-east-1, without public addresses.

    Raises:
        UnknownName: there is no such instance type.
    """
    terms = PriceTerms() if terms is None else terms
    items: list[CostItem] = []
    for each in capacity:
        if isinstance(each, SizedTasks):
            items += _tasks(charges, each, terms)
        else:
            items += _machines(charges, each, terms)
    if charges.cluster:
        price = catalog.cluster_price(terms.cluster_tier)
        tier = "" if terms.cluster_tier == "standard" else f" ({terms.cluster_tier})"
        items.append(CostItem("cluster", f"EKS cluster{tier}", price))
    return Bill(tuple(items), terms)


def whole_machines(count: int, each: int) -> int:
    """Machines that `count` tasks need where `each` fit on one.

    Raises:
        ValueError: none fits on one.
    """
    if each < 1:
        raise ValueError(f"each: {shown(each)} is not allowed; at least one task fits on a machine")
    return -(-count // each)


def _machines(charges: Charges, own: Machines, terms: PriceTerms) -> Iterator[CostItem]:
    name, purchase = f"{_counted(own.count)} {own.type}", charges.purchase or terms.purchase
    base, why = _on_demand(own, terms.region)
    ratio, why_not = _ratio(own, terms, purchase)
    compute = None if base is None or ratio is None else own.count * base * ratio
    yield CostItem("compute", f"{name} {BOUGHT[purchase]}", compute, why or why_not)
    if charges.fee:
        fee = None if base is None else own.count * base * catalog.fee_share(charges.fee, own.type)
        yield CostItem("fee", "management fee", fee, why, catalog.figure(charges.fee))
    if charges.volume:
        yield _volume(charges, own, terms.region)
    if terms.public_ipv4:
        yield _addresses(own.count)


def _on_demand(own: Machines, region: str) -> Known:
    """Price of one machine on demand."""
    if own.usd_per_hour is not None:
        return own.usd_per_hour, ""
    anywhere = own.type in catalog.instances() and catalog.ec2_price(own.type)
    if not anywhere:
        return None, f"the price of {own.type} is not known"
    price = catalog.ec2_price(own.type, region)
    if price is None:
        return None, f"EC2's prices in {region} are not known, only those of {DEFAULT_REGION}"
    return price.value, ""


def _ratio(own: Machines, terms: PriceTerms, purchase: Purchase) -> Known:
    """What one machine costs over its price on demand."""
    if purchase == "on-demand":
        return 1.0, ""
    if purchase in PLANS and terms.savings_rate is not None:
        return terms.savings_rate, ""
    ratio = catalog.ec2_ratio(own.type, terms.region, purchase)
    if own.usd_per_hour is not None or ratio is None:
        return None, f"the {BOUGHT[purchase]} price of {own.type} in {terms.region} is not known"
    return ratio.value, ""


def _volume(charges: Charges, own: Machines, region: str) -> CostItem:
    size = catalog.figure(charges.volume).value / GiB
    what = f"{_counted(own.count)} gp3 {size:g} GiB"
    price = catalog.figure("ebs.gp3.price_gb_month")
    if region != DEFAULT_REGION:
        return CostItem("volume", what, None, f"the price of EBS in {region} is not known", price)
    return CostItem("volume", what, own.count * size * price.value / HOURS_A_MONTH, "", price)


def _addresses(count: float) -> CostItem:
    price = catalog.figure("ec2.public_ipv4.price")
    return CostItem("address", f"{_counted(count)} public IPv4", count * price.value, "", price)


def _tasks(charges: Charges, own: SizedTasks, terms: PriceTerms) -> Iterator[CostItem]:
    purchase = charges.purchase or terms.purchase
    what = f"{_counted(own.count)} Fargate {own.size} {BOUGHT[purchase]}"
    prices = catalog.fargate_price(terms.region, own.architecture)
    ratio, why = _fargate_ratio(charges, own, terms, purchase)
    if prices is None:
        why = f"the price of Fargate ({own.architecture}) in {terms.region} is not known"
    if prices is None or ratio is None:
        yield CostItem("compute", what, None, why)
    else:
        one = own.size.price(*map(plain, prices))
        yield CostItem("compute", what, own.count * one * ratio, "", prices[0])
    yield from _ephemeral(own, terms.region)
    if terms.public_ipv4:
        yield _addresses(own.count)


def _fargate_ratio(
    charges: Charges, own: SizedTasks, terms: PriceTerms, purchase: Purchase
) -> Known:
    """What a task costs over its price on demand."""
    if purchase == "on-demand":
        return 1.0, ""
    if purchase == "spot" and not charges.spot:
        return None, "Fargate Spot is for ECS only: EKS runs its pods on demand"
    if purchase == "spot":
        ratio = catalog.fargate_spot_ratio(terms.region, own.architecture)
        unknown = f"the price of Fargate Spot in {terms.region} is not known"
        return (None, unknown) if ratio is None else (ratio.value, "")
    if purchase == "instance-savings-plan":
        return None, "an EC2 Instance Savings Plan does not cover Fargate; a Compute one does"
    unknown = "Fargate's rate in a Compute Savings Plan is not known; --savings-rate tells yours"
    return terms.savings_rate, "" if terms.savings_rate is not None else unknown


def _ephemeral(own: SizedTasks, region: str) -> Iterator[CostItem]:
    """Storage beyond what is in the price."""
    free = catalog.figure("fargate.ephemeral").value
    more = max(0.0, (own.ephemeral or 0.0) - free) / GiB
    if more == 0.0:
        return
    what = f"{_counted(own.count)} {more:g} GiB of ephemeral storage"
    price = catalog.figure("fargate.price.ephemeral_gb_hour")
    if region != DEFAULT_REGION:
        why = f"the price of Fargate's ephemeral storage in {region} is not known"
        yield CostItem("storage", what, None, why, price)
    else:
        yield CostItem("storage", what, own.count * more * price.value, "", price)


def _counted(count: float) -> str:
    return f"{count:.0f} x" if count == round(count) else f"{count:.1f} x"
