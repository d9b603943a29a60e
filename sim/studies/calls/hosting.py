"""The platform that holds all copies, with as many hosts as that takes."""

import math
from dataclasses import replace
from typing import Any

from sim import catalog
from sim.core.world import World
from sim.host import Machine
from sim.start import Ready
from sim.studies.calls.copies import on_platform
from sim.studies.calls.question import CallsQuestion
from sim.studies.platform_row import (
    PlatformOptions,
    PlatformRow,
    StudiedPlatform,
    bare_machine,
)
from sim.studies.platforms import row
from sim.workload import Application

MOST_HOSTS = 200


def hosted(question: CallsQuestion, application: Application) -> tuple[Any, int]:
    """The platform and its hosts; none, and 0, where each copy has a machine to itself.

    It begins with the hosts that the fullest limits call for, and adds one as long as a copy is
    refused. Where hosts come and go as they are needed, there is nothing to count.

    Raises:
        ValueError: a copy does not fit on any host.
    """
    if question.platform is None:
        return None, 0
    services = [application.part(name).service for name in application.operations]
    options = PlatformOptions(
        service=services[0],
        others=tuple(services[1:]),
        instance=question.instance,
        host=question.host,
    )
    mine = row(question.platform)
    if mine.make is None and mine.scaling is not None:
        return mine.scaling(options), 0
    platform = mine.made(options)
    least = _least(platform, application, question.platform)
    if "count" in mine.takes and not mine.own_host:
        return _with_hosts(mine, options, application, least)
    lacking = _lacking(platform, application)
    if lacking:
        raise ValueError(f"{question.platform}: {lacking}")
    return platform, 0 if mine.own_host else 1


def machine_of(question: CallsQuestion) -> Machine:
    """The machine that each copy has to itself, or that copies share."""
    if question.platform in ("docker", "vm"):
        return bare_machine(question.host, question.instance)
    return catalog.machine(question.instance)


def shares_hosts(question: CallsQuestion) -> bool:
    """Whether copies share machines."""
    return question.platform is not None and not row(question.platform).own_host


def _least(platform: StudiedPlatform, application: Application, name: str) -> int:
    """Hosts without which it cannot be: the fullest limit of each part, as if they shared none."""
    least = 0.0
    for part in map(application.part, application.operations):
        limit = platform.ceilings(part.service)[0]
        if limit.allows == 0:
            reason = f"no host of {name} holds a copy ({limit.limit}); {limit.how}"
            raise ValueError(f"{part.name}: {reason}")
        least += part.copies / limit.allows
    return max(1, math.ceil(least - 1e-9))


def _with_hosts(
    mine: PlatformRow, options: PlatformOptions, application: Application, least: int
) -> tuple[StudiedPlatform, int]:
    lacking = ""
    for count in range(least, MOST_HOSTS + 1):
        platform = mine.made(replace(options, count=count))
        lacking = _lacking(platform, application)
        if not lacking:
            return platform, count
    raise ValueError(f"{mine.name}: {lacking} with {MOST_HOSTS} hosts, too")


def _lacking(platform: StudiedPlatform, application: Application) -> str:
    """The first copy that did not come up, and why; empty where all did."""
    world = World()
    _, starts = on_platform(world, application, platform.deploy(world))
    for name, start in starts:
        if not isinstance(start.value, Ready):
            return f"{name}: {start.value}"
    return ""
