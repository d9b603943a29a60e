"""What records tell: starts with the lengths of their phases, and what containers used.

A stamp of a whole second says that something happened within that second. So a phase between two
stamps lies within an interval, and is never clipped to what one would like it to be.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

Observed: TypeAlias = Literal["fargate", "ecs", "kubernetes", "docker", "node"]

SPOKEN: dict[Observed, str] = {
    "fargate": "Fargate",
    "ecs": "ECS on EC2",
    "kubernetes": "Kubernetes",
    "docker": "Docker",
    "node": "Kubernetes nodes",
}


class Spell(NamedTuple):
    """The time between two stamps, both rounded down."""

    seconds: float
    """The later stamp less the earlier."""
    before: float = 0.001
    """Resolution of the earlier stamp, seconds: it may have been so much later."""
    after: float = 0.001
    """Resolution of the later one."""

    @property
    def low(self) -> float:
        """It took at least so long."""
        return max(0.0, self.seconds - self.before)

    @property
    def high(self) -> float:
        """It took at most so long."""
        return self.seconds + self.after

    @property
    def possible(self) -> bool:
        """Whether the later stamp can have been the later one."""
        return self.seconds >= 0.0 or self.high > max(self.after, 0.0) * 1e-9


@dataclass(frozen=True, slots=True)
class StartSeen:
    """One start: a task, a pod, a container or a node."""

    where: Observed
    phases: Mapping[str, Spell]
    """In the order in which they follow each other; some may not be told."""
    version: str = ""
    """Platform version on Fargate; empty: not told."""
    region: str = ""
    """Where; empty: not told."""
    at: float | None = None
    """When it was created, seconds of the epoch; None: not told."""
    ready: Spell | None = None
    """From its creation until it was ready, or running where nothing says ready."""
    image: str = ""
    """What tells images apart; never shown."""
    image_bytes: float | None = None
    """Compressed bytes of the image that was pulled."""


@dataclass(slots=True)
class UsageSeen:
    """What one container was seen to use."""

    name: str
    memory: list[tuple[float, float]] = field(default_factory=list)
    """When, in seconds, and the working set, bytes; 0 where the time is not told."""
    cpu: list[tuple[float, float]] = field(default_factory=list)
    """When, and vCPUs."""
    advised_cpu: float | None = None
    """vCPUs that a recommender asks for, which is no use."""
    advised_memory: float | None = None


@dataclass(slots=True)
class Records:
    """All that some files tell."""

    starts: list[StartSeen] = field(default_factory=list)
    usages: dict[str, UsageSeen] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    """Records that are not used, by reason."""
    notes: dict[str, None] = field(default_factory=dict)

    def use(self, name: str) -> UsageSeen:
        """What a container of that name used so far."""
        return self.usages.setdefault(name, UsageSeen(name))

    def note(self, text: str) -> None:
        """Something to know of these records, said once."""
        self.notes.setdefault(text)


def in_order(spells: Iterable[Spell]) -> bool:
    """Whether no phase ends before it begins."""
    return all(spell.possible for spell in spells)
