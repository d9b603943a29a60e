"""How many nodes of which kind a set of pods needs: first fit, largest pods first."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar


class FreeResources(Protocol):
    """What is left of a node."""

    def fits(self, request: Any, /) -> bool:
        """Whether there is room for one more of `request`."""
        ...

    def less(self, request: Any, /) -> Self:
        """What is left after one more."""
        ...


Request = TypeVar("Request", bound=Hashable)


def fill(nodes: Sequence[FreeResources], pods: Mapping[Request, int]) -> dict[Request, int]:
    """The pods that are left over once the others have been put onto `nodes`, first fit."""
    filled = [{0: free} for free in nodes]
    rest = {request: _put(filled, request, count) for request, count in pods.items()}
    return {request: count for request, count in rest.items() if count}


def pack(pods: Mapping[Request, int], kinds: Sequence[FreeResources]) -> list[int]:
    """The kind of each node that is needed, by its number; pods that fit on none are left out.

    Karpenter's way: a node is every kind at once that can still hold what was put there, so it
    grows to the largest; in the end it becomes the first kind that holds it.

    Args:
        pods: how many of each request, largest requests first.
        kinds: what an empty node of each kind has, cheapest first.
    """
    nodes: list[dict[int, FreeResources]] = []
    empty = dict(enumerate(kinds))
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
    """The kinds that hold one more of `request`, with what is then left of them."""
    return {kind: free.less(request) for kind, free in node.items() if free.fits(request)}
