"""EKS: a pod's way to ready, who is killed first, nodes that come and go, Fargate."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import (
    app,
    eks,
    eks_on_fargate,
    idle,
    image,
    kubelet,
    kubernetes,
    launch,
    length,
    machine,
    node_config,
    outcomes,
    registry,
    rows,
    service,
    tiles,
    unpacking,
)

from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.host import Step
from sim.host.memory import OOM_HOST
from sim.platforms import EKS, PodTemplate, Resources
from sim.platforms.kubernetes.live_kubelet import NO_ADDRESS
from sim.platforms.kubernetes.live_pod import Pod
from sim.platforms.kubernetes.node import OOM_ALLOCATABLE
from sim.sandbox import ContainerRuntime
from sim.start import Ready, Refused
from sim.units import MiB

BOX = machine(vcpu=4.0, memory=1000 * MiB)
SMALL = service(cpu=0.1, memory=10 * MiB)
PLAIN = ContainerRuntime()
CONDITIONS = (
    "PodScheduled",
    "PodReadyToStartContainers",
    "Initialized",
    "ContainersReady",
    "Ready",
)


def conditions(world: World, task: int = 0) -> dict[str, float]:
    """When each condition of a pod became true."""
    return {
        r.phase: r.start for r in rows(world.record) if (r.task, r.parent) == (task, "condition")
    }


def test_a_pod_takes_known_seconds_from_request_to_ready() -> None:
    """Call 1, notice 2, sandbox 0.5, pull 1 + 1, create 0.5, start 0.25, app 3."""
    control = kubernetes(call=1.0, notice=2.0)
    what = service(image=image(10 * MiB), app=app(cpu=3.0))
    world, _, starts = launch(eks(BOX, control=control), what)

    lengths = {row.phase: row.length for row in tiles(world.record, 0)}
    assert outcomes(starts) == ["ready"]
    assert lengths == {
        "request": 1.0,
        "placement": 2.0,
        "network": 0.5,
        "pull": pytest.approx(2.2),
        "create": pytest.approx(0.5),
        "start": pytest.approx(0.25),
        "app": pytest.approx(3.0),
    }


def test_the_conditions_of_a_pod_are_events_of_the_record_in_kubernetes_order() -> None:
    """Scheduled, sandbox up, initialized, containers ready, ready."""
    world, _, _ = launch(eks(BOX, control=kubernetes(notice=2.0)), service(app=app(cpu=3.0)))
    when = conditions(world)

    assert tuple(when) == CONDITIONS
    assert when["PodScheduled"] == 0.0
    assert when["PodReadyToStartContainers"] == when["Initialized"] == 2.5
    assert when["ContainersReady"] == when["Ready"] == world.env.now


def test_init_containers_run_one_after_the_other_before_the_service() -> None:
    """Two of 1 s and 2 s of work, each created and started; then the pod is Initialized."""
    init = (service("one", app=app(cpu=1.0)), service("two", app=app(cpu=2.0)))
    world, live, _ = launch(eks(BOX), service(init=init))

    phases = [row.phase for row in tiles(world.record, 0)]
    assert phases[2:4] == ["network", "init"]
    assert length(world.record, "init") == pytest.approx(3.0 + 2 * 0.75)
    assert conditions(world)["Initialized"] == pytest.approx(0.5 + 4.5)
    assert len(live.hosts()[0].memory.groups) == 1


def test_a_pod_is_ready_when_its_sidecar_is_too() -> None:
    """The sidecar's 5 s of start-up begin before the service's 1 s, and end after it."""
    proxy = service("proxy", cpu=1.0, app=app(wait=5.0), memory=50 * MiB)
    world, live, starts = launch(eks(BOX), service(app=app(cpu=1.0), sidecars=(proxy,)))
    ready_alone = launch(eks(BOX), service(app=app(cpu=1.0)))[0].env.now

    assert outcomes(starts) == ["ready"]
    assert world.env.now == pytest.approx(0.5 + 0.75 + 5.0)
    assert ready_alone == pytest.approx(0.5 + 0.75 + 1.0)
    assert len(live.hosts()[0].memory.groups) == 2
    live.stop(starts[0])
    assert live.hosts()[0].memory.groups == {}


def test_the_pods_own_cgroup_shares_by_its_whole_request() -> None:
    """A pod of 0.5 + 0.5 vCPU against one of 1: each half of one core."""
    world = World()
    beside = service("beside", cpu=0.5, cpu_quota=False)
    node = node_config(reserved_memory_per_pod=0.0)
    both = eks(
        machine(vcpu=1.0),
        node=node,
        runtime=PLAIN,
        kubelet_=kubelet(sandbox=Step()),
    ).deploy(world)
    both.launch(
        service("main", sidecars=(beside,), cpu=0.5, cpu_quota=False, app=app("main", cpu=1.0))
    )
    world.env.run()
    (work,) = [row for row in tiles(world.record, 0) if row.phase == "app"]
    assert work.length == pytest.approx(1.0)  # the sidecar's half is free


def test_weights_follow_requests_and_limits_cap() -> None:
    """On a full core 750m : 250m is 30 : 10; with a limit, 250m takes 4 s a core-second."""
    box = machine(vcpu=1.0)
    parts: dict[str, Any] = {"runtime": PLAIN, "kubelet_": kubelet(sandbox=Step())}
    world = World()
    live = eks(box, **parts).deploy(world)
    for name, cpu in (("heavy", 0.75), ("light", 0.25)):
        live.launch(service(name, cpu=cpu, cpu_quota=False, app=app(name, cpu=3.0)))
    world.env.run()
    capped, _, _ = launch(eks(box, **parts), service(cpu=0.25, app=app(cpu=1.0)))

    # shares 768 and 256 are weights 30 and 10: three quarters for 4 s, then all of it.
    assert length(world.record, "app", 0) == pytest.approx(4.0)
    assert length(world.record, "app", 1) == pytest.approx(6.0)
    assert length(capped.record, "app") == pytest.approx(4.0)


def test_best_effort_is_killed_first_then_burstable_and_guaranteed_last() -> None:
    """850 of 1000 MiB are used; 200 MiB more, twice, cost 50 and then 300 MiB of pods."""
    asked = {
        "Guaranteed": Resources(cpu_limit=0.1, memory_limit=500 * MiB),
        "Burstable": Resources(memory_request=280 * MiB),
        "BestEffort": Resources(),
    }
    used = {"Guaranteed": 500 * MiB, "Burstable": 300 * MiB, "BestEffort": 50 * MiB}
    world = World()
    unreserved = node_config(reserved_memory=0.0, reserved_memory_per_pod=0.0)
    live = eks(BOX, runtime=PLAIN, node=unreserved).deploy(world)
    pods = {}
    for qos, resources in asked.items():
        what = service(qos, memory=600 * MiB, app=app(qos, private=used[qos]))
        pod = Pod(world, PodTemplate(resources=resources), what)
        assert pod.qos == qos
        (pods[qos],) = live.capacity.settle(pod, 1)
    gone = []
    for _ in range(2):
        live.hosts()[0].memory.hold(200 * MiB)
        gone.append([qos for qos, container in pods.items() if not container.alive])

    assert gone == [["BestEffort"], ["Burstable", "BestEffort"]]
    assert pods["BestEffort"].killed_by == OOM_HOST


def test_pods_together_stay_within_what_the_node_reserves_for_them() -> None:
    """700 of 1000 MiB are for pods: the fourth of 200 MiB costs one its life, though 200 are free.

    By use the kubelet's eviction threshold of 50 MiB is kept, too: three of 200 MiB, three of 210.
    """
    world = World()
    platform = eks(BOX, runtime=PLAIN)
    live = platform.deploy(world)
    what = service(memory=250 * MiB, app=app(private=200 * MiB))
    pods = live.capacity.settle(Pod(world, PodTemplate(), what), 4)

    assert [pod.alive for pod in pods] == [True, True, True, False]
    assert pods[-1].killed_by == OOM_ALLOCATABLE
    assert live.hosts()[0].memory.used == 600 * MiB
    assert platform.fits_in_memory(what) == 3
    assert platform.fits_in_memory(replace(what, app=app(private=225 * MiB))) == 2


def test_a_kubelet_pulls_ten_at_once_and_sends_the_rest_into_back_off() -> None:
    """registryBurst 10; the eleventh tries again 10 s later, when the image may be there."""
    many = [
        service(f"s{n}", cpu=0.1, memory=5 * MiB, image=image(MiB, name=f"i{n}")) for n in range(12)
    ]
    world = World()
    live = eks(BOX).deploy(world)
    for what in many:
        live.launch(what)
    world.env.run()
    held_up = [row for row in rows(world.record) if row.phase == "throttled"]

    assert [row.task for row in held_up] == [10, 11]
    assert all(row.length == 10.0 for row in held_up)
    assert world.record.ready == 12


def test_pods_of_one_image_find_it_there_after_their_back_off() -> None:
    """Twelve pods of one image: ten ask the registry, two find the layers on disk."""
    what = service(cpu=0.1, memory=5 * MiB, image=image(MiB))
    world, _, _ = launch(eks(BOX), what, 12)
    seen = [row.phase for row in rows(world.record)]

    assert (seen.count("resolve"), seen.count("download"), seen.count("throttled")) == (10, 1, 2)


def test_an_image_on_the_node_is_not_asked_for() -> None:
    """IfNotPresent."""
    picture = image(10 * MiB)
    world, _, _ = launch(eks(BOX, warm=(picture,)), service(image=picture))

    assert length(world.record, "pull") == 0.0
    assert "resolve" not in {row.phase for row in rows(world.record)}


def test_controllers_and_scheduler_have_rates_of_their_own() -> None:
    """Ten pods at 2 a second after a burst of 4: the last is created after 3 s, bound at once."""
    control = kubernetes(creations=Quota(size=4, refill=2), bindings=Quota(size=1, refill=1e6))
    world, _, _ = launch(eks(BOX, control=control), SMALL, 10)

    assert length(world.record, "request", 3) == 0.0
    assert length(world.record, "request", 9) == pytest.approx(3.0)


def test_without_an_address_the_sandbox_fails_in_the_words_of_the_cni() -> None:
    """The scheduler knows nothing of addresses; with the node's network no address is needed."""
    none = node_config(addresses=0)
    shared = PodTemplate(host_network=True)

    assert launch(eks(BOX, node=none), SMALL)[2][0].value == Refused(NO_ADDRESS)
    assert launch(eks(BOX, node=none, pod=shared), SMALL)[2][0].value == Ready()


def test_a_node_whose_disk_is_full_refuses_a_pod_and_the_ceiling_says_so() -> None:
    """1 GiB of disk, 300 MiB that each pod writes: three fit."""
    box = machine(vcpu=4.0, memory=1000 * MiB, disk_size=1024 * MiB)
    what = service(cpu=0.1, memory=10 * MiB, disk=300 * MiB)
    _, _, starts = launch(eks(box), what, 4)
    first = eks(box).ceilings(what)[0]

    assert (first.limit, first.allows) == ("disk", 3)
    assert outcomes(starts)[:3] == ["ready"] * 3
    assert outcomes(starts)[3].startswith("refused: disk")


def test_the_ledger_of_a_node_is_zero_after_a_thousand_pods_came_and_went() -> None:
    """Requests, slots, addresses, memory and cgroups; at the end the node's own share, too."""
    world = World()
    node = node_config(max_pods=12, addresses=10, kubelet_memory=7 * MiB)
    kind = kubelet(sandbox_memory=2 * MiB, pulls=Quota(size=1e6, refill=1))
    live = eks(BOX, node=node, kubelet_=kind).deploy(world)
    there = live.capacity.nodes[0]
    kernel, before = live.hosts()[0], live.capacity.scheduler.free(there)
    what = service(cpu=0.1, memory=20 * MiB, image=image(MiB), app=app(cpu=0.1, hot=MiB))
    for number in range(125):
        starts = live.launch(what, 8)
        if number % 3 == 0:  # some are stopped on their way
            world.env.run(until=world.env.now + 0.1 + 0.3 * (number % 5))
        else:
            world.env.run()
        for start in starts:
            live.stop(start)
        world.env.run()

    memory = kernel.memory
    assert len(world.record.task_outcome) == 1000
    assert live.capacity.scheduler.free(there) == before
    assert there.kubelet.addresses == 10
    assert (memory.private, memory.hot, memory.groups, there.pods) == (0.0, 0.0, {}, {})
    assert memory.held == 7 * MiB
    assert idle(kernel)
    live.capacity.leave(there)
    assert memory.used == 0.0
    assert list(live.hosts()) == []


def test_pods_wait_for_a_node_that_may_come_in_the_order_in_which_they_came() -> None:
    """Two fit, three wait; the new node at 20 s takes two, a stop at 30 s lets the last one in."""
    world = World()
    platform = eks(machine(vcpu=2.0), when_full="wait")
    live = platform.deploy(world)
    noticed: list[float] = []
    live.capacity.on_pending.append(lambda: noticed.append(world.env.now))
    starts = live.launch(service(cpu=1.0), 5)
    world.env.run(until=20.0)
    assert sum(live.capacity.unschedulable.counts().values()) == 3
    assert len(noticed) == 3
    live.capacity.join(platform.capacity, platform.node)
    world.env.run(until=30.0)
    assert [start.triggered for start in starts] == [True, True, True, True, False]
    live.stop(starts[0])
    world.env.run()

    assert [str(start.value) for start in starts] == ["ready"] * 5
    assert conditions(world, 2)["PodScheduled"] == 20.0
    assert conditions(world, 4)["PodScheduled"] == 30.0


def test_a_pod_that_is_deleted_while_it_waits_leaves_the_queue() -> None:
    """And takes no room when a node comes."""
    world = World()
    platform = eks(machine(vcpu=1.0), when_full="wait")
    live = platform.deploy(world)
    first, second, third = live.launch(service(cpu=1.0), 3)
    world.env.run(until=10.0)
    live.stop(second)
    world.env.run(until=11.0)
    live.capacity.join(platform.capacity, platform.node)
    world.env.run(until=20.0)

    assert outcomes([first, second, third]) == ["ready", "killed: stopped", "ready"]
    assert not live.capacity.unschedulable.counts()


def test_room_that_a_pod_got_at_the_instant_of_its_deletion_goes_to_the_next() -> None:
    """The first pod makes room, the second is given it and is deleted at once."""
    world = World()
    live = eks(machine(vcpu=1.0), when_full="wait").deploy(world)
    first, second, third = live.launch(service(cpu=1.0), 3)
    world.env.run(until=10.0)
    live.stop(first)
    live.stop(second)
    world.env.run(until=20.0)

    assert outcomes([second, third]) == ["killed: stopped", "ready"]


def test_a_node_that_leaves_takes_its_pods_with_it() -> None:
    """Those that are ready and those on their way; a cordoned node keeps them."""
    world = World()
    live = eks(machine(vcpu=2.0), count=2).deploy(world)
    starts = live.launch(service(cpu=1.0), 4)
    world.env.run()
    one, other = live.capacity.nodes.values()
    live.capacity.cordon(other)
    assert live.launch(SMALL)[0].triggered is False
    world.env.run()
    assert all(start.sandbox.alive for start in starts)
    live.capacity.leave(one, reason="consolidated")
    world.env.run()

    killed = [
        s for s, text in zip(starts, world.record.task_outcome, strict=False) if "killed" in text
    ]
    assert len(killed) == 2
    assert "killed: consolidated" in world.record.task_outcome
    assert one.kubelet.engine.kernel.memory.used == 0.0
    assert [kernel.name for kernel in live.hosts()] == ["box-1"]


def test_a_pod_whose_node_goes_at_the_instant_it_was_given_room_there_waits_on() -> None:
    world = World()
    platform = eks(machine(vcpu=1.0), when_full="wait")
    live = platform.deploy(world)
    first, second = live.launch(service(cpu=1.0), 2)
    world.env.run(until=10.0)
    live.stop(first)
    live.capacity.leave(next(iter(live.capacity.nodes.values())))
    world.env.run(until=20.0)
    assert second.state == "placement"
    live.capacity.join(platform.capacity, platform.node)
    world.env.run(until=30.0)

    assert outcomes([second]) == ["ready"]
    assert [kernel.name for kernel in live.hosts()] == ["box-1"]
    assert second in live.capacity.nodes[1].pods


def test_a_start_costs_fewer_than_twenty_events_and_an_idle_node_none() -> None:
    """Warm image, twelve pods; a hundred idle nodes."""
    picture = image(10 * MiB)
    world = World()
    live = eks(BOX, warm=(picture,), count=100).deploy(world)
    world.env.run()  # the warm images are there
    assert world.env.peek() == float("inf")
    before = next(world.env._eid)
    live.launch(service(cpu=0.1, memory=5 * MiB, image=picture, app=app(cpu=1.0)), 120)
    world.env.run()

    assert (next(world.env._eid) - before) / 120 < 20
    assert world.record.ready == 120


@given(st.integers(1, 12), st.integers(1, 12))
def test_more_pods_are_never_ready_sooner(few: int, more: int) -> None:
    """Neighbours only ever take."""
    few, more = sorted((few, more))
    what = service(cpu=0.25, memory=20 * MiB, image=image(MiB), app=app(cpu=1.0))
    ends = [launch(eks(BOX), what, count)[0].env.now for count in (few, more)]

    assert ends[0] <= ends[1] + 1e-9


@pytest.mark.parametrize(
    ("cpu", "memory", "size"),
    [(1.0, 512, "1 vCPU, 1 GiB"), (1.0, 768, "1 vCPU, 1 GiB"), (1.0, 769, "1 vCPU, 2 GiB")],
)
def test_a_pod_on_fargate_is_given_its_request_and_256_mib_rounded_up(
    cpu: float, memory: float, size: str
) -> None:
    """Asked, given and paid."""
    assert str(eks_on_fargate().fargate_size(service(cpu=cpu, memory=memory * MiB))) == size


def test_fargate_counts_what_the_init_chain_asks_for() -> None:
    """The effective request, as on nodes."""
    chain = replace(SMALL, init=(service("migrate", cpu=2.0, memory=100 * MiB),))

    assert str(eks_on_fargate().fargate_size(chain)) == "2 vCPU, 4 GiB"


@pytest.mark.parametrize(
    ("pod", "rest", "words"),
    [
        (PodTemplate(privileged=True), {}, "invalid SecurityContext fields: Privileged"),
        (PodTemplate(host_network=True), {}, "fields not supported: HostNetwork"),
        (PodTemplate(), {"host_ports": (80,)}, "port contains HostIP or HostPort"),
    ],
)
def test_what_fargate_does_not_take_is_an_outcome_in_its_own_words(
    pod: PodTemplate, rest: dict[str, Any], words: str
) -> None:
    """And costs no token of the launch quota."""
    platform, what = eks_on_fargate(pod=pod), service(**rest)
    _, _, starts = launch(platform, what)

    assert starts[0].value == Refused(f"Pod not supported on Fargate: {words}")
    assert platform.ceilings(what)[0].refusal == f"Pod not supported on Fargate: {words}"
    assert platform.ceilings(what)[0].allows == 0


def test_fargate_under_eks_waits_for_provision_and_registration() -> None:
    """10 s and 5 s, then the pod is scheduled on a node of its own."""
    world, live, _ = launch(eks_on_fargate(), service(app=app(cpu=1.0)), 3)

    assert length(world.record, "provision") == 15.0
    assert conditions(world)["PodScheduled"] == 15.0
    assert len(live.hosts()) == 3


def test_fargate_under_eks_launches_at_the_accounts_rate() -> None:
    """20 at once, then 20 a second: the sixtieth is let through after 2 s."""
    world, _, _ = launch(eks_on_fargate(launches=Quota(size=20, refill=20)), service(), 60)

    assert length(world.record, "request", 19) == 0.0
    assert length(world.record, "request", 59) == pytest.approx(2.0)


def test_a_pod_on_fargate_keeps_its_own_limits() -> None:
    """1 vCPU is paid for; a pod that may use 0.5 takes 4 s for 2 core-seconds."""
    limits = Resources(cpu_limit=0.5, memory_limit=100 * MiB)
    platform = eks_on_fargate(pod=PodTemplate(resources=limits))
    world, _, _ = launch(platform, service(app=app(cpu=2.0)))

    assert length(world.record, "app") == pytest.approx(4.0)


def test_kubernetes_own_parts_stand_in_the_microvm() -> None:
    """256 MiB of the size are theirs: what is left is what was asked for, or more."""
    _, live, _ = launch(eks_on_fargate(), service(memory=512 * MiB, app=app(private=0.0)))
    memory = live.hosts()[0].memory

    assert memory.capacity - memory.used >= 512 * MiB
    assert memory.held >= 256 * MiB


@pytest.mark.parametrize("missing", ["node", "profile"])
def test_a_platform_without_what_its_capacity_needs_is_a_mistake(missing: str) -> None:
    """Said at once, by name."""
    whole = eks() if missing == "node" else eks_on_fargate()
    parts = {"capacity": whole.capacity, "control_plane": whole.control_plane}

    with pytest.raises(ValueError, match=f"{missing}: missing"):
        EKS(**parts, kubelet=kubelet())


def test_a_fargate_host_has_nothing_to_fill() -> None:
    """There is no density by use of one pod a host."""
    with pytest.raises(ValueError, match="Fargate"):
        eks_on_fargate().fits_in_memory(SMALL)
    with pytest.raises(ValueError, match="Fargate"):
        eks_on_fargate().deploy(World()).settle(SMALL, 1)


def test_settled_pods_hold_what_started_ones_do() -> None:
    """Private pages, hot files and sandboxes; density by use begins there."""
    what = service(cpu=0.1, memory=20 * MiB, app=app(hot=MiB))
    kind = kubelet(sandbox_memory=2 * MiB)
    world = World()
    live = eks(BOX, kubelet_=kind).deploy(world)
    live.settle(what, 5)
    _, started, _ = launch(eks(BOX, kubelet_=kind), what, 5)

    assert live.hosts()[0].memory.used == started.hosts()[0].memory.used


def test_a_pod_that_has_waited_costs_the_scheduler_a_second_write() -> None:
    """Three pods: a condition each at 0, 1 and 2 s. A node comes at 10 s: bound at 10, 11, 12."""
    world = World()
    control = kubernetes(bindings=Quota(size=1, refill=1.0))
    platform = eks(machine(vcpu=3.0), control=control, count=1, when_full="wait")
    live = platform.deploy(world)
    live.capacity.cordon(live.capacity.nodes[0])
    live.launch(service(cpu=1.0), 3)
    world.env.run(until=10.0)
    live.capacity.join(platform.capacity, platform.node)
    world.env.run()

    bound = [conditions(world, task)["PodScheduled"] for task in range(3)]
    assert bound == pytest.approx([10.0, 11.0, 12.0])


def test_a_pod_that_never_waited_costs_one_write() -> None:
    world = World()
    control = kubernetes(bindings=Quota(size=1, refill=1.0))
    live = eks(machine(vcpu=3.0), control=control, when_full="wait").deploy(world)
    live.launch(service(cpu=1.0), 3)
    world.env.run()

    bound = [conditions(world, task)["PodScheduled"] for task in range(3)]
    assert bound == pytest.approx([0.0, 1.0, 2.0])


def pulled_by(at_once: int | None) -> list[float]:
    """When two pods each of three images of 100 MiB, on one node, have pulled them."""
    world = World(1)
    live = eks(
        machine(vcpu=4.0, nic=10 * MiB),
        kubelet_=kubelet(parallel_pulls=at_once),
        registry=registry(connection_rate=10 * MiB, latency=0.0),
        unpacking=unpacking(decompress_rate=1e18),
    ).deploy(world)
    for number in range(3):
        picture = image(100 * MiB, name=f"image-{number}")
        live.launch(service(image=picture, name=f"web-{number}", cpu=0.1), 2)
    world.env.run()
    pulls = [row for row in rows(world.record) if row.phase == "pull"]
    return sorted(round(row.end - pulls[0].start, 3) for row in pulls)


@pytest.mark.parametrize(
    ("at_once", "ends"),
    [(None, [30] * 6), (1, [10, 10, 20, 20, 30, 30]), (4, [20, 20, 20, 20, 30, 30])],
)
def test_serial_pulls_bring_one_image_after_the_other(
    at_once: int | None, ends: list[float]
) -> None:
    """100 MiB at 10 MiB/s of the node's card: three at once end together after 30 s; in turn
    (`serializeImagePulls: true`) after 10, 20 and 30 s; four requests are two images, which share
    the card until 20 s."""
    assert pulled_by(at_once) == pytest.approx(ends)


def test_an_image_that_is_there_does_not_wait_for_the_pulls_of_others() -> None:
    """`IfNotPresent` looks before it queues; a pod that is stopped while it waits leaves no gap."""
    world = World(1)
    there, large = image(MiB, name="there"), image(1000 * MiB, name="large")
    platform = eks(
        machine(vcpu=4.0, nic=10 * MiB),
        kubelet_=kubelet(parallel_pulls=1),
        registry=registry(connection_rate=10 * MiB),
        warm=(there,),
    )
    live = platform.deploy(world)
    live.launch(service(image=large, name="large", cpu=0.1))
    (warm,) = live.launch(service(image=there, name="warm", cpu=0.1))
    (late,) = live.launch(service(image=image(MiB, name="late"), name="late", cpu=0.1))
    world.env.run(until=50.0)
    assert warm.value == Ready()
    assert not late.triggered
    live.stop(late)
    (after,) = live.launch(service(image=image(2 * MiB, name="after"), name="after", cpu=0.1))
    world.env.run()

    assert after.value == Ready()
