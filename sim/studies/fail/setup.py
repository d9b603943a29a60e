"""How each platform is set up for a fault: so many hosts, so many tasks, and who notices."""

from dataclasses import dataclass, replace

from sim import catalog
from sim.core.quantity import LARGEST_VCPU, MOST_HOSTS
from sim.platforms.recovery.clocks import Recovery, Rolling
from sim.platforms.recovery.recovering import Recovering
from sim.start import Ceiling
from sim.studies import platforms
from sim.studies.fail.question import HOSTS, FailQuestion, of_kubernetes
from sim.studies.platform_row import PlatformOptions, PlatformRow, StudiedPlatform
from sim.units import GiB
from sim.workload import Service
from sim.workload.fault import PLANNED

ONE_SERVER = ("vm", "docker")
"""Platforms of one server, which nobody replaces."""


class TooFewHosts(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """The hosts that were asked for do not hold the tasks."""


@dataclass(frozen=True, slots=True)
class FailSetup:
    """A platform as it is asked about."""

    row: PlatformRow
    platform: StudiedPlatform
    recovery: Recovery
    host: str
    """What one host is."""

    def recovering(self) -> Recovering:
        """The platform with its service kept up."""
        return catalog.recovering(self.platform, self.recovery)


def setups(question: FailQuestion, service: Service) -> tuple[list[FailSetup], dict[str, str]]:
    """The platforms that hold the tasks, and by name why others do not.

    Raises:
        TooFewHosts: so many hosts were asked for, and do not hold them.
    """
    good: list[FailSetup] = []
    unfit: dict[str, str] = {}
    for name in question.platforms:
        row = platforms.row(name)
        options = _options(question, row, service)
        reason = _unfit(row, options)
        if reason is not None:
            unfit[name] = reason
            continue
        make = row.make or row.scaling
        if make is not None and row.recovery is not None:
            made = make(options)
            recovery = _recovery(question, row.name, row.recovery())
            good.append(FailSetup(row, made, recovery, made.host_name(service)))
    return good, unfit


def _options(question: FailQuestion, row: PlatformRow, service: Service) -> PlatformOptions:
    options = PlatformOptions(
        service=service,
        instance=question.instance,
        strategy="spread" if question.spread else "binpack",
        scoring="LeastAllocated" if question.spread else "MostAllocated",
    )
    if row.name in ONE_SERVER:
        return replace(options, host=_server(question, row, options))
    if row.make is None or row.own_host or "count" not in row.takes:
        return options
    count = _hosts(question, row, options) + question.spare
    if count > MOST_HOSTS:
        field, asked = ("hosts", question.hosts) if question.hosts else ("tasks", question.tasks)
        raise ValueError(
            f"{field}: {asked} is not allowed; that is {count:,} {question.instance} {row.phrase}, "
            f"and at most {MOST_HOSTS:,} may be up"
        )
    return replace(options, count=count)


def _hosts(question: FailQuestion, row: PlatformRow, options: PlatformOptions) -> int:
    """Hosts without the spare ones."""
    each = row.made(options).ceilings(options.service)[0].allows if not row.unfit(options) else 0
    needed = -(-question.tasks // each) if each else 1
    if question.hosts is None:
        return max(HOSTS, needed)
    if question.hosts + question.spare < needed:
        raise TooFewHosts(
            f"hosts: {question.hosts} is not allowed; {question.tasks} tasks need {needed} "
            f"{question.instance} {row.phrase}"
        )
    return question.hosts


def _server(question: FailQuestion, row: PlatformRow, options: PlatformOptions) -> str:
    """A server as many times as large as the instance as it takes to hold the tasks."""
    instance = catalog.instance(question.instance)
    times = 1
    while True:
        vcpus, memory = int(instance.vcpu) * times, instance.memory * times / GiB
        host = f"{vcpus}x{memory:g}GiB"
        limits = row.made(replace(options, host=host)).ceilings(options.service)
        if limits[0].allows >= question.tasks or 2 * vcpus > LARGEST_VCPU:
            return host
        times *= 2


def _unfit(row: PlatformRow, options: PlatformOptions) -> str | None:
    """Why none of its hosts holds one task, or None."""
    told = row.unfit(options)
    if told is not None:
        return told[1]
    make = row.make or row.scaling
    limits: tuple[Ceiling, ...] = () if make is None else make(options).ceilings(options.service)
    if limits and limits[0].allows == 0:
        return f"a host holds none: {limits[0].limit}"
    return None


def _recovery(question: FailQuestion, name: str, recovery: Recovery) -> Recovery:
    recovery = replace(recovery, zones=question.zones)
    if question.balancer == "none":
        recovery = replace(recovery, balancer=None)
    if question.kill in PLANNED:
        recovery = replace(
            recovery,
            rolling=_asked(question, recovery.rolling),
            draining=_asked(question, recovery.draining),
        )
    if question.toleration is not None and name in of_kubernetes():
        recovery = replace(recovery, gives_up=question.toleration)
    return recovery


def _asked(question: FailQuestion, way: Rolling | None) -> Rolling | None:
    """A way to replace tasks as planned, with the shares that were asked for."""
    if way is not None and question.min_healthy is not None:
        way = replace(way, unavailable=1.0 - question.min_healthy)
    if way is not None and question.surge is not None:
        way = replace(way, surge=question.surge)
    return way
