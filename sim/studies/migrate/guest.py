"""A guest of an inventory: what it was given, and what it was seen to use."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, TypeAlias

from pydantic import Field

from sim.core.description import description
from sim.core.quantity import Bytes
from sim.workload.sizing.use import Use

Known: TypeAlias = Annotated[float, Field(ge=0.0, allow_inf_nan=False)] | None
"""An amount; None: not known."""
GuestCpus: TypeAlias = Annotated[float, Field(gt=0.0, le=1024.0)]
"""vCPUs of a guest; vSphere 8 allows 768."""
Ghz: TypeAlias = Annotated[float, Field(gt=0.0, le=10.0)] | None
GuestName: TypeAlias = Annotated[str, Field(min_length=1, max_length=255)]

_NUMBER = re.compile(r"\d+$")


@description
class OldGuest:
    """A virtual machine, or a server, that may move."""

    name: GuestName
    vcpu: GuestCpus
    memory: Bytes
    disk: Known = None
    """Bytes of its disks."""
    os: str = ""
    """As its tools or its configuration say; empty: not known."""
    cpu_use: Use = Field(default_factory=Use)
    """vCPUs of its old host."""
    cpu_mean: Known = None
    """vCPUs of its old host that it used on average."""
    memory_use: Use = Field(default_factory=Use)
    """Bytes."""
    memory_mean: Known = None
    """Bytes in use on average."""
    host: str = ""
    ghz: Ghz = None
    """Clock of a core of its old host."""
    groups: Mapping[str, str] = Field(default_factory=dict)
    """What it belongs to, by kind: cluster, folder, application, tag:KEY."""

    def group(self, by: str) -> str:
        """What it belongs to of that kind; empty: nothing that is known."""
        if by == "stem":
            return _NUMBER.sub("", self.name).rstrip("-_. ") or self.name
        kinds = {kind.lower(): value for kind, value in self.groups.items()}
        return kinds.get(by.lower(), "")

    @property
    def cpu_used(self) -> float | None:
        """vCPUs of its old host that it uses most of the time; None: not known."""
        return _usual(self.cpu_mean, self.cpu_use)

    @property
    def memory_used(self) -> float | None:
        """Bytes that it uses most of the time; None: not known."""
        return _usual(self.memory_mean, self.memory_use)

    @property
    def memory_most(self) -> float | None:
        """The most bytes that it was seen to use; None: not known."""
        use = self.memory_use
        known = (use.peak, use.p99_5, use.p95, use.instant, use.p50, self.memory_mean)
        return next((each for each in known if each is not None), None)


def _usual(mean: float | None, use: Use) -> float | None:
    known = (mean, use.p50, use.instant, use.p95, use.p99_5, use.peak)
    return next((each for each in known if each is not None), None)


def named_like(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name is like one of some patterns, such as `app-*`; in any case."""
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)


@description
class OldHost:
    """A machine on which guests run today."""

    name: str
    cores: Annotated[int, Field(ge=1, le=4096)] | None = None
    memory: Bytes | None = None
    ghz: Ghz = None
