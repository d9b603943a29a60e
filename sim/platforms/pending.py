"""Pods that fit on no node yet: they wait for one, first come first served."""

from collections.abc import Callable, Generator
from typing import Any

from simpy import Event

from sim.platforms.node import Node
from sim.platforms.pod import Claim
from sim.start import Start

Bind = Callable[[Start, Claim], Node | None]
"""Binds a start to the best node that has room, if there is one."""


class Pending:
    """The queue of unschedulable pods; whoever adds nodes listens to it.

    Args:
        bind: tries to place one of them.
    """

    __slots__ = ("_bind", "listeners", "waiting")

    def __init__(self, bind: Bind) -> None:
        self._bind = bind
        self.waiting: dict[Start, tuple[Claim, Event]] = {}
        """In the order in which they found no room."""
        self.listeners: list[Callable[[Start, Claim], None]] = []
        """Told of each pod that begins to wait."""

    def wait(self, start: Start, claim: Claim) -> Generator[Event, Any, Node]:
        """Until a node has room; who is killed meanwhile leaves the queue."""
        bound = start.env.event()
        self.waiting[start] = (claim, bound)
        for tell in self.listeners:
            tell(start, claim)
        try:
            node: Node = yield bound
        finally:
            self.waiting.pop(start, None)
        return node

    def retry(self) -> None:
        """Room has come: bind whom it holds. Where one did not fit, its equals do not either."""
        full: set[Claim] = set()
        for start, (claim, bound) in list(self.waiting.items()):
            if claim in full:
                continue
            node = self._bind(start, claim)
            if node is None:
                full.add(claim)
            else:
                del self.waiting[start]
                bound.succeed(node)
