"""Probes as health checks. kubernetes.io, *Configure Liveness, Readiness and Startup Probes*."""

from sim.files.text.value import Value
from sim.workload import HealthCheck

PERIOD, TIMEOUT, FAILURES = 10.0, 1.0, 3


def check_of(container: Value) -> HealthCheck | None:
    """When its readiness is looked at; without a readiness probe it is ready once it runs.

    A startup probe holds the readiness probe back: then its looks are the ones that count.
    """
    readiness, startup = container["readinessProbe"], container["startupProbe"]
    found = startup if startup else readiness
    if not found or not found.mapping():
        return None
    successes = readiness["successThreshold"].count(1, 1000) if readiness else None
    interval = found["periodSeconds"].number(1, 1e6) or PERIOD
    first = found["initialDelaySeconds"].number(0, 1e6) or 0.0
    return HealthCheck(
        first=None if first == interval else first,
        interval=interval,
        timeout=found["timeoutSeconds"].number(1, 1e6) or TIMEOUT,
        start_interval=None,
        retries=found["failureThreshold"].count(1) or FAILURES,
        successes=successes or 1,
    )
