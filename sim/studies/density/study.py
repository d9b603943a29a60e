"""How many fit on this machine, as what, and what stops them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, cast

from sim import catalog
from sim.core.cited import Cited, plain
from sim.core.quantity import shown_bound, shown_machine
from sim.core.question import asking
from sim.experiment.running.progress import UNSEEN, progress
from sim.host import Machine
from sim.platforms.limits import lifted
from sim.start import Ceiling
from sim.studies.cost.bill import Machines
from sim.studies.cost.hosts import one_host
from sim.studies.density.answer import DensityAnswer
from sim.studies.density.question import DensityQuestion
from sim.studies.density.row import DensityRow, overcommitted
from sim.studies.platform_row import Flavour, PlatformOptions, PlatformRow, StudiedPlatform
from sim.studies.platforms import rows
from sim.workload import Service

if TYPE_CHECKING:
    from sim.studies.density.bench import Bench
    from sim.studies.density.by_use import ByUse, Sized
    from sim.studies.influence import Explained


def answer(question: DensityQuestion) -> DensityAnswer:
    """How many sandboxes of a size fit on one machine, on every platform."""
    service = catalog.service(
        question.app,
        cpu=question.cpu,
        memory=question.memory,
        cpu_quota=not question.cpu_weight_only,
        load_share=question.load,
        gpus=question.gpus,
        threads=question.threads,
        variation=question.variation,
    )
    options = PlatformOptions(
        service=service,
        instance=question.instance,
        host=question.host,
        architecture=question.architecture,
        cheapest=True,
        burstable=question.burstable,
        reserved_memory=question.reserved_memory,
        held_at_baseline=question.credits == "standard",
        max_pods=question.max_pods,
        nodes=question.nodes(),
        cpu_overcommit=question.cpu_overcommit,
    )
    measured = _Measured(service, question)
    counted = [
        _row(measured, platform, flavour, replace(options, **flavour.options))  # type: ignore[arg-type]
        for platform in rows("density")
        for flavour in platform.density
        if flavour.applies(options)
    ]
    measured.compare_memory(counted)
    explained = _explained(measured) if question.explain else None
    return DensityAnswer(question, service, counted, explained, measured.speeds())


density = asking(DensityQuestion, answer, "density")


class _Searched(NamedTuple):
    """Answers by use of the replications, and where their searches ended at the latest."""

    most: int | None
    answers: list[ByUse]

    def decides(self, most: int | None) -> bool:
        """Whether a search that may end at `most` is answered by these."""
        return self.most is None or (most is not None and most <= self.most)


MOST_REQUESTS = 10_000_000
"""Requests of a probe with a window of one's own: they are in memory at once."""


@dataclass(slots=True)
class _Measured:
    """The question, and the densities by use that several rows share."""

    service: Service
    question: DensityQuestion
    shared: dict[object, _Searched] = field(default_factory=dict)
    benches: dict[object, Bench] = field(default_factory=dict)
    """Where they are probed: platforms with equal CPU trees share verdicts."""
    platforms: dict[str, tuple[Machine, Sized]] = field(default_factory=dict)
    """Host and platform of each row whose host takes many."""

    def wants_use(self, name: str) -> bool:
        """Whether that row shows its density by use."""
        return self.question.wants_use(name)

    def row(self, name: str, platform: Sized) -> DensityRow:
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
        crowded = overcommitted(row, platform, self.service)
        row.note = _also(crowded, platform.remark(self.service))
        if row.unknown:
            row.refused = f"how many tasks {machine.name} takes with ENI trunking is not known"
        elif count == 0:
            row.refused = f"none fits on {machine.name} ({row.stopped_by}); {ceilings[0].how}"
        return row

    def compare_memory(self, counted: Sequence[DensityRow]) -> None:
        """Give each row that takes as many as there are VMs the budget of that many."""
        count = next(row.count for row in counted if row.platform == "vm")
        for row in counted:
            if row.platform in self.platforms and row.count >= count > 0:
                row.alike = self.platforms[row.platform][1].budget(self.service, count)

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
            from sim.studies.density.by_use import ByUse

            row.by_use = [ByUse(row.count, row.stopped_by, ())]
        return row

    def by_use(
        self, machine: Machine, platform: Sized, service: Service, *, quietly: bool = False
    ) -> list[ByUse]:
        """Simulated once for all platforms that differ in their slots only, if those do not bind.

        One more than there are slots for is enough to know that it is they who stop it.
        """
        slots = min(platform.slots(service), key=lambda c: c.allows, default=None)
        most = None if slots is None else slots.allows + 1
        key = platform.without_slots(), service
        known = self.shared.get(key)
        if known is None or not known.decides(most):
            known = self.shared[key] = _Searched(
                most,
                [
                    self._largest(machine, platform, service, number, most=most, quietly=quietly)
                    for number in range(self.question.replications)
                ],
            )
        return [_within(answer, slots) for answer in known.answers]

    def _largest(
        self,
        machine: Machine,
        platform: Sized,
        service: Service,
        replication: int,
        *,
        most: int | None,
        quietly: bool,
    ) -> ByUse:
        from sim.studies.density.by_use import largest_by_use  # by reservation nothing is probed

        shown = nullcontext(UNSEEN) if quietly else progress("probing density by use", "probe")
        with shown as told:
            return largest_by_use(
                platform,
                self._bench(machine.vcpu, service, replication),
                core_speed=plain(machine.core_speed),
                sustained=machine.sustained_vcpus,
                most=most,
                told=told,
            )

    def _bench(self, vcpu: float, service: Service, replication: int) -> Bench:
        key = vcpu, service, replication
        if key not in self.benches:
            from sim.studies.density.bench import Bench

            question = self.question
            self.benches[key] = Bench(
                service,
                vcpu=vcpu,
                window=self._window(vcpu, service),
                slowdown=question.slowdown,
                seed=(question.seed, replication),
            )
        return self.benches[key]

    def _window(self, vcpu: float, service: Service) -> float:
        from sim.studies.density.by_use import window_for

        usual, asked = window_for(vcpu), self.question.window
        if asked is None or service.load is None:
            return usual if asked is None else asked
        most = max(usual, MOST_REQUESTS * plain(service.load.request_cpu) / vcpu)
        if asked > most:
            raise ValueError(
                f"window: {asked:,.10g} s is not allowed; at most {shown_bound(most)} s, in which "
                f"{vcpu:g} vCPUs serve {MOST_REQUESTS:,} requests"
            )
        return asked


def _explained(measured: _Measured) -> list[Explained]:
    from sim.studies.density.explain import why_so_many

    return list(why_so_many(measured))


def _within(answer: ByUse, slots: Ceiling | None) -> ByUse:
    if slots is None:
        return answer
    last = None if answer.last_fit is None else min(slots.allows, answer.last_fit)
    if slots.allows >= answer.count:
        return replace(answer, last_fit=last)
    return replace(answer, count=slots.allows, stopped_by=slots.limit, last_fit=last)


def _row(
    measured: _Measured, platform: PlatformRow, flavour: Flavour, options: PlatformOptions
) -> DensityRow:
    """The row of a platform, set up in one of its ways."""
    unfit = platform.unfit(options)
    if unfit is not None:
        none = DensityRow(flavour.name, "-", 0, lifted(unfit[:1]), refused=unfit[1])
        return measured.one(none)
    built = platform.made(options)
    if platform.own_host:
        row = measured.one(_alone(flavour.name, platform, built, options.service))
    else:
        row = measured.row(flavour.name, cast("Sized", built))
    row.note = _also(
        row.note, platform.remark(), platform.charges.besides(measured.question.cluster_tier)
    )
    row.terms = measured.question
    return _priced(row, platform, built, options)


def _alone(
    name: str, platform: PlatformRow, built: StudiedPlatform, service: Service
) -> DensityRow:
    """The row of a platform that has a host for each sandbox."""
    ceilings = built.ceilings(service)
    if platform.interrupted:  # what an account may have as Spot is another quota, and not known
        ceilings = tuple(each for each in ceilings if not each.of_account)
    count = ceilings[0].allows
    host, budget = built.host_name(service), built.budget(service, count)
    row = DensityRow(name, host, count, lifted(ceilings), budget)
    row.note = _beyond_the_account(ceilings)
    if count == 0:
        row.refused = f"{ceilings[0].limit} has no room; {ceilings[0].how}"
        return row
    size = built.fargate_size(service)
    if size is not None and (size.vcpu, size.memory) != (service.cpu, service.memory):
        wanted = f"asks for {shown_machine(service.cpu, service.memory)}"
        wanted = ", ".join(filter(None, (wanted, platform.for_itself())))
        row.note = _also(row.note, f"{wanted}, and gets (and pays) {size}")
    return row


def _beyond_the_account(ceilings: Sequence[Ceiling]) -> str:
    """That the account, as it is at first, may not run even one."""
    for ceiling in ceilings:
        if ceiling.of_account and ceiling.allows == 0:
            return f"the {ceiling.limit} does not allow even one: {ceiling.how}"
    return ""


def _also(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _priced(
    row: DensityRow, platform: PlatformRow, built: StudiedPlatform, options: PlatformOptions
) -> DensityRow:
    """The row with how one host is paid."""
    if row.count == 0:
        return row
    bare = options.instance if options.host is None else str(options.host)
    row.paid, row.charges = one_host(built, options.service, bare), platform.charges
    if isinstance(row.paid, Machines) and row.paid.type in catalog.instances():
        row.priced_as = row.paid.type
    host = row.bill(1)
    if host is not None and host.machines_usd_per_hour is None:
        row.refused = host.of("compute", "fee").unknown[0]
    return row
