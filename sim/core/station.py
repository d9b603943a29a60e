"""A serial station: a lock, or a daemon's single worker; one at a time, first come first served.

DESIGN law L3: processor sharing alone does not reproduce measured start storms, because somewhere
on the way every start passes one and the same lock.
"""

from simpy import Environment, Resource
from simpy.resources.base import Put
from simpy.resources.resource import Request


class Turn(Request):
    """A place in the queue; an event that fires when its turn has come.

    Leaving its `with` block lets the next one in, also after an interrupt.
    """

    def __init__(self, station: "Station") -> None:
        self.asked = station.env.now
        super().__init__(station)


class Station(Resource):
    """A live station.

    Args:
        env: the clock.
    """

    def __init__(self, env: Environment) -> None:
        super().__init__(env, capacity=1)
        self.env = env
        self.served = 0
        self.waited = 0.0
        """Seconds that those who were served have stood in the queue, together."""

    @property
    def waiting(self) -> int:
        """How many stand in the queue now."""
        return len(self.queue)

    def turn(self) -> Turn:
        """Join the queue."""
        return Turn(self)

    def _do_put(self, event: Put[Resource]) -> None:
        super()._do_put(event)  # type: ignore[arg-type]
        if isinstance(event, Turn) and event.triggered:
            self.served += 1
            self.waited += self.env.now - event.asked
