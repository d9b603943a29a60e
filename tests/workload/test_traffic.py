"""Call graphs against the closed forms of queueing theory, and the ways of calling."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from worlds import service

from sim.core.world import World
from sim.sharing import SharedCapacity
from sim.workload import Application, Part
from sim.workload.calls import Call, EntryPoint, Hops, Operation, Place, check, visits
from sim.workload.traffic.balancing import Balancing
from sim.workload.traffic.job_server import JobServer
from sim.workload.traffic.journal import KINDS, WIDTH
from sim.workload.traffic.replica import Replica
from sim.workload.traffic.traffic import Traffic
from sim.workload.traffic.users import ClosedUsers, OpenUsers, RateStretch

Shape = dict[str, tuple[float, int, float]]
"""By part: vCPUs of a copy, copies, threads of its pool."""


def op(cpu: float, *calls: Call | str, name: str = "do", variation: float = 1.0) -> Operation:
    made = tuple(Call(to=call) if isinstance(call, str) else call for call in calls)
    return Operation(name=name, cpu=cpu, variation=variation, calls=made)


class Bench:
    """Parts with cores of their own; each has one operation."""

    def __init__(
        self,
        operations: dict[str, Operation],
        shape: Shape | None = None,
        *,
        hops: Hops | None = None,
        seed: int = 1,
        balancing: Balancing = "round-robin",
    ) -> None:
        self.world = World(seed)
        env = self.world.env
        self.replicas: dict[str, list[Replica]] = {}
        for part in operations:
            vcpu, copies, threads = (shape or {}).get(part, (1.0, 1, math.inf))
            self.replicas[part] = [
                Replica(JobServer(SharedCapacity(env, vcpu)), threads=threads)
                for _ in range(copies)
            ]
        entry = (EntryPoint(to=next(iter(operations))),)
        many = {part: (one,) for part, one in operations.items()}
        check(many, entry)
        self.traffic = Traffic(
            self.world, many, entry, self.replicas, balancing=balancing, hops=hops
        )

    def open(self, rate: float, requests: int) -> NDArray[np.float64]:
        """Response times, s, of requests that come at that rate."""
        stretch = RateStretch(seconds=requests / rate, begin=rate, end=rate)
        OpenUsers(self.world.env, [stretch], self.traffic.send, self.traffic.gaps())
        self.world.env.run()
        return self.times()

    def closed(self, users: int, think: float, until: float) -> NDArray[np.float64]:
        traffic = self.traffic
        ClosedUsers(self.world.env, users, traffic.send, traffic.think(think), until)
        self.world.env.run(until=until)
        return self.times()

    def times(self) -> NDArray[np.float64]:
        journal = self.traffic.journal
        return np.asarray(journal.answered) - np.asarray(journal.times)


def agrees(values: Sequence[float] | NDArray[np.float64], expected: float, within: float) -> None:
    """The mean is within three standard errors, and those are small: `within` of the mean.

    Neighbours in a queue are alike, so the error is that of 25 batches.
    """
    sample = np.asarray(values, dtype=float)
    sample = sample[len(sample) // 20 :]
    means = np.asarray([batch.mean() for batch in np.array_split(sample, 25)])
    error = means.std(ddof=1) / math.sqrt(len(means))

    assert abs(sample.mean() - expected) < 3.0 * error, (sample.mean(), expected, error)
    assert error < within * expected


def test_a_chain_takes_the_sum_of_its_stations() -> None:
    """BCMP: one core each, D / (1 - lam D) one after the other."""
    chain = {"a": op(0.05, "b"), "b": op(0.08, "c"), "c": op(0.03)}

    agrees(Bench(chain).open(8.0, 8000), 0.345029, within=0.03)


def test_a_tree_takes_visits_times_its_stations() -> None:
    """v S / (1 - lam v S), whichever way they are called: one, two and four visits."""
    tree = {
        "a": op(0.02, Call(to="b", times=2.0)),
        "b": op(0.01, Call(to="c", times=2.0)),
        "c": op(0.015),
    }
    bench = Bench(tree)

    agrees(bench.open(10.0, 5000), 0.2, within=0.03)
    many = {part: (one,) for part, one in tree.items()}
    assert visits(many, (EntryPoint(to="a"),)) == {
        Place("a", "do"): 1.0,
        Place("b", "do"): 2.0,
        Place("c", "do"): 4.0,
    }
    counted = [handler.visits for handler in bench.traffic.handlers.values()]
    assert counted[1] == 2 * counted[0]
    assert counted[2] == 4 * counted[0]


@pytest.mark.parametrize(
    ("width", "mean"), [(2, 0.015), (5, 0.022833), (10, 0.029290), (100, 0.051874)]
)
def test_a_fan_out_waits_for_the_slowest(width: int, mean: float) -> None:
    """Exponentials without queueing: S H_n."""
    wide = {"a": op(0.0, Call(to="b", how="parallel", times=width)), "b": op(0.01)}
    bench = Bench(wide, {"b": (1000.0, 1, math.inf)})

    agrees(bench.open(1.0, 20_000 // width), mean, within=0.04)


def test_fork_and_join_of_two_queues() -> None:
    """(12 - rho) / 8 of one: Nelson and Tantawi, exact for two, first come, first served."""
    calls = [Call(to=name, how="parallel") for name in ("b", "c")]
    fork = {"a": op(0.0, *calls), "b": op(0.1), "c": op(0.1)}
    bench = Bench(fork, {"b": (1.0, 1, 1), "c": (1.0, 1, 1)})

    agrees(bench.open(5.0, 8000), 0.2875, within=0.03)


@pytest.mark.parametrize(
    ("threads", "per_s", "response", "held"),
    [
        (1, 6.999782, 0.428616, 0.909972),
        (2, 7.836556, 0.276071, 0.714471),
        (4, 8.011626, 0.248186, 0.468353),
        (10, 8.018407, 0.247130, 0.198159),
    ],
)
def test_a_thread_is_held_while_its_call_waits(
    threads: int, per_s: float, response: float, held: float
) -> None:
    """Ten users who think a second; the caller's pool is what stops them, not its CPU."""
    rpc = {"a": op(0.05, "b"), "b": op(0.08)}
    bench = Bench(rpc, {"a": (1.0, 1, threads)})
    until = 700.0
    times = bench.closed(10, 1.0, until)
    journal = bench.traffic.journal
    per_window, _ = np.histogram(np.asarray(journal.answered), bins=100, range=(0.0, until))

    agrees(per_window * (100.0 / until), per_s, within=0.02)
    agrees(times, response, within=0.04)
    pool = bench.replicas["a"][0]
    assert pool.held_until(until) / until / threads == pytest.approx(held, rel=0.06)


def test_one_queue_before_two_servers_beats_two_queues_at_random() -> None:
    """M/M/2 and two M/M/1: sharing the queue halves the response."""
    one = {"a": op(0.1)}
    shared = Bench(one, {"a": (2.0, 1, math.inf)}).open(18.0, 25_000)
    split = Bench(one, {"a": (1.0, 2, math.inf)}, balancing="random").open(18.0, 25_000)

    agrees(shared, 0.526316, within=0.16)
    agrees(split, 1.0, within=0.16)


def test_a_busier_copy_gets_less_from_the_least_busy_balancer() -> None:
    """Between one queue and two at random: it joins the shorter; in turn is between, too."""
    one, shape = {"a": op(0.1)}, {"a": (1.0, 2, math.inf)}
    means = {
        how: float(Bench(one, shape, balancing=how).open(16.0, 8_000).mean())
        for how in ("least-busy", "round-robin", "random")
    }

    assert 0.1 / (1.0 - 0.64) < means["least-busy"] < means["round-robin"] < means["random"]


def test_one_program_beats_two_services_on_the_same_cores() -> None:
    """Pooled cores and no hops: .150943 against .230571 s."""
    one = Bench({"all": op(0.1)}, {"all": (4.0, 1, math.inf)}).open(30.0, 12_000)
    two = Bench(
        {"a": op(0.05, "b"), "b": op(0.05)},
        {"a": (2.0, 1, math.inf), "b": (2.0, 1, math.inf)},
        hops=Hops(same_zone=0.002),
    ).open(30.0, 12_000)

    agrees(one, 0.150943, within=0.04)
    agrees(two, 0.230571, within=0.055)


def test_of_a_hundred_leaves_one_is_slow_for_most() -> None:
    """1 - .99^100 = .634: one visit in a hundred is slow, two requests in three are."""
    slow = Operation(name="do", cpu=0.0, wait=0.01, variation=0.0)
    leaf = Operation(name="do", cpu=0.0, variation=0.0, calls=(Call(to="slow", times=0.01),))
    root = op(0.0, Call(to="leaf", how="parallel", times=100.0))
    times = Bench({"root": root, "leaf": leaf, "slow": slow}).open(1.0, 400)
    share = float((times > 0.005).mean())

    expected = 1.0 - 0.99**100
    assert abs(share - expected) < 3.0 * math.sqrt(expected * (1.0 - expected) / len(times))


def test_the_steps_of_a_request_tile_it() -> None:
    """From request to answer without gap or overlap, hops, queues, waits and lost attempts too."""
    late = Call(to="c", how="parallel", timeout=0.03, retries=2, optional=True)
    graph = {
        "a": op(0.01, "b", late, Call(to="d", how="parallel", times=1.5)),
        "b": op(0.01, Call(to="d", how="async")),
        "c": op(0.02),
        "d": op(0.01),
    }
    hops = Hops(same_host=0.001, same_zone=0.002, other_zone=0.003)
    bench = Bench(graph, {"c": (1.0, 2, 1), "a": (2.0, 2, 4)}, hops=hops)
    bench.open(20.0, 600)
    journal = bench.traffic.journal
    codes = np.asarray(journal.path_codes)

    for number, first in enumerate(journal.first):
        last = journal.first[number + 1] if number + 1 < len(journal.first) else len(codes)
        times = journal.path_times[first:last]
        assert times[0] == journal.times[number]
        assert list(times) == sorted(times)
        assert times[-1] <= journal.answered[number]
    assert {KINDS[code] for code in set(codes % WIDTH)} == {"network", "queue", "work", "lost"}
    assert not any(journal.failed)


def test_who_gives_up_fails_after_its_attempts_and_the_work_goes_on() -> None:
    """A callee that takes 1 s, asked three times for .1 s: .3 s, failed, three visits."""
    graph = {"a": op(0.0, Call(to="b", timeout=0.1, retries=2)), "b": op(1.0, variation=0.0)}
    bench = Bench(graph, {"b": (10.0, 1, math.inf)})
    bench.traffic.send()
    bench.world.env.run()
    journal = bench.traffic.journal

    assert list(journal.failed) == [1]
    assert bench.times() == pytest.approx([0.3])
    assert bench.traffic.handlers[Place("b", "do")].visits == 3


def test_retries_above_saturation_lower_what_gets_through() -> None:
    """A retry storm: attempts nobody waits for any more take the place of those that count."""
    good = {}
    for retries in (0, 3):
        call = Call(to="b", timeout=0.5, retries=retries)
        bench = Bench({"a": op(0.0, call), "b": op(0.1)})
        bench.open(9.5, 1500)
        good[retries] = len(bench.traffic.journal.failed) - sum(bench.traffic.journal.failed)

    assert good[3] < 0.8 * good[0]


def test_another_copy_of_what_is_not_the_bottleneck_brings_nothing() -> None:
    """Throughput of a closed loop moves by less than 1%."""
    graph = {"a": op(0.01, "b"), "b": op(0.1)}
    through = {
        copies: len(Bench(graph, {"a": (1.0, copies, math.inf)}).closed(20, 0.1, 300.0))
        for copies in (1, 2)
    }

    assert through[2] == pytest.approx(through[1], rel=0.01)


def test_bytes_share_the_network_card_of_a_host() -> None:
    """Two answers of 1 MB together through 1 MB/s: both after 2 s, and then the hop."""
    world = World()
    nic = SharedCapacity(world.env, 1e6)
    caller = Replica(JobServer(SharedCapacity(world.env, 1.0)), nic=nic)
    callee = Replica(JobServer(SharedCapacity(world.env, 1.0)))
    graph = {
        "a": (op(0.0, Call(to="b", how="parallel", times=2.0, bytes=1e6)),),
        "b": (op(0.0),),
    }
    hops = Hops(same_zone=0.25)
    traffic = Traffic(
        world, graph, (EntryPoint(to="a"),), {"a": [caller], "b": [callee]}, hops=hops
    )
    traffic.send()
    world.env.run()

    assert list(traffic.journal.answered) == pytest.approx([2.25])


def test_a_ramp_brings_as_many_as_lie_under_it() -> None:
    """From 0 to 100 a second in 100 s: 5,000 in the mean, a quarter of them in the first half."""
    bench = Bench({"a": op(0.0)})
    ramp = [RateStretch(seconds=100.0, begin=0.0, end=100.0)]
    OpenUsers(bench.world.env, ramp, bench.traffic.send, bench.traffic.gaps())
    bench.world.env.run()
    came = np.asarray(bench.traffic.journal.times)

    assert abs(len(came) - 5000) < 3 * math.sqrt(5000)
    assert abs((came < 50.0).sum() - 1250) < 3 * math.sqrt(1250)


@pytest.mark.parametrize(
    ("graph", "told"),
    [
        ({"a": op(0.0, "bask"), "task": op(0.0)}, "did you mean 'task'?"),
        ({"a": op(0.0, "b"), "b": op(0.0, "a")}, "circle"),
    ],
)
def test_a_graph_that_leads_nowhere_is_refused(graph: dict[str, Operation], told: str) -> None:
    """An unknown operation with the nearest one, a circle with all that are in it."""
    with pytest.raises(ValueError, match=told.replace("?", r"\?")):
        check({part: (one,) for part, one in graph.items()}, (EntryPoint(to="a"),))


def test_a_hop_costs_few_events() -> None:
    """Counted: a job's end and at most one for the way; the arrival of a request is one more."""
    chain = {"a": op(0.05, "b"), "b": op(0.05, "c"), "c": op(0.05)}
    bench = Bench(chain, hops=Hops(same_zone=0.001))
    times = bench.open(8.0, 2000)
    events = next(bench.world.env._eid)
    hops = 3 * len(times)

    assert events / hops < 2.7


def test_an_application_knows_its_operations_and_refuses_calls_to_nowhere() -> None:
    """Operations belong to parts; what is called, and what users ask for, has to be there."""
    web = Part(service=service("web"), operations=(op(0.1, "db"),), threads=8)
    shop = Application(
        name="shop",
        parts=(web, Part(service=service("db"), operations=(op(0.2),)), Part(service=service("x"))),
        entries=(EntryPoint(to="web.do"),),
    )

    assert list(shop.operations) == ["db", "web"]
    with pytest.raises(ValueError, match="'db' is not known"):
        Application(name="shop", parts=(web,))
    with pytest.raises(ValueError, match="did you mean 'web'"):
        replace(shop, entries=(EntryPoint(to="wep"),))


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, Operation], Shape]:
    """Up to five parts, each calling those behind it in any way, with pools of any size."""
    number = draw(st.integers(2, 5))
    operations, shape = {}, {}
    for here in range(number):
        calls = []
        for there in range(here + 1, number):
            if draw(st.booleans()):
                how = draw(st.sampled_from(("sync", "parallel", "async")))
                timed = how != "async" and draw(st.booleans())
                calls.append(
                    Call(
                        to=f"p{there}",
                        how=how,
                        times=draw(st.sampled_from((0.5, 1.0, 2.0))),
                        timeout=0.05 if timed else None,
                        retries=draw(st.integers(0, 2)) if timed else 0,
                        optional=draw(st.booleans()),
                    )
                )
        operations[f"p{here}"] = op(0.01, *calls)
        threads = draw(st.sampled_from((1.0, 3.0, math.inf)))
        shape[f"p{here}"] = (
            draw(st.sampled_from((0.5, 1.0, 2.0))),
            draw(st.integers(1, 2)),
            threads,
        )
    return operations, shape


@settings(max_examples=40, deadline=None)
@given(graph=graphs(), seed=st.integers(0, 100))
def test_whatever_the_graph_all_are_answered_and_no_thread_stays_held(
    graph: tuple[dict[str, Operation], Shape], seed: int
) -> None:
    """Each request has one answer, whose steps tile it; then all is idle."""
    bench = Bench(graph[0], graph[1], hops=Hops(same_zone=0.001), seed=seed)
    bench.open(20.0, 40)
    journal = bench.traffic.journal
    begins = [journal.path_times[first] for first in journal.first]

    assert list(begins) == list(journal.times)
    assert all(end >= begin for begin, end in zip(journal.times, journal.answered, strict=True))
    assert all(copy.waiting == 0 for many in bench.replicas.values() for copy in many)
    assert bench.world.env.peek() == math.inf
