"""An inventory: the guests that may move, and the hosts they run on today."""

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from math import fsum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from sim.core.description import description
from sim.studies.migrate.guest import Guest, OldHost

if TYPE_CHECKING:
    import pandas as pd


@description
class Inventory:
    """Guests that run, or may be made to, and where they run today."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    guests: Annotated[tuple[Guest, ...], Field(min_length=1)]
    hosts: tuple[OldHost, ...] = ()
    form: str = "table"
    """What it was read from: `RVTools`."""
    left_out: Mapping[str, int] = Field(default_factory=dict)
    """Guests that are not in it, counted by reason."""
    off: tuple[Guest, ...] = ()
    """Guests that are powered off, which are counted in `left_out`, too."""
    notes: tuple[str, ...] = ()
    """What its reader understood otherwise than one might think."""
    ignored: tuple[str, ...] = ()
    """Columns that say nothing here."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Inventory":
        seen: set[str] = set()
        for guest in self.guests:
            if guest.name in seen:
                raise ValueError(f"guests: {guest.name!r} is there twice; once")
            seen.add(guest.name)
        return self

    @property
    def vcpu(self) -> float:
        """vCPUs that its guests were given."""
        return fsum(guest.vcpu for guest in self.guests)

    @property
    def memory(self) -> float:
        """Bytes that its guests were given."""
        return fsum(guest.memory for guest in self.guests)

    @property
    def host_count(self) -> int:
        """Hosts that its guests run on today; 0: not known."""
        named = {guest.host for guest in self.guests if guest.host}
        return len(self.hosts) or len(named)

    def only(self, *patterns: str) -> "Inventory":
        """Those guests whose names are like one of some patterns, such as `app-*`.

        Raises:
            ValueError: none is.
        """
        kept = tuple(guest for guest in self.guests if named_like(guest.name, patterns))
        if not kept:
            raise ValueError(f"no guest is like {' or '.join(patterns)}")
        return replace(self, guests=kept)

    def with_off(self) -> "Inventory":
        """The same with those that are powered off."""
        known = {guest.name for guest in self.guests}
        more = tuple(guest for guest in self.off if guest.name not in known)
        return replace(self, guests=(*self.guests, *more), off=())

    def rows(self) -> list[dict[str, Any]]:
        """A row a guest: what it was given, and what it used."""
        return [
            {
                "name": guest.name,
                "vcpu": guest.vcpu,
                "memory_bytes": guest.memory,
                "disk_bytes": guest.disk,
                "os": guest.os or None,
                "cpu_used": guest.cpu_used,
                "memory_used_bytes": guest.memory_used,
                "host": guest.host or None,
            }
            for guest in self.guests
        ]

    def table(self) -> "pd.DataFrame":
        """Its guests as a frame, see `rows`."""
        import pandas as pd

        return pd.DataFrame(self.rows())


def named_like(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name is one of some patterns, in any case."""
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)
