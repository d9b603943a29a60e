"""One platform's row of a density answer: its count, what stops it there, and how to lift that."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.platforms.limits import BudgetItem, Limit, file_pages, used
from sim.studies.cost.bill import Bill, Capacity, bill, whole_machines
from sim.studies.cost.charges import NO_CHARGES, Charges
from sim.studies.cost.hosts import so_many
from sim.studies.cost.terms import PriceTerms
from sim.studies.platform_row import PlatformRow
from sim.studies.platforms import of_flavour, units
from sim.units import GiB, MiB
from sim.workload import Service

if TYPE_CHECKING:
    from sim.studies.density.by_use import ByUse, Sized


@dataclass(slots=True)
class DensityRow:
    """One platform's answer.

    Attributes:
        count: sandboxes on one such host, by reservation.
        memory_used: bytes resident on that host with `count` at work.
        paid: one such host as it is paid; None where not one fits on it.
        charges: what the platform takes besides.
        terms: where and how it is bought; None: on demand in us-east-1.
        priced_as: the EC2 type whose price it has; empty where it has none, or that of a task.
        by_use: answers of the replications, or None where it was not asked for.
    """

    platform: str
    host: str
    count: int
    limits: tuple[Limit, ...]
    budget: tuple[BudgetItem, ...] = ()
    paid: Capacity | None = None
    charges: Charges = NO_CHARGES
    terms: PriceTerms | None = None
    priced_as: str = ""
    refused: str = ""
    by_use: list[ByUse] | None = None
    note: str = ""
    alike: tuple[BudgetItem, ...] = ()
    """The same budget with as many at work as there are VMs; empty where it takes fewer."""

    @property
    def unknown(self) -> bool:
        """Whether the limit that decides is not known; then `count` says nothing."""
        return self.count == 0 and "not known" in f"{self.limits[0].how} {self.refused}"

    @property
    def usd_per_container_hour(self) -> float | None:
        """Share of one in a full host, compute and fee; None: not known, or none fits."""
        host = self.bill(1)
        price = None if host is None else host.machines_usd_per_hour
        return None if price is None else price / self.count

    def hosts_for(self, tasks: int) -> int | None:
        """Whole hosts that so many need; None where not one fits."""
        return whole_machines(tasks, self.count) if self.count else None

    def bill(self, tasks: int) -> Bill | None:
        """What so many cost altogether, on whole hosts; None where not one fits."""
        hosts = self.hosts_for(tasks)
        if hosts is None or self.paid is None:
            return None
        return bill(self.charges, [so_many(self.paid, hosts)], self.terms)

    @property
    def stopped_by(self) -> str:
        """The binding limit."""
        return self.limits[0].limit

    @property
    def next_limit(self) -> str:
        """What stops you once the binding limit is lifted."""
        return self.limits[0].then

    @property
    def count_by_use(self) -> int | None:
        """The middle answer of all replications."""
        if self.by_use is None:
            return None
        return statistics.median_low(answer.count for answer in self.by_use)

    def fits(self, *, reserved: bool) -> bool:
        """Whether at least one fits by use, where that is known, and by reservation if `reserved`.

        Where the density by use was not found, reservations alone say it.
        """
        by_use = self.count_by_use
        return (self.count > 0 or not (reserved or by_use is None)) and by_use != 0

    @property
    def stopped_by_use(self) -> str:
        """What stopped the middle answer."""
        middle = self.count_by_use
        return next(a.stopped_by for a in self.by_use or [] if a.count == middle)

    @property
    def last_fit(self) -> int | None:
        """The most of which none is killed for memory, beside the middle answer."""
        middle = self.count_by_use
        return next((a.last_fit for a in self.by_use or [] if a.count == middle), None)

    def json(self) -> dict[str, Any]:
        """Plain data; a key whose value is not known is absent, and `refused` says why."""
        data: dict[str, Any] = {
            "platform": self.platform,
            "host": self.host,
            "count": self.count,
            "stopped_by": self.stopped_by,
            "next_limit": self.next_limit,
            "limits": [
                {name: getattr(limit, name) for name in Limit.__slots__} for limit in self.limits
            ],
            "memory_used_bytes": round(used(self.budget)),
            "file_pages_bytes": round(file_pages(self.budget)),
        }
        each = self.usd_per_container_hour
        if each is not None:
            data["usd_per_host_hour"] = each * self.count
            data["usd_per_container_hour"] = each
        if self.by_use is not None:
            data["count_by_use"] = self.count_by_use
            data["stopped_by_use"] = self.stopped_by_use
            if self.last_fit is not None:
                data["last_fit"] = self.last_fit
        if self.refused:
            data["refused"] = self.refused
        if self.note:
            data["note"] = self.note
        return data

    @property
    def own_host(self) -> bool:
        """Whether each sandbox has a host of its own."""
        return of_flavour(self.platform).own_host


def use_sentence(row: DensityRow, *, weight_only: bool = False) -> str:
    """How many run well under their load, and which of the two densities is smaller."""
    by_use, what = row.count_by_use or 0, f"{units(row.platform)} run"
    if by_use == 1:
        what = what.replace("s run", " runs")
    quota = " (CPU as a weight, without a quota)" if weight_only else ""
    only, than = "", f"the reservations ({row.stopped_by}) stop you earlier"
    if by_use < row.count:
        only, than = "only ", f"the reservations ({row.stopped_by}) would allow {row.count}"
    elif by_use == row.count:
        than = "the reservations allow as many"
    return (
        f"Under the simulated load {only}{by_use} {what} well{quota}, "
        f"limited by {row.stopped_by_use}; {than}.{_crawling(row)}"
    )


def _crawling(row: DensityRow) -> str:
    """What lies between the useful density and the last one that fits."""
    from sim.studies.density.by_use import THRASHING  # simulated; counting needs none of it

    if row.stopped_by_use != THRASHING or row.last_fit is None:
        return ""
    return (
        f" Up to {row.last_fit} survive, but beyond {row.count_by_use} the kernel keeps evicting "
        f"file pages in use (thrashing), and every one of them slows to a crawl."
    )


def first_and_next(row: DensityRow) -> str:
    """`CPU runs out at 16; with more of it, memory would stop you at 30`."""
    first = row.limits[0]
    words = f"{_runs_out(row)} at {row.count}"
    if row.count == 0 or not first.gain_if_lifted:
        return words
    them = "them" if several(first.limit) else "it"
    then = row.count + first.gain_if_lifted
    return f"{words}; with more of {them}, {_spoken(first.then)} would stop you at {then}"


def side_by_side(containers: DensityRow, guests: DensityRow) -> str:
    """What stops containers and VMs on one machine: in one sentence where it is the same."""
    ends = [(row.stopped_by, row.next_limit, len(_binding(row))) for row in (containers, guests)]
    gains = [row.limits[0].gain_if_lifted for row in (containers, guests)]
    if ends[0] != ends[1] or ends[0][2] > 1:
        return f"Containers: {first_and_next(containers)}. VMs: {first_and_next(guests)}."
    first, then, _ = ends[0]
    words = f"{_runs_out(containers)} first"
    if not all(gains) or not containers.count:
        return f"{words}."
    at = [row.count + gain for row, gain in zip((containers, guests), gains, strict=True)]
    would = f"{_spoken(then)} would stop them at {at[0]} and {at[1]}"
    return f"{words}; with more {_spoken(first)}, {would}."


def how_to_lift(row: DensityRow) -> str:
    """What stops it, where, what lifting that gains, and how; then what else is to be known."""
    first = row.limits[0]
    if row.refused and row.count == 0:
        return row.refused if first.how in row.refused else f"{row.refused}; {first.how}"
    notes = "".join(f" ({text})" for text in (row.note, row.refused) if text)
    if row.own_host:
        quotas = (limit for limit in row.limits[1:] if limit.allows)
        so_many = "".join(f"; the {limit.limit} allows {limit.allows}" for limit in quotas)
        return f"{first.how}{so_many}{notes}"
    return f"{first_and_next(row)}; to fit more, {_ways(row)}{notes}"


def _binding(row: DensityRow) -> list[Limit]:
    """The limits that must be lifted together before more fit, the one that is named first."""
    first = row.limits[0]
    if first.gain_if_lifted or row.count == 0:
        return [first]
    equal = [limit for limit in row.limits if limit.allows == row.count]
    if any(limit.limit == first.then for limit in equal):
        return equal
    # lifting the first lowers another to the same count, as slots of the kubelet take memory
    then = [limit for limit in row.limits if limit.limit == first.then]
    return equal + [limit for limit in then if limit.allows > row.count][:1]


def _runs_out(row: DensityRow) -> str:
    """`CPU runs out`, `Pod slots and CPU both run out`."""
    names = [_spoken(limit.limit) for limit in _binding(row)]
    words = names[0][0].upper() + names[0][1:]
    if len(names) == 1:
        return f"{words} {'run' if several(_binding(row)[0].limit) else 'runs'} out"
    both = "both" if len(names) == 2 else "all"
    return f"{', '.join([words, *names[1:-1]])} and {names[-1]} {both} run out"


_SPOKEN = {
    "vCPU": "CPU",
    "ENI": "network interfaces (ENIs)",
    "trunk ENI": "trunk network interfaces",
    "GPU": "GPUs",
}
"""A limit as one says it, where the table has a short name."""


def _spoken(limit: str) -> str:
    return _SPOKEN.get(limit, limit)


def several(limit: str) -> bool:
    """Whether a limit is spoken of in the plural."""
    return _spoken(limit).partition(" (")[0].endswith("s")


def _ways(row: DensityRow) -> str:
    """How to lift each of them, the same way once."""
    ways: list[str] = []
    for limit in _binding(row):
        if not any(limit.how in way for way in ways):
            ways.append(limit.how)
    return "; and ".join(ways)


def overcommitted(row: DensityRow, platform: Sized, service: Service) -> str:
    """That what a row counts uses more than the OS sees; empty where it does not."""
    taken, seen = used(row.budget), platform.machine.memory_visible
    if row.count == 0 or taken <= seen:
        return ""
    over = (
        f"{row.count} at work and what else runs there use {taken / GiB:.2f} GiB, more than the "
        f"{seen / GiB:.2f} GiB that the OS sees"
    )
    return over + _kept_back(of_flavour(row.platform), platform, service)


def _kept_back(row: PlatformRow, platform: Sized, service: Service) -> str:
    """What keeps memory back where placement admits more than there is."""
    if not row.reserves_with:
        return ""
    name, holds = row.phrase.removeprefix("on "), platform.fits_in_memory(service)
    if holds == 0:
        return f", and none fits in it; {name} admits them all the same"
    least = platform.machine.memory_visible - (holds + 1) * service.reserved
    return (
        f"; {name} admits them all the same: {row.reserves_with} keeps some "
        f"back, from {math.floor(least / MiB) + 1} on no more than the {holds} that it holds"
    )
