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
    one = {id(free): {0: free} for free in nodes}
    filled = [one[id(free)] for free in nodes]
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
        if rest and _holding(empty, request):
            _, each = _filled(empty, request, rest)
            new = [empty] * -(-rest // each)
            _put(new, request, rest)
            nodes += new
    return [min(node) for node in nodes]


def _put(nodes: list[dict[int, FreeResources]], request: object, count: int) -> int:
    """Put pods of one request onto nodes, each as full as it gets; returns how many are left.

    Nodes that are one and the same object are filled once.
    """
    full: dict[int, tuple[dict[int, FreeResources], int]] = {}
    for number, node in enumerate(nodes):
        if not count:
            break
        known = full.get(id(node))
        if known is None or known[1] > count:
            known = full[id(node)] = _filled(node, request, count)
        nodes[number] = known[0]
        count -= known[1]
    return count


def _filled(
    node: dict[int, FreeResources], request: object, count: int
) -> tuple[dict[int, FreeResources], int]:
    """The node with as many of so many pods on it as it takes, and how many those are."""
    put = 0
    while put < count and (more := _holding(node, request)):
        node, put = more, put + 1
    return node, put


def _holding(node: dict[int, FreeResources], request: object) -> dict[int, FreeResources]:
    """The kinds that hold one more of `request`, with what is then left of them."""
    return {kind: free.less(request) for kind, free in node.items() if free.fits(request)}
