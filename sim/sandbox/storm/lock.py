"""A lock, or a daemon's single worker: it serves one at a time.

Processor sharing alone does not reproduce measured start storms, because somewhere on the way every
start passes one and the same lock (docs/model.md, Storms). Who gets it when it is released depends
on the lock: a queue serves in order, a mutex that running threads may grab in almost any order.
"""

from collections.abc import Callable

from simpy import Environment, Resource
from simpy.resources.base import Get
from simpy.resources.resource import Release, Request


class Lock(Resource):
    """A live lock; leaving the `with` block of a request lets the next one in.

    Args:
        env: the clock.
        pick: given how many wait, the index of the next one; None: first come, first served.
    """

    def __init__(self, env: Environment, pick: Callable[[int], int] | None = None) -> None:
        super().__init__(env, capacity=1)
        self.env = env
        self._pick = pick
        self.served = 0
        self.held = 0.0
        """Seconds for which it was held."""

    @property
    def waiting(self) -> int:
        """How many wait for it now."""
        return len(self.queue)

    def _trigger_put(self, get_event: Get[Resource] | None) -> None:
        if self._pick is not None and not self.users and self.waiting > 1:
            self.queue.insert(0, self.queue.pop(self._pick(self.waiting)))
        super()._trigger_put(get_event)

    def _do_put(self, event: Request) -> None:
        super()._do_put(event)
        if event.triggered:
            self.served += 1

    def _do_get(self, event: Release) -> None:
        since = event.request.usage_since
        if since is not None and event.request in self.users:
            self.held += self.env.now - since
        super()._do_get(event)
