"""Controllers that sleep until something changes: Karpenter, the Cluster Autoscaler, ECS's own."""

from collections.abc import Callable, Generator
from typing import Any

from simpy import Environment, Event

A_MOMENT = 1e-6
"""Seconds by which two times that are the same may differ as floats."""


def until_next_tick(now: float, phase: float, every: float) -> float:
    """Seconds from now to the next tick of a controller.

    Args:
        phase: when any one of its ticks falls.
        every: seconds between two ticks.
    """
    rest = every - (now - phase) % every
    # A tick that is a moment ahead is the one that has just been: it must not be seen twice.
    return rest if rest > A_MOMENT else rest + every


class ControlLoop:
    """Works in rounds while there is work, and sleeps until it is woken: idle, it costs no event.

    Args:
        has_work: whether another round is worth while.
        one_round: waits for the controller's next tick, looks and acts; False: go to sleep.
    """

    __slots__ = ("_env", "_has_work", "_one_round", "awake")

    def __init__(
        self,
        env: Environment,
        has_work: Callable[[], bool],
        one_round: Callable[[], Generator[Event, Any, bool]],
    ) -> None:
        self._env = env
        self._has_work = has_work
        self._one_round = one_round
        self.awake = False

    def wake(self) -> None:
        """Something changed: look, after this instant's other events, whether there is work."""
        if not self.awake:
            self.awake = True
            self._env.process(self._run())

    def _run(self) -> Generator[Event, Any, None]:
        while self._has_work():
            if not (yield from self._one_round()):
                break
        self.awake = False
