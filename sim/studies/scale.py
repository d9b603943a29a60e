"""What is asked of platforms whose machines come and go: from so many tasks to so many."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from math import ceil, inf
from typing import Annotated

from pydantic import BeforeValidator, PlainValidator

from sim import catalog
from sim.core.cited import SCALES
from sim.core.description import description, figures, with_figure
from sim.core.names import UnknownName, nearest, shown, unknown
from sim.core.quantity import number_in
from sim.core.question import Mistake, Typed, without_effect
from sim.studies import platforms
from sim.studies.cost.bill import Bill, bill
from sim.studies.cost.hosts import one_host, so_many
from sim.studies.cost.terms import PriceTerms
from sim.studies.kinds import (
    AUTO,
    Cores,
    Count,
    CountOrNone,
    Gpus,
    ImageName,
    InstanceOrAuto,
    Replications,
    Seed,
    Size,
    chosen,
    idle,
    node_takers,
    one_service,
    several,
    texts,
)
from sim.studies.platform_row import PlatformOptions, PlatformRow, StudiedPlatform
from sim.studies.platforms import row
from sim.units import GiB
from sim.workload import Service


def _quotas(quotas: Mapping[str, float] | Iterable[str]) -> Mapping[str, float]:
    """Figures by key in base units, of `fargate.launch.refill=20` and such where it was typed."""
    if isinstance(quotas, Mapping):
        return quotas
    by_key: dict[str, float] = {}
    wrong = []
    for text in texts(quotas):
        key, _, number = text.partition("=")
        value = number_in(number)
        if value is None or value <= 0.0:
            allowed = "a figure's key and a positive number, such as fargate.launch.refill=20"
            wrong.append(f"{shown(text)} is not allowed; {allowed}")
        elif key not in catalog.figures():
            wrong.append(str(unknown_quota(key, catalog.figures())).removeprefix("quota: "))
        elif key in by_key:
            wrong.append(f"{key!r} is given twice")
        else:
            by_key[key] = value * SCALES.get(catalog.figure(key).unit, 1.0)
    if wrong:
        raise ValueError("\n".join(wrong))
    return by_key


@description
class ChangeQuestion(PriceTerms):
    """What do platforms need to run more tasks, or fewer?"""

    platform: Annotated[
        str | tuple[str, ...],
        several("platform", lambda: platforms.names("scale"), everything="all"),
        Typed(
            shape="<name>",
            repeats=True,
            help=lambda: f"{platforms.listed('scale', 'all')}; may be repeated.",
        ),
    ] = "all"
    begin: Annotated[CountOrNone, Typed(name="from")] = 0
    """Tasks that run already."""
    to: CountOrNone = 500
    """Tasks that shall run."""
    app: Annotated[Service | None, BeforeValidator(one_service), Typed(python=True)] = None
    """A service of one's own, instead of `cpu`, `memory`, `gpus` and `image`."""
    cpu: Cores = 1.0
    """vCPUs of one task."""
    memory: Size = 2 * GiB
    """Memory of one task."""
    gpus: Gpus = 0
    instance: InstanceOrAuto = "c6g.4xlarge"
    """EC2 type of the instances that come; auto: ECS Managed Instances, EKS Auto Mode and Karpenter
    choose the general-purpose one on which the tasks cost least."""
    image: ImageName = "python:3.12"
    """Image of the tasks; they have no start-up work of their own."""
    quotas: (
        Annotated[
            Mapping[str, float],
            PlainValidator(_quotas),
            Typed(name="quota", shape="<figure>=<number>", repeats=True),
        ]
        | None
    ) = None
    """A figure of your account: fargate.launch.refill=20; repeatable. In Python a mapping, in base
    units."""
    seed: Seed = 1
    replications: Replications = 5

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """An instance type or settings of nodes where there are none."""
        yield from PriceTerms.conflicts(self, given)
        if self.app is not None:
            own = ("cpu", "memory", "gpus", "image")
            yield from without_effect(given, own, "app", "beside a service, which says it itself")
        takers = {"instance": platforms.takers("scale", "instance"), **node_takers("scale")}
        takers["group"] = tuple(name for name in takers["group"] if name != "eks-karpenter")
        yield from idle(given, takers, self.platforms)
        if self.instance == AUTO:
            yield from self._given_types()

    def _given_types(self) -> Iterator[Mistake]:
        """Groups that launch the type they are given, asked to choose one."""
        rows = map(row, self.platforms)
        one = [each.name for each in rows if not (each.mixes or each.own_host)]
        if one:
            words = (
                f"{AUTO!r} is not allowed on {' and '.join(one)}: a group has the type it is given"
            )
            yield Mistake(("instance", "platform"), words)

    @property
    def platforms(self) -> tuple[str, ...]:
        """Names of the platforms that are asked about."""
        return chosen(self.platform, platforms.names("scale"))


@description
class ScaleQuestion(ChangeQuestion):
    """How long from 0 to 500 tasks, when the machines have to come first? And from 500 to 200?"""

    services: Count = 1
    """Over which the tasks that come are split."""
    explain: Annotated[bool, Typed(help="List the numbers that move how many a host takes.")] = (
        False
    )

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """As many tasks as there are, and more services than tasks that come, besides."""
        yield from ChangeQuestion.conflicts(self, given)
        more = self.to - self.begin
        if more == 0:
            words = f"{self.to} is not allowed; more than from = {self.begin}, or less"
            yield Mistake(("to", "begin"), words)
        elif more < 0 and "services" in given:
            words = (
                f"not allowed from {self.begin} to {self.to}: only tasks that come are split over "
                f"services; leave it out"
            )
            yield Mistake(("services", "to", "begin"), words)
        if more < 0 and self.explain:
            words = f"not allowed from {self.begin} to {self.to}: it is for tasks that come"
            yield Mistake(("explain", "to", "begin"), words)
        elif 0 < more < self.services:
            words = f"{self.services} is not allowed; 1 to {more}"
            yield Mistake(("services", "to", "begin"), words)


@description
class ScaleOutQuestion(ScaleQuestion):
    """How long does each platform take from some tasks to more, all asked for at once?"""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """Fewer tasks than there are, besides."""
        if self.to > self.begin:
            yield from ScaleQuestion.conflicts(self, given)
        else:
            words = f"{self.to} is not allowed; more than from = {self.begin}"
            yield Mistake(("to", "begin"), words)


@description
class ScaleInQuestion(ChangeQuestion):
    """How soon do the machines of some tasks go once fewer are wanted? Any of them may end."""

    begin: Annotated[CountOrNone, Typed(name="from")] = 500
    """Tasks that run already."""
    to: CountOrNone = 200
    """Tasks that shall run."""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """As many tasks as there are or more, besides."""
        yield from ChangeQuestion.conflicts(self, given)
        if self.to >= self.begin:
            words = f"{self.to} is not allowed; at least 0 and less than from = {self.begin}"
            yield Mistake(("to", "begin"), words)


def web(question: ChangeQuestion) -> Service:
    """A task as it is asked for; one without a service has no start-up work of its own."""
    if question.app is not None:
        return question.app
    service = catalog.service(
        "generic", cpu=question.cpu, memory=question.memory, gpus=question.gpus
    )
    return replace(service, image=catalog.image(question.image), name="web")


def _own_choice(each: PlatformRow, options: PlatformOptions, wanted: int) -> PlatformOptions:
    """The general-purpose type on which so many tasks cost least, on whole machines, as a platform
    that chooses by itself takes it."""

    def cost(type_: str) -> tuple[float, float]:
        price = catalog.instance(type_).usd_per_hour or inf
        fit = each.any(replace(options, instance=type_)).ceilings(options.service)[0].allows
        return (ceil(wanted / fit) * price if fit else inf), price

    return replace(options, instance=min(_general_purpose(options.service), key=cost))


def _general_purpose(service: Service) -> tuple[str, ...]:
    """Types for a service that is built for x86 or, if it is not, for Arm."""
    built = service.architectures
    return catalog.general_purpose("amd64" if "amd64" in built else built[0])


def scaled_platforms(question: ChangeQuestion, service: Service) -> dict[str, StudiedPlatform]:
    """The platforms that are asked about, with an account's own figures: those of its quotas.

    Raises:
        UnknownName: a quota is in none of the platforms.
        ValueError: nothing that they launch takes the service.
    """
    auto = question.instance == AUTO
    options = PlatformOptions(
        service=service,
        instance=_general_purpose(service)[0] if auto else question.instance,
        nodes=question.nodes(),
    )
    rows = map(row, question.platforms)
    wanted = max(question.begin, question.to)
    scaled = {
        each.name: each.scaling(
            _own_choice(each, options, wanted) if auto and each.mixes else options
        )
        for each in rows
        if each.scaling
    }
    in_use = {name: {cited.key for _, cited in figures(each)} for name, each in scaled.items()}
    for key, value in (question.quotas or {}).items():
        if not any(key in keys for keys in in_use.values()):
            raise unknown_quota(key, set().union(*in_use.values()))
        scaled = {
            name: with_figure(each, key, value) if key in in_use[name] else each
            for name, each in scaled.items()
        }
    return scaled


def bill_of(
    name: str, platform: StudiedPlatform, service: Service, hosts: float, terms: PriceTerms
) -> Bill:
    """What so many hosts of the platform of that name cost altogether.

    Args:
        hosts: a mean over runs need not be whole.
    """
    host = one_host(platform, service) if hosts else None
    return bill(row(name).charges, [] if host is None else [so_many(host, hosts)], terms)


def unknown_quota(key: str, known: Iterable[str]) -> UnknownName:
    """The error for `key`: the nearest figure, or the names of the quotas."""
    names = sorted(known)
    if nearest(key, names):
        return unknown("quota", key, names)
    quotas = ", ".join(name for name in names if name.endswith((".refill", ".bucket")))
    return UnknownName(f"quota: {shown(key)} is not known; quotas are {quotas}")
