"""What an account may run, beside what an answer asks of it: said, not enforced in a run."""

from collections.abc import Iterable
from dataclasses import dataclass

from sim import catalog
from sim.studies.platform_row import StudiedPlatform
from sim.workload import Service


@dataclass(frozen=True, slots=True)
class Need:
    """vCPUs that a platform runs at once, and the quota of an account they count against."""

    platform: str
    of: str
    vcpus: float
    quota: float


def need(name: str, platform: StudiedPlatform, service: Service, hosts: int) -> Need:
    """The vCPUs of `hosts` instances or Fargate tasks, against the account's quota."""
    of, quota = platform.quota()
    if quota is None:
        quota = catalog.figure("ec2.account.vcpus").value
    return Need(name, of, hosts * platform.host_vcpus(service), quota)


def account_line(needs: Iterable[Need]) -> str:
    """The needs that are beyond what a new account may run; empty where none is."""
    beyond: dict[tuple[str, float], list[Need]] = {}
    for each in needs:
        if each.vcpus > each.quota:
            beyond.setdefault((each.of, each.quota), []).append(each)
    if not beyond:
        return ""
    parts = "; ".join(_part(of, quota, those) for (of, quota), those in beyond.items())
    return (
        f"Account quotas (those of a new account, unless given) are not enforced here. Ask "
        f"Service Quotas for more: {parts}."
    )


def _part(of: str, quota: float, those: list[Need]) -> str:
    names = ", ".join(each.platform for each in those)
    least, most = (f"{f(each.vcpus for each in those):,.10g}" for f in (min, max))
    vcpus = most if least == most else f"{least} to {most}"
    need = "needs" if len(those) == 1 else "need"
    return f"{names} {need} {vcpus} vCPUs of {of}, the quota is {quota:g}"
