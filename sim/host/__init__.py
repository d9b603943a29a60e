"""One Linux machine: a cgroup CPU tree, a memory ledger, a disk and a NIC."""

from typing import TYPE_CHECKING

from sim.facade import facade

if TYPE_CHECKING:
    from sim.host.disk_space import DiskSpace
    from sim.host.kernel import Kernel
    from sim.host.machine import Machine
    from sim.host.memory import Memory, MemoryGroup, MemorySlice
    from sim.host.startup_step import Step
    from sim.host.work_amount import WorkAmount

__all__ = [
    "DiskSpace",
    "Kernel",
    "Machine",
    "Memory",
    "MemoryGroup",
    "MemorySlice",
    "Step",
    "WorkAmount",
]

facade(__name__)
