"""What so many tasks cost altogether on each platform: whole hosts, and what comes with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sim.studies.cost.bill import HOURS_A_MONTH, Bill, CostItem, Item, Machines
from sim.studies.density.credits import credit_use
from sim.studies.density.row import DensityRow
from sim.studies.platforms import of_flavour
from sim.workload import Service

COLUMNS: dict[str, tuple[Item, ...]] = {
    "compute": ("compute",),
    "surplus": ("surplus",),
    "fee": ("fee",),
    "storage": ("volume", "storage"),
    "IPv4": ("address",),
    "cluster": ("cluster",),
}
"""Items of a bill under one word; a column that is nowhere needed is left out."""


@dataclass(frozen=True, slots=True)
class Altogether:
    """A platform's row, with the bill for so many tasks."""

    row: DensityRow
    tasks: int
    hosts: int
    bill: Bill

    @property
    def on_whole_hosts(self) -> str:
        """`3 x m5.xlarge`, `14 x Fargate`."""
        paid = self.row.paid
        return f"{self.hosts} x {paid.type if isinstance(paid, Machines) else 'Fargate'}"

    def month(self, word: str) -> float | None:
        """USD a month of one column; None: not known."""
        price = self.bill.of(*COLUMNS[word]).usd_per_hour
        return None if price is None else HOURS_A_MONTH * price

    def json(self) -> dict[str, Any]:
        """Plain data."""
        return {"tasks": self.tasks, "hosts": self.hosts, **self.bill.json()}


def altogether(rows: Sequence[DensityRow], tasks: int) -> list[Altogether]:
    """The bills of all rows that hold a task, as offered by AWS or by a platform of one's own.

    A bare machine has the price of an instance as if it were one: it is no offer.
    """
    return list(_bills(rows, tasks))


def with_surplus(each: Altogether, service: Service) -> Altogether:
    """The same with the surplus credits of its T types, hosts full but for the last; a service
    that is always so busy, in unlimited mode."""
    on_one = -(-each.tasks // each.hosts)
    full, rest = divmod(each.tasks, on_one)
    uses = [credit_use(each.row.priced_as, n, service) for n in (on_one, rest)] if full else []
    if not uses or uses[0] is None or uses[1] is None:
        return each
    surplus = full * uses[0].surplus_usd_per_hour + uses[1].surplus_usd_per_hour
    item = CostItem("surplus", "surplus CPU credits", surplus, "", uses[0].price)
    return replace(each, bill=each.bill.plus(item))


def _bills(rows: Sequence[DensityRow], tasks: int) -> Iterator[Altogether]:
    for row in rows:
        hosts, bill = row.hosts_for(tasks), row.bill(tasks)
        bare = isinstance(row.paid, Machines) and row.paid.type != row.host
        if hosts is not None and bill is not None and not bare:
            yield Altogether(row, tasks, hosts, bill)


def cost_sentence(bills: Sequence[Altogether], tasks: int) -> str:
    """Where so many cost least and most altogether, never by the price at full hosts."""
    known = [each for each in bills if each.bill.usd_per_month is not None]
    spot = [each for each in known if of_flavour(each.row.platform).interrupted]
    known = [each for each in known if each not in spot]
    if not known:
        words = dict.fromkeys(word for each in bills for word in each.bill.unknown)
        return f"What {tasks} tasks cost altogether is not known: {'; '.join(words)}."
    known.sort(key=lambda each: each.bill.usd_per_month or 0.0)
    least, most = known[0], known[-1]
    ends = f"least on {_said(least)}"
    if most is not least:
        ends += f", most on {_said(most)}"
    if spot:
        ends += f"; as Spot, which AWS may take back, {' and '.join(map(_said, spot))}"
    rest = [each.row.platform for each in bills if each.bill.usd_per_month is None]
    if rest:
        ends += f", and it is not known what on {', '.join(rest)}"
    return f"{tasks} tasks cost {ends}: whole hosts and what comes with them."


def _said(each: Altogether) -> str:
    month = each.bill.usd_per_month or 0.0
    return f"{each.row.platform} ({each.on_whole_hosts}, {month:,.2f} USD a month)"
