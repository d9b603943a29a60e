"""How many fit on this machine, as what, and what stops them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sim import catalog
from sim.core.cited import Cited, plain
from sim.core.question import asking
from sim.host import Machine
from sim.host.machine import Architecture
from sim.platforms import ECS, EKS, Fargate
from sim.platforms.limits import lifted
from sim.start import Ceiling
from sim.studies.bare_machine import bare_machine
from sim.studies.density.answer import DensityAnswer
from sim.studies.density.by_use import ByUse, Sized, largest_by_use
from sim.studies.density.explain import why_so_many
from sim.studies.density.question import DensityQuestion
from sim.studies.density.row import DensityRow, overcommitted
from sim.workload import Service

ECS_ROWS: tuple[tuple[str, Literal["bridge", "awsvpc"], bool], ...] = (
    ("ecs-bridge", "bridge", False),
    ("ecs-awsvpc", "awsvpc", False),
    ("ecs-awsvpc-trunk", "awsvpc", True),
)


def answer(question: DensityQuestion) -> DensityAnswer:
    """How many sandboxes of a size fit on one machine, on every platform."""
    service = catalog.service(
        question.app,
        cpu=question.cpu,
        memory=question.memory,
        cpu_quota=not question.cpu_weight_only,
        load_share=question.load,
    )
    instance, max_pods = question.instance, question.max_pods
    type_, server = catalog.machine(instance), bare_machine(question.host, instance)
    asked = _Measured(service, question)
    vm = catalog.hypervisor(server, cpu_overcommit=question.cpu_overcommit)
    docker = catalog.docker(server, cpu_overcommit=question.cpu_overcommit)
    bare_type = question.host or instance
    rows = [
        asked.row("vm", server, vm, type_=bare_type),
        asked.row("docker", server, docker, type_=bare_type),
        _ec2(asked, type_, question.burstable),
        *(_ecs(asked, name, type_) for name in _ecs_names(type_)),
        _fargate(asked, catalog.fargate(type_.architecture)),
        _eks(asked, "eks", type_, catalog.eks(type_, max_pods=max_pods)),
        _eks(
            asked,
            "eks-prefix",
            type_,
            catalog.eks(type_, max_pods=max_pods, prefix_delegation=True),
        ),
        _eks_on_fargate(asked, catalog.eks_on_fargate(), question.architecture),
    ]
    explained = list(why_so_many(asked)) if question.explain else None
    return DensityAnswer(question, service, rows, explained, asked.speeds())


density = asking(DensityQuestion, answer, "density")


@dataclass(slots=True)
class _Measured:
    """The question, and the densities by use that several rows share."""

    service: Service
    question: DensityQuestion
    shared: dict[object, list[ByUse]] = field(default_factory=dict)
    platforms: dict[str, tuple[Machine, Sized]] = field(default_factory=dict)
    """Of the rows of which one host takes many."""

    def wants_use(self, name: str) -> bool:
        """Whether that row shows its density by use."""
        return self.question.wants_use(name)

    def row(self, name: str, machine: Machine, platform: Sized, *, type_: str = "") -> DensityRow:
        """The row of a platform of which one host takes many; `type_` is whose price it has."""
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
        row.note = overcommitted(row, machine, platform, self.service)
        return _priced(row, machine, type_)

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
        key = _besides_slots(platform), service
        if key not in self.shared:
            self.shared[key] = [
                largest_by_use(
                    platform,
                    service,
                    vcpu=machine.vcpu,
                    core_speed=plain(machine.core_speed),
                    window=self.question.window,
                    slowdown=self.question.slowdown,
                    seed=self.question.seed,
                    replication=number,
                )
                for number in range(self.question.replications)
            ]
        slots = min(platform.slots(service), key=lambda c: c.allows, default=None)
        return [_within(answer, slots) for answer in self.shared[key]]


def _besides_slots(platform: Sized) -> object:
    """What decides density by use besides the slots; max pods also take memory off Allocatable."""
    if isinstance(platform, ECS):
        return replace(platform, network="host", trunking=False)
    if isinstance(platform, EKS) and platform.node is not None:
        return replace(platform, node=replace(platform.node, addresses=None))
    return platform


def _within(answer: ByUse, slots: Ceiling | None) -> ByUse:
    if slots is None:
        return answer
    last = None if answer.last_fit is None else min(slots.allows, answer.last_fit)
    if slots.allows >= answer.count:
        return replace(answer, last_fit=last)
    return ByUse(slots.allows, slots.limit, answer.probes, last)


def _ecs_names(type_: Machine) -> list[tuple[str, Literal["bridge", "awsvpc"], bool]]:
    """Trunking is left out where the type does not support it, not where that is not known."""
    return [row for row in ECS_ROWS if not row[2] or type_.trunk_tasks != 0]


def _ecs(
    asked: _Measured, name: tuple[str, Literal["bridge", "awsvpc"], bool], type_: Machine
) -> DensityRow:
    platform, network, trunking = name
    row = asked.row(platform, type_, catalog.ecs(type_, network=network, trunking=trunking))
    if trunking and type_.trunk_tasks is None:
        row.refused = f"tasks with ENI trunking on {type_.name} are not known"
    return row


def _ec2(asked: _Measured, type_: Machine, burstable: bool) -> DensityRow:
    ec2 = catalog.ec2_for(asked.service, type_.architecture, burstable=burstable)
    if ec2 is None:
        reason = "no EC2 type of this architecture holds it"
        none = lifted((Ceiling("instance size", 0, "ask for less"),))
        return asked.one(DensityRow("ec2", "-", 0, none, refused=reason))
    ceilings = ec2.ceilings(asked.service)
    count = ceilings[0].allows
    row = DensityRow(
        "ec2", ec2.machine.name, count, lifted(ceilings), ec2.budget(asked.service, count)
    )
    row.note = _beyond_the_account(ceilings)
    return asked.one(_priced(row, ec2.machine))


def _fargate(asked: _Measured, fargate: Fargate) -> DensityRow:
    service, ceilings = asked.service, fargate.ceilings(asked.service)
    size = fargate.size_for(service)
    if size is None:
        reason = f"no Fargate size holds it; {ceilings[0].how}"
        return asked.one(DensityRow("fargate", "-", 0, lifted(ceilings), refused=reason))
    count = ceilings[0].allows
    row = DensityRow("fargate", str(size), count, lifted(ceilings), fargate.budget(service, count))
    row.note = _beyond_the_account(ceilings)
    if count == 0:
        row.refused = f"{ceilings[0].limit} has no room; {ceilings[0].how}"
        return asked.one(row)
    if (size.vcpu, size.memory) != (service.cpu, service.memory):
        row.note = _also(row.note, f"asked {_size(service)}, given and paid {size}")
    row.usd_per_container_hour = fargate.price(size)
    return asked.one(row)


def _eks(asked: _Measured, name: str, type_: Machine, eks: EKS) -> DensityRow:
    row = asked.row(name, type_, eks)
    row.note = _also(row.note, _a_cluster())
    if row.count == 0:
        row.refused = f"{row.refused}; {row.limits[0].how}"
    return row


def _eks_on_fargate(asked: _Measured, eks: EKS, architecture: Architecture | None) -> DensityRow:
    service, ceilings = asked.service, eks.ceilings(asked.service)
    size = eks.fargate_size(service)
    if architecture == "arm64":
        no_arm = lifted((Ceiling("architecture", 0, "run it on EC2 nodes"),))
        return asked.one(
            DensityRow("eks-fargate", "-", 0, no_arm, refused="EKS runs Fargate on amd64")
        )
    if size is None:
        reason = f"no Fargate size holds it and its overhead; {ceilings[0].how}"
        return asked.one(DensityRow("eks-fargate", "-", 0, lifted(ceilings), refused=reason))
    count = ceilings[0].allows
    row = DensityRow("eks-fargate", str(size), count, lifted(ceilings), eks.budget(service, count))
    row.note = _beyond_the_account(ceilings)
    own = catalog.figure("eks.fargate.pod_overhead").shown()
    paid = f"asked {_size(service)}, {own} for Kubernetes, given and paid {size}"
    row.note = _also(row.note, paid, _a_cluster())
    row.usd_per_container_hour = eks.usd_per_hour(service)
    return asked.one(row)


def _beyond_the_account(ceilings: Sequence[Ceiling]) -> str:
    """That the account, as it is at first, may not run even one."""
    for ceiling in ceilings:
        if ceiling.of_account and ceiling.allows == 0:
            return f"the {ceiling.limit} lets not one run: {ceiling.how}"
    return ""


def _also(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _a_cluster() -> str:
    """What EKS costs whatever runs on it."""
    return f"a cluster costs {catalog.figure('eks.cluster.price').value:.2f} USD/h besides"


def _priced(row: DensityRow, machine: Machine, type_: str = "") -> DensityRow:
    if row.count == 0:
        row.refused = row.refused or f"not one fits on {machine.name}: {row.stopped_by}"
    elif machine.usd_per_hour is None:
        row.refused = f"the price of {machine.name} is not known"
    else:
        row.usd_per_container_hour = plain(machine.usd_per_hour) / row.count
        row.priced_as = type_ or machine.name
    return row


def _size(service: Service) -> str:
    return f"{service.cpu:g} vCPU / {service.memory / 2**20:g} MiB"
