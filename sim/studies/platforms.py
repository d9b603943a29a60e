"""The table of platforms: what each is called, what can be asked of it, how it is made.

A platform of one's own is a row more: `register`, or `sim.add_platform`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sim import catalog
from sim.catalog.isolation.recovery import (
    docker_recovery,
    ecs_recovery,
    fargate_recovery,
    guest_recovery,
    instance_recovery,
    kubernetes_recovery,
)
from sim.core.names import UnknownName, shown, unknown
from sim.studies import platform_makers as makers
from sim.studies.cost.charges import Charges
from sim.studies.platform_row import (
    OPTIONS,
    Factory,
    Flavour,
    PlatformRow,
    Question,
    Temperature,
)


def rows(question: Question) -> tuple[PlatformRow, ...]:
    """The platforms of which that can be asked."""
    return tuple(row for row in _TABLE.values() if row.asks(question))


def every() -> tuple[PlatformRow, ...]:
    """All platforms."""
    return tuple(_TABLE.values())


def plannable() -> tuple[PlatformRow, ...]:
    """The platforms on which an application can be planned.

    Those whose machines come and go are left out where another has the same machines, and Spot,
    which is a way to pay for the same.
    """
    every = (row for row in _TABLE.values() if row.asks("density") or row.mixes)
    return tuple(row for row in every if not row.interrupted)


def names(question: Question) -> tuple[str, ...]:
    """Their names."""
    return tuple(row.name for row in rows(question))


def listed(question: Question, *also: str) -> str:
    """Their names, and other words that are allowed, as help lists them: `ecs, eks or all`."""
    *most, last = (*names(question), *also)
    return f"{', '.join(most)} or {last}"


def takers(question: Question, option: str) -> tuple[str, ...]:
    """Names of the platforms of which that can be asked, and on which that option has an effect."""
    return tuple(row.name for row in rows(question) if option in row.takes)


def lazy_loaders(question: Question) -> tuple[str, ...]:
    """Names of the platforms of which that can be asked, and that load images lazily."""
    return tuple(row.name for row in rows(question) if "lazy" in row.startup)


def row(name: str) -> PlatformRow:
    """The platform of that name.

    Raises:
        UnknownName: there is none.
    """
    if name not in _TABLE:
        raise unknown_platform(name, _TABLE)
    return _TABLE[name]


def known(name: str, question: Question, *also: str) -> str:
    """The name, where that can be asked of it.

    Args:
        also: other words that are allowed, such as `all`.

    Raises:
        UnknownName: it cannot; the message says what was likely meant.
    """
    allowed = (*names(question), *also)
    if name not in allowed:
        raise unknown_platform(name, allowed)
    return name


def wanted(name: str, question: Question) -> tuple[PlatformRow, ...]:
    """The platform of that name, or with `all` every one of which that can be asked.

    Raises:
        UnknownName: it cannot be asked of it.
    """
    known(name, question, "all")
    return rows(question) if name == "all" else (row(name),)


def unknown_platform(name: object, allowed: Iterable[str]) -> UnknownName:
    """The error for `name`: what it is called here, or the nearest of the names allowed."""
    if not isinstance(name, str):  # whatever was given in Python
        return unknown("platform", name, allowed)
    allowed, usual = list(allowed), name.removesuffix("-spot")
    if name in _TABLE and _TABLE[name].interrupted and usual in allowed:
        return UnknownName(f"platform: {name!r} is {usual!r} at the price of Spot; ask for that")
    mine = (each.name for each in _TABLE.values() if name in _other_names(each))
    now = next((each for each in mine if each in allowed), None)
    if now is None:
        return unknown("platform", name, allowed)
    return UnknownName(f"platform: {shown(name)} is not known; did you mean {now!r}?")


def flavour(name: str) -> Flavour | None:
    """The flavour of that name, or the only one of the platform of that name."""
    every = {each.name: each for one in _TABLE.values() for each in one.density}
    return every.get(name)


def of_flavour(name: str) -> PlatformRow:
    """The platform of which that is a flavour.

    Raises:
        UnknownName: there is none.
    """
    for each in _TABLE.values():
        if any(mine.name == name for mine in each.density):
            return each
    return row(name)


def image_name(name: str, image: str) -> str:
    """Whether the image comes first, as tables and figures write it; unknown names are fine.

    An app in a machine image, which is always there, is installed.
    """
    here = image != "warm" and name in _TABLE and _TABLE[name].has_image("cold")
    return "installed" if here else image


def up_already(names: Iterable[str], verb: str) -> str:
    """That machines which a platform brings itself are there before it begins; empty without such.

    Args:
        verb: which has them launched first.
    """
    theirs = [name for name in dict.fromkeys(names) if row(name).mixes and row(name).make]
    if not theirs:
        return ""
    up = "on machines that are up already"
    return f"{', '.join(theirs)}: {up}; sim {verb} has them launched first."


def label(name: str) -> str:
    """A platform, or a flavour of one, as pictures write it; a name that is not known as it is."""
    if name in _TABLE:
        return _TABLE[name].label
    mine = flavour(name)
    return name if mine is None else mine.label


def units(name: str) -> str:
    """What is counted of a flavour, in the plural."""
    mine = flavour(name)
    return f"{label(name)} sandboxes" if mine is None else mine.units


def register(
    name: str,
    make: Factory | None = None,
    *,
    label: str | None = None,
    phrase: str | None = None,
    units: str | None = None,
    scaling: Factory | None = None,
    startup: tuple[Temperature, ...] = ("cold",),
    own_host: bool = False,
    takes: Iterable[str] = OPTIONS,
) -> PlatformRow:
    """Add a platform of one's own, or replace it; every question can be asked of it.

    Args:
        name: as it is typed: small letters, digits and `-`.
        make: from `PlatformOptions` to a description of the platform, its hosts up already.
        label: as pictures write it; None: its name.
        phrase: as sentences say it; None: `on LABEL`.
        units: what is counted, in the plural; None: `LABEL sandboxes`.
        scaling: the same with hosts that come and go, for `scale_out` and `scale_in`; None:
            `make`.
        startup: images with which starts are told apart.
        own_host: whether each sandbox gets a host of its own; else one host takes many, and the
            live platform has `settle`, as density by use needs it.
        takes: options that have an effect; others are refused.

    Raises:
        ValueError: the name is taken or cannot be one, or nothing makes the platform.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or name == "all":
        raise ValueError(f"name: {shown(name)} is not allowed; small letters, digits and '-'")
    if name in _BUILT_IN or (flavour(name) is not None and name not in _TABLE):
        raise ValueError(f"name: {name!r} is taken; give your platform another")
    if make is None and scaling is None:
        raise ValueError("make: it is missing; what makes the platform from PlatformOptions")
    strange = sorted(set(takes) - OPTIONS)
    if strange:
        raise unknown("takes", strange[0], sorted(OPTIONS))
    called = name if label is None else label
    counted = f"{called} sandboxes" if units is None else units
    _TABLE[name] = PlatformRow(
        name=name,
        label=called,
        phrase=f"on {called}" if phrase is None else phrase,
        make=make,
        scaling=make if scaling is None else scaling,
        density=(Flavour(name=name, label=called, units=counted),),
        startup=startup,
        lifecycle=True,
        file=True,
        own_host=own_host,
        takes=frozenset(takes),
    )
    return _TABLE[name]


def forget(name: str) -> None:
    """Take a platform of one's own off the table again.

    Raises:
        ValueError: it is not one's own.
    """
    if name in _BUILT_IN or name not in _TABLE:
        raise ValueError(f"name: {name!r} is not a platform of your own")
    del _TABLE[name]


def _other_names(row: PlatformRow) -> tuple[str, ...]:
    return (*row.formerly, row.label, *(each.name for each in row.density))


_EC2_VOLUME, _ECS_VOLUME, _EKS_VOLUME = (
    "ec2.ami.root_volume",
    "ecs.ami.root_volume",
    "eks.node.root_volume",
)
_SERVER = frozenset({"instance", "host", "disk", "cpu_overcommit"})
_HOSTS = frozenset({"instance", "count", "disk", "ami"})

_TABLE: dict[str, PlatformRow] = {
    each.name: each
    for each in (
        PlatformRow(
            name="vm",
            label="VMs",
            phrase="in a VM",
            make=makers.hypervisor,
            density=(Flavour(name="vm", label="VMs", units="VMs"),),
            startup=("cold", "warm"),
            file=True,
            pulls=False,
            fetching=makers.fetched_guests,
            takes=_SERVER,
            recovery=guest_recovery,
        ),
        PlatformRow(
            name="docker",
            label="Docker",
            phrase="in Docker",
            make=makers.docker,
            density=(Flavour(name="docker", label="Docker", units="Docker containers"),),
            startup=("cold", "lazy", "warm"),
            lifecycle=True,
            file=True,
            most_hosts=1,
            takes=_SERVER,
            recovery=docker_recovery,
        ),
        PlatformRow(
            name="ec2",
            label="EC2",
            phrase="on EC2",
            make=makers.ec2,
            density=(Flavour(name="ec2", label="EC2", units="EC2 instances"),),
            startup=("cold",),
            lifecycle=True,
            file=True,
            own_host=True,
            pulls=False,
            takes=frozenset({"instance", "burstable", "ami"}),
            unfit=makers.no_ec2,
            charges=Charges(volume=_EC2_VOLUME),
            recovery=instance_recovery,
        ),
        PlatformRow(
            name="ec2-asg",
            label="EC2, Auto Scaling",
            phrase="on EC2 in an Auto Scaling group",
            make=makers.ec2,
            own_host=True,
            pulls=False,
            takes=frozenset({"instance", "burstable"}),
            unfit=makers.no_ec2,
            recovery=lambda: instance_recovery(group=True),
        ),
        PlatformRow(
            name="ecs",
            label="ECS on EC2",
            phrase="on ECS",
            make=makers.ecs,
            density=(
                Flavour(name="ecs-bridge", label="ECS, bridge", units="ECS tasks (bridge)"),
                Flavour(
                    name="ecs-awsvpc",
                    label="ECS, awsvpc",
                    units="ECS tasks (awsvpc)",
                    options={"network": "awsvpc"},
                ),
                Flavour(
                    name="ecs-awsvpc-trunk",
                    label="ECS, awsvpc + trunk",
                    units="ECS tasks (awsvpc, trunking)",
                    options={"network": "awsvpc", "trunking": True},
                    applies=makers.has_trunks,
                ),
            ),
            startup=("cold", "warm"),
            lifecycle=True,
            file=True,
            takes=_HOSTS
            | {"network", "trunking", "strategy", "pull_behavior"}
            | {"reserved_memory", "attributes"},
            unfit=makers.no_interfaces,
            charges=Charges(volume=_ECS_VOLUME),
            reserves_with="ECS_RESERVED_MEMORY (MiB, 0 by default)",
            formerly=("ecs-ec2",),
            recovery=ecs_recovery,
        ),
        PlatformRow(
            name="fargate",
            label="ECS on Fargate",
            phrase="on Fargate",
            make=makers.fargate,
            scaling=lambda options: catalog.ecs_service_on_fargate(options.on_architecture),
            density=(Flavour(name="fargate", label="ECS on Fargate", units="Fargate tasks"),),
            startup=("cold", "lazy"),
            lifecycle=True,
            file=True,
            own_host=True,
            takes=frozenset({"instance", "disk", "architecture"}),
            unfit=makers.no_size,
            formerly=("ecs-fargate", "Fargate"),
            recovery=fargate_recovery,
        ),
        PlatformRow(
            name="eks",
            label="EKS on EC2",
            phrase="on EKS",
            make=makers.eks,
            density=(
                Flavour(name="eks", label="EKS on EC2", units="EKS pods"),
                Flavour(
                    name="eks-prefix",
                    label="EKS, prefixes",
                    units="EKS pods (prefix delegation)",
                    options={"prefix_delegation": True},
                    applies=makers.has_prefixes,
                ),
            ),
            startup=("cold", "warm"),
            lifecycle=True,
            file=True,
            takes=_HOSTS | {"nodes", "max_pods", "prefix_delegation", "scoring", "pod"},
            unfit=makers.unknown_addresses,
            charges=Charges(cluster=True, volume=_EKS_VOLUME),
            formerly=("eks-ec2",),
            recovery=lambda: kubernetes_recovery(group=True),
        ),
        PlatformRow(
            name="eks-fargate",
            label="EKS on Fargate",
            phrase="on EKS on Fargate",
            make=makers.eks_fargate,
            scaling=makers.eks_fargate,
            density=(
                Flavour(name="eks-fargate", label="EKS on Fargate", units="EKS pods on Fargate"),
            ),
            startup=("cold",),
            lifecycle=True,
            file=True,
            own_host=True,
            takes=frozenset({"pod"}),
            unfit=makers.no_pod_size,
            for_itself=makers.pod_overhead,
            charges=Charges(cluster=True, spot=False),
            formerly=("fargate-eks",),
            recovery=kubernetes_recovery,
        ),
        PlatformRow(
            name="ecs-managed",
            label="ECS Managed Instances",
            phrase="on ECS Managed Instances",
            mixes=True,
            make=makers.ecs_managed,
            scaling=lambda options: catalog.ecs_managed_instances(options.bottlerocket),
            density=(
                Flavour(
                    name="ecs-managed",
                    label="ECS Managed Instances",
                    units="ECS tasks on Managed Instances",
                ),
            ),
            startup=("cold",),
            takes=frozenset({"instance", "count", "disk"}),
            unfit=makers.unknown_network,
            charges=Charges(fee="ecs.mi.fee_ratio", volume="ecs.mi.volume"),
            remark=lambda: makers.lives("an instance", "ecs.mi.max_lifetime"),
            formerly=("ecs-mi", "managed-instances"),
        ),
        PlatformRow(
            name="eks-auto",
            label="EKS Auto Mode",
            phrase="on EKS Auto Mode",
            mixes=True,
            make=makers.eks_auto,
            scaling=lambda options: catalog.eks_auto_nodes(*options.types, disk=options.disk),
            density=(Flavour(name="eks-auto", label="EKS Auto Mode", units="EKS Auto Mode pods"),),
            startup=("cold",),
            takes=frozenset({"instance", "count", "disk", "pod"}),
            unfit=makers.unknown_addresses,
            charges=Charges(cluster=True, fee="eks.auto.fee_ratio", volume="eks.auto.volume"),
            remark=lambda: makers.lives("a node", "eks.auto.max_lifetime"),
            formerly=("eks-auto-mode", "auto-mode"),
        ),
        PlatformRow(
            name="ecs-asg",
            label="ECS, capacity provider",
            phrase="on ECS with a capacity provider",
            scaling=lambda options: catalog.ecs_capacity_provider(
                options.instance, ami=options.nodes.ami
            ),
            takes=OPTIONS - {"nodes"},
            charges=Charges(volume=_ECS_VOLUME),
            formerly=("ecs-capacity-provider", "asg"),
            recovery=lambda: ecs_recovery(group=False),
        ),
        PlatformRow(
            name="eks-karpenter",
            label="EKS, Karpenter",
            phrase="on EKS with Karpenter",
            mixes=True,
            scaling=lambda options: catalog.eks_karpenter(
                *options.types, settings=options.nodes, disk=options.disk
            ),
            charges=Charges(cluster=True, volume=_EKS_VOLUME),
            formerly=("karpenter",),
            recovery=kubernetes_recovery,
        ),
        PlatformRow(
            name="eks-cas",
            label="EKS, Cluster Autoscaler",
            phrase="on EKS with the Cluster Autoscaler",
            scaling=lambda options: catalog.eks_cluster_autoscaler(
                options.instance, settings=options.nodes
            ),
            charges=Charges(cluster=True, volume=_EKS_VOLUME),
            formerly=("eks-cluster-autoscaler", "cas", "cluster-autoscaler"),
            recovery=kubernetes_recovery,
        ),
    )
}

_TABLE |= {each.name: each for each in (_TABLE["ec2"].as_spot(), _TABLE["fargate"].as_spot())}
_BUILT_IN = frozenset(_TABLE)
