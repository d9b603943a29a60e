"""The clocks of those who notice: controllers, daemons, Auto Scaling groups, balancers."""

import math
from collections.abc import Iterator

from pydantic import PositiveInt

from sim.core.back_off import back_off
from sim.core.cited import Number, plain
from sim.core.description import description
from sim.platforms.scaling.instance_launch import InstanceLaunch

GRAIN = 1e-9
"""Rounding that is not a task."""


@description
class Restarts:
    """How an app is begun anew where it ran: Docker's policy, the kubelet's, systemd's."""

    first: Number
    """Seconds before a restart; doubled before each further one."""
    longest: Number
    """Most seconds before one."""
    reset: Number
    """Seconds of running after which earlier restarts are forgotten."""
    first_at_once: bool = False
    """Whether the restart after a first crash waits for nothing, as the kubelet's."""
    creates: bool = False
    """Whether a container is created for it, as by the kubelet."""

    def pauses(self) -> Iterator[float]:
        """Seconds before each restart of an app that does not stay up, without end."""
        if self.first_at_once:
            yield 0.0
        yield from back_off(plain(self.first), plain(self.longest))


@description
class HostGroup:
    """An Auto Scaling group of a fixed size: it replaces hosts that fail their status checks."""

    status_check: Number
    """Seconds between two status checks."""
    impaired: Number
    """Seconds that it waits for AWS to fix a host."""
    share: Number
    """Share of the group that is replaced at a time; one host always may be."""
    launch: InstanceLaunch


@description
class Balancer:
    """A load balancer that checks its targets, such as an ALB."""

    interval: Number
    """Seconds between two checks of a target."""
    timeout: Number
    """Seconds until a check without an answer has failed."""
    unhealthy: Number
    """Failed checks after which a target gets no more requests."""
    healthy: Number
    """Good checks after which it gets them again; a new target needs one."""


@description
class Rolling:
    """How many tasks of a service may be too many or too few while they are replaced as planned:
    ECS's deployment configuration, a Deployment's strategy, a PodDisruptionBudget."""

    surge: Number
    """Share of the tasks that may be started on top, before an old one goes; rounded up."""
    unavailable: Number
    """Share of the tasks that may be missing; rounded down, but one where `surge` is 0."""

    def lanes(self, tasks: int) -> tuple[int, int]:
        """Tasks that may be too many, and too few, at a time."""
        many = math.ceil(plain(self.surge) * tasks - GRAIN)
        few = math.floor(plain(self.unavailable) * tasks + GRAIN)
        return many, few if many or few else 1


@description
class Recovery:
    """Who notices that something has died, when, and what follows."""

    notices: Number | None
    """Seconds from the death of a host until its platform knows; None: it never does."""
    status_check: Number = 0.0
    """Seconds between two looks of who notices; its phase is any, and `notices` comes on top."""
    gives_up: Number = 0.0
    """Seconds from then until it begins others in place of what ran there."""
    between_hosts: Number = 0.0
    """Least seconds between two hosts of which it learns."""
    exits: Number = 0.0
    """Seconds from the end of a process until its platform knows."""
    restarts: Restarts | None = None
    """How a process is begun anew in its sandbox; None: another task takes its place."""
    drops: bool = False
    """Whether it takes what it knows to be dead out of the balancer at once; else it does so when
    it gives it up."""
    in_place: bool = False
    """Whether a lost host boots again with its disk, instead of being replaced."""
    group: HostGroup | None = None
    """What replaces hosts; None: nothing, or an autoscaler when tasks find no room."""
    rolling: Rolling | None = None
    """How tasks are replaced as planned; None: nobody does it."""
    draining: Rolling | None = None
    """How a host is emptied, where that is another way."""
    balancer: Balancer | None = None
    """What sends requests to the tasks."""
    zones: PositiveInt = 1
    """Availability zones over which hosts are spread, in turns."""
