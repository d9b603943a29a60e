"""A platform, an app and a law of the user's own: they run, or are told what they lack."""

import sys
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import simpy
from simpy import Environment, Event
from worlds import app, docker, machine, service

import sim
from sim import Burst, Ready, Scenario, StoryDeployment, World, description
from sim.core.cited import plain
from sim.start import Start, Story


@pytest.fixture(scope="module")
def own() -> ModuleType:
    """The script that shows all three."""
    sys.path.insert(0, "scenarios")
    try:
        return import_module("own_platform")
    finally:
        sys.path.remove("scenarios")


def ready_times(platform: object, what: sim.Service, tasks: int = 1) -> list[float]:
    """Seconds until each task is ready, in order."""
    burst = Burst(service=what, tasks=tasks)
    scenario = Scenario(name="own", platform=platform, arrivals=(burst,))
    return sorted(sim.replicate(scenario, times=1, seed=1).starts()["time_to_ready_s"])


def test_taking_turns_makes_half_ready_sooner_and_the_last_no_later(own: ModuleType) -> None:
    """Shared, all of a burst end together; in turns, the first half has half the work before it."""
    shared = ready_times(own.WAYS["docker"], own.service, 8)
    turns = ready_times(own.WAYS["docker, in turns"], own.service, 8)

    assert turns[3] < 0.75 * shared[3]
    assert turns[-1] == pytest.approx(shared[-1], rel=0.1)


def test_snapshots_take_as_long_as_their_pages_take_to_read(own: ModuleType) -> None:
    """Eight working sets through one disk."""
    disk = plain(own.shared.disk)
    pages = own.billing.private + own.billing.hot_files
    took = ready_times(own.WAYS["snapshots"], own.service, 8)

    assert took == pytest.approx([8 * pages / disk] * 8)


class Turns:
    """One job after the other, each with all that it can use."""

    def __init__(self, env: Environment, vcpus: float) -> None:
        self.env, self.vcpus, self.line = env, vcpus, simpy.Resource(env)
        self.seen: list[tuple[float, float]] = []
        self.cancelled: list[Event] = []

    def run(self, work: float, weight: float, cap: float) -> Event:
        self.seen.append((weight, cap))
        return self.env.process(self._turn(work / min(cap, self.vcpus)))

    def cancel(self, event: Event) -> None:
        self.cancelled.append(event)

    def _turn(self, seconds: float) -> Generator[Event, Any, None]:
        with self.line.request() as turn:
            yield turn
            yield self.env.timeout(seconds)


LIVE: list[Turns] = []


@description
class OneByOne:
    def boot(self, env: Environment, vcpus: float) -> Turns:
        LIVE.append(Turns(env, vcpus))
        return LIVE[-1]


def on_law(law: object, **rest: Any) -> object:
    return docker(machine(vcpu=2.0, cpu_law=law, **rest))


def test_a_law_runs_the_jobs_one_after_the_other() -> None:
    """Three of 2 core-seconds on one of two vCPUs each: each is ready 2 s after the one before."""
    work = service(app=app(cpu=2.0), cpu=1.0)
    first, second, third = ready_times(on_law(OneByOne()), work, 3)

    assert (second - first, third - second) == pytest.approx((2.0, 2.0))


def test_a_law_sees_weight_and_cap_of_the_container() -> None:
    """1024 a vCPU; a quota of half a vCPU is a cap, without a period.

    A container takes 0.5 s to create, outside of its group, and starts with 0.25 core-seconds.
    """
    work = service(app=app(cpu=1.0), cpu=0.5)
    took = ready_times(on_law(OneByOne(), quota_period=0.1), work)

    assert LIVE[-1].seen[-1] == (512.0, 0.5)
    assert took == pytest.approx([0.5 + (0.25 + 1.0) / 0.5])


def test_work_that_is_given_up_is_told_to_the_law() -> None:
    world = World()
    live: Any = on_law(OneByOne())
    deployment = live.deploy(world)
    (start,) = deployment.launch(service(app=app(cpu=100.0)))
    world.env.run(until=5.0)
    deployment.stop(start)
    world.env.run(until=6.0)

    assert len(LIVE[-1].cancelled) == 1
    assert not start.is_alive


class NoEvents(Turns):
    """Returns what it should have handed to SimPy."""

    def run(self, work: float, weight: float, cap: float) -> Any:  # noqa: ARG002
        return self._turn(work)


@description
class Broken:
    """A law, and what is wrong with it."""

    returns: str

    def boot(self, env: Environment, vcpus: float) -> object:
        if self.returns == "nothing":
            return None
        return NoEvents(env, vcpus)


@pytest.mark.parametrize(
    ("returns", "said"),
    [
        ("nothing", r"cpu_law: NoneType has no run\(work, weight, cap\)"),
        ("a generator", "cpu_law: NoEvents.run returned <generator .*; it has to return an event"),
    ],
)
def test_a_law_that_is_none_is_told_what_it_lacks(returns: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ready_times(on_law(Broken(returns=returns)), service(app=app(cpu=1.0)))


@pytest.mark.parametrize("law", [Turns, 7])
def test_a_law_without_boot_is_refused(law: object) -> None:
    with pytest.raises(ValueError, match="is not allowed; a description with boot"):
        on_law(law)


def test_requests_need_the_built_in_law() -> None:
    """They change their jobs while these run."""
    load = sim.Load(share=0.2, request_cpu=0.01)
    work = service(app=app(cpu=1.0), load=load)
    scenario = Scenario(
        name="x", platform=on_law(OneByOne()), arrivals=(Burst(service=work),), serve=5.0
    )
    with pytest.raises(ValueError, match="requests that are being served need the built-in law"):
        sim.replicate(scenario, times=1)


class Live(StoryDeployment):
    """Ends its starts as it is told."""

    def __init__(self, world: World, ends: str) -> None:
        super().__init__(world, self._story)
        self._ends = ends

    def _story(self, start: Start) -> Story:
        with start.phase("app" if self._ends == "nothing" else "restore"):
            yield self.world.env.timeout(1.0)
        return None if self._ends == "nothing" else Ready()  # type: ignore[return-value]


@description
class Own:
    ends: str

    def deploy(self, world: World) -> object:
        return world if self.ends == "no deployment" else Live(world, self.ends)


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("nothing", r"story: Live._story ended with None; a story ends with return Ready\(\)"),
        ("no app", "story: the last phase of Live._story is 'restore'; it has to be 'app'"),
        ("no deployment", r"platform: World, which Own.deploy returned, has no launch\(\)"),
    ],
)
def test_a_platform_that_is_not_whole_is_told_in_its_words(ends: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ready_times(Own(ends=ends), service())


@pytest.mark.parametrize("hosts", [None, ["x"], 5])
def test_hosts_that_are_none_are_told_before_anything_starts(hosts: object) -> None:
    """Whose meters nobody could read."""

    class NoHosts(Live):
        def hosts(self) -> Any:
            return hosts

    class Mine:
        def deploy(self, world: World) -> object:
            return NoHosts(world, "ready")

    scenario = Scenario(name="x", platform=Mine(), arrivals=(Burst(service=service()),))
    with pytest.raises(ValueError, match=r"platform: .*, which NoHosts.hosts returned, is not all"):
        scenario.run(1, 0)


def test_a_plain_class_is_a_platform() -> None:
    """Nothing has to be inherited to be described."""

    class Plain:
        def deploy(self, world: World) -> Any:
            return docker(machine()).deploy(world)

    assert ready_times(Plain(), service(app=app(cpu=2.0), cpu=1.0)) == ready_times(
        docker(machine()), service(app=app(cpu=2.0), cpu=1.0)
    )


@description
class Polls:
    """A platform that looks again and again, and never ends."""

    def deploy(self, world: World) -> StoryDeployment:
        """Docker, and somebody who looks."""
        world.env.patience = 100_000

        def looks() -> Generator[Event, Any, None]:
            while True:
                yield world.env.timeout(1.0)

        world.env.process(looks())
        deployment: StoryDeployment = docker().deploy(world)
        return deployment


def test_a_platform_that_never_ends_is_told_so(tmp_path: Path) -> None:
    """With `until`, it ends there; without, in a sentence, and no folder is left."""
    burst = Burst(service=service(cpu=1.0), tasks=2)
    scenario = Scenario(name="own", platform=Polls(), arrivals=(burst,))
    with pytest.raises(ValueError, match="until: missing; in its last 100,000 events nothing has"):
        sim.replicate(scenario, times=2, out=tmp_path)
    assert [*tmp_path.iterdir()] == []

    ends = Scenario(name="own", platform=Polls(), arrivals=(burst,), until=3600.0)
    assert sim.replicate(ends, times=1, seed=1).runs["ready"].sum() == 2
