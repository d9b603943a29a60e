"""What a plan says of one platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sim.studies.cost.bill import Bill, Item, bill
from sim.studies.cost.terms import PriceTerms
from sim.studies.plan.hosts import PlannedHosts
from sim.studies.plan.question import PlanLimit
from sim.studies.plan.ready import PlanReady
from sim.studies.platform_row import PlatformRow

PAID: tuple[Item, ...] = ("compute", "fee", "cluster")
"""What counts when platforms are ranked: machines, what manages them, the cluster."""


@dataclass
class PlanRow:
    """Machines, cost and readiness of one platform; or why it cannot be had.

    Args:
        hosts: None where it is refused.
        ready: by image temperature.
        refused: why it cannot be had.
        terms: where and how it is bought.
    """

    platform: PlatformRow
    hosts: PlannedHosts | None
    terms: PriceTerms
    ready: Mapping[str, PlanReady] = field(default_factory=dict)
    not_started: dict[str, str] = field(default_factory=dict)
    """By image temperature, why it was not tried."""
    refused: str = ""
    stopped_by: str = ""
    """Of a platform that is refused."""

    @property
    def name(self) -> str:
        """As the platform is typed."""
        return self.platform.name

    @cached_property
    def bill(self) -> Bill | None:
        """What its machines cost altogether; None where it is refused."""
        hosts = self.hosts
        return None if hosts is None else bill(self.platform.charges, hosts.paid, self.terms)

    @cached_property
    def usd_per_month(self) -> float | None:
        """On whole machines; None where it is not known."""
        whole = self.bill
        return None if whole is None else whole.of(*PAID).usd_per_month

    @cached_property
    def usd_per_month_full(self) -> float | None:
        """As if machines came in pieces."""
        if self.hosts is None:
            return None
        return bill(self.platform.charges, self.hosts.full, self.terms).of(*PAID).usd_per_month

    def ready_at(self, image: str, q: float) -> float | None:
        """Seconds until all is up; None where it is not known."""
        ready = self.ready.get(image)
        return None if ready is None else ready.at(q)

    def breaks(self, limits: tuple[PlanLimit, ...]) -> list[str]:
        """The limits that it does not keep to, or of which that is not known."""
        data = self.json()
        return [limit.text for limit in limits if not data.get(limit.column, 1e300) <= limit.most]

    def json(self) -> dict[str, Any]:
        """Plain data; what is not known is absent, and `refused` says why."""
        data: dict[str, Any] = {"platform": self.name}
        hosts = self.hosts
        if hosts is None:
            known: dict[str, Any] = {"stopped_by": self.stopped_by}
        else:
            known = {
                "instance": hosts.instance,
                "machines": hosts.machines,
                "lower_bound": hosts.lower_bound,
                "usd_per_month": self.usd_per_month,
                "usd_per_month_full": self.usd_per_month_full,
                "ready_cold_p50_s": self.ready_at("cold", 0.5),
                "ready_warm_p50_s": self.ready_at("warm", 0.5),
                "stopped_by": hosts.stopped_by,
                "then": hosts.then,
            }
        data |= {key: value for key, value in known.items() if value not in (None, "")}
        why = "; ".join(self._why())
        return data | ({"refused": why} if why else {})

    def _why(self) -> Iterator[str]:
        """What is not known, and why."""
        if self.refused:
            yield self.refused
            return
        whole = self.bill
        if whole is not None and whole.of(*PAID).usd_per_month is None:
            yield from whole.of(*PAID).unknown
        for image, ready in self.ready.items():
            yield from _too_few(image, ready)
        for image, why in self.not_started.items():
            yield f"no {image} start: {why}"
        tried = {*self.ready, *self.not_started}
        if self.ready and "warm" not in tried:
            yield self._no_warm_image()
        if self.ready and "cold" not in tried:
            yield "no cold start: the app is part of the guest's image"

    def _no_warm_image(self) -> str:
        if self.platform.own_host:
            return "no warm start: every start gets a fresh machine"
        return "no warm start: its machines are launched with the application"


def _too_few(image: str, ready: PlanReady) -> Iterator[str]:
    """Why there is no median."""
    if ready.short > len(ready.seconds):
        runs = f"{ready.short} of {ready.runs} runs"
        yield f"not all copies came up in {runs} from a {image} image"
    elif ready.at(0.5) is None:
        yield f"too few runs for a median from a {image} image"
