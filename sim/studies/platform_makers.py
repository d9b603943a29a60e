"""What makes each platform of the table, and which services none of its hosts may hold."""

from __future__ import annotations

from sim import catalog
from sim.core.cited import plain
from sim.core.fitted import remembered
from sim.core.names import Architecture
from sim.image import Registry
from sim.platforms.ec2 import DockerOnInstance
from sim.platforms.kubernetes.pod import PodTemplate
from sim.platforms.limits import gpus_of
from sim.start import Ceiling
from sim.studies.platform_row import PlatformOptions, StudiedPlatform
from sim.units import hours


def hypervisor(options: PlatformOptions) -> StudiedPlatform:
    return catalog.hypervisor(options.server, cpu_overcommit=options.cpu_overcommit)


def fetched_guests(options: PlatformOptions) -> StudiedPlatform:
    """Guests whose images come to the host first, or are there."""
    here = options.image == "warm"
    return catalog.hypervisor(
        options.server,
        cpu_overcommit=options.cpu_overcommit,
        images=catalog.vm_images(here=here),
    )


def docker(options: PlatformOptions) -> StudiedPlatform:
    return catalog.docker(
        options.server,
        warm=options.warm,
        pulls_from=options.pulls_from,
        cpu_overcommit=options.cpu_overcommit,
        lazy=options.loads_lazily,
    )


def ec2(options: PlatformOptions) -> StudiedPlatform:
    machine = catalog.machine(options.instance, options.nodes.ami)
    if options.pulled:
        fleet = catalog.fleet(machine, pulls_from=options.pulls_from)
        docker = DockerOnInstance(
            runtime=fleet.runtime, registry=fleet.registry, unpacking=fleet.unpacking
        )
        return catalog.ec2(machine, docker=docker)
    return _cheapest_ec2(options) or catalog.ec2(machine)


def _cheapest_ec2(options: PlatformOptions) -> StudiedPlatform | None:
    if not options.cheapest:
        return None
    architecture = catalog.instance(options.instance).architecture
    return catalog.ec2_for(options.service, architecture, burstable=options.burstable)


def no_ec2(options: PlatformOptions) -> tuple[Ceiling, str] | None:
    if not options.cheapest or _cheapest_ec2(options) is not None:
        return None
    return Ceiling("instance size", 0, "ask for less"), "no EC2 type of this architecture holds it"


def ecs(options: PlatformOptions) -> StudiedPlatform:
    gpus_of(options.machine, options.task.gpus)
    return catalog.ecs(
        options.machine,
        count=options.count,
        network=options.network,
        trunking=options.trunking,
        strategy=options.strategy,
        pull_behavior=options.pull_behavior,
        reserved_memory=options.reserved_memory,
        attributes=options.attributes,
        warm=options.warm,
        pulls_from=options.pulls_from,
    )


def fargate(options: PlatformOptions) -> StudiedPlatform:
    return _ecs_on_fargate(
        options.on_architecture, options.pulls_from, options.loads_lazily, options.disk
    )


@remembered
def _ecs_on_fargate(
    architecture: Architecture, pulls_from: Registry | None, lazy: bool, ephemeral: float | None
) -> StudiedPlatform:
    """One for all services of an application: it is the same whatever runs there."""
    return catalog.ecs_on_fargate(
        architecture, pulls_from=pulls_from, lazy=lazy, ephemeral=ephemeral
    )


def no_size(options: PlatformOptions) -> tuple[Ceiling, str] | None:
    return _too_large(fargate(options), options, "it")


def eks(options: PlatformOptions) -> StudiedPlatform:
    gpus_of(options.machine, options.task.gpus)
    return catalog.eks(
        options.machine,
        count=options.count,
        prefix_delegation=options.prefix_delegation,
        max_pods=options.max_pods,
        settings=options.nodes,
        pod=options.pod,
        scoring=options.scoring,
        warm=options.warm,
        pulls_from=options.pulls_from,
    )


def eks_fargate(options: PlatformOptions) -> StudiedPlatform:
    return _eks_on_fargate(options.pod, options.pulls_from)


@remembered
def _eks_on_fargate(pod: PodTemplate | None, pulls_from: Registry | None) -> StudiedPlatform:
    return catalog.eks_on_fargate(pod=pod, pulls_from=pulls_from)


def no_pod_size(options: PlatformOptions) -> tuple[Ceiling, str] | None:
    if options.architecture == "arm64":
        only = Ceiling("architecture", 0, "run it on EC2 nodes")
        return only, "EKS runs Fargate on amd64"
    return _too_large(eks_fargate(options), options, "it and its overhead")


def _too_large(
    platform: StudiedPlatform, options: PlatformOptions, what: str
) -> tuple[Ceiling, str] | None:
    if platform.fargate_size(options.service) is not None:
        return None
    if options.task.gpus:
        return Ceiling("GPU", 0, "run it on EC2 instances with GPUs"), "Fargate has no GPUs"
    limit = platform.ceilings(options.service)[0]
    return limit, f"no Fargate size holds {what}; {limit.how}"


def ecs_managed(options: PlatformOptions) -> StudiedPlatform:
    return catalog.ecs_managed(
        options.bottlerocket, count=options.count, warm=options.warm, pulls_from=options.pulls_from
    )


def eks_auto(options: PlatformOptions) -> StudiedPlatform:
    return catalog.eks_auto(
        options.bottlerocket,
        count=options.count,
        pod=options.pod,
        warm=options.warm,
        pulls_from=options.pulls_from,
    )


def lives(what: str, key: str) -> str:
    days = catalog.figure(key).value / (24 * hours)
    return f"{what} lives {days:.0f} days at most"


def pod_overhead() -> str:
    return f"{catalog.figure('eks.fargate.pod_overhead').shown()} for Kubernetes"


def has_trunks(options: PlatformOptions) -> bool:
    """Left out where the type does not support trunking, not where that is not known."""
    trunk = options.machine.trunk_tasks
    return trunk is None or plain(trunk) != 0.0


def has_prefixes(options: PlatformOptions) -> bool:
    """Left out on Xen, which has none."""
    return catalog.instance(options.instance).prefixes


def no_interfaces(options: PlatformOptions) -> tuple[Ceiling, str] | None:
    """A task with an address of its own on a type whose network is not known; or its GPUs."""
    wants = options.network == "awsvpc"
    return unknown_network(options) if wants else unknown_gpus(options)


def unknown_gpus(options: PlatformOptions) -> tuple[Ceiling, str] | None:
    """That the type has some part of a GPU, of which nobody says how it is counted."""
    if not options.task.gpus or options.machine.gpus is not None:
        return None
    words = f"how many GPUs {options.instance} has for tasks or pods is not known"
    return Ceiling("GPU", 0, "take a type with whole GPUs"), words


def unknown_network(options: PlatformOptions) -> tuple[Ceiling, str] | None:
    """That each task wants an interface of its own, and the type's are not known."""
    return _unknown(options, catalog.instance(options.instance).enis)


def unknown_addresses(options: PlatformOptions) -> tuple[Ceiling, str] | None:
    """That each pod wants an address, and how many the type has for them is not known."""
    return _unknown(options, catalog.instance(options.instance).max_pods)


def _unknown(options: PlatformOptions, count: int | None) -> tuple[Ceiling, str] | None:
    if count is not None:
        return unknown_gpus(options)
    words = f"network interfaces of {options.instance} are not known"
    return Ceiling("ENI", 0, "take another type"), words
