"""The sharing law: weighted max-min fairness with caps, hierarchical and exact."""

from sim.sharing import capacity
from sim.sharing.capacity import SharedCapacity
from sim.sharing.group import Group, Pacing
from sim.sharing.job import Job
from sim.sharing.oracle import max_min_shares
from sim.sharing.own_law import STARTS_ONLY, OwnLawCapacity, SharingLaw

__all__ = [
    "COMPILED",
    "STARTS_ONLY",
    "Group",
    "Job",
    "OwnLawCapacity",
    "Pacing",
    "SharedCapacity",
    "SharingLaw",
    "max_min_shares",
]

COMPILED = not capacity.__file__.endswith(".py")
"""Whether the core is compiled; its answers are the same either way."""
