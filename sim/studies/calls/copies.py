"""Where the copies run: each alone on a machine, all parts in one program, or on a platform."""

import math
from collections.abc import Iterator
from dataclasses import replace

from sim.core.cited import plain
from sim.core.randomness import Uniform
from sim.core.world import World
from sim.host import Machine
from sim.host.cpu_quota import CpuMax
from sim.sharing import SharedCapacity
from sim.start import Deployment, Ready, Start
from sim.studies.calls.closed_form import cores_of
from sim.workload import Application, Part, RequestServer
from sim.workload.traffic.job_server import JobServer
from sim.workload.traffic.replica import Replica, Serves

Copies = dict[str, list[Replica]]
"""By part."""


def alone(world: World, application: Application, machine: Machine) -> Copies:
    """Each copy has a machine to itself, under its quota with its period."""
    return {
        name: [_own(world, application.part(name), machine) for _ in range(copies)]
        for name, copies in _copies(application)
    }


def in_one_program(world: World, application: Application, machine: Machine) -> Copies:
    """All parts are one program with as many threads as it wants, on the same vCPUs together."""
    cores = vcpus(application, machine)
    server = JobServer(SharedCapacity(world.env, cores), core_speed=plain(machine.core_speed))
    one = Replica(server)
    return {name: [one] for name, _ in _copies(application)}


def vcpus(application: Application, machine: Machine) -> float:
    """vCPUs of all copies together."""
    return math.fsum(
        copies * cores_of(application.part(name), machine.vcpu)
        for name, copies in _copies(application)
    )


def _copies(application: Application) -> Iterator[tuple[str, int]]:
    for name in application.operations:
        yield name, application.part(name).copies


def _own(world: World, part: Part, machine: Machine) -> Replica:
    """Where the quota binds within a period, it does so as on a host."""
    service, speed = part.service, plain(machine.core_speed)
    threads = threads_of(part)
    cores = cores_of(part, machine.vcpu)
    server: Serves
    if machine.quota_period is None or not service.cpu_quota or threads <= cores:
        server = JobServer(SharedCapacity(world.env, cores), core_speed=speed, threads=threads)
    else:
        period = plain(machine.quota_period)
        draw = world.random.sampler(f"cpu.max/{part.name}", Uniform(high=period))
        server = RequestServer(
            world.env,
            SharedCapacity(world.env, machine.vcpu),
            vcpus=machine.vcpu,
            core_speed=speed,
            threads=threads,
            cpu_max=CpuMax(service.cap, period, draw()),
        )
    return Replica(server, threads=pool_of(part))


def threads_of(part: Part) -> float:
    """Visits whose CPU work a copy does at once."""
    threads = part.service.app.threads
    return math.inf if threads is None else float(threads)


def pool_of(part: Part) -> float:
    """Threads of a copy's pool."""
    return math.inf if part.threads is None else float(part.threads)


def spread(copies: Copies, zones: int) -> None:
    """Put hosts into so many availability zones, in turns, in the order of their first copy."""
    hosts: dict[object, int] = {}
    for each in (one for many in copies.values() for one in many):
        number = hosts.setdefault(each.host, len(hosts))
        each.zone = str(number % zones)


def on_platform(
    world: World, application: Application, deployment: Deployment
) -> tuple[Copies, list[tuple[str, Start]]]:
    """The copies that came up on a platform, once all starts are over; and all the starts."""
    starts = [
        (name, start)
        for name, copies in _copies(application)
        for start in deployment.launch(application.part(name).service, copies)
    ]
    world.env.run(until=world.env.all_of([start for _, start in starts]))
    up: Copies = {name: [] for name, _ in _copies(application)}
    for name, start in starts:
        if isinstance(start.value, Ready):
            up[name].append(replica(world, application.part(name), start, deployment))
    return up, starts


def replica(world: World, part: Part, start: Start, deployment: Deployment) -> Replica:
    """The copy that a start has made."""
    sandbox = start.sandbox
    if sandbox is None:
        raise ValueError(f"{part.name}: its start has no sandbox")
    host = world.record.hosts.all()[world.record.task_host[start.task]]
    kernels = {kernel.name: kernel for kernel in deployment.hosts()}
    nic = kernels[host].nic if host in kernels else None
    return Replica(sandbox.server, host=host or None, nic=nic, threads=pool_of(part))


def with_copies(application: Application, name: str, copies: int) -> Application:
    """The same with so many copies of one part."""
    parts = tuple(
        replace(part, copies=copies) if part.name == name else part for part in application.parts
    )
    return replace(application, parts=parts)
