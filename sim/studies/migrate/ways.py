"""Ways to run what an inventory has: on which machines, at what price, how full they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum, inf
from typing import NamedTuple

from sim import catalog
from sim.experiment.running.progress import UNSEEN, Progress
from sim.platforms.packing.host import DoesNotFit
from sim.studies.cost.bill import Capacity, Machines, SizedTasks, bill
from sim.studies.cost.charges import NO_CHARGES, Charges
from sim.studies.cost.terms import PriceTerms
from sim.studies.migrate.inventory import Inventory
from sim.studies.migrate.own_machines import OwnMachine, as_they_are, machines, right_sized
from sim.studies.migrate.question import MigrateQuestion
from sim.studies.migrate.sizing import MovedGuest, application, own_os
from sim.studies.plan.hosts import PlannedHosts, planned_hosts
from sim.studies.plan.row import PAID
from sim.studies.plan.types import AUTO, by_least_cost, candidates
from sim.studies.platform_row import PlatformRow
from sim.studies.platforms import row as platform_row
from sim.workload.application import Application

MANY, LIKELIEST = 100, 3
"""Containers above which so many types are tried."""
MUCH_LESS = 0.8
"""Share of the cost below which a large guest is not packed: a machine that two have to fit on, and
that one more is kept of, is dear; a few dollars are no reason to leave one out."""
TODAY, AS_THEY_ARE, RIGHT_SIZED = "today", "ec2, as they are", "ec2, right-sized"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run them all.

    Args:
        hosts: machines, or Fargate tasks, that are shared or asked for; beside them are those
            that stay machines of their own.
        stay: guests that stay machines of their own.
        refused: why there is none.
    """

    name: str
    hosts: int | None = None
    lower_bound: int | None = None
    stopped_by: str = ""
    usd_per_month: float | None = None
    cpu_used: float | None = None
    memory_used: float | None = None
    rests_on: str = ""
    stay: tuple[OwnMachine, ...] = ()
    app: Application | None = None
    platform: PlatformRow | None = None
    planned: PlannedHosts | None = None
    spared: PlannedHosts | None = None
    """The same with machines to spare."""
    refused: str = ""

    @property
    def packed(self) -> bool:
        """Whether several guests share a machine."""
        return self.planned is not None and self.planned.packing is not None

    @property
    def instance(self) -> str:
        """Type of its shared machines, or sizes of its tasks; empty where each VM has its own."""
        return "" if self.planned is None else self.planned.instance

    @property
    def inside(self) -> frozenset[str]:
        """Names of the guests that are containers here."""
        return frozenset() if self.app is None else frozenset(part.name for part in self.app.parts)

    @property
    def blast_radius(self) -> int:
        """Containers on the machine that has most of them."""
        packing = None if self.planned is None else self.planned.packing
        return max((len(host.on) for host in packing.hosts), default=0) if packing else 1

    @property
    def containers(self) -> int:
        """How many guests are containers here."""
        return len(self.inside)

    def json(self) -> dict[str, object]:
        """Plain data; what is not known is null."""
        return {
            "way": self.name,
            "instance": self.instance or None,
            "hosts": self.hosts,
            "lower_bound": self.lower_bound,
            "usd_per_month": self.usd_per_month,
            "stopped_by": self.stopped_by or self.refused,
        }


def today(inventory: Inventory, guests: Sequence[MovedGuest]) -> Way:
    """As they run now: what is used of what they were given."""
    return Way(
        TODAY,
        hosts=inventory.host_count or None,
        cpu_used=_share([each.guest.cpu_used for each in guests], inventory.vcpu),
        memory_used=_share([each.guest.memory_used for each in guests], inventory.memory),
    )


def own_instances(guests: Sequence[MovedGuest], terms: PriceTerms) -> list[Way]:
    """An instance for each, as they are and right-sized."""
    return [
        _own(AS_THEY_ARE, guests, as_they_are(guests), terms, "what they were given"),
        _own(RIGHT_SIZED, guests, right_sized(guests), terms, _rests_on(guests)),
    ]


def _own(
    name: str,
    guests: Sequence[MovedGuest],
    own: list[OwnMachine],
    terms: PriceTerms,
    rests_on: str,
) -> Way:
    none = [each.guest.name for each in own if each.type is None]
    if none:
        return Way(name, refused=f"no instance type is as large as {none[0]}", rests_on=rests_on)
    paid = machines(own)
    return Way(
        name,
        hosts=len(own),
        lower_bound=len(own),
        stopped_by="1 per VM",
        usd_per_month=_usd(platform_row("ec2").charges, paid, terms),
        rests_on=rests_on,
        cpu_used=_cpu_used(guests, paid),
        memory_used=_memory_used(guests, paid),
    )


def in_containers(
    name: str, guests: Sequence[MovedGuest], question: MigrateQuestion, told: Progress = UNSEEN
) -> Way:
    """Those that can be containers on one platform; the others are instances beside them.

    What fits on no machine of the platform is an instance, too; so are those that take more than
    half of one, where any type may be taken and that costs much less.
    """
    row = platform_row(name)
    contained = [each for each in guests if each.to == "container"]
    way = _packed(row, contained, guests, question, told)
    large = _large(way, guests) if question.instance == AUTO else set()
    if not large:
        return way
    small = way.inside - large
    others = [each for each in guests if each.name in small]
    without = _packed(row, others, guests, question, told)
    saves = _with_spare(without, question.terms) < MUCH_LESS * _with_spare(way, question.terms)
    return without if saves else way


def _large(way: Way, guests: Sequence[MovedGuest]) -> set[str]:
    """Guests that take more than half of the machine they are on."""
    packing = None if way.planned is None else way.planned.packing
    hosts = packing.hosts if packing else ()
    types = {copy.part: catalog.instance(host.kind.name) for host in hosts for copy in host.on}
    return {
        each.name
        for each in guests
        if (on := types.get(each.name)) is not None
        if 2.0 * each.cpu > on.vcpu * on.core_speed.value or 2.0 * each.memory > on.memory
    }


def _with_spare(way: Way, terms: PriceTerms) -> float:
    """What it costs a month with machines to spare; infinite where that is not known."""
    if way.usd_per_month is None:
        return inf
    return way.usd_per_month + (spare_usd(way, terms) or 0.0)


def _packed(
    row: PlatformRow,
    contained: Sequence[MovedGuest],
    guests: Sequence[MovedGuest],
    question: MigrateQuestion,
    told: Progress,
) -> Way:
    """These as containers, less those that fit on no machine; all other guests are instances."""
    name, contained = row.name, list(contained)
    amd64 = _of_their_processor(candidates(question.instance))
    while contained:
        app = application(question.inventory.name, contained)
        types = _likeliest(app, amd64, question.spare)
        try:
            planned = _planned(row, app, types, question.spare, told)
            return _shared(row, app, planned, guests, question)
        except DoesNotFit as error:
            left = [each for each in contained if each.name != error.part]
            if len(left) == len(contained):
                return Way(name, refused=str(error))
            contained = left
        except ValueError as error:
            return Way(name, refused=str(error))
    return Way(name, refused="none of the VMs can be a container")


def _likeliest(app: Application, names: Sequence[str], spare: int) -> Sequence[str]:
    """Of many guests only types on which least could be paid are tried: packing takes its time."""
    if len(app.parts) <= MANY:
        return names
    return [name for _, name in by_least_cost(app, names, spare)][:LIKELIEST] or names


class _Planned(NamedTuple):
    bare: PlannedHosts
    spared: PlannedHosts | None


def _planned(
    row: PlatformRow, app: Application, types: Sequence[str], spare: int, told: Progress
) -> _Planned:
    """Machines of the types that are cheapest with those to spare, without and with these.

    One large machine is the cheapest often, until it has to be there twice.
    """
    if not spare or row.own_host:
        return _Planned(planned_hosts(row, app, types, 0, told=told), None)
    spared = planned_hosts(row, app, types, spare, told=told)
    return _Planned(planned_hosts(row, app, spared.types, 0, told=told), spared)


def _of_their_processor(names: Sequence[str]) -> list[str]:
    """Guests were built for the processors of their old hosts."""
    own = [name for name in names if catalog.instance(name).architecture == "amd64"]
    return own or list(names)


def _shared(
    row: PlatformRow,
    app: Application,
    both: _Planned,
    guests: Sequence[MovedGuest],
    question: MigrateQuestion,
) -> Way:
    planned = both.bare
    inside = {part.name for part in app.parts}
    stay = right_sized(_with_os(each) for each in guests if each.name not in inside)
    beside = f"; {len(stay)} stay instances" if stay else ""
    kept = bill(platform_row("ec2").charges, machines(stay), question.terms).of(*PAID).usd_per_month
    own = _usd(row.charges, planned.paid, question.terms)
    every = (*planned.paid, *machines(stay))
    return Way(
        row.name,
        hosts=planned.machines,
        lower_bound=planned.lower_bound,
        stopped_by=_stopped(row, planned),
        usd_per_month=None if own is None or kept is None else own + kept,
        rests_on=f"{len(app.parts)} containers{beside}",
        stay=tuple(stay),
        app=app,
        platform=row,
        planned=planned,
        spared=both.spared,
        cpu_used=_cpu_used(guests, every),
        memory_used=_memory_used(guests, every),
    )


def _with_os(each: MovedGuest) -> MovedGuest:
    """As an instance it has an OS of its own again; what it needs may be more than it was given."""
    if each.to == "instance":
        return each
    whole = min(each.guest.memory, each.memory + own_os(each.guest.memory))
    return replace(each, memory=max(each.memory, whole))


def _stopped(row: PlatformRow, planned: PlannedHosts) -> str:
    if not row.own_host:
        return planned.stopped_by
    return (
        "size steps" if any(isinstance(each, SizedTasks) for each in planned.paid) else "1 per VM"
    )


def spare_usd(way: Way, terms: PriceTerms) -> float | None:
    """What the machines to spare cost a month; None where it is not known."""
    if way.platform is None or way.planned is None or way.spared is None:
        return None
    charges = replace(way.platform.charges, cluster=False)
    both = [_usd(charges, each.paid, terms) for each in (way.planned, way.spared)]
    return None if None in both else (both[1] or 0.0) - (both[0] or 0.0)


def _usd(charges: Charges, paid: Sequence[Capacity], terms: PriceTerms) -> float | None:
    return bill(charges or NO_CHARGES, paid, terms).of(*PAID).usd_per_month


def _cpu_used(guests: Sequence[MovedGuest], paid: Sequence[Capacity]) -> float | None:
    """Share of the vCPUs of some machines that all guests use."""
    return _share(
        [each.cpu_used for each in guests], fsum(each.count * _cpus(each) for each in paid)
    )


def _memory_used(guests: Sequence[MovedGuest], paid: Sequence[Capacity]) -> float | None:
    """Share of the memory of some machines that all guests use."""
    whole = fsum(each.count * _memory(each) for each in paid)
    return _share([each.guest.memory_used for each in guests], whole)


def _cpus(each: Capacity) -> float:
    """vCPUs of an m5 that one is worth."""
    if isinstance(each, Machines):
        type_ = catalog.instance(each.type)
        return type_.vcpu * type_.core_speed.value
    return each.vcpu


def _memory(each: Capacity) -> float:
    return catalog.instance(each.type).memory if isinstance(each, Machines) else each.memory


def _share(used: Sequence[float | None], of: float) -> float | None:
    """None where the use of one of them is not known."""
    known = [each for each in used if each is not None]
    return fsum(known) / of if of and len(known) == len(used) else None


def _rests_on(guests: Sequence[MovedGuest]) -> str:
    """What most sizes rest on."""
    words = [each.cpu_from for each in guests]
    most = max(dict.fromkeys(words), key=words.count)
    return most.partition(",")[0] if words.count(most) * 2 > len(words) else "several rules"
