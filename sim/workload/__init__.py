"""What runs: an app's start-up work and memory, its requests, and the size it is given."""

from sim.workload.demand import Demand, PerService
from sim.workload.fault import Fault, Victim
from sim.workload.request_server import RequestServer
from sim.workload.requests import Load, Requests, alone, draw_requests, serve
from sim.workload.service import App, Service

__all__ = [
    "App",
    "Demand",
    "Fault",
    "Load",
    "PerService",
    "RequestServer",
    "Requests",
    "Service",
    "Victim",
    "alone",
    "draw_requests",
    "serve",
]
