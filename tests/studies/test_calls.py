"""An application whose services call each other: what users wait for, and what stops them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from worlds import app, machine

import sim
from sim.studies.calls import reading, words
from sim.studies.calls.closed_form import erlang_c, mean_response, response, stations
from sim.studies.calls.run import CallsRun
from sim.studies.calls.study import TooMuch
from sim.workload import Application, Call, EntryPoint, Hops, Operation, Part, Service
from sim.workload.traffic.journal import NETWORK, WIDTH, WORK, Journal


def part(name: str, cpu: float, *calls: Call | str, vcpu: float = 1.0, **rest: object) -> Part:
    made = tuple(Call(to=call) if isinstance(call, str) else call for call in calls)
    service = Service(name=name, app=app(), cpu=vcpu, memory=1e8)
    free = replace(service, app=replace(service.app, threads=None))
    return Part(service=free, operations=(Operation(name="do", cpu=cpu, calls=made),), **rest)  # type: ignore[arg-type]


def graph(*parts: Part) -> Application:
    return Application(name="shop", parts=parts, entries=(EntryPoint(to=parts[0].name),))


TREE = graph(
    part("a", 0.02, Call(to="b", times=2.0)),
    part("b", 0.01, Call(to="c", times=2.0)),
    part("c", 0.015),
)


def test_the_bottleneck_and_the_rate_of_the_next() -> None:
    """One, two and four visits: the third saturates at 16.667/s, the others at 50/s."""
    rates = {name: station.saturates for name, station in stations(TREE, 4.0).items()}

    assert rates == pytest.approx({"a": 50.0, "b": 50.0, "c": 1.0 / 0.06})
    assert stations(TREE, 4.0)["c"].use(10.0) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("service", "cores", "rate", "seconds"),
    [
        (0.1, 1.0, 9.0, 1.0),
        (0.1, 2.0, 18.0, 0.526316),
        (0.1, 3.0, 18.0, 0.129562 + 0.0),
        (0.1, 4.0, 30.0, 0.150943),
    ],
)
def test_a_station_of_several_cores_is_erlangs(
    service: float, cores: float, rate: float, seconds: float
) -> None:
    """M/M/c, which holds for processor sharing whatever the distribution."""
    assert response(service, cores, rate) == pytest.approx(seconds, rel=1e-5)


def test_erlang_c_is_a_probability_that_rises_with_the_load() -> None:
    """From 0 to 1, and for one server the load itself."""
    assert erlang_c(1, 0.7) == pytest.approx(0.7)
    assert [erlang_c(8, load) for load in (0.1, 4.0, 7.99)] == sorted(
        erlang_c(8, load) for load in (0.1, 4.0, 7.99)
    )
    assert erlang_c(8, 7.99) < 1.0


def test_the_mean_of_a_chain_and_a_tree_is_that_of_the_textbook() -> None:
    """.345029 s of three in a row at 8/s, .2 s of the tree at 10/s; hops come on top."""
    chain = graph(part("a", 0.05, "b"), part("b", 0.08, "c"), part("c", 0.03))

    assert mean_response(chain, 8.0, 4.0) == pytest.approx(0.345029, rel=1e-5)
    assert mean_response(TREE, 10.0, 4.0) == pytest.approx(0.2)
    assert mean_response(chain, 8.0, 4.0, hop=0.01) == pytest.approx(0.365029, rel=1e-5)
    assert mean_response(chain, 13.0, 4.0) == math.inf


def test_one_program_and_two_services_as_they_are_run() -> None:
    """.150943 and .230571 s: the same graph, on cores of each or on all of them."""
    two = graph(part("a", 0.05, "b", vcpu=2.0), part("b", 0.05, vcpu=2.0))
    run = CallsRun(
        application=two,
        machine=machine(2.0),
        hops=Hops(same_zone=0.002),
        rate=30.0,
        seconds=80.0,
    )
    services = [run.run(seed, 0).metrics["mean_s"] for seed in range(4)]
    program = [replace(run, form="one program").run(seed, 0).metrics["mean_s"] for seed in range(4)]

    for seen, known in ((services, 0.230571), (program, 0.150943)):
        error = float(np.std(seen, ddof=1)) / 2.0
        assert abs(float(np.mean(seen)) - known) < 3.0 * max(error, 0.02 * known)


@pytest.fixture(scope="module")
def shop() -> sim.studies.calls.answer.CallsAnswer:  # type: ignore[name-defined]
    """A front end with two ways, of which the second is slow; the database has one copy."""
    front = part("front", 0.002, vcpu=1.0, copies=2)
    home = Operation(name="home", cpu=0.002, calls=(Call(to="db", times=2.0),))
    pay = Operation(name="pay", cpu=0.002, calls=(Call(to="bank"), Call(to="db")))
    application = Application(
        name="shop",
        parts=(
            replace(front, operations=(home, pay), threads=64),
            part("bank", 0.03),
            part("db", 0.004),
        ),
        entries=(EntryPoint(to="front.home", weight=0.8), EntryPoint(to="front.pay", weight=0.2)),
    )
    return sim.calls(application, rate=90.0, requests=300, replications=3)


def test_the_parts_of_the_p95_request_sum_to_it(shop: sim.Results) -> None:
    """What each service adds tiles the requests around p95."""
    parts = sum(each.p95_part_s for each in shop.services)  # type: ignore[attr-defined]
    runs = shop.results.runs  # type: ignore[attr-defined]

    assert parts == pytest.approx(runs["p95_s"].mean(), rel=0.1)
    steps, kept = shop.paths(), shop.results.spans  # type: ignore[attr-defined]
    lengths = (kept["end_s"] - kept["start_s"]).groupby(kept["run"]).sum()
    assert abs(lengths - runs["p95_s"].mean()).min() == pytest.approx(
        abs(steps["seconds"].sum() - runs["p95_s"].mean())
    )
    assert (steps["end_s"].iloc[:-1].to_numpy() == steps["start_s"].iloc[1:].to_numpy()).all()


def test_the_sentence_names_what_stops_and_what_comes_next(shop: sim.Results) -> None:
    """The bank takes 166.7/s, the database 138.9: 90 a second is 65% of it."""
    first, second = shop.bottleneck, shop.next_bottleneck  # type: ignore[attr-defined]

    assert (first.name, second.name) == ("db", "bank")
    assert first.saturates_per_s == pytest.approx(1.0 / (1.8 * 0.004))
    assert second.saturates_per_s == pytest.approx(1.0 / (0.2 * 0.03))
    assert first.use == pytest.approx(90.0 * 1.8 * 0.004, rel=0.1)
    said = words.sentences(shop)[0]  # type: ignore[arg-type]
    assert "front.pay is the slowest entry" in said
    assert "The bottleneck is db: it saturates at 139/s" in said
    assert "with one more copy, bank is next at 167/s" in said


def test_one_more_copy_of_the_bottleneck_helps_and_one_program_beats_both(
    shop: sim.Results,
) -> None:
    """Of what is busy a copy takes off the queue; pooled cores do more."""
    more = shop.one_more  # type: ignore[attr-defined]

    assert more["bank"].difference_s.value < 0.0
    assert shop.one_program.saturates_per_s > shop.bottleneck.saturates_per_s  # type: ignore[attr-defined]


def test_the_answer_as_data_has_the_keys_that_were_promised(shop: sim.Results) -> None:
    """Entries with their quantiles, services with their rates, the two bottlenecks by name."""
    data = shop.json()  # type: ignore[no-untyped-call]

    assert {"throughput_per_s", "entries", "services", "bottleneck", "next_bottleneck"} <= set(data)
    assert data["bottleneck"] == "db"
    assert set(data["services"][0]) == {
        "name", "copies", "use", "visits", "saturates_per_s", "p95_part_s",
    }  # fmt: skip
    assert set(data["entries"][0]) >= {"name", "p50_s", "p95_s", "mean_s"}
    assert data["throughput_per_s"] == pytest.approx(90.0, rel=0.1)


def test_more_than_a_service_can_take_is_refused_with_the_rate_that_is_possible() -> None:
    """Four visits of 15 ms: 16.667/s; two copies take 20."""
    with pytest.raises(TooMuch, match="give it 2 copies") as refused:
        sim.calls(TREE, rate=20.0)

    assert refused.value.possible == pytest.approx(1.0 / 0.06)


def test_a_pool_too_small_is_found_by_running_it() -> None:
    """One thread, held for .13 s in the mean and more: fewer than 7.7 a second, not 12.5."""
    rpc = graph(part("a", 0.05, "b", threads=1), part("b", 0.08))
    found = sim.calls(rpc, rate=10.0, requests=300, replications=2, one_more=False, monolith=False)
    first = found.bottleneck

    assert not found.keeps_up
    assert first is not None
    assert (first.name, first.stopped_by) == ("a", "threads")
    assert 6.0 < found.throughput_per_s.value < 8.5
    assert first.saturates_per_s == pytest.approx(found.throughput_per_s.value, rel=0.1)


def test_users_who_think_ask_as_often_as_they_can() -> None:
    """N / (Z + R) while nothing is busy."""
    found = sim.calls(
        TREE, users=3, think=2.0, requests=300, replications=2, one_more=False, monolith=False
    )
    mean = found.all.times["mean_s"].value

    assert found.throughput_per_s.value == pytest.approx(3.0 / (2.0 + mean), rel=0.1)


def test_on_eks_the_copies_are_pods_on_as_many_nodes_as_they_take() -> None:
    """Eight pods of a vCPU: three nodes of four, whose own take a part; calls cross them."""
    wide = graph(part("a", 0.004, "b", copies=4), part("b", 0.004, copies=4))
    found = sim.calls(
        wide,
        rate=200.0,
        platform="eks",
        requests=200,
        replications=2,
        one_more=False,
        monolith=False,
    )

    assert found.hosts == 3
    assert found.question.balanced == "random"
    steps = found.paths()
    assert set(steps["phase"]) <= {"a: work", "b: network", "b: work"}
    assert steps["start_s"].tolist()[1:] == pytest.approx(steps["end_s"].tolist()[:-1])
    assert 0.0 < steps["seconds"].sum() < 1.0


def test_a_request_is_cut_into_the_parts_it_passed() -> None:
    """Two steps of .2 and .3 s in one part, .5 in another: the row sums to the whole."""
    journal = Journal()
    path = [1.0, WORK, 1.2, WIDTH + NETWORK, 1.7, WORK]
    journal.file(0, 1.0, 2.0, path, False)
    journal.file(0, 3.0, 3.5, [3.0, WIDTH + WORK], True)
    seen = reading.tally(journal, 2, 0.0, 10.0)

    assert seen.parts.tolist() == [pytest.approx([0.5, 0.5]), pytest.approx([0.0, 0.5])]
    assert seen.took.tolist() == pytest.approx([1.0, 0.5])
    assert seen.failed.tolist() == [False, True]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "rate: it is missing; give requests per second, or --users instead"),
        ({"rate": 1.0, "users": 3}, "one of rate, users and ramp"),
        ({"rate": -1.0}, "a number above 0"),
        ({"rate": 1.0, "platform": "kubernetis"}, "platform"),
        ({"rate": 1.0, "think": 5.0}, "without --users"),
    ],
)
def test_what_cannot_be_asked_is_told(given: dict[str, float], told: str) -> None:
    """A rate or users; both, none, and nonsense are refused."""
    with pytest.raises(ValueError, match=told):
        sim.calls(TREE, **given)


def test_calls_that_cross_zones_take_longer() -> None:
    """Two hosts in turns: in two zones each call crosses, in one none does."""
    two = graph(part("a", 0.01, "b"), part("b", 0.01))
    hops = Hops(same_zone=0.001, other_zone=0.101)
    run = CallsRun(application=two, machine=machine(1.0), hops=hops, rate=2.0, seconds=60.0)
    means = [replace(run, zones=zones).run(1, 0).metrics["mean_s"] for zones in (1, 2)]

    assert float(means[1]) - float(means[0]) == pytest.approx(0.1, abs=0.002)


def test_a_run_is_the_same_for_the_same_seed() -> None:
    """And another for another."""
    run = CallsRun(application=TREE, machine=machine(1.0), rate=10.0, seconds=20.0)
    first, again, other = (run.run(seed, 0).metrics for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_services_without_limits_share_the_cores_of_one_host() -> None:
    """Two services of .05 s are one station of .1 s on two vCPUs: .1 / (1 - .36) s at 12/s."""
    parts = (part("a", 0.05, "b"), part("b", 0.05))
    free = tuple(replace(p, service=replace(p.service, cpu_quota=False)) for p in parts)
    found = sim.calls(
        graph(*free),
        rate=12.0,
        platform="docker",
        host="2x4GiB",
        requests=1200,
        replications=3,
        one_more=False,
        monolith=False,
    )
    mean = found.all.times["mean_s"]

    assert found.hosts_saturate_per_s == pytest.approx(20.0)
    assert "The host's CPU saturates at 20/s" in words.sentences(found)[0]
    assert mean.value == pytest.approx(0.15625, rel=0.1)
    with pytest.raises(TooMuch, match="the host's CPU saturates at 20/s"):
        sim.calls(graph(*free), rate=25.0, platform="docker", host="2x4GiB")


def test_a_name_of_an_operation_has_no_dot():
    with pytest.raises(ValueError, match=r"'buy\.now' is not allowed; a name without a dot"):
        Operation(name="buy.now", cpu=0.01)
