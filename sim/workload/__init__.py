"""What runs: an app's start-up work and memory, its requests, and the size it is given."""

from typing import TYPE_CHECKING

from sim.facade import facade

if TYPE_CHECKING:
    from sim.workload.application import Application, AutoscalingRange, Part, Volume
    from sim.workload.calls import Call, EntryPoint, Hops, Operation
    from sim.workload.demand import Demand, PerService
    from sim.workload.fault import Fault, Victim
    from sim.workload.health_check import HealthCheck
    from sim.workload.request_server import RequestServer, peers, serve
    from sim.workload.requests import Load, Peers, Requests, draw_requests, served_in_crowd
    from sim.workload.requests.alone import alone
    from sim.workload.service import App, Service
    from sim.workload.task import TaskSize, task_size
    from sim.workload.waiting import Wait

__all__ = [
    "App",
    "Application",
    "AutoscalingRange",
    "Call",
    "Demand",
    "EntryPoint",
    "Fault",
    "HealthCheck",
    "Hops",
    "Load",
    "Operation",
    "Part",
    "Peers",
    "PerService",
    "RequestServer",
    "Requests",
    "Service",
    "TaskSize",
    "Victim",
    "Volume",
    "Wait",
    "alone",
    "draw_requests",
    "peers",
    "serve",
    "served_in_crowd",
    "task_size",
]

facade(__name__)
