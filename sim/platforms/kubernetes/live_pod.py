"""A pod as a live cluster sees it."""

import math

from sim.core.world import World
from sim.platforms.kubernetes.pod import (
    PodTemplate,
    QoS,
    Resources,
    cpu_weight,
    oom_score_adj,
    resources,
)
from sim.workload import Demand, Service


class PodContainer(Demand):
    """One container of a pod as a live kubelet starts it."""

    __slots__ = ("request",)

    def __init__(
        self, world: World, service: Service, resources: Resources, template: PodTemplate
    ) -> None:
        super().__init__(world, service)
        self.request = resources.memory
        self.shares = cpu_weight(resources.cpu)
        self.cap = math.inf if resources.cpu_limit is None else resources.cpu_limit
        self.oom_group = template.oom_group or service.oom_group
        self.memory = math.inf if resources.memory_limit is None else resources.memory_limit
        self.init = [_other(world, each, template) for each in service.init]
        self.sidecars = [_other(world, each, template) for each in service.sidecars]


def _other(world: World, service: Service, template: PodTemplate) -> PodContainer:
    return PodContainer(world, service, resources(service), template)


class Pod:
    """A pod as a live cluster sees it; made once a launch, shared by all its starts."""

    __slots__ = ("main", "own_network", "qos", "request", "weight")

    def __init__(self, world: World, template: PodTemplate, service: Service) -> None:
        self.request = template.request(service)
        self.qos: QoS = template.qos(service)
        self.weight = cpu_weight(self.request.cpu)
        self.own_network = not (template.host_network or template.security_groups)
        self.main = PodContainer(world, service, template.main(service), template)

    def oom_score_adj(self, container: Demand, capacity: float) -> float:
        """What the kubelet writes for one of its containers on a node of so many bytes."""
        request = container.request if isinstance(container, PodContainer) else 0.0
        return oom_score_adj(self.qos, request, capacity)
