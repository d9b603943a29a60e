"""An instance for each guest: the cheapest type that has what it was given, or what it needs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from sim import catalog
from sim.catalog.instances.table import Instance, by_price
from sim.studies.cost.bill import HOURS_A_MONTH, Machines
from sim.studies.migrate.sizing import MovedGuest
from sim.studies.plan.types import AUTO, allowed


@dataclass(frozen=True, slots=True)
class OwnMachine:
    """A guest and the type of its instance; None where no type has as much."""

    guest: MovedGuest
    type: str | None

    @property
    def usd_per_month(self) -> float:
        """On demand in us-east-1; 0 where there is no type."""
        if self.type is None:
            return 0.0
        return (catalog.instance(self.type).usd_per_hour or 0.0) * HOURS_A_MONTH


def as_they_are(guests: Iterable[MovedGuest]) -> list[OwnMachine]:
    """With as many vCPUs and as much nominal memory as each was given."""
    return [OwnMachine(each, _cheapest(each.guest.vcpu, each.guest.memory)) for each in guests]


def right_sized(guests: Iterable[MovedGuest]) -> list[OwnMachine]:
    """With what each needs; a T type where what it uses in the mean stays below the baseline."""
    return [
        OwnMachine(each, _cheapest(each.cpu, each.memory, needs=True, mean=each.cpu_used))
        for each in guests
    ]


def machines(own: Sequence[OwnMachine]) -> tuple[Machines, ...]:
    """How many of which type."""
    types = Counter(each.type for each in own if each.type is not None)
    return tuple(Machines(type=name, count=count) for name, count in sorted(types.items()))


@cache
def _cheapest(
    cpu: float, memory: float, *, needs: bool = False, mean: float | None = None
) -> str | None:
    """The cheapest type for a size.

    Args:
        needs: whether `cpu` is a need in vCPUs of an m5, of which faster cores take fewer; else
            it is a number of vCPUs.
        mean: vCPUs of an m5 that are used in the mean, where a T type may be taken; None: it may
            not.
    """
    for type_ in _types():
        speed = catalog.instance(type_.name).core_speed.value if needs else 1.0
        if type_.vcpu * speed < cpu or type_.memory < memory:
            continue
        if type_.burstable and not _below_baseline(type_, mean, speed):
            continue
        return type_.name
    return None


def _below_baseline(type_: Instance, mean: float | None, speed: float) -> bool:
    return mean is not None and type_.baseline is not None and mean <= type_.baseline * speed


@cache
def _types() -> tuple[Instance, ...]:
    """Types that may be taken, the cheapest first: those of `sim plan`, and T types since T3."""
    plain = set(allowed(AUTO))
    return tuple(
        type_
        for type_ in by_price("amd64", burstable=True)
        if type_.name in plain or type_.name.startswith(("t3.", "t3a."))
    )
