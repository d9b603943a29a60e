"""Requests of an app: drawn once, and served alone or beside equal apps from event to event."""

from sim.workload.requests.alone import alone
from sim.workload.requests.crowd import Peers, served_in_crowd
from sim.workload.requests.load import Load, Requests, draw_requests
from sim.workload.requests.serving import Serving

__all__ = [
    "Load",
    "Peers",
    "Requests",
    "Serving",
    "alone",
    "draw_requests",
    "served_in_crowd",
]
