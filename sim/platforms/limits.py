"""What stops you, and what stops you next: arithmetic over the ceilings of a platform."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sim.core.quantity import shown_gib
from sim.host import Machine
from sim.start import Ceiling


def fits(capacity: float, each: float) -> int:
    """How many of size `each` fit into `capacity`."""
    # 0.3 / 0.1 is a bit below three: the last bits of a decimal are forgiven.
    return max(0, math.floor(capacity / each * (1.0 + 1e-12)))


def smallest_first(*ceilings: Ceiling) -> tuple[Ceiling, ...]:
    """The ceilings in the order in which they bind; equals in the order given."""
    return tuple(sorted(ceilings, key=lambda ceiling: ceiling.allows))


def cpu_ceilings(vcpus: float, each: float, how: str, refusal: str = "") -> tuple[Ceiling, ...]:
    """The ceiling of a host's vCPUs; none where nothing is reserved."""
    return (Ceiling("vCPU", fits(vcpus, each), how, refusal),) if each else ()


def disk_ceilings(room: float, each: float, how: str) -> tuple[Ceiling, ...]:
    """The disk's ceiling, where it has one.

    Args:
        room: bytes that the images leave free; negative: they do not fit themselves.
        each: bytes that one container writes; 0: it writes nothing, and any number fits.
        how: how to lift the ceiling.
    """
    if room < 0.0:
        return (Ceiling("disk", 0, f"{how}: it lacks {shown_gib(-room)} for the images"),)
    if each == 0.0 or math.isinf(room):
        return ()
    return (Ceiling("disk", fits(room, each), how),)


def gpu_ceilings(machine: Machine, each: int) -> tuple[Ceiling, ...]:
    """The ceiling of a machine's GPUs; none where nobody asks for one."""
    if not each:
        return ()
    if machine.gpus is None:
        how = f"it has a fraction of one, or the GPUs of {machine.name} are not known"
        return (Ceiling("GPU", 0, f"take a type with whole GPUs: {how}"),)
    return (Ceiling("GPU", fits(machine.gpus, each), _MORE_GPUS),)


def gpus_of(machine: Machine, each: int) -> int:
    """GPUs that a machine hands out.

    Raises:
        ValueError: some are asked for, and how many it has is not known.
    """
    if each and machine.gpus is None:
        raise ValueError(f"gpus: {each} is not allowed; how many {machine.name} has is not known")
    return machine.gpus or 0


_MORE_GPUS = "take a type with more GPUs (sim instances 'g*'), or ask for fewer (--gpus)"


@dataclass(frozen=True, slots=True)
class Limit:
    """A ceiling, and what lifting it alone would do."""

    limit: str
    allows: int
    gain_if_lifted: int
    then: str
    how: str


def lifted(ceilings: Sequence[Ceiling]) -> tuple[Limit, ...]:
    """For each ceiling, smallest first: what lifting it alone gains, and what stops you then.

    Where lifting a ceiling changes the others, it names them itself (`Ceiling.others`).
    """
    count = ceilings[0].allows
    rows = []
    for place, ceiling in enumerate(ceilings):
        others = ceiling.others or [other for i, other in enumerate(ceilings) if i != place]
        then = others[0].limit if others else ""
        gain = others[0].allows - count if others else 0
        rows.append(Limit(ceiling.limit, ceiling.allows, max(0, gain), then, ceiling.how))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class BudgetItem:
    """A part of a host's nominal memory, in bytes."""

    item: str
    bytes: float


def used(budget: Sequence[BudgetItem]) -> float:
    """Bytes in use, as the host's own kernel sees it: all but what is lost and what is free."""
    return math.fsum(part.bytes for part in budget if part.item not in ("lost", "free"))


def file_pages(budget: Sequence[BudgetItem]) -> float:
    """Bytes of file pages that are kept hot; each kernel keeps one copy."""
    return math.fsum(part.bytes for part in budget if part.item in ("shared files", "file copies"))


def with_free(nominal: float, *parts: BudgetItem) -> tuple[BudgetItem, ...]:
    """The parts of a machine's memory, and what is left of it."""
    return (*parts, BudgetItem("free", nominal - math.fsum(part.bytes for part in parts)))
