"""What a platform needs of whole machines, or of Fargate tasks, to run an application."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cache, partial
from math import ceil, fsum, inf
from typing import TypeAlias

from sim import catalog
from sim.core.names import Architecture
from sim.core.quantity import shown_memory
from sim.experiment.running.progress import UNSEEN, Progress
from sim.platforms.packing.host import DoesNotFit, HostKind, PackedHost, copies, host_kind, jobs
from sim.platforms.packing.packing import PackedHosts, fewest, grown, largest_first
from sim.platforms.packing.placing import by_ceilings
from sim.start import Ceiling
from sim.studies.account_quotas import Need
from sim.studies.cost.bill import Capacity, Machines, SizedTasks
from sim.studies.cost.hosts import one_host, so_many
from sim.studies.plan.types import by_least_cost, undominated
from sim.studies.platform_row import PlatformOptions, PlatformRow, StudiedPlatform
from sim.units import GiB
from sim.workload import task_size
from sim.workload.application import Application, Part
from sim.workload.service import BOTH

STEP = 10 * GiB


Asked: TypeAlias = Callable[[str], PlatformOptions]
"""What is asked of a platform with machines of one type."""


@dataclass(frozen=True, slots=True)
class PlannedHosts:
    """Machines of one platform for an application."""

    instance: str
    """Their types, as text."""
    machines: int
    lower_bound: int
    paid: tuple[Capacity, ...]
    full: tuple[Capacity, ...]
    """The same at full use: as if machines came in pieces."""
    stopped_by: str
    then: str
    types: tuple[str, ...]
    """Instance types; of one machine a service the type of each part."""
    largest: str = ""
    """The dearest of the types; empty where there is none."""
    packing: PackedHosts | None = None
    disk: float | None = None
    """Bytes that a root volume needs where images do not fit on that of the platform."""
    need: Need | None = None
    """vCPUs against the account's quota."""


def planned_hosts(
    row: PlatformRow,
    app: Application,
    names: Sequence[str],
    spare: int,
    nodes: catalog.NodeSettings | None = None,
    *,
    told: Progress = UNSEEN,
    orders: int = 0,
) -> PlannedHosts:
    """The cheapest machines of some types, by the platform's own rules.

    Args:
        orders: of its services that have to fit, too, where chance decides which comes first.
        told: a bar that is drawn again as it goes on; it is not counted up.

    Raises:
        DoesNotFit: a part does not fit, with what it lacks.
        ValueError: the platform cannot be had with any of the types.
    """
    if not staying(app):
        raise ValueError("nothing in it stays up: it has daemons and jobs only")
    asked = cache(partial(options_for, app, nodes=nodes))
    if row.own_host:
        return _own_hosts(row, app, names, asked)
    if row.mixes:
        return _mixed(row, app, names, spare, asked)
    return _of_one_type(row, app, names, spare, asked, told=told, orders=orders)


def options_for(
    app: Application, instance: str, nodes: catalog.NodeSettings | None = None
) -> PlatformOptions:
    """What a platform is asked for, on behalf of all parts of an application.

    Args:
        nodes: settings of EKS nodes; None: as EKS has them.
    """
    first = next(iter(staying(app)), app.parts[0])
    return PlatformOptions(
        service=first.service,
        others=tuple(part.service for part in app.parts if part is not first),
        instance=instance,
        cheapest=True,
        burstable=False,
        architecture=_architecture(app, instance),
        nodes=catalog.NodeSettings() if nodes is None else nodes,
    )


def staying(app: Application) -> list[Part]:
    """The parts whose copies stay: neither daemons nor what runs once."""
    return [part for part in app.parts if part.copies and not (part.daemon or part.once)]


def _architecture(app: Application, instance: str) -> Architecture:
    """The type's own architecture where all images have it, else one that they have."""
    own = catalog.instance(instance).architecture
    built = [part.service.architectures for part in staying(app)]
    return next((each for each in (own, *BOTH) if all(each in some for some in built)), own)


def _of_one_type(
    row: PlatformRow,
    app: Application,
    names: Sequence[str],
    spare: int,
    asked: Asked,
    *,
    told: Progress,
    orders: int,
) -> PlannedHosts:
    """The type on which the whole costs least; those that cannot beat the best are not tried."""
    find = partial(fewest, tried=partial(told.update, 0), orders=orders)
    best: tuple[float, str, PackedHosts] | None = None
    failed: ValueError | None = None
    for bound, name in by_least_cost(app, names, 0 if row.most_hosts else spare):
        if best is not None and bound >= best[0]:
            break
        try:
            cheaper = partial(find, budget=inf if best is None else best[0])
            packing = _packed(row, app, asked(name), spare, cheaper)
        except ValueError as error:
            failed = failed or error
            continue
        cost = packing.usd_per_hour
        cost = inf if cost is None else cost
        if best is None or cost < best[0]:
            best = cost, name, packing
    if best is None:
        raise failed or DoesNotFit("the whole application", ["memory or vCPU"], "any of the types")
    _, name, packing = best
    return _shared(name, packing, machines=len(packing.hosts) + (spare if row.most_hosts else 0))


def _packed(
    row: PlatformRow,
    app: Application,
    options: PlatformOptions,
    spare: int,
    find: Callable[..., PackedHosts],
) -> PackedHosts:
    """The whole on the fewest hosts of one type, as `find` finds them (`fewest`)."""
    kind = _kind(row, app, options)
    wanted = copies(app, kind.placing)
    if not (kind.placing.in_any_order or app.one_by_one):
        wanted = largest_first(kind.empty, wanted)
    for job in jobs(app, kind.placing):
        if lacking := PackedHost(kind).lacks(job):
            raise DoesNotFit(job.part, lacking, kind.name)
    if row.most_hosts:  # a machine to spare runs a copy of the whole
        return find(kind, wanted, most=row.most_hosts)
    return find(kind, wanted, spare=spare)


def _kind(row: PlatformRow, app: Application, options: PlatformOptions) -> HostKind:
    """A host of one type as the platform offers it, with the application's daemons on it.

    Raises:
        ValueError: it cannot be had, or not even the daemons fit.
    """
    _fit_at_all(row, options)
    platform = row.any(options)
    own_rules = getattr(platform, "placing", None)  # a platform of one's own may say less
    placing = (own_rules and own_rules()) or by_ceilings(platform.ceilings)
    kind = host_kind(app, platform.machine, placing)
    price = catalog.instance(options.instance).usd_per_hour
    return replace(kind, name=options.instance, usd_per_hour=price)


def _fit_at_all(row: PlatformRow, options: PlatformOptions) -> None:
    unfit = row.unfit(options)
    if unfit is not None:
        limit, words = unfit
        raise DoesNotFit(options.service.name, [limit.limit], words)


def _shared(instance: str, packing: PackedHosts, machines: int) -> PlannedHosts:
    return PlannedHosts(
        instance=instance,
        machines=machines,
        lower_bound=packing.lower_bound + machines - len(packing.hosts),
        paid=(Machines(type=instance, count=machines),),
        full=(Machines(type=instance, count=packing.filled),),
        stopped_by=packing.stopped_by,
        then=packing.then,
        types=(instance,),
        largest=instance,
        packing=packing,
        disk=_larger_disk(packing),
    )


def larger_volume(hosts: Mapping[str, PlannedHosts | None]) -> str:
    """Which root volume hosts need where images do not fit on theirs; empty where all fit.

    Args:
        hosts: by platform.
    """
    short = {name: each.disk for name, each in hosts.items() if each and each.disk}
    if not short:
        return ""
    return (
        f"The images of one machine do not fit on the default root volume ({', '.join(short)}), "
        f"and no scheduler checks that: give it {shown_memory(max(short.values()))}, as the "
        f"simulated starts do."
    )


def _larger_disk(packing: PackedHosts) -> float | None:
    """A root volume, in whole steps of 10 GiB, with room for a pull beside the images."""
    if not packing.disk_short:
        return None
    disk = max(host.kind.placing.disk for host in packing.hosts)
    needed = 1.25 * (disk + packing.disk_short) + catalog.figure("ecs.ami.os_disk").value
    return STEP * ceil(needed / STEP)


def _mixed(
    row: PlatformRow, app: Application, names: Sequence[str], spare: int, asked: Asked
) -> PlannedHosts:
    """Machines as the platform itself chooses among the types."""
    kinds, failed = [], []
    for name in undominated(names):
        try:
            kinds.append(_kind(row, app, asked(name)))
        except ValueError as error:
            failed.append(error)
    if not kinds:
        raise failed[0]
    packing = grown(kinds, copies(app, kinds[0].placing), spare=spare)
    of_kind = packing.kinds
    largest = max(packing.hosts, key=lambda host: host.kind.usd_per_hour or 0.0).kind.name
    return PlannedHosts(
        instance=" + ".join(_counted(name, of_kind[name], len(of_kind)) for name in of_kind),
        machines=len(packing.hosts),
        lower_bound=packing.lower_bound,
        paid=tuple(Machines(type=name, count=count) for name, count in of_kind.items()),
        full=(Machines(type=largest, count=packing.filled),),
        stopped_by=packing.stopped_by,
        then=packing.then,
        types=tuple(of_kind),
        largest=largest,
        packing=packing,
        disk=_larger_disk(packing),
    )


def _counted(name: str, count: int, kinds: int) -> str:
    return name if kinds == 1 else f"{count} {name}"


def _own_hosts(
    row: PlatformRow, app: Application, names: Sequence[str], asked: Asked
) -> PlannedHosts:
    """A machine, or a microVM, for each copy."""
    parts = staying(app)
    of_size: dict[object, tuple[Capacity, StudiedPlatform]] = {}
    found = []
    for part in parts:
        size = _what_is_asked(part)
        if size not in of_size:
            of_size[size] = _own_host(row, part, names, asked)
        found.append((part, *of_size[size]))
    sizes: Counter[str] = Counter()
    for part, host, _ in found:
        sizes[_size_of(host)] += part.copies
    paid = tuple(so_many(host, part.copies) for part, host, _ in found)
    machines = sum(part.copies for part in parts)
    alone = found[0][2].ceilings(parts[0].service)
    types = tuple(host.type for _, host, _ in found if isinstance(host, Machines))
    need = _need(row, [(part, platform) for part, _, platform in found])
    return PlannedHosts(
        instance=_sizes(sizes, "types" if types else "sizes"),
        machines=machines,
        lower_bound=machines,
        paid=paid,
        full=paid,
        stopped_by=alone[0].limit,
        then=alone[1].limit if len(alone) > 1 else "",
        types=types,
        largest=max(types, key=lambda name: catalog.instance(name).usd_per_hour or 0.0, default=""),
        need=need,
    )


def _what_is_asked(part: Part) -> object:
    """All that decides which host of its own a copy gets: two parts alike get the same."""
    size = task_size(part.service)
    images = fsum(image.unpacked for image in size.images)
    return (*astuple(replace(size, images=())), images, part.service.architectures)


def _own_host(
    row: PlatformRow, part: Part, names: Sequence[str], asked: Asked
) -> tuple[Capacity, StudiedPlatform]:
    """The cheapest host that holds a copy of a part."""
    best: tuple[float, Capacity, StudiedPlatform] | None = None
    lacking: DoesNotFit | None = None
    for name in _one_of_each_architecture(part, names):
        options = replace(asked(name), service=part.service, others=())
        options = replace(options, architecture=catalog.instance(name).architecture)
        try:
            _fit_at_all(row, options)
            platform = row.any(options)
            host = one_host(platform, part.service)
            first = platform.ceilings(part.service)[0]
            if host is None or first.allows == 0:
                raise DoesNotFit(part.name, [_said(first)], row.label)
        except DoesNotFit as error:
            lacking = error
            continue
        price = platform.usd_per_hour(part.service)
        price = inf if price is None else price
        if best is None or price < best[0]:
            best = price, host, platform
    if best is None:
        raise lacking or DoesNotFit(part.name, ["architecture"], row.label)
    return best[1], best[2]


def _said(ceiling: Ceiling) -> str:
    """A limit, and what a platform that does not take such a task at all says of it."""
    words = ceiling.refusal.partition(f"{ceiling.limit}: ")[2]
    return f"{ceiling.limit} ({words})" if words else ceiling.limit


def _one_of_each_architecture(part: Part, names: Sequence[str]) -> Iterator[str]:
    """A type of each architecture for which the part was built: the host's size is its own."""
    seen = set()
    for name in names:
        architecture = catalog.instance(name).architecture
        if architecture not in seen and architecture in part.service.architectures:
            seen.add(architecture)
            yield name


def _size_of(host: Capacity) -> str:
    return str(host.size) if isinstance(host, SizedTasks) else host.type


def _sizes(sizes: Counter[str], several: str) -> str:
    """`m5.large`, or `5 types` where that would be too long to read."""
    if len(sizes) == 1:
        return next(iter(sizes))
    return (
        f"{len(sizes)} {several}"
        if len(sizes) > 2
        else " + ".join(f"{count} {size}" for size, count in sizes.items())
    )


def _need(row: PlatformRow, found: Sequence[tuple[Part, StudiedPlatform]]) -> Need:
    vcpus = fsum(part.copies * platform.host_vcpus(part.service) for part, platform in found)
    of, quota = found[0][1].quota()
    if quota is None:
        quota = catalog.figure("ec2.account.vcpus").value
    return Need(row.name, of, vcpus, quota)
