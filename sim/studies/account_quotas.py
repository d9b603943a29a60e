"""What an account may run, beside what an answer asks of it: said, not enforced in a run."""

from collections.abc import Iterable
from dataclasses import dataclass

from sim import catalog
from sim.core.cited import plain
from sim.platforms import ECS, EKS, Fargate
from sim.studies.platforms import fargate_size
from sim.workload import Service


@dataclass(frozen=True, slots=True)
class Need:
    """vCPUs that a platform runs at once, and the quota of an account they count against."""

    platform: str
    of: str
    vcpus: float
    quota: float


def need(name: str, platform: ECS | EKS, service: Service, hosts: int) -> Need:
    """Of so many hosts: instances, or Fargate's tasks."""
    capacity = platform.capacity
    if not isinstance(capacity, Fargate):
        return instances(name, hosts * platform.machine.vcpu)
    size = fargate_size(platform, service)
    vcpus = 0.0 if size is None else hosts * size.vcpu
    return Need(name, "Fargate tasks", vcpus, plain(capacity.account_vcpus))


def instances(name: str, vcpus: float) -> Need:
    """Of on-demand instances with so many vCPUs in all."""
    quota = catalog.figure("ec2.account.vcpus").value
    return Need(name, "on-demand instances", vcpus, quota)


def account_line(needs: Iterable[Need]) -> str:
    """Which needs are beyond what a new account may run; empty where none is."""
    beyond: dict[tuple[str, float], list[Need]] = {}
    for each in needs:
        if each.vcpus > each.quota:
            beyond.setdefault((each.of, each.quota), []).append(each)
    if not beyond:
        return ""
    parts = "; ".join(_part(of, quota, those) for (of, quota), those in beyond.items())
    return (
        f"Account quotas (a new account's, unless given) are not enforced here; ask for enough "
        f"(Service Quotas): {parts}."
    )


def _part(of: str, quota: float, those: list[Need]) -> str:
    names = ", ".join(each.platform for each in those)
    least, most = (f"{f(each.vcpus for each in those):,.10g}" for f in (min, max))
    vcpus = most if least == most else f"{least} to {most}"
    return f"{names} {vcpus} vCPUs of {of}, where the quota is {quota:g}"
