"""A live load balancer, as far as a fault goes: how long requests fail, and when they come back."""

from sim.core.cited import plain
from sim.core.randomness import Uniform
from sim.core.world import World
from sim.platforms.recovery.clocks import Balancer


class LiveBalancer:
    """Health checks of targets, each with a phase of its own."""

    __slots__ = ("_balancer", "_interval", "_phase")

    def __init__(self, balancer: Balancer, world: World) -> None:
        self._balancer = balancer
        self._interval = plain(balancer.interval)
        self._phase = world.random.sampler("balancer/phase", Uniform(high=balancer.interval))

    def out_after(self, *, silent: bool) -> float:
        """Seconds from the end of a target until it gets no more requests.

        Args:
            silent: whether its checks time out, as those of a dead host, or are refused at once.
        """
        checks = (plain(self._balancer.unhealthy) - 1.0) * self._interval
        return self._phase() + checks + (plain(self._balancer.timeout) if silent else 0.0)

    def in_after(self, *, new: bool) -> float:
        """Seconds from a healthy answer until a target gets requests.

        Args:
            new: whether it has just been registered, or was there and was unhealthy.
        """
        checks = 1.0 if new else plain(self._balancer.healthy)
        return self._phase() + (checks - 1.0) * self._interval
