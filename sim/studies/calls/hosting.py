"""The platform that holds all copies, with as many hosts as that takes."""

import math
from dataclasses import replace
from typing import Any

from sim.core.world import World
from sim.start import Ready
from sim.studies.calls.copies import on_platform
from sim.studies.calls.question import CallsQuestion
from sim.studies.platform_row import PlatformOptions
from sim.studies.platforms import row
from sim.workload import Application

MOST_HOSTS = 200


def hosted(question: CallsQuestion) -> tuple[Any, int]:
    """The platform and its hosts; none, and 0, where each copy has a machine to itself.

    It begins with the hosts that the fullest limits call for, and adds one as long as a copy is
    refused.

    Raises:
        ValueError: a copy does not fit on any host.
    """
    if question.platform is None:
        return None, 0
    application: Application = question.application
    parts = [application.part(name) for name in application.operations]
    services = [part.service for part in parts]
    options = PlatformOptions(
        service=services[0], others=tuple(services[1:]), instance=question.instance
    )
    mine = row(question.platform)
    platform = mine.made(options)
    least = 0.0
    for part in parts:
        limit = platform.ceilings(part.service)[0]
        if limit.allows == 0:
            raise ValueError(
                f"{part.name}: no host of {question.platform} holds a copy ({limit.limit}); "
                f"{limit.how}"
            )
        least += part.copies / limit.allows
    if "count" not in mine.takes or mine.own_host:
        _refused(platform, application, question.platform)
        return platform, 0
    count = max(1, math.ceil(least - 1e-9))
    while True:
        platform = mine.made(replace(options, count=count))
        lacking = _lacking(platform, application)
        if not lacking:
            return platform, count
        count += 1
        if count > MOST_HOSTS:
            raise ValueError(f"{question.platform}: {lacking} with {MOST_HOSTS} hosts, too")


def _refused(platform: Any, application: Application, name: str) -> None:
    lacking = _lacking(platform, application)
    if lacking:
        raise ValueError(f"{name}: {lacking}")


def _lacking(platform: Any, application: Application) -> str:
    """The first copy that did not come up, and why; empty where all did."""
    world = World()
    _, starts = on_platform(world, application, platform.deploy(world))
    for name, start in starts:
        if not isinstance(start.value, Ready):
            return f"{name}: {start.value}"
    return ""
