"""Programs whose start was measured process by process, without a container or an image."""

from functools import cache
from typing import NamedTuple

from sim.catalog.figures import figure, figures
from sim.catalog.storms import validation_hosts
from sim.core.names import unknown
from sim.host import Machine, Step
from sim.workload import App


class Program(NamedTuple):
    """What is known of a program beside its figures."""

    key: str
    """Of its figures: app.KEY.startup_cpu and others."""
    threads: int = 1
    """Threads or workers of its start that run at once."""


PROGRAMS = {
    "tomcat": Program("tomcat", threads=2),
    "node-express": Program("node"),
    "flask-gunicorn": Program("flask", threads=2),
    "mariadb-ready-datadir": Program("mariadb_ready"),
    "mariadb-empty-datadir": Program("mariadb"),
    "redis": Program("redis"),
    "nginx": Program("nginx"),
}


@cache
def program(name: str) -> App:
    """The program of that name, from the fork of its process to the first healthy answer.

    Raises:
        UnknownName: it is not in the catalogue.
    """
    if name not in PROGRAMS:
        raise unknown("app", name, PROGRAMS)
    key, threads = PROGRAMS[name]
    read = f"app.{key}.startup_read"
    return App(
        name=name,
        startup=Step(
            cpu=figure(f"app.{key}.startup_cpu"),
            wait=figure(f"app.{key}.startup_wait"),
            threads=threads,
            spread=figure("spread.boot"),
        ),
        private=figure(f"app.{key}.private"),
        hot_files=figure(f"app.{key}.file_cache"),
        startup_read=figure(read if read in figures() else f"app.{key}.file_cache"),
    )


def programs_host() -> Machine:
    """The machine on which they were measured."""
    host = validation_hosts()["epyc"]
    return Machine(
        name=host.name,
        vcpu=host.processor.cpus,
        memory=host.memory,
        disk=figure(f"host.{host.name}.disk"),
        quota_period=figure("linux.quota_period"),
    )
