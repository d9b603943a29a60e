"""What containers used, and the size that a published rule makes of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sim import catalog
from sim.studies.fit.observed import UsageSeen
from sim.workload.sizing.use import Use, use_of


@dataclass(frozen=True, slots=True)
class RuledSize:
    """One container: what it used, and what it is given for that."""

    name: str
    n: int
    """Readings of memory, or of CPU where there are none."""
    memory: Use
    cpu: Use
    memory_bytes: float | None
    """What the rule gives; None: it refuses, or nothing is known."""
    cpu_vcpu: float | None
    rests_on: str
    rule: str
    """The rule; `recommended` where somebody else's tool gave it."""


def sizes_of(usages: Mapping[str, UsageSeen], rule: str, *, names: bool) -> list[RuledSize]:
    """The sizes of all, those that use most first.

    Args:
        names: whether they keep their names; else they are numbered.
    """
    found = [_size(usage, rule) for usage in usages.values()]
    found.sort(key=lambda size: (-(size.memory_bytes or 0.0), -(size.cpu_vcpu or 0.0), size.name))
    if names:
        return found
    return [_numbered(size, number) for number, size in enumerate(found, 1)]


def _numbered(size: RuledSize, number: int) -> RuledSize:
    return replace(size, name=f"container {number}")


def _size(usage: UsageSeen, rule: str) -> RuledSize:
    memory, cpu = _use(usage.memory), _use(usage.cpu)
    n = len(usage.memory) or len(usage.cpu)
    if usage.advised_memory is not None or usage.advised_cpu is not None:
        return RuledSize(
            *(usage.name, n, memory, cpu, usage.advised_memory, usage.advised_cpu),
            rests_on="recommended",
            rule="recommended",
        )
    sized = catalog.right_size(rule, cpu, memory, has_cpu=math.inf, has_memory=math.inf)
    said = {"memory": sized.memory_from, "CPU": sized.cpu_from}
    return RuledSize(
        usage.name,
        n,
        memory,
        cpu,
        _known(sized.memory),
        _known(sized.cpu),
        "; ".join(f"{resource}: {basis}" for resource, basis in said.items()),
        rule,
    )


def _known(size: float) -> float | None:
    """What a rule gives; what it leaves as it is, records do not tell."""
    return size if math.isfinite(size) else None


def _use(readings: list[tuple[float, float]]) -> Use:
    """As the rules take it; one reading is an instant."""
    if not readings:
        return Use()
    if len(readings) == 1:
        return Use(instant=readings[0][1])
    return use_of([at for at, _ in readings], [amount for _, amount in readings])
