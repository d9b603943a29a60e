"""The bytes of one disk: a ledger that says no when it is full."""

from sim.units import GiB


class DiskSpace:
    """Bytes on a disk, taken and given back.

    Args:
        capacity: bytes of the disk; infinite where it never binds.
        used: bytes the OS takes from the start.
    """

    __slots__ = ("capacity", "used")

    def __init__(self, capacity: float, used: float = 0.0) -> None:
        self.capacity = capacity
        self.used = used

    def __str__(self) -> str:
        return f"free {self.free / GiB:.2f} of {self.capacity / GiB:g} GiB"

    @property
    def free(self) -> float:
        """Bytes left."""
        return self.capacity - self.used

    def take(self, amount: float) -> bool:
        """Take `amount` bytes if they are there; nothing is taken where they are not."""
        if amount > self.free:
            return False
        self.used += amount
        return True

    def give(self, amount: float) -> None:
        """Give back `amount` bytes."""
        self.used -= amount
