"""How many nodes of which kind a set of pods needs: first fit, largest pods first."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar


class FreeResources(Protocol):
    """What is left of a node."""

    def fits(self, request: Any, /) -> bool:
        """Whether there is room for one more of `request`."""
        ...

    def less(self, request: Any, /) -> Self:
        """After one more."""
        ...


Request = TypeVar("Request", bound=Hashable)


def fill(rooms: Sequence[FreeResources], pods: Mapping[Request, int]) -> dict[Request, int]:
    """What is left of `pods` once they have gone into `rooms`, first fit."""
    nodes = [{0: room} for room in rooms]
    rest = {request: _put(nodes, request, count) for request, count in pods.items()}
    return {request: count for request, count in rest.items() if count}


def pack(pods: Mapping[Request, int], offers: Sequence[FreeResources]) -> list[int]:
    """The offer of each node that is needed, by its number; what fits on none is left out.

    As Karpenter does it: a node is every offer at once that can still hold what was put there, so
    it grows to the largest; in the end it becomes the first offer that holds it.

    Args:
        pods: how many of each request, largest requests first.
        offers: what an empty node of each kind has, cheapest first.
    """
    nodes: list[dict[int, FreeResources]] = []
    empty = dict(enumerate(offers))
    for request, count in pods.items():
        rest = _put(nodes, request, count)
        while rest and _holding(empty, request):
            node = [empty]
            rest = _put(node, request, rest)
            nodes += node
    return [min(node) for node in nodes]


def _put(nodes: list[dict[int, FreeResources]], request: object, count: int) -> int:
    """Put pods of one request onto nodes, each as full as it gets; returns how many are left."""
    for number, node in enumerate(nodes):
        held = node
        while count and (more := _holding(held, request)):
            held, count = more, count - 1
        nodes[number] = held
    return count


def _holding(node: dict[int, FreeResources], request: object) -> dict[int, FreeResources]:
    """The offers that hold one more of `request`, with what is left of them."""
    return {n: room.less(request) for n, room in node.items() if room.fits(request)}
