"""The machines a question is about: an instance type, and the bare machine of its size."""

import re

from sim import catalog
from sim.core.quantity import LARGEST_VCPU, parse_bytes
from sim.host import Machine

_CUSTOM = re.compile(r"([0-9]+)x([0-9.]+[A-Za-z]+)")


def bare_machine(host: str | None, instance: str) -> Machine:
    """The machine that `vm` and `docker` share.

    Args:
        host: an instance type such as `m5.metal`, a size such as `16x64GiB`, or None.
        instance: the type whose size is taken when `host` is None.

    Raises:
        ValueError: `host` is neither a known type nor a size.
    """
    if host is None:
        return catalog.bare(instance)
    match = _CUSTOM.fullmatch(host)
    if match is None and re.fullmatch(r"[0-9]+x[0-9.]+", host):
        raise ValueError(f"host: {host!r} has no unit of memory; write {host}GiB")
    if match is None:
        return catalog.bare(host)
    if not 1 <= int(match[1]) <= LARGEST_VCPU:
        raise ValueError(f"host: {host!r} is not allowed; 1 to {LARGEST_VCPU:g} vCPUs")
    return catalog.custom(float(match[1]), parse_bytes(match[2]))
