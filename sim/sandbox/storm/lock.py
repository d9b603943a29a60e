"""A serial station: a lock, or a daemon's single worker; one at a time.

Processor sharing alone does not reproduce measured start storms, because somewhere on the way every
start passes one and the same lock (docs/model.md, Storms). Who is next when it falls free depends
on the lock: a queue serves in order, a mutex that running threads may snatch in almost any order.
"""

from collections.abc import Callable

from simpy import Environment, Resource
from simpy.resources.base import Get
from simpy.resources.resource import Release, Request


class Turn(Request):
    """A place in the queue; an event that fires when its turn has come.

    Leaving its `with` block lets the next one in, also after an interrupt.
    """


class Station(Resource):
    """A live station.

    Args:
        env: the clock.
        pick: given how many wait, the place of the next one; None: first come first served.
    """

    def __init__(self, env: Environment, pick: Callable[[int], int] | None = None) -> None:
        super().__init__(env, capacity=1)
        self.env = env
        self._pick = pick
        self.served = 0
        self.held = 0.0
        """Seconds in which somebody was served."""

    @property
    def waiting(self) -> int:
        """How many stand in the queue now."""
        return len(self.queue)

    def turn(self) -> Turn:
        """Join the queue."""
        return Turn(self)

    def _trigger_put(self, get_event: Get[Resource] | None) -> None:
        if self._pick is not None and not self.users and self.waiting > 1:
            self.queue.insert(0, self.queue.pop(self._pick(self.waiting)))
        super()._trigger_put(get_event)

    def _do_put(self, event: Request) -> None:
        super()._do_put(event)
        if isinstance(event, Turn) and event.triggered:
            self.served += 1

    def _do_get(self, event: Release) -> None:
        since = event.request.usage_since
        if since is not None and event.request in self.users:
            self.held += self.env.now - since
        super()._do_get(event)
