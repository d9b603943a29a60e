"""CPU credits of T types: what a load uses above the baseline, and what that costs or slows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim import catalog
from sim.core.cited import Cited, plain
from sim.studies.density.question import Credits
from sim.studies.density.row import DensityRow
from sim.workload import Service


@dataclass(frozen=True, slots=True)
class CreditUse:
    """One host of a T type with so many sandboxes at work."""

    type: str
    sandboxes: int
    wanted: float
    """vCPUs they use on average, if they get them."""
    earned: float
    """vCPUs that its credits pay for: the baseline of all its vCPUs."""
    price: Cited
    """USD of a vCPU-hour above that."""
    usd_per_hour: float | None
    """Price of the instance; None: not known."""

    @property
    def surplus_usd_per_hour(self) -> float:
        """What it costs on top in unlimited mode."""
        return max(0.0, self.wanted - self.earned) * self.price.value

    @property
    def times(self) -> float | None:
        """Price with surplus credits over the price without."""
        if self.usd_per_hour is None:
            return None
        return 1.0 + self.surplus_usd_per_hour / self.usd_per_hour

    def said(self, credits: Credits) -> str:
        """What it costs, or how slow it is."""
        used = (
            f"{self.sandboxes} on {self.type} want {self.wanted:.2f} vCPU on average and earn "
            f"{self.earned:.2f}"
        )
        if self.wanted <= self.earned:
            return f"{used}: no surplus"
        if credits == "standard":
            return (
                f"{used}, and once the credits are gone they get no more: queues grow without end"
            )
        times = "" if self.times is None else f", {self.times:.1f} times the price shown"
        return f"{used}: {self.surplus_usd_per_hour:.4f} USD/h of surplus credits{times}"


def credit_use(type_: str, sandboxes: int, service: Service) -> CreditUse | None:
    """What so many want of a host of that type; None where it is no T type, or has no load."""
    if type_ not in catalog.instances() or service.load is None:
        return None
    instance, load = catalog.instance(type_), service.load
    if instance.baseline is None:
        return None
    each = load.mean_use(service.cpu, plain(instance.core_speed))
    wanted = sandboxes * each * load.crowded(sandboxes / instance.vcpu)
    key = "ec2.t4g.surplus" if type_.startswith("t4g.") else "ec2.t.surplus"
    return CreditUse(
        type=type_,
        sandboxes=sandboxes,
        wanted=min(float(instance.vcpu), wanted),
        earned=instance.baseline * instance.vcpu,
        price=catalog.figure(key),
        usd_per_hour=instance.usd_per_hour,
    )


def credits_line(
    rows: Sequence[DensityRow], service: Service, credits: Credits, *, told: bool
) -> str:
    """What T types cost or how slow they are; empty where none is among the rows.

    Args:
        told: whether the load is the user's own; what is assumed is not priced.
    """
    types = dict.fromkeys(row.priced_as for row in rows if row.priced_as)
    shares = [
        f"{name} {baseline:.0%}"
        for name in types
        if (baseline := catalog.instance(name).baseline) is not None
    ]
    if not shares:
        return ""
    above = f"CPU above the baseline ({', '.join(shares)} of each vCPU, over 24 hours)"
    if not told:
        what = (
            "is billed as surplus credits (unlimited mode) on top of the price"
            if credits == "unlimited"
            else "is not there once the credits are gone (standard mode)"
        )
        return f"T types: {above} {what}; add --load to see how much."
    uses = {(row.priced_as, row.count) for row in rows if row.priced_as}
    found = (credit_use(name, count, service) for name, count in sorted(uses))
    said = "; ".join(use.said(credits) for use in found if use is not None)
    return f"T types ({credits} mode), {above}: {said}."
