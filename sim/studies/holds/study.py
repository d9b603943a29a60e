"""How many whole copies of an application one host holds, on every platform, and what stops it."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from sim.core.question import asking
from sim.platforms.limits import fits
from sim.platforms.packing.host import DoesNotFit, HostKind, PackedHost, copies, host_kind
from sim.platforms.packing.placing import by_ceilings
from sim.studies.cost.bill import Capacity, bill
from sim.studies.cost.hosts import one_host, so_many
from sim.studies.holds.answer import HeldRow, HoldsAnswer
from sim.studies.holds.question import HoldsQuestion
from sim.studies.plan.hosts import options_for, staying
from sim.studies.platform_row import Flavour, PlatformOptions, PlatformRow
from sim.studies.platforms import rows
from sim.workload import Application

MOST = 100_000
"""Copies of which nobody asks for more on one host."""


def answer(question: HoldsQuestion) -> HoldsAnswer:
    """One more whole copy on a host of each platform until one of its parts is refused."""
    app = question.app
    options = replace(options_for(app, question.instance), host=question.host)
    held = [
        _row(app, platform, flavour, replace(options, **flavour.options))  # type: ignore[arg-type]
        for platform in rows("density")
        for flavour in platform.density
        if flavour.applies(options)
    ]
    return HoldsAnswer(question, held)


holds = asking(HoldsQuestion, answer, "holds")


def _row(
    app: Application, platform: PlatformRow, flavour: Flavour, options: PlatformOptions
) -> HeldRow:
    """The row of a platform, set up in one of its ways."""
    if platform.own_host:
        return _own_hosts(app, platform, flavour, options)
    made = platform.any(options)
    own_rules = getattr(made, "placing", None)  # a platform of one's own may say less
    placing = (own_rules and own_rules()) or by_ceilings(made.ceilings)
    try:
        kind = host_kind(app, made.machine, placing)
    except DoesNotFit as error:
        return HeldRow(flavour.name, made.machine.name, 0, refused=str(error))
    bare = options.instance if options.host is None else str(options.host)
    paid = one_host(made, options.service, bare)
    price = None if paid is None else bill(platform.charges, [paid]).machines_usd_per_hour
    return _filled(app, flavour.name, kind, price)


def _filled(app: Application, name: str, kind: HostKind, usd_per_hour: float | None) -> HeldRow:
    host, count = PackedHost(kind), 0
    wanted = copies(app, kind.placing)
    if not wanted:
        return HeldRow(name, kind.name, 0, refused="it has no part that stays")
    while count < MOST:
        for copy in wanted:
            if not host.takes(copy):
                word = (host.lacks(copy) or ["room"])[0]
                return HeldRow(
                    name,
                    kind.name,
                    count,
                    limits=_limits(kind, app, word, count),
                    usd_per_hour=usd_per_hour / count if count and usd_per_hour else None,
                )
            host.put(copy)
        count += 1
    return HeldRow(name, kind.name, count)


def _limits(kind: HostKind, app: Application, word: str, count: int) -> tuple[tuple[str, int], ...]:
    """What stops it, then what each resource alone would allow, smallest first."""
    left = kind.empty
    for copy in copies(app, kind.placing):
        left = left.less(copy.request)
    whole, after = kind.empty.amounts(), left.amounts()
    alone = {
        limit: fits(whole[limit], whole[limit] - after[limit])
        for limit in whole
        if isfinite(whole[limit]) and whole[limit] - after[limit] > 0.0
    }
    others = sorted((each for each in alone.items() if each[0] != word), key=lambda each: each[1])
    return ((word, count), *others)


def _own_hosts(
    app: Application, platform: PlatformRow, flavour: Flavour, options: PlatformOptions
) -> HeldRow:
    """A host for each task: how many, and what they cost together."""
    paid: list[Capacity] = []
    for part in staying(app):
        mine = replace(options, service=part.service, others=())
        made = None if platform.unfit(mine) else platform.any(mine)
        host = None if made is None else one_host(made, part.service)
        if made is None or host is None or made.ceilings(part.service)[0].allows == 0:
            return HeldRow(flavour.name, "-", None, refused=f"{part.name} fits on none")
        paid.append(so_many(host, part.copies))
    hosts = sum(part.copies for part in staying(app))
    price = bill(platform.charges, paid).machines_usd_per_hour
    return HeldRow(flavour.name, "1 host per task", None, hosts=hosts, usd_per_hour=price)
