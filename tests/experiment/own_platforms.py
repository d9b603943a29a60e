"""Platforms whose runs die or wait; a worker that makes them imports this, and not pandas."""

import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

from clocks import wait_until
from simpy import Event
from worlds import docker

from sim.core.description import description
from sim.core.world import World
from sim.start import Deployment


@description
class DiesOnce:
    """A platform whose first run kills the process it is in; the file remembers it."""

    mark: Path

    def deploy(self, world: World) -> Deployment:
        """Set it up, if this is not the first time."""
        if not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        deployment: Deployment = docker().deploy(world)
        return deployment


@description
class DiesAlways:
    """A platform whose runs kill the process they are in."""

    def deploy(self, world: World) -> Deployment:  # noqa: ARG002
        """Never set it up."""
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


@description
class Waits:
    """A platform whose runs wait in their middle until there is a file."""

    until: Path
    at: float = 0.0
    """When on their own clock."""

    def deploy(self, world: World) -> Deployment:
        """Set it up, and what waits."""
        world.env.process(self._wait(world))
        deployment: Deployment = docker().deploy(world)
        return deployment

    def _wait(self, world: World) -> Generator[Event, Any, None]:
        yield world.env.timeout(self.at)
        wait_until(self.until.exists)
