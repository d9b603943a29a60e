"""Tasks of several containers: one story on every platform, and what a task takes of its host."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import (
    PLATFORMS,
    app,
    docker,
    ec2,
    ecs,
    eks,
    hypervisor,
    idle,
    image,
    launch,
    length,
    machine,
    outcomes,
    rows,
    runtime,
    service,
    tiles,
)

from sim.core.world import World
from sim.host import Step
from sim.units import MiB
from sim.workload import HealthCheck, Service, Wait, task_size

QUICK = runtime(create=Step(), start=Step(), shim=0.0)
LARGE = machine(vcpu=8.0, memory=4000 * MiB)
PROXY = service("proxy", cpu=0.5, memory=50 * MiB, app=app(wait=5.0))
MIGRATE = service("migrate", cpu=0.5, memory=300 * MiB, app=app(wait=2.0))
WEB = service("web", cpu=1.0, app=app(wait=1.0), sidecars=(PROXY,), init=(MIGRATE,))


def parts(world: World, name: str, task: int = 0) -> dict[str, tuple[float, float]]:
    """When the phases of one of the containers of a task began and ended."""
    mine = (row for row in rows(world.record) if (row.task, row.parent) == (task, name))
    return {row.phase: (row.start, row.end) for row in mine}


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_platform_runs_init_to_its_end_and_is_ready_with_its_sidecar(name: str) -> None:
    """2 s of init, then the sidecar's 5 s and the service's 1 s beside each other."""
    world, live, starts = launch(PLATFORMS[name], WEB)
    init = parts(world, "init")["app"]
    proxy, web = parts(world, "container proxy"), parts(world, "container web")

    assert outcomes(starts) == ["ready"]
    assert init[1] - init[0] == pytest.approx(2.0, abs=0.3)
    assert min(proxy["app"][0], web["app"][0]) >= init[1]
    assert proxy["app"][1] - proxy["app"][0] == pytest.approx(5.0, abs=0.3)
    assert max(proxy["app"][1], web["app"][1]) == world.record.task_end[0] == world.env.now
    tiled = tiles(world.record, 0)
    assert sum(row.length for row in tiled) == pytest.approx(world.env.now)
    assert all(one.end == two.start for one, two in pairwise(tiled))
    live.stop(starts[0])
    assert all(idle(host) and not host.memory.groups for host in live.hosts())


def test_ecs_pulls_beside_each_other_and_the_kubelet_one_after_the_other() -> None:
    """Two images of 10 MiB at 10 MiB/s a connection: 2.2 s each, on ECS at once."""
    proxy = service("proxy", image=image(10 * MiB, name="p"))
    what = service("web", image=image(10 * MiB, name="w"), sidecars=(proxy,))
    box = machine(vcpu=8.0, memory=4000 * MiB)
    pulls = {}
    for name, platform in {"ecs": ecs(box, runtime=QUICK), "eks": eks(box, runtime=QUICK)}.items():
        world, _, _ = launch(platform, what)
        pulls[name] = sum(row.length for row in tiles(world.record, 0) if row.phase == "pull")

    assert pulls["ecs"] == pytest.approx(2.2)
    assert pulls["eks"] == pytest.approx(2 * 2.2)


@pytest.mark.parametrize(
    ("until", "check", "begins"),
    [
        ("started", None, 0.0),
        ("healthy", None, 3.0),
        ("healthy", HealthCheck(interval=10.0), 10.0),
        ("healthy", HealthCheck(), 30.0),
        ("healthy", HealthCheck(start_period=30.0), 5.0),
        ("completed", None, 3.0),
    ],
)
def test_a_container_waits_for_another_of_its_task(
    until: Any, check: HealthCheck | None, begins: float
) -> None:
    """START, HEALTHY by the other's health check, COMPLETE: the other is ready after 3 s."""
    db = service("db", app=app(wait=3.0), check=check, essential=until != "completed")
    web = service("web", app=app(wait=1.0), sidecars=(db,), after=(Wait(part="db", until=until),))
    world, _, starts = launch(ecs(LARGE, runtime=QUICK), web)

    assert outcomes(starts) == ["ready"]
    assert parts(world, "container web")["app"] == (begins, begins + 1.0)
    assert world.record.task_end[0] == max(3.0, begins + 1.0)
    waited = {row.phase: row.length for row in tiles(world.record, 0)}.get("waits for db", 0.0)
    assert waited == begins


def test_an_image_is_pulled_only_when_what_its_container_waits_for_is_true() -> None:
    """As the ECS agent has it unless ECS_PULL_DEPENDENT_CONTAINERS_UPFRONT is set."""
    db = service("db", app=app(wait=3.0))
    waits = (Wait(part="db", until="healthy"),)
    web = service("web", image=image(10 * MiB), sidecars=(db,), after=waits)
    world, _, _ = launch(ecs(LARGE, runtime=QUICK), web)

    assert [row.phase for row in tiles(world.record, 0) if row.length] == ["waits for db", "pull"]
    assert parts(world, "container web")["pull"][0] == 3.0


@pytest.mark.parametrize(("essential", "outcome"), [(True, "killed: OOM kill"), (False, "ready")])
def test_a_task_ends_with_an_essential_container_only(essential: bool, outcome: str) -> None:
    """The sidecar takes 60 MiB where it may have 50."""
    greedy = service("greedy", memory=50 * MiB, app=app(private=60 * MiB), essential=essential)
    _, live, starts = launch(docker(LARGE), service("web", sidecars=(greedy,)))

    assert outcomes(starts)[0].startswith(outcome)
    assert len(live.hosts()[0].memory.groups) == (0 if essential else 1)


def test_containers_of_an_ecs_task_share_its_cpu_by_their_units() -> None:
    """2 vCPUs of the task on a host of 8: 3 s of work beside an idle sidecar have both of them."""
    beside = service("beside", cpu=1.0)
    what = service("web", cpu=1.0, app=app(cpu=3.0, threads=3), sidecars=(beside,))

    on_ecs, _, _ = launch(ecs(LARGE, runtime=QUICK), what)
    on_docker, _, _ = launch(docker(LARGE, runtime=QUICK), what)
    assert on_ecs.env.now == pytest.approx(1.5)
    assert on_docker.env.now == pytest.approx(3.0)


SIZES = st.tuples(st.integers(1, 16), st.integers(1, 40))
TASKS = st.tuples(SIZES, st.lists(SIZES, max_size=3), st.lists(SIZES, max_size=2))


def task(main: tuple[int, int], sidecars: list[tuple[int, int]], init: Any = ()) -> Service:
    """Containers of so many eighths of a vCPU and tens of MiB."""

    def one(name: str, size: tuple[int, int]) -> Service:
        return service(name, cpu=size[0] / 8, memory=size[1] * 10 * MiB)

    return replace(
        one("main", main),
        sidecars=tuple(one(f"s{n}", size) for n, size in enumerate(sidecars)),
        init=tuple(one(f"i{n}", size) for n, size in enumerate(init)),
    )


@settings(max_examples=15)
@given(TASKS, st.sampled_from(["docker", "vm", "ecs-bridge", "ecs-awsvpc", "eks"]))
def test_the_ceilings_count_all_containers_and_a_run_confirms_them(
    sizes: tuple[Any, Any, Any], name: str
) -> None:
    """One more than they allow is refused, and no fewer."""
    what, platform = task(*sizes), PLATFORMS[name]
    ceilings = {ceiling.limit: ceiling.allows for ceiling in platform.ceilings(what)}
    enforced = {k: v for k, v in ceilings.items() if name != "docker" or "ports" in k}
    count = min(enforced.values())
    if count > 40:
        return
    _, _, starts = launch(platform, what, count + 1)

    refused = [outcome for outcome in outcomes(starts) if outcome.startswith("refused")]
    assert len(refused) == 1


@settings(max_examples=50)
@given(TASKS)
def test_ecs_adds_up_init_containers_and_kubernetes_takes_the_largest(
    sizes: tuple[Any, Any, Any],
) -> None:
    """Never less than what runs side by side; alike where there are none."""
    what = task(*sizes)
    before, beside = task_size(what), task_size(what, "beside")
    plain = task_size(replace(what, init=()))

    assert plain.cpu <= before.cpu <= beside.cpu
    assert plain.reserved <= before.reserved <= beside.reserved
    assert beside.cpu == pytest.approx(plain.cpu + sum(each.cpu for each in what.init))
    assert before.reserved == max(plain.reserved, *(each.reserved for each in what.init), 0.0)
    assert (before.private, before.hot) == (plain.private, plain.hot)


def test_several_host_ports_are_taken_and_given_back_together() -> None:
    """80 of the service and 443 of its sidecar; a task with either is refused meanwhile."""
    both = service("both", host_ports=(80,), sidecars=(service("tls", host_ports=(443,)),))
    for platform in (docker(LARGE), ecs(LARGE), eks(LARGE)):
        world = World()
        live = platform.deploy(world)
        first = live.launch(both)
        one = live.launch(service("one", cpu=0.1, host_ports=(443,)))
        world.env.run()
        live.stop(first[0])
        again = live.launch(service("two", cpu=0.1, host_ports=(443, 80)))
        world.env.run()

        assert [*outcomes(first), *outcomes(again)] == ["ready", "ready"]
        assert outcomes(one)[0].startswith("refused")


def test_containers_that_run_take_a_port_of_the_bridge_each() -> None:
    """Ten of them: three tasks of three; with a network interface of its own, a task takes one."""
    three = service(cpu=0.1, sidecars=(service("a", cpu=0.1), service("b", cpu=0.1)))
    limits = {c.limit: c.allows for c in docker(LARGE, bridge_ports=10).ceilings(three)}
    _, _, starts = launch(docker(LARGE, bridge_ports=10), three, 4)

    assert limits["bridge ports"] == 3
    assert outcomes(starts)[3] == "refused: bridge ports"
    awsvpc = ecs(machine(vcpu=8.0, enis=3), network="awsvpc")
    assert {c.limit: c.allows for c in awsvpc.ceilings(three)}["ENI"] == 2


@pytest.mark.parametrize("platform", [hypervisor(LARGE), ec2(LARGE), docker(LARGE), eks(LARGE)])
def test_a_task_that_is_stopped_on_its_way_leaves_nothing_behind(platform: Any) -> None:
    """At every quarter of a second of its start."""
    what = replace(WEB, image=image(10 * MiB), init=(replace(MIGRATE, image=image(5 * MiB)),))
    for step in range(0, 64):
        world = World()
        live = platform.deploy(world)
        (start,) = live.launch(what)
        world.env.run(until=0.25 * step + 0.01)
        live.stop(start)
        world.env.run()
        assert all(idle(host) and not host.memory.groups for host in live.hosts()), step


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (
            {"after": (Wait(part="dbs"),), "sidecars": (service("db"),)},
            "container: 'dbs' is not known; did you mean 'db'",
        ),
        (
            {"after": (Wait(part="db", until="completed"),), "sidecars": (service("db"),)},
            "the task ends with db: set essential to false there",
        ),
        (
            {
                "after": (Wait(part="db"),),
                "sidecars": (service("db", after=(Wait(part="web"),)),),
            },
            "none of these can start first",
        ),
        ({"sidecars": (service("a", sidecars=(service("b"),)),)}, "it has init or sidecars of its"),
    ],
)
def test_containers_that_cannot_start_are_refused(what: Any, words: str) -> None:
    """By name, when the service is made."""
    with pytest.raises(ValueError, match=":") as caught:
        service("web", **what)

    assert words in str(caught.value)


def test_a_container_alone_costs_no_more_events_than_before() -> None:
    """A sidecar costs a start more than twice; no sidecar costs nothing."""
    counts = []
    for what in (service(), service(sidecars=(service("proxy"),))):
        world = World()
        live = docker(LARGE).deploy(world)
        before = next(world.env._eid)
        live.launch(what)
        world.env.run()
        counts.append(next(world.env._eid) - before - 1)

    assert counts[0] <= 7
    assert counts[0] < counts[1] <= 4 * counts[0]
    assert length(world.record, "app") >= 0.0
