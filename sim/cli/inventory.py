"""What was understood of an inventory, as `sim read` shows it."""

from sim.cli.screen import IN_JSON, hint, notes, say, table
from sim.core.names import first_of
from sim.core.quantity import shown_memory
from sim.studies.migrate.guest import OldGuest
from sim.studies.migrate.inventory import Inventory


def show_inventory(inventory: Inventory) -> None:
    """Guests and what they use; then what was left out or understood otherwise."""
    say(sentence(inventory))
    largest = sorted(inventory.guests, key=lambda guest: (-guest.memory, guest.name))
    table(
        ["guest", "vCPU", "used", "memory", "in use", "seen", "os"],
        [_cells(guest) for guest in largest],
        right="lrrrr",
        rest=IN_JSON,
        dash="the file does not say",
    )
    notes(inventory.notes)
    if inventory.ignored:
        hint(f"columns that are not used: {first_of(inventory.ignored, 12)}.")


def sentence(inventory: Inventory) -> str:
    """How many there are, what they hold, and what is known of their use."""
    running, out = len(inventory.guests), sum(inventory.left_out.values())
    reasons = ", ".join(f"{count} {why}" for why, count in inventory.left_out.items())
    head = f"{running} of {running + out} machines run ({reasons} left out)" if out else ""
    head = head or f"{running} machine{'s' if running > 1 else ''}"
    hosts = f" on {inventory.host_count} hosts" if inventory.host_count else ""
    return f"{head}: {inventory.held}{hosts}, {inventory.form}. {known(inventory)}"


def known(inventory: Inventory) -> str:
    """Of how many of them the use is known, and how."""
    told = []
    for what, uses in (
        ("CPU", [(guest.cpu_use, guest.cpu_mean) for guest in inventory.guests]),
        ("memory", [(guest.memory_use, guest.memory_mean) for guest in inventory.guests]),
    ):
        over_time = sum(1 for use, _ in uses if use.several)
        instant = sum(1 for use, _ in uses if not use.several and use.instant is not None)
        parts = [f"{over_time} over time"] if over_time else []
        parts += [f"{instant} at one instant"] if instant else []
        told.append(f"{what} of {' and '.join(parts) if parts else 'none'}")
    if all(each.endswith("none") for each in told):
        return "What they use is not known."
    return f"Their use is known: {', '.join(told)}."


def _cells(guest: OldGuest) -> list[str]:
    cpu, memory = guest.cpu_used, guest.memory_used
    return [
        guest.name,
        f"{guest.vcpu:g}",
        "-" if cpu is None else f"{cpu:.2f}",
        shown_memory(guest.memory),
        "-" if memory is None else shown_memory(memory),
        _seen(guest),
        guest.os[:40] or "-",
    ]


def _seen(guest: OldGuest) -> str:
    uses = (guest.cpu_use, guest.memory_use)
    if any(use.several for use in uses):
        return "over time"
    return "one instant" if any(use.instant is not None for use in uses) else "-"
