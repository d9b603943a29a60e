"""Which copy a call goes to: in turn, at random, or the one with the least to do."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from sim.core.randomness import Sampler
from sim.workload.traffic.replica import Replica

Balancing: TypeAlias = Literal["round-robin", "random", "least-busy"]
"""An Application Load Balancer's default; kube-proxy's with iptables; the one with the fewest
requests outstanding."""

Choice: TypeAlias = Callable[[Sequence[Replica]], Replica]


def chooser(how: Balancing, draw: Sampler) -> Choice:
    """A function that chooses one of some copies.

    Args:
        draw: numbers from 0 to 1, for `random`.
    """
    if how == "random":
        return lambda replicas: replicas[int(draw() * len(replicas))]
    turn = _Turn()
    return turn.next if how == "round-robin" else turn.least


class _Turn:
    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = -1

    def next(self, replicas: Sequence[Replica]) -> Replica:
        self.at = at = (self.at + 1) % len(replicas)
        return replicas[at]

    def least(self, replicas: Sequence[Replica]) -> Replica:
        """The first of the least busy, beginning with the one whose turn it is."""
        self.at = start = (self.at + 1) % len(replicas)
        in_turn = (*replicas[start:], *replicas[:start])
        return min(in_turn, key=lambda replica: replica.waiting)
