"""What is scaled: five ways to run a service whose machines come and go, and what they cost."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from sim import catalog
from sim.core.cited import plain
from sim.core.description import figures, with_figure
from sim.core.names import nearest
from sim.platforms import ECS, EKS, Fargate, FargateSize, NodePool
from sim.workload import Service

ALL = "all"


def platforms() -> dict[str, Callable[[str], ECS | EKS]]:
    """What makes each platform for an instance type, by name."""
    return {
        "ecs-fargate": lambda type_: catalog.ecs_service_on_fargate(
            catalog.instance(type_).architecture
        ),
        "eks-fargate": lambda _: catalog.eks_on_fargate(),
        "ecs-asg": catalog.ecs_capacity_provider,
        "eks-karpenter": catalog.eks_karpenter,
        "eks-cas": catalog.eks_cluster_autoscaler,
    }


def made(
    names: Iterable[str], instance: str, quotas: Mapping[str, float] | None = None
) -> dict[str, ECS | EKS]:
    """The platforms of these names.

    Args:
        quotas: figures that are other than AWS's default, by key, in base units.

    Raises:
        ValueError: a quota is not one of theirs.
    """
    known = platforms()
    return _with_quotas({name: known[name](instance) for name in names}, quotas or {})


def web(cpu: float, memory: float, image: str) -> Service:
    """A task of that size and image; it has no start-up work of its own."""
    service = catalog.service("generic", cpu=cpu, memory=memory)
    return replace(service, image=catalog.image(image), name="web")


def fargate_size(platform: ECS | EKS, service: Service) -> FargateSize | None:
    """What a task or pod is given there; None where no size holds it, or it is not on Fargate."""
    capacity = platform.capacity
    if not isinstance(capacity, Fargate):
        return None
    if isinstance(platform, EKS):
        return platform.fargate_size(service)
    return capacity.size_for(service)


def price(platform: ECS | EKS, service: Service, hosts: int) -> float | None:
    """USD per hour of so many hosts; None where a price is not known. None of them cost nothing."""
    if hosts == 0:
        return 0.0
    capacity = platform.capacity
    if isinstance(capacity, Fargate):
        size = fargate_size(platform, service)
        return None if size is None else hosts * capacity.price(size)
    price = platform.machine.usd_per_hour
    return None if price is None else hosts * plain(price)


def lacking(platform: ECS | EKS, service: Service) -> str:
    """Kubernetes' words where no node that may come holds the service: its pods wait for ever."""
    if isinstance(platform, EKS) and isinstance(platform.capacity, NodePool):
        return ", ".join(platform.capacity.lacks(platform.pod.request(service)))
    return ""


def unknown_quota(key: str, known: Iterable[str]) -> ValueError:
    """The error for `key`: the nearest figure, or the names of the quotas."""
    names = sorted(known)
    if nearest(key, names):
        return catalog.unknown("quota", key, names)
    quotas = ", ".join(name for name in names if name.endswith((".refill", ".bucket")))
    return catalog.UnknownName(f"quota: {key!r} is not known; quotas are {quotas}")


def _with_quotas(made: dict[str, ECS | EKS], quotas: Mapping[str, float]) -> dict[str, ECS | EKS]:
    """The platforms with an account's own figures; each must be in one of them at least."""
    in_use = {name: {cited.key for _, cited in figures(each)} for name, each in made.items()}
    for key, value in quotas.items():
        if not any(key in keys for keys in in_use.values()):
            raise unknown_quota(key, set().union(*in_use.values()))
        made = {
            name: with_figure(each, key, value) if key in in_use[name] else each
            for name, each in made.items()
        }
    return made
