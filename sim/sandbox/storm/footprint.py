"""Resident memory of many sandboxes of one runtime on one host (docs/model.md, Memory)."""

from sim.core.cited import Number, plain
from sim.core.description import description


@description
class Footprint:
    """What is there once, what comes with each sandbox, and what comes with the guest's size."""

    shared: Number = 0.0
    """Bytes that are there once, however many run: pages of the VMM, kernel and template that all
    map."""
    each: Number
    """Bytes of one sandbox's own, with a guest of `guest` bytes."""
    guest: Number = 0.0
    """Bytes of guest memory that `each` was measured with."""
    per_guest_byte: Number = 0.0
    """Bytes for each byte of guest memory: struct page and tables."""

    def resident(self, sandboxes: int, guest: float) -> float:
        """Bytes of host memory that `sandboxes` idle ones with `guest` bytes each take."""
        if sandboxes == 0:
            return 0.0
        larger = plain(self.per_guest_byte) * (guest - plain(self.guest))
        return plain(self.shared) + sandboxes * max(0.0, plain(self.each) + larger)
