"""What scale-out and scale-in share: platforms whose hosts come and go, and the task they run."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sim import catalog
from sim.core.description import figures, with_figure
from sim.core.names import UnknownName, nearest, unknown
from sim.studies.platform_row import PlatformOptions, StudiedPlatform
from sim.studies.platforms import row
from sim.workload import Service


def web(cpu: float, memory: float, image: str) -> Service:
    """A task of that size and image; it has no start-up work of its own."""
    service = catalog.service("generic", cpu=cpu, memory=memory)
    return replace(service, image=catalog.image(image), name="web")


def scaled_platforms(
    names: Iterable[str], service: Service, instance: str, quotas: Mapping[str, float] | None = None
) -> dict[str, StudiedPlatform]:
    """The platforms of these names, with an account's own figures.

    Args:
        quotas: figures that are other than AWS's default, by key, in base units; each must be in
            one of the platforms at least.

    Raises:
        UnknownName: a name is not known.
    """
    options = PlatformOptions(service=service, instance=instance)
    made = {each.name: each.scaling(options) for each in map(row, names) if each.scaling}
    in_use = {name: {cited.key for _, cited in figures(each)} for name, each in made.items()}
    for key, value in (quotas or {}).items():
        if not any(key in keys for keys in in_use.values()):
            raise unknown_quota(key, set().union(*in_use.values()))
        made = {
            name: with_figure(each, key, value) if key in in_use[name] else each
            for name, each in made.items()
        }
    return made


def price(platform: StudiedPlatform, service: Service, hosts: int) -> float | None:
    """USD per hour of so many hosts; None where a price is not known. None of them cost nothing."""
    one = platform.usd_per_hour(service)
    if hosts == 0:
        return 0.0
    return None if one is None else hosts * one


def unknown_quota(key: str, known: Iterable[str]) -> UnknownName:
    """The error for `key`: the nearest figure, or the names of the quotas."""
    names = sorted(known)
    if nearest(key, names):
        return unknown("quota", key, names)
    quotas = ", ".join(name for name in names if name.endswith((".refill", ".bucket")))
    return UnknownName(f"quota: {key!r} is not known; quotas are {quotas}")
