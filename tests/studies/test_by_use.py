"""Density by use: neighbours only, monotone, exact at one, and never better as VMs."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import app, docker, ecs, hypervisor, machine, service, vm

from sim import catalog
from sim.core.world import World
from sim.experiment.running.progress import UNSEEN, Progress
from sim.start import Ceiling
from sim.studies.density.bench import SLOW, Bench
from sim.studies.density.by_use import UNSETTLED, ByUse, largest_by_use, window_for
from sim.units import MiB
from sim.workload import Load, Requests, Service, alone, draw_requests, serve

IDLE = Load(share=1e-4, request_cpu=0.01)


def searched(
    platform: Any,
    what: Service,
    *,
    vcpu: float,
    core_speed: float,
    bench: Bench | None = None,
    sustained: float | None = None,
    most: int | None = None,
    told: Progress = UNSEEN,
    window: float | None = None,
    slowdown: float = 2.0,
    seed: int = 1,
) -> ByUse:
    """The answer on a bench of its own, or on the given one."""
    window = window_for(vcpu) if window is None else window
    if bench is None:
        bench = Bench(what, vcpu=vcpu, window=window, slowdown=slowdown, seed=(seed, 0))
    return largest_by_use(
        platform, bench, core_speed=core_speed, sustained=sustained, most=most, told=told
    )


def count(platform: Any, what: Service, vcpu: float = 4.0, **rest: Any) -> int:
    return searched(platform, what, vcpu=vcpu, core_speed=1.0, **rest).count


def loaded(share: float = 0.5, cpu: float = 0.5, memory: float = 20 * MiB, **rest: Any) -> Service:
    return service(cpu=cpu, memory=memory, load=Load(share=share, request_cpu=0.01), **rest)


def test_memory_alone_decides_where_the_load_is_nothing() -> None:
    """Ten of 90 MiB with a shim of 10 MiB fill 1,000 MiB; the answer is reached, not exceeded."""
    answer = searched(
        docker(), service(cpu=0.1, memory=90 * MiB, load=IDLE), vcpu=4.0, core_speed=1.0
    )

    assert (answer.count, answer.stopped_by) == (10, "memory")


def test_hot_files_are_counted_once() -> None:
    """Containers share 100 MiB of files: (1000 - 100) / (50 + 40 + 10) = 9."""
    what = service(cpu=0.1, memory=190 * MiB, load=IDLE, app=app(private=90 * MiB, hot=100 * MiB))

    assert count(docker(), what) == 9


def test_guests_share_no_files() -> None:
    """Each guest takes all of its nominal memory, whatever its neighbours have in theirs."""
    what = service(cpu=0.1, memory=190 * MiB, load=IDLE, app=app(private=90 * MiB, hot=100 * MiB))

    assert vm().nominal_memory(190 * MiB) == 256 * MiB
    assert count(hypervisor(), what) == 3


def test_at_saturation_the_probe_fails_without_being_run() -> None:
    """Offered load equal to the capacity never settles: at most 7 of 8, and this is arithmetic."""
    answer = searched(
        docker(machine(memory=10_000 * MiB)),
        loaded(share=0.5, cpu=1.0),
        vcpu=4.0,
        core_speed=1.0,
        window=3.0,
        slowdown=1e9,
    )

    assert (answer.count, answer.stopped_by) == (7, UNSETTLED)
    assert [probe.sandboxes for probe in answer.probes] == [7]


def test_faster_cores_take_more() -> None:
    """Work is divided by the speed of a core once: twice as fast settles twice as many."""
    counts = [
        searched(
            docker(machine(memory=10_000 * MiB, core_speed=speed)),
            loaded(share=0.5, cpu=1.0),
            vcpu=4.0,
            core_speed=speed,
            window=2.0,
            slowdown=1e9,
        ).count
        for speed in (1.0, 2.0)
    ]

    assert counts == [7, 15]


@given(
    st.floats(0.05, 1.9),
    st.floats(0.05, 0.9),
    st.floats(0.5, 2.0),
    st.integers(0, 100),
    st.sampled_from(["docker", "vm", "ecs"]),
)
@settings(max_examples=30)
def test_one_sandbox_is_never_slowed(
    cpu: float, share: float, speed: float, seed: int, name: str
) -> None:
    """At n = 1 every slow-down is 1, so that one always passes, even for a target of 1."""
    box = machine(vcpu=2.0, core_speed=speed)
    platform = {"docker": docker, "vm": hypervisor, "ecs": ecs}[name](box)
    what = service(cpu=cpu, load=Load(share=share, request_cpu=0.01))
    assert passes(platform, what, 1, seed=seed, window=5.0, slowdown=1.0)


@pytest.mark.parametrize("name", ["docker", "vm"])
def test_one_sandbox_with_a_weight_only_is_never_slowed(name: str) -> None:
    """Without a quota a sandbox alone has all of its host (a guest: its vCPUs), and no more."""
    box = machine(vcpu=1.0)
    platform = docker(box) if name == "docker" else hypervisor(box)
    what = loaded(share=0.8, cpu=1.0, cpu_quota=False)

    assert passes(platform, what, 1, window=20.0, slowdown=1.0)


# guest with a weight only is "late", and the answer for `vm` is 0.
def test_a_lone_guest_with_a_weight_only_on_a_larger_host_is_never_slowed() -> None:
    """Nobody disturbs it: at n = 1 it passes, however small the guest is against its host."""
    what = loaded(share=0.8, cpu=1.0, cpu_quota=False)

    assert passes(hypervisor(machine(vcpu=4.0)), what, 1, window=20.0, slowdown=1.0)


def passes(
    platform: Any, what: Service, sandboxes: int, *, window: float, slowdown: float, seed: int = 1
) -> bool:
    """The verdict on a host of 2 vCPUs; crowding, which is none here, would need their number."""
    bench = Bench(what, vcpu=2.0, window=window, slowdown=slowdown, seed=(seed, 0))
    return bench.probe(platform, sandboxes).probe.passed


def mean_slowdown(sandboxes: int) -> float:
    """Mean slow-down of sandboxes with a quota of 1 and half a vCPU of load each, on 2 vCPUs."""
    world = World(3)
    live = docker(machine(vcpu=2.0, memory=10_000 * MiB)).deploy(world)
    what = service(cpu=1.0, load=Load(share=0.5, request_cpu=0.01))
    sojourns: list[tuple[float, float]] = []
    for task, container in enumerate(live.settle(what, sandboxes)):
        requests = draw_requests(world, task, what.load, what.cpu, 60.0)
        undisturbed = container.undisturbed(requests)

        def served(number: int, sojourn: float, mine: list[float] = undisturbed) -> None:
            sojourns.append((sojourn, mine[number]))

        world.env.process(serve(world, requests, container.server, served))
    world.env.run()
    return float(np.mean([sojourn / mine for sojourn, mine in sojourns]))


def test_slow_down_rises_with_the_neighbours() -> None:
    """One or two (quota 1 each on 2 vCPUs) do not disturb each other; three do, and more more."""
    means = [mean_slowdown(sandboxes) for sandboxes in (1, 2, 3)]

    assert means[0] == pytest.approx(1.0)
    assert means[1] == pytest.approx(1.0)
    assert means[2] > 1.01


@pytest.mark.parametrize("app_threads", [1, 2, None])
@pytest.mark.parametrize("name", ["docker", "vm", "ecs"])
def test_one_sandbox_under_a_quota_with_a_period_is_never_slowed(
    name: str, app_threads: int | None
) -> None:
    """The yardstick has the same period and the same phase, in a container and in a guest."""
    box = machine(vcpu=4.0, quota_period=0.1)
    platform = {"docker": docker, "vm": hypervisor, "ecs": ecs}[name](box)
    what = loaded(cpu=0.25, share=0.6, app=replace(app(), threads=app_threads))
    world = World(1)
    sandbox = platform.deploy(world).settle(what, 1)[0]
    requests = draw_requests(world, 0, what.load, what.cpu, 60.0)
    sojourns = [0.0] * len(requests.times)
    world.env.process(serve(world, requests, sandbox.server, sojourns.__setitem__))
    world.env.run()

    undisturbed = sandbox.undisturbed(requests)
    assert max(sojourns) > 0.1  # some did wait for a period
    if name == "vm" and app_threads != 1:  # a vCPU of its own is no match for the host's four
        assert np.quantile(np.divide(sojourns, undisturbed), 0.95) < 2.0
    else:
        assert sojourns == pytest.approx(undisturbed, rel=1e-6, abs=1e-9)


def test_requests_are_throttled_where_they_run_not_slowed_down_evenly() -> None:
    """10 ms of work under a quota of a quarter take 10 ms, not 40: the slice is 25 ms."""
    box = machine(vcpu=2.0, quota_period=0.1)
    world = World(1)
    container = docker(box).deploy(world).settle(loaded(cpu=0.25, app=app()), 1)[0]
    requests = Requests((0.0, 0.0, 0.0), (0.010, 0.010, 0.010))
    sojourns = [0.0] * 3
    world.env.process(serve(world, requests, container.server, sojourns.__setitem__))
    world.env.run()

    # Three side by side on two vCPUs: 25 ms of a slice are used up after 12.5 ms, 5 are left.
    assert min(sojourns) > 0.0125 and max(sojourns) < 0.11
    lone = container.undisturbed(Requests((0.0,), (0.010,)))
    assert lone == pytest.approx([0.010], abs=1e-5)


def test_a_quota_does_not_change_how_many_fit_by_use() -> None:
    """At a load of 0.2 a slice is rarely used up: with a quota as many fit as without, or so."""
    box = machine(vcpu=2.0, memory=10_000 * MiB, quota_period=0.1)
    counts = [
        count(docker(box), loaded(cpu=0.25, share=0.2, cpu_quota=quota), 2.0)
        for quota in (True, False)
    ]

    assert abs(counts[0] - counts[1]) <= 2
    assert max(counts) < 30  # the fluid quota of old, which hides the neighbours, says 33


def test_crowded_caches_take_from_the_count() -> None:
    """12% more CPU with every doubling of the containers a core: 7 instead of 9 settle or so."""
    box = machine(vcpu=1.0, memory=10_000 * MiB)
    settled = [
        searched(
            docker(box),
            service(cpu=1.0, load=Load(share=0.1, request_cpu=0.01, crowding=crowding)),
            vcpu=1.0,
            core_speed=1.0,
            window=2.0,
            slowdown=1e9,
        ).count
        for crowding in (0.0, 0.12)
    ]

    assert settled == [9, 7]  # 7 x 0.1 x (1 + 0.12 log2 7) = 0.94, 8 x 0.1 x 1.36 = 1.09


def test_one_sandbox_is_an_m_m_1_ps_queue() -> None:
    """Mean sojourn 1 / (mu - lambda): 10 ms at half load become 20 ms, within four errors."""
    load = Load(share=0.5, request_cpu=0.01)
    means = []
    for seed in range(20):
        requests = draw_requests(World(seed), 0, load, 1.0, 200.0)
        means.append(np.mean(alone(requests, 1.0, 1.0)))
    error = np.std(means, ddof=1) / math.sqrt(len(means))

    assert error < 0.001
    assert abs(np.mean(means) - 0.02) <= 4 * error


@pytest.mark.parametrize("seed", [1, 2])
def test_more_load_never_takes_more_sandboxes(seed: int) -> None:
    """The answer falls as each sandbox's load rises."""
    box = machine(vcpu=2.0, memory=10_000 * MiB)
    answers = [
        count(docker(box), loaded(share=share), 2.0, window=10.0, seed=seed)
        for share in (0.2, 0.4, 0.6, 0.8)
    ]

    assert answers == sorted(answers, reverse=True)
    assert answers[0] > answers[-1]


def test_a_laxer_target_never_takes_fewer() -> None:
    """The answer rises with the slow-down that is allowed."""
    box = machine(vcpu=2.0, memory=10_000 * MiB)
    answers = [
        count(docker(box), loaded(), 2.0, window=10.0, slowdown=target)
        for target in (1.0, 1.2, 1.5, 2.0, 4.0)
    ]

    assert answers == sorted(answers)
    assert answers[0] < answers[-1]


def test_with_full_quotas_side_by_side_nobody_is_slowed() -> None:
    """Quotas that sum to the host: each has what it has alone, and the target 1 is met."""
    box = machine(vcpu=2.0, memory=10_000 * MiB)

    assert count(docker(box), loaded(cpu=0.5), 2.0, window=10.0, slowdown=1.0) >= 4


def test_the_answer_passes_and_one_more_fails() -> None:
    """Bisection ends at the edge: the last failed probe is at count + 1, for the reason given."""
    box = machine(vcpu=2.0, memory=10_000 * MiB)
    answer = searched(docker(box), loaded(), vcpu=2.0, core_speed=1.0, window=10.0, slowdown=1.5)
    verdicts = {probe.sandboxes: probe for probe in answer.probes}

    assert verdicts[answer.count].passed
    assert not verdicts[answer.count + 1].passed
    assert verdicts[answer.count + 1].reason == answer.stopped_by == SLOW


PAIRS = [
    (loaded(share=0.5), {}),
    (loaded(share=0.3, app=replace(app(), threads=1)), {}),
    (loaded(share=0.4, cpu=0.25), {"slowdown": 4.0}),
    (loaded(share=0.5, cpu=1.0, cpu_quota=False), {"slowdown": 1.5}),
    (loaded(share=0.6, cpu=0.4), {"seed": 7}),
]


@pytest.mark.parametrize("name", ["docker", "vm", "ecs", "fluid"])
@pytest.mark.parametrize("what, how", PAIRS)
def test_the_whole_model_in_full_length_passes_at_the_answer_and_fails_above(
    name: str, what: Service, how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of other numbers, stops early and runs as a crowd changes no answer."""
    box = machine(vcpu=2.0, memory=10_000 * MiB, quota_period=None if name == "fluid" else 0.1)
    platform = {"docker": docker, "vm": hypervisor, "ecs": ecs, "fluid": docker}[name](box)
    terms = {"window": 5.0, "slowdown": 2.0, "seed": 1} | how
    answer = searched(platform, what, vcpu=2.0, core_speed=1.0, **terms)
    monkeypatch.setattr("sim.studies.density.bench.peers", lambda _: None)

    assert passes(platform, what, answer.count, **terms)
    if answer.stopped_by == SLOW:
        assert not passes(platform, what, answer.count + 1, **terms)


class Told:
    """Stands for a bar."""

    def __init__(self) -> None:
        self.total: float | None = None
        self.done = 0

    def update(self, n: int = 1) -> None:
        self.done += n
        assert self.total is not None
        assert self.done <= self.total


@pytest.mark.parametrize("what, how", PAIRS)
def test_where_slots_end_the_search_the_answer_is_the_less_of_both(
    what: Service, how: dict[str, Any]
) -> None:
    """So many and one more are told from fewer, and a bar knows at the end how long it was."""
    platform = docker(machine(vcpu=2.0, memory=10_000 * MiB, quota_period=0.1))
    terms = {"vcpu": 2.0, "core_speed": 1.0, "window": 5.0} | how
    whole = searched(platform, what, **terms)
    for most in (1, whole.count - 1, whole.count, whole.count + 1, 10 * whole.count):
        told = Told()
        answer = searched(platform, what, most=most, told=told, **terms)

        assert min(most, answer.count) == min(most, whole.count)
        assert answer == whole or all(probe.sandboxes <= most for probe in answer.probes)
        assert told.done == len(answer.probes)
        assert not answer.probes or told.total == told.done
    assert answer == whole
    assert searched(platform, what, most=1, **terms).count == 1


def test_equal_trees_are_probed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker, ECS and a daemon with less memory for containers load the CPU in the same way."""
    box = machine(vcpu=2.0, memory=10_000 * MiB, quota_period=0.1)
    what = loaded(share=0.3)
    bench = Bench(what, vcpu=2.0, window=5.0, slowdown=2.0, seed=(1, 0))
    answers = [
        searched(platform, what, vcpu=2.0, core_speed=1.0, bench=bench)
        for platform in (docker(box), ecs(box))
    ]
    monkeypatch.setattr("sim.studies.density.bench.served_in_crowd", None)  # it cannot run

    assert answers[0] == answers[1]
    assert searched(ecs(box), what, vcpu=2.0, core_speed=1.0, bench=bench) == answers[0]
    with pytest.raises(TypeError):
        searched(hypervisor(box), what, vcpu=2.0, core_speed=1.0, bench=bench)


@pytest.mark.parametrize("sandboxes", range(1, 8))
def test_stopping_early_does_not_change_the_verdict(sandboxes: int) -> None:
    """A probe stopped as soon as it is decided says what the whole run says."""
    box = machine(vcpu=2.0, memory=10_000 * MiB)
    what = loaded()
    early = passes(docker(box), what, sandboxes, window=8.0, slowdown=1.5)
    world = World(1)
    late: list[bool] = []
    for task, container in enumerate(docker(box).deploy(world).settle(what, sandboxes)):
        requests = draw_requests(world, task, what.load, what.cpu, 8.0)
        undisturbed = container.undisturbed(requests)

        def served(number: int, sojourn: float, mine: list[float] = undisturbed) -> None:
            late.append(sojourn > 1.5 * mine[number] * (1 + 1e-9))

        world.env.process(serve(world, requests, container.server, served))
    world.env.run()

    assert early == (sum(late) <= 0.05 * len(late))


def test_the_same_seed_gives_the_same_answer_and_probes() -> None:
    """Nothing but seed and description decides."""
    box = machine(vcpu=2.0, memory=10_000 * MiB)
    answers = [
        searched(docker(box), loaded(), vcpu=2.0, core_speed=1.0, window=10.0, seed=seed)
        for seed in (4, 4)
    ]

    assert answers[0] == answers[1]


def test_networks_do_not_matter_to_use() -> None:
    """Slots stand beside this answer: awsvpc and host mode share it."""
    box = machine(vcpu=2.0, memory=10_000 * MiB, enis=2)
    counts = {
        network: count(ecs(box, network=network), loaded(), 2.0, window=5.0)
        for network in ("bridge", "awsvpc")
    }

    assert counts["bridge"] == counts["awsvpc"] > 1


def test_what_cannot_hold_one_answers_none() -> None:
    """No memory for a single sandbox: 0, stopped by memory."""
    answer = searched(docker(), service(memory=2000 * MiB, load=IDLE), vcpu=4.0, core_speed=1.0)

    assert (answer.count, answer.stopped_by) == (0, "memory")


def test_an_app_over_its_own_limit_answers_none() -> None:
    """Each is killed as soon as it has its working set: OOM, not a slow-down."""
    what = service(memory=50 * MiB, load=IDLE, app=app(private=60 * MiB))
    answer = searched(docker(), what, vcpu=4.0, core_speed=1.0)

    assert answer.count == 0
    assert answer.stopped_by == "memory (OOM kill)"


def test_containers_thrash_before_one_is_killed_and_guests_do_not() -> None:
    """1000 MiB hold 13 of 50 + 10 beside hot files of 200, and 18 of 45 + 10 without them.

    Guests are sized for all of it: what they have touched their host cannot take back.
    """
    box = machine(memory=1000 * MiB, vcpu=64.0)
    what = service(
        cpu=0.25,
        memory=256 * MiB,
        load=IDLE,
        app=replace(app(private=50 * MiB, hot=200 * MiB), gives_back=5 * MiB),
    )
    containers, guests = (
        searched(platform, what, vcpu=64.0, core_speed=1.0)
        for platform in (docker(box), hypervisor(box))
    )

    assert (containers.count, containers.last_fit) == (13, 18)
    assert containers.stopped_by == "memory (thrashing)"
    assert guests.last_fit == guests.count
    assert guests.stopped_by == "memory"


def test_a_service_without_load_is_refused() -> None:
    """There is nothing to be slow."""
    with pytest.raises(ValueError, match="load"):
        count(docker(), service())


def test_a_target_below_one_is_refused() -> None:
    """Nobody is faster than alone."""
    with pytest.raises(ValueError, match=r"slowdown: 0\.5"):
        count(docker(), loaded(), slowdown=0.5)


# Every size here is a whole number of MiB, so that "full to the byte" means it.
@given(
    st.sampled_from(["docker", "vm", "microvm", "ecs"]),
    st.integers(300, 4000),
    st.integers(20, 300),
    st.integers(0, 60),
)
@settings(max_examples=40)
def test_memory_arithmetic_agrees_with_the_kernel(
    name: str, memory: int, size: int, hot: int
) -> None:
    """As many as are said to fit keep their file pages, and with one more they do not.

    As many as are the last to fit live, and with one more somebody is killed.
    """
    box = machine(memory=memory * MiB)
    platform = {
        "docker": docker(box),
        "vm": hypervisor(box, host_os=50 * MiB),
        "microvm": hypervisor(box, vm=vm(firmware=None, backing="on_touch")),
        "ecs": ecs(box, agent_memory=30 * MiB),
    }[name]
    hot = min(hot, size)
    what = service(memory=size * MiB, app=app(private=(size - hot) * MiB, hot=hot * MiB))
    fits, last = platform.fits_in_memory(what), platform.last_in_memory(what)
    lacking, alive = {}, {}
    for n in (fits, fits + 1, last, last + 1):
        live = platform.deploy(World())
        alive[n] = sum(sandbox.alive for sandbox in live.settle(what, n))
        lacking[n] = live.hosts()[0].memory.lacking

    assert (alive[fits], lacking[fits]) == (fits, 0.0)
    assert alive[fits + 1] <= fits or lacking[fits + 1] > 0.0
    assert alive[last] == last
    assert alive[last + 1] <= last


GRID = st.tuples(
    st.sampled_from(["m5.large", "m5.xlarge", "c5.large", "r5.large", "t3.medium", "m6g.large"]),
    st.sampled_from([0.25, 0.5, 1.0, 1.3, 2.0]),
    st.integers(64, 4096).map(lambda mib: mib * MiB),
    st.sampled_from(["generic", "java", "node", "mysql"]),
)


@given(GRID)
@settings(max_examples=150)
def test_vms_never_exceed_containers_by_reservation_or_memory(
    case: tuple[str, float, float, str],
) -> None:
    """On one and the same bare machine a guest costs at least what a container costs (claim)."""
    instance, cpu, memory, name = case
    box = catalog.bare(instance)
    what = catalog.service(name, cpu=cpu, memory=memory)
    as_vms, as_containers = catalog.hypervisor(box), catalog.docker(box)
    ceilings: list[Ceiling] = [
        as_vms.ceilings(what)[0],
        as_containers.ceilings(what)[0],
    ]

    assert ceilings[0].allows <= ceilings[1].allows
    if what.private <= what.memory:
        assert as_vms.fits_in_memory(what) <= as_containers.fits_in_memory(what)


def by_use_of_both(instance: str, cpu: float, memory: float, quota: bool) -> list[int]:
    """Counts as VMs and as containers on one bare machine."""
    box = catalog.bare(instance)
    what = catalog.service("generic", cpu=cpu, memory=memory, cpu_quota=quota)
    return [
        searched(platform, what, vcpu=box.vcpu, core_speed=float(box.core_speed), window=3.0).count
        for platform in (catalog.hypervisor(box), catalog.docker(box))
    ]


@given(
    st.sampled_from(["m5.large", "c5.large", "m6g.medium"]),
    st.sampled_from([0.25, 0.5, 1.0, 1.3]),
    st.integers(128, 1024).map(lambda mib: mib * MiB),
)
@settings(max_examples=12)
def test_vms_never_exceed_containers_by_use(instance: str, cpu: float, memory: float) -> None:
    """The same holds for what is really used, under the same requests."""
    as_vms, as_containers = by_use_of_both(instance, cpu, memory, True)

    assert as_vms <= as_containers

    # container with the whole host, so that the VMs have the easier target: 10 VMs, 9 containers.
    as_vms, as_containers = by_use_of_both("m5.large", 0.5, 128 * MiB, False)

    assert as_vms <= as_containers


def test_a_larger_host_is_probed_for_a_shorter_time_with_as_many_requests() -> None:
    assert [window_for(vcpu) for vcpu in (2.0, 16.0, 48.0, 96.0, 448.0)] == [60, 60, 20, 10, 10]
