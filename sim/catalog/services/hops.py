"""Seconds of a call on the network; nobody has published them for one zone, so they are assumed."""

from sim.catalog.figures import figure
from sim.workload import Hops


def hops() -> Hops:
    """There and back, by where caller and callee are."""
    return Hops(
        same_host=figure("network.hop.same_host"),
        same_zone=figure("network.hop.same_zone"),
        other_zone=figure("network.hop.other_zone"),
    )
