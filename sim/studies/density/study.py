"""How many fit on this machine, as what, and what stops them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, cast

from sim import catalog
from sim.core.cited import Cited, plain
from sim.host import Machine
from sim.host.machine import Architecture
from sim.platforms.kubernetes.allocatable import MOST_PODS
from sim.platforms.limits import lifted
from sim.start import Ceiling
from sim.studies.density.answer import DensityAnswer
from sim.studies.density.by_use import ByUse, Sized, largest_by_use
from sim.studies.density.explain import why_so_many
from sim.studies.density.row import DensityRow, overcommitted
from sim.studies.platform_row import Flavour, PlatformOptions, PlatformRow, StudiedPlatform
from sim.studies.platforms import rows
from sim.workload import Service

By: TypeAlias = Literal["reservation", "use", "both"]


def density(
    *,
    instance: str = "m5.xlarge",
    host: str | None = None,
    app: str = "generic",
    cpu: float | None = None,
    memory: float | None = None,
    cpu_weight_only: bool = False,
    cpu_overcommit: float = 1.0,
    burstable: bool = True,
    architecture: Architecture | None = None,
    max_pods: int | None = None,
    by: By = "both",
    load: float | None = None,
    slowdown: float = 2.0,
    window: float | None = None,
    use_on: Sequence[str] | None = None,
    seed: int = 1,
    replications: int = 1,
    explain: bool = False,
) -> DensityAnswer:
    """How many sandboxes of a size fit on one machine, on every platform.

    Args:
        instance: EC2 type that the AWS rows run on.
        host: bare machine of the `vm` and `docker` rows; None: of the instance's size.
        app: `java`, `node`, `mysql` or `generic`.
        cpu: vCPUs of one sandbox; None: the app's default.
        memory: bytes of one sandbox; None: the app's default.
        cpu_weight_only: make `cpu` a weight instead of a quota.
        cpu_overcommit: reserved vCPUs per vCPU of the bare machine, of guests and containers alike.
        burstable: whether the `ec2` row may pick a T type.
        architecture: the only one the image is built for; None: all.
        max_pods: of the kubelet on EKS nodes; None: what EKS recommends for the type.
        by: which of the two densities.
        load: mean CPU use as a fraction of `cpu`, of an m5 vCPU, above 0 and below 1.
        slowdown: target for the p95 slow-down by neighbours, at least 1.
        window: simulated seconds of a probe; None: 60 up to 16 vCPU, less beyond.
        use_on: platforms whose density by use is wanted; None: all.
        seed: of the requests.
        replications: of the density by use; the middle answer counts.
        explain: whether to find the numbers that move each answer.

    Raises:
        ValueError: a name is not known, or a value is out of range.
    """
    _check(cpu_overcommit, load, window, replications, max_pods)
    service = catalog.service(
        app, cpu=cpu, memory=memory, cpu_quota=not cpu_weight_only, load_share=load
    )
    type_ = catalog.instance(instance)
    if architecture not in (None, type_.architecture):
        raise ValueError(
            f"arch: {architecture!r} alone does not run on {instance} ({type_.architecture}): "
            f"every start would end with 'exec format error'"
        )
    options = PlatformOptions(
        service=service,
        instance=instance,
        host=host,
        architecture=architecture,
        cheapest=True,
        burstable=burstable,
        max_pods=max_pods,
        cpu_overcommit=cpu_overcommit,
    )
    asked = _Measured(service, by, use_on, seed, replications, window, slowdown)
    found = [
        _row(asked, platform, flavour, replace(options, **flavour.options))  # type: ignore[arg-type]
        for platform in rows("density")
        for flavour in platform.density
        if flavour.applies(options)
    ]
    return DensityAnswer(
        service,
        instance,
        found,
        {
            "instance": instance,
            "host": options.server.name,
            "cpu_overcommit": cpu_overcommit,
            "burstable": burstable,
            "architecture": architecture,
            "max_pods": max_pods,
            "by": by,
            "use_on": list(use_on) if use_on is not None else None,
            "slowdown": slowdown,
            "window": window,
            "replications": replications,
            "seed": seed,
        },
        list(why_so_many(asked)) if explain else None,
        asked.speeds(),
    )


@dataclass(slots=True)
class _Measured:
    """The question, and the densities by use that several rows share."""

    service: Service
    by: By
    use_on: Sequence[str] | None
    seed: int
    replications: int
    window: float | None
    slowdown: float
    shared: dict[object, list[ByUse]] = field(default_factory=dict)
    platforms: dict[str, tuple[Machine, Sized]] = field(default_factory=dict)
    """Of the rows of which one host takes many."""

    def wants_use(self, name: str) -> bool:
        """Whether that row shows its density by use."""
        return self.by != "reservation" and (self.use_on is None or name in self.use_on)

    def row(self, name: str, platform: Sized, options: PlatformOptions) -> DensityRow:
        """The row of a platform of which one host takes many."""
        machine = platform.machine
        self.platforms[name] = machine, platform
        ceilings = platform.ceilings(self.service)
        count = ceilings[0].allows
        row = DensityRow(
            platform=name,
            host=machine.name,
            count=count,
            limits=lifted(ceilings),
            budget=platform.budget(self.service, count),
        )
        if self.wants_use(name):
            row.by_use = self.by_use(machine, platform, self.service)
        row.note = overcommitted(row, platform, self.service)
        if row.unknown:
            row.refused = f"tasks with ENI trunking on {machine.name} are not known"
        elif count == 0:
            row.refused = f"not one fits on {machine.name}: {row.stopped_by}; {ceilings[0].how}"
        return _priced(row, platform, options)

    def speeds(self) -> list[Cited]:
        """Core speeds of the hosts that were simulated, but for those of the reference."""
        used = (m.core_speed for n, (m, _) in self.platforms.items() if self.wants_use(n))
        cited = (
            speed for speed in used if isinstance(speed, Cited) and round(speed.value, 2) != 1.0
        )
        return list({speed.key: speed for speed in cited}.values())

    def one(self, row: DensityRow) -> DensityRow:
        """A row whose host takes exactly one: by use it is one as well."""
        if self.wants_use(row.platform):
            row.by_use = [ByUse(row.count, row.stopped_by, ())]
        return row

    def by_use(self, machine: Machine, platform: Sized, service: Service) -> list[ByUse]:
        """Simulated once for all platforms that differ in their slots only."""
        key = platform.without_slots(), service
        if key not in self.shared:
            self.shared[key] = [
                largest_by_use(
                    platform,
                    service,
                    vcpu=machine.vcpu,
                    core_speed=plain(machine.core_speed),
                    window=self.window,
                    slowdown=self.slowdown,
                    seed=self.seed,
                    replication=number,
                )
                for number in range(self.replications)
            ]
        slots = min(platform.slots(service), key=lambda c: c.allows, default=None)
        return [_within(answer, slots) for answer in self.shared[key]]


def _within(answer: ByUse, slots: Ceiling | None) -> ByUse:
    if slots is None or slots.allows >= answer.count:
        return answer
    return ByUse(slots.allows, slots.limit, answer.probes)


def _row(
    asked: _Measured, platform: PlatformRow, flavour: Flavour, options: PlatformOptions
) -> DensityRow:
    """The row of a platform, set up in one of its ways."""
    if platform.own_host:
        row = asked.one(_alone(flavour.name, platform, options))
    else:
        row = asked.row(flavour.name, cast("Sized", platform.made(options)), options)
    if row.host != "-":
        row.note = _also(row.note, platform.besides())
    return row


def _alone(name: str, platform: PlatformRow, options: PlatformOptions) -> DensityRow:
    """The row of a platform that has a host for each sandbox."""
    service, unfit = options.service, platform.unfit(options)
    if unfit is not None:
        return DensityRow(name, "-", 0, lifted(unfit[:1]), refused=unfit[1])
    made = platform.made(options)
    ceilings = made.ceilings(service)
    count = ceilings[0].allows
    host, budget = made.host_name(service), made.budget(service, count)
    row = DensityRow(name, host, count, lifted(ceilings), budget)
    row.note = _beyond_the_account(ceilings)
    if count == 0:
        row.refused = f"{ceilings[0].limit} has no room; {ceilings[0].how}"
        return row
    size = made.fargate_size(service)
    if size is not None and (size.vcpu, size.memory) != (service.cpu, service.memory):
        asked = ", ".join(filter(None, (f"asked {_size(service)}", platform.for_itself())))
        row.note = _also(row.note, f"{asked}, given and paid {size}")
    return _priced(row, made, options)


def _beyond_the_account(ceilings: Sequence[Ceiling]) -> str:
    """That the account, as it is at first, may not run even one."""
    for ceiling in ceilings:
        if ceiling.of_account and ceiling.allows == 0:
            return f"the {ceiling.limit} lets not one run: {ceiling.how}"
    return ""


def _also(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _priced(row: DensityRow, platform: StudiedPlatform, options: PlatformOptions) -> DensityRow:
    """The row with what one costs: its share of the host."""
    price = platform.usd_per_hour(options.service)
    if row.count == 0:
        return row
    if price is None:
        row.refused = f"the price of {row.host} is not known"
        return row
    row.usd_per_container_hour = price / row.count
    if platform.fargate_size(options.service) is None:
        bare = options.instance if options.host is None else str(options.host)
        row.priced_as = row.host if row.host in catalog.instances() else bare
    return row


def _size(service: Service) -> str:
    return f"{service.cpu:g} vCPU / {service.memory / 2**20:g} MiB"


def _check(
    cpu_overcommit: float,
    load: float | None,
    window: float | None,
    replications: int,
    max_pods: int | None,
) -> None:
    wrong = []
    if max_pods is not None and not 1 <= max_pods <= MOST_PODS:
        wrong.append(f"max-pods: {max_pods!r} is not allowed; an integer from 1 to {MOST_PODS}")
    if not cpu_overcommit >= 1.0:
        wrong.append(f"cpu-overcommit: {cpu_overcommit!r} is not allowed; at least 1")
    if load is not None and not 0.0 < load < 1.0:
        wrong.append(f"load: {load!r} is not allowed; above 0 and below 1")
    if window is not None and not window > 0.0:
        wrong.append(f"window: {window!r} is not allowed; above 0 seconds")
    if replications < 1:
        wrong.append(f"replications: {replications!r} is not allowed; at least 1")
    if wrong:
        raise ValueError("\n".join(wrong))
