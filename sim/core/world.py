"""The world handed to every live object: a clock, random numbers, a record."""

from sim.clock import Clock
from sim.core.randomness import Streams
from sim.core.recorder import Keep, Recorder


class World:
    """Exactly three attributes; collaborators arrive as constructor arguments, never through here.

    Args:
        seed: for all random numbers of this world.
        replication: number of the replication, from 0.
        keep: whether the record keeps every span, or totals only.
    """

    __slots__ = ("env", "random", "record")

    def __init__(self, seed: int = 1, replication: int = 0, keep: Keep = "all") -> None:
        self.env = Clock()
        self.random = Streams(seed, replication)
        self.record = Recorder(self.env, keep)
        self.env.happened = self.record.size
