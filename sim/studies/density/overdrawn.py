"""Where a scheduler admits more than the machine's memory holds, and what keeps some back."""

import math

from sim.host import Machine
from sim.platforms import ECS
from sim.platforms.limits import used
from sim.studies.density.answer import Row
from sim.studies.density.explain import Sized
from sim.units import GiB, MiB
from sim.workload import Service


def overdrawn(row: Row, machine: Machine, platform: Sized, service: Service) -> str:
    """That what a row counts uses more than the OS sees; empty where it does not."""
    taken, seen = used(row.budget), machine.memory_visible
    if row.count == 0 or taken <= seen:
        return ""
    over = (
        f"{row.count} at work and what else runs there use {taken / GiB:.2f} GiB, more than the "
        f"{seen / GiB:.2f} GiB that the OS sees"
    )
    return over + _kept_back(platform, service) if isinstance(platform, ECS) else over


def _kept_back(ecs: ECS, service: Service) -> str:
    """ECS admits by what is registered, and keeps nothing back for OS and agent by itself."""
    holds = ecs.fits_in_memory(service)
    if holds == 0:
        return ", and not one fits in it; ECS admits them all the same"
    least = ecs.machine.memory_visible - (holds + 1) * service.reserved
    return (
        f"; ECS admits them all the same: ECS_RESERVED_MEMORY (MiB, 0 by default) keeps some "
        f"back, from {math.floor(least / MiB) + 1} on no more than the {holds} that it holds"
    )
