"""An inventory: the guests that may move, and the hosts they run on today."""

from collections.abc import Mapping
from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from sim.core.description import description
from sim.core.names import first_of
from sim.core.quantity import shown_memory
from sim.studies.migrate.guest import GuestName, OldGuest, OldHost, named_like
from sim.studies.migrate.moves import move_of
from sim.studies.migrate.sizing import application, moved
from sim.units import TiB
from sim.workload.application import NOT_IN_IT, Application

if TYPE_CHECKING:
    import pandas as pd


OTHER = "other"


@description
class Inventory:
    """Guests that run, or may be made to, and where they run today."""

    name: GuestName
    guests: Annotated[tuple[OldGuest, ...], Field(min_length=1)]
    hosts: tuple[OldHost, ...] = ()
    form: str = "table"
    """What it was read from: `RVTools`."""
    left_out: Mapping[str, int] = Field(default_factory=dict)
    """Guests that are not in it, counted by reason."""
    off: tuple[OldGuest, ...] = ()
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
    def held(self) -> str:
        """vCPUs and memory in words: `1,016 vCPU and 3.1 TiB`."""
        memory = self.memory
        shown = shown_memory(memory) if memory < TiB else f"{memory / TiB:.1f} TiB"
        return f"{self.vcpu:,.10g} vCPU and {shown}"

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

    def application(self, rule: str = "compute-optimizer") -> Application:
        """Those of its guests that can be containers, each as a part of its own.

        Args:
            rule: by which their sizes are found; see `sim.migrate`.

        Raises:
            ValueError: none can be a container.
            UnknownName: there is no such rule.
        """
        every = [moved(guest, move_of(guest), rule) for guest in self.guests]
        stay = [each.name for each in every if each.to == "instance"]
        kept = "it stays a machine" if len(stay) == 1 else "each stays a machine"
        note = f"{NOT_IN_IT}{first_of(stay)}; {kept} of its own (sim migrate says why)"
        return application(self.name, every, [*self.notes, *([note] if stay else [])])

    def groups(self, by: str) -> "dict[str, Inventory]":
        """The same split by what its guests belong to; those that belong to nothing are `other`.

        Args:
            by: cluster, folder, application and such, tag:KEY, or stem: a name up to its number.

        Raises:
            ValueError: no guest belongs to any such thing.
        """
        found: dict[str, list[OldGuest]] = {}
        for guest in self.guests:
            found.setdefault(guest.group(by) or OTHER, []).append(guest)
        if set(found) == {OTHER}:
            kinds = sorted({"stem", *(kind for guest in self.guests for kind in guest.groups)})
            raise ValueError(f"no guest has {by!r}; known: {', '.join(kinds)}")
        return {
            name: replace(self, name=name[:255], guests=tuple(guests))
            for name, guests in sorted(found.items())
        }

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
