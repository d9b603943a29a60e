"""Docker on one server: what an operator admits, and what the kernel makes of it."""

import pytest
from worlds import app, docker, image, launch, length, machine, outcomes, service

from sim.core.world import World
from sim.units import MiB

BIG = machine(vcpu=8.0, memory=1000 * MiB)


def test_reservations_do_not_overcommit() -> None:
    """CPU over vCPUs; memory and shims over what kernel, OS and daemons leave."""
    box = machine(vcpu=8.0, memory=1100 * MiB, memory_lost=60 * MiB)
    platform = docker(box, os_and_daemons=40 * MiB)

    assert platform.ceilings(service(cpu=1.0, memory=90 * MiB))[0].allows == 8
    assert platform.ceilings(service(cpu=0.1, memory=90 * MiB))[0].allows == 10
    assert platform.ceilings(service(cpu=0.1, memory=90 * MiB))[0].limit == "memory"
    assert platform.ceilings(service(cpu=0.1, memory=90 * MiB + 1))[0].allows == 9


def test_docker_has_no_scheduler() -> None:
    """More than the operator would admit are started; no reservation is enforced."""
    what = service(cpu=1.0, memory=500 * MiB, app=app(private=0.0))
    assert docker(BIG).ceilings(what)[0].allows == 1
    _, _, starts = launch(docker(BIG), what, 9)

    assert outcomes(starts) == ["ready"] * 9


def test_a_bridge_takes_so_many_containers() -> None:
    """One more than the bridge's ports is refused, by the name of the ceiling."""
    platform = docker(BIG, bridge_ports=3)
    what = service(cpu=0.1, memory=10 * MiB)
    first = platform.ceilings(what)[0]
    _, _, starts = launch(platform, what, 4)

    assert (first.limit, first.allows) == ("bridge ports", 3)
    assert outcomes(starts) == ["ready"] * 3 + ["refused: bridge ports"]


def test_a_stopped_container_frees_its_bridge_port() -> None:
    """What has gone takes no port."""
    world = World()
    live = docker(BIG, bridge_ports=1).deploy(world)
    first = live.launch(service())[0]
    world.env.run()
    live.stop(first)
    second = live.launch(service())[0]
    world.env.run()

    assert str(second.value) == "ready"


@pytest.mark.parametrize("field", ["host_ports", "published_ports"])
def test_a_fixed_host_port_is_published_once(field: str) -> None:
    """The simulation refuses count + 1 with the name of the same limit."""
    what = service(cpu=0.1, **{field: (80,)})
    first = docker(BIG).ceilings(what)[0]
    _, _, starts = launch(docker(BIG), what, 2)

    assert (first.limit, first.allows) == ("host ports", 1)
    assert outcomes(starts) == ["ready", "refused: host ports"]


def test_docker_runs_on_one_server() -> None:
    """A fleet of two under one daemon is a modelling mistake."""
    with pytest.raises(ValueError, match="count"):
        docker(BIG, count=2)


def test_the_budget_adds_up_to_nominal_and_to_what_is_used() -> None:
    """Each item once; what the kernel sees in use is what runs."""
    box = machine(vcpu=8.0, memory=1100 * MiB, memory_lost=60 * MiB)
    platform = docker(box, os_and_daemons=40 * MiB)
    what = service(memory=90 * MiB, app=app(private=50 * MiB, hot=30 * MiB))
    budget = platform.budget(what, 4)
    _, live, _ = launch(platform, what, 4)
    free = next(part.bytes for part in budget if part.item == "free")

    assert sum(part.bytes for part in budget) == 1100 * MiB
    assert free == live.hosts()[0].memory.capacity - live.hosts()[0].memory.used


def test_the_daemon_never_asks_the_registry_for_what_it_has() -> None:
    """`docker run` pulls only when a layer is missing."""
    picture = image(10 * MiB)
    world, _, _ = launch(docker(BIG, warm=(picture,)), service(image=picture))

    assert length(world.record, "pull") == 0.0
    assert world.record.hosts.all()[1] == "box-0"


def test_the_end_of_a_start_is_an_event_where_somebody_waits_for_it() -> None:
    """And only there; one that is refused in the instant of its launch can still be waited for."""
    seen: list[str] = []
    happened = {}
    for waited in (False, True):
        world = World()
        live = docker(BIG, bridge_ports=1).deploy(world)
        ready, refused = live.launch(service(), 2)
        refused.callbacks.append(lambda event: seen.append(str(event.value)))
        if waited:
            ready.callbacks.append(lambda event: seen.append(str(event.value)))
        before = next(world.env._eid)
        world.env.run()
        happened[waited] = next(world.env._eid) - before

        assert ready.processed and str(ready.value) == "ready"

    assert happened[True] == happened[False] + 1
    assert seen == ["refused: bridge ports", "refused: bridge ports", "ready"]
