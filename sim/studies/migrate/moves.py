"""What a guest can move as: told by its operating system and its name, overruled by its name."""

import re
from typing import Literal, NamedTuple, TypeAlias

from sim import catalog
from sim.studies.migrate.guest import OldGuest, named_like

Moves: TypeAlias = Literal["container", "instance"]

_WINDOWS = re.compile(r"windows|microsoft", re.IGNORECASE)
_LINUX = re.compile(
    r"linux|ubuntu|debian|centos|red ?hat|rhel|suse|sles|fedora|rocky|alma|amazon|coreos|flatcar|"
    r"alpine|gentoo|\barch\b|\bmint\b",
    re.IGNORECASE,
)
_APPLIANCE_OS = re.compile(r"photon|freebsd.*(pfsense|opnsense)|appliance|esxi", re.IGNORECASE)
_APPLIANCE = re.compile(
    r"(?<![a-z])(vcenter|vcsa|nsx|vrops|vrli|vra|vrealize|srm|esxi|veeam|zerto|big-?ip|f5|netscaler|"
    r"forti(gate|net|manager|analyzer)|palo-?alto|panorama|checkpoint|pfsense|opnsense|sophos|"
    r"infoblox|firewall|fw|appliance)(?![a-z])",
    re.IGNORECASE,
)
_DATABASE = re.compile(
    r"(?<![a-z])((ms|my|pg|no)?sql|mariadb|postgres(ql)?|pg|oracle|ora|db2?|mongo(db)?|cassandra|"
    r"hana|sybase|informix|database)(?![a-z])",
    re.IGNORECASE,
)


class Move(NamedTuple):
    """What it moves as, and why."""

    to: Moves
    why: str


def move_of(
    guest: OldGuest, containers: tuple[str, ...] = (), instances: tuple[str, ...] = ()
) -> Move:
    """What a guest moves as.

    Args:
        containers: patterns of names that move as containers whatever else is said.
        instances: patterns of names that stay machines of their own.
    """
    if named_like(guest.name, instances):
        return Move("instance", "asked for")
    if named_like(guest.name, containers):
        return Move("container", "asked for")
    if why := _no_container(guest):
        return Move("instance", why)
    return Move("container", "Linux" if _LINUX.search(guest.os) else "OS not known")


def _no_container(guest: OldGuest) -> str:
    """Why it stays a machine of its own; empty where it need not."""
    if _WINDOWS.search(guest.os):
        return "Windows"
    if _APPLIANCE_OS.search(guest.os[:300]) or _APPLIANCE.search(guest.name):
        return "appliance"
    if guest.os and not _LINUX.search(guest.os) and not guest.os.lower().startswith("other"):
        return "no Linux"
    return "database" if _DATABASE.search(guest.name) and _busy(guest) else ""


def _busy(guest: OldGuest) -> bool:
    """Whether most of its memory is in use; what is not known is taken so."""
    used = guest.memory_used
    if used is None:
        return True
    return used > catalog.figure("migrate.database.active").value * guest.memory
