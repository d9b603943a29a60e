"""The host of a storm: its processor, its memory, and how many sandboxes that memory holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sim import catalog
from sim.catalog.figures import core_of
from sim.core.cited import plain
from sim.host import Machine
from sim.platforms.limits import fits
from sim.sandbox.storm.processor import Processor
from sim.studies.platform_row import bare_machine
from sim.units import GiB

CONTAINERS = ("runc", "docker")
"""Runtimes without a guest: they need no KVM, and no memory is set aside for them."""


class NoMemory(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """The sandboxes of a storm do not fit in its host's memory; `fit` is how many do."""

    def __init__(self, what: str, fit: int) -> None:
        super().__init__(what)
        self.fit = fit


def storm_host(name: str) -> str:
    """The name of a host, checked.

    Raises:
        ValueError: it is not known.
    """
    known = catalog.validation_hosts()
    if name not in known:
        _rented(name, known)
    return name


def processor_of(runtime: str, host: str | None, cpus: float | None) -> Processor:
    """The host's processor, with `cpus` of its threads where that is said.

    Raises:
        ValueError: a name is not known, or `cpus` is out of range.
    """
    known = catalog.validation_hosts()
    if host is None:
        processor = catalog.home(runtime).processor
    elif host in known:
        processor = known[host].processor
    else:  # all vCPUs are taken for equal, as CoreMark on all of them says
        machine = _rented(host, known)
        speed = plain(machine.core_speed) / plain(core_of(f"start.{runtime}.cpu"))
        processor = Processor(cpus=machine.vcpu, core_speed=speed)
    if cpus is None:
        return processor
    return replace(processor, cpus=cpus)


def check_memory(runtime: str, host: str | None, *, sandboxes: int, guest: float) -> None:
    """Whether a named host holds so many idle sandboxes with guests of `guest` bytes.

    Without a name only the cores are said, and memory is taken to suffice.

    Raises:
        NoMemory: it does not.
        ValueError: a name is not known.
    """
    if host is None:
        return
    footprint, room = catalog.footprint(runtime), _memory(host)
    needs = footprint.resident(sandboxes, guest)
    if needs <= room:
        return
    one, two = (footprint.resident(count, guest) for count in (1, 2))
    each = two - one
    fit = fits(room - (one - each), each)
    raise NoMemory(
        f"memory: {sandboxes} {runtime} {'sandbox needs' if sandboxes == 1 else 'sandboxes need'} "
        f"{needs / GiB:.2f} GiB, {host} has {room / GiB:.2f} GiB: {fit} "
        f"{'fits' if fit == 1 else 'fit'} in memory",
        fit,
    )


def virtualised(runtime: str, host: str | None) -> str:
    """A remark on an EC2 type that is a guest itself, of a runtime that needs KVM; else empty."""
    known = catalog.instances()
    if host is None or host not in known or known[host].metal or runtime in CONTAINERS:
        return ""
    return (
        f"{host} is taken for a bare machine of its size: an instance that is a guest itself "
        f"runs {runtime} only with nested virtualisation; name a metal type"
    )


def _memory(host: str) -> float:
    """Bytes that the host's kernel has; of a validation host, its nominal memory."""
    known = catalog.validation_hosts()
    return known[host].memory if host in known else _rented(host, known).memory_visible


def _rented(host: str, known: Iterable[str]) -> Machine:
    """The bare machine of an EC2 type, or of a size."""
    try:
        return bare_machine(host)
    except catalog.UnknownName:
        names = [*known, *catalog.instances()]
        where = f"{', '.join(known)}, what sim instances lists, and sizes such as 16x64GiB"
        raise catalog.unknown("host", host, names, where=where) from None
