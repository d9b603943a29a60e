"""How many nodes of which kind a set of pods needs: first fit, largest pods first."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar


class Room(Protocol):
    """What is left of a node."""

    def fits(self, claim: Any, /) -> bool:
        """Whether there is room for one more of `claim`."""
        ...

    def less(self, claim: Any, /) -> Self:
        """After one more."""
        ...


Claim = TypeVar("Claim", bound=Hashable)


def fill(rooms: Sequence[Room], pods: Mapping[Claim, int]) -> dict[Claim, int]:
    """What is left of `pods` once they have gone into `rooms`, first fit."""
    nodes = [{0: room} for room in rooms]
    rest = {claim: _put(nodes, claim, count) for claim, count in pods.items()}
    return {claim: count for claim, count in rest.items() if count}


def pack(pods: Mapping[Claim, int], offers: Sequence[Room]) -> list[int]:
    """The offer of each node that is needed, by its number; what fits on none is left out.

    As Karpenter does it: a node is every offer at once that can still hold what was put there, so
    it grows to the largest; in the end it becomes the first offer that holds it.

    Args:
        pods: how many of each claim, largest claims first.
        offers: what an empty node of each kind has, cheapest first.
    """
    nodes: list[dict[int, Room]] = []
    empty = dict(enumerate(offers))
    for claim, count in pods.items():
        rest = _put(nodes, claim, count)
        while rest and _holding(empty, claim):
            node = [empty]
            rest = _put(node, claim, rest)
            nodes += node
    return [min(node) for node in nodes]


def _put(nodes: list[dict[int, Room]], claim: object, count: int) -> int:
    """Put pods of one claim onto nodes, each as full as it gets; returns how many are left."""
    for number, node in enumerate(nodes):
        held = node
        while count and (more := _holding(held, claim)):
            held, count = more, count - 1
        nodes[number] = held
    return count


def _holding(node: dict[int, Room], claim: object) -> dict[int, Room]:
    """The offers that hold one more of `claim`, with what is left of them."""
    return {n: room.less(claim) for n, room in node.items() if room.fits(claim)}
