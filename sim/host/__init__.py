"""One Linux machine: a cgroup CPU tree, a memory ledger, a disk and a NIC."""

from sim.host.disk_space import Space
from sim.host.kernel import Kernel
from sim.host.machine import Machine
from sim.host.memory import Memory, MemoryGroup
from sim.host.startup_step import Doing, Step

__all__ = ["Doing", "Kernel", "Machine", "Memory", "MemoryGroup", "Space", "Step"]
