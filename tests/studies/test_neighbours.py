"""`sim neighbours`: what each way to run shares out, and what none does."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from worlds import app as worlds_app
from worlds import docker, hypervisor, machine, vm

import sim
from sim.cli.app import app
from sim.core.world import World
from sim.sharing import SharedCapacity
from sim.studies.neighbours.run import NeighboursRun, _endless
from sim.studies.neighbours.ways import BETWEEN, WAYS, Separation
from sim.units import GiB, MiB
from sim.workload import Load, Service
from sim.workload.hog import Hog, Hogged

OPEN, LIMITED, _, VMS = WAYS
BOX = machine(vcpu=4.0, memory=16 * GiB)


def served(
    way: Separation, bad: Hogged, *, threads: int = 4, share: float = 0.5, **rest: Any
) -> dict[str, float]:
    """Metrics of one run of three victims and a hog of 1 vCPU each."""
    service = Service(
        name="web",
        app=worlds_app(private=200 * MiB),
        cpu=1.0,
        memory=1 * GiB,
        cpu_quota=way.limited,
        load=Load(share=share, request_cpu=0.01),
    )
    run = NeighboursRun(
        platform=hypervisor(BOX, vm=vm()) if way.guests else docker(BOX),
        service=service,
        way=way,
        hog=Hog(resource=bad, threads=threads),
        places=4,
        window=5.0,
        **{"rate": 125e6, "process_memory": 1 * MiB, **rest},
    )
    return {str(k): float(v) for k, v in run.run(1, 0).metrics.items()}


def rates(capacity: float, writers: int, cap: float = float("inf")) -> list[float]:
    """What writers without end get of a disk, the last of them at most `cap`."""
    disk = SharedCapacity(World().env, capacity)
    groups = [_endless(disk, 1, float("inf")) for _ in range(writers - 1)]
    return [group.rate for group in [*groups, _endless(disk, 1, cap)]]


def test_four_writers_share_a_disk_evenly_and_io_max_on_one_leaves_the_rest_to_the_others() -> None:
    assert rates(125.0, 4) == pytest.approx([31.25] * 4)
    assert rates(125.0, 4, cap=10.0) == pytest.approx([115.0 / 3.0] * 3 + [10.0])


@pytest.mark.parametrize(("demand", "weight", "hog"), [(1.0, 1.0, 1.0), (2.0, 1.0, 3.0), (4, 1, 7)])
def test_a_victim_beside_a_hog_gets_the_lesser_of_demand_and_weighted_share(
    demand: float, weight: float, hog: float
) -> None:
    """min(d, C w / (w + w_hog)) on 4 cores."""
    cores = SharedCapacity(World().env, 4.0)
    victim = cores.group(weight=weight)
    job = victim.run(1e9, weight=demand, cap=demand)
    cores.group(weight=hog).run(1e15, weight=4.0, cap=4.0)

    assert job.rate == pytest.approx(min(demand, 4.0 * weight / (weight + hog)))


def test_vms_do_not_move_with_a_hog_on_the_cpu() -> None:
    """Dedicated vCPUs: every request takes what it takes without."""
    metrics = served(VMS, "cpu", share=0.8)

    assert metrics["p50_slowdown"] == pytest.approx(1.0, abs=1e-9)
    assert metrics["p95_slowdown"] == pytest.approx(1.0, abs=1e-9)


def test_a_hog_slows_bursts_beyond_what_weights_leave_and_not_beyond_a_quota() -> None:
    """Without quotas, a victim that would use the idle cores finds them taken."""
    assert served(OPEN, "cpu", share=0.9)["p95_slowdown"] > 1.1
    assert served(LIMITED, "cpu", share=0.9)["p95_slowdown"] < 1.01


def test_a_writer_without_limit_slows_most_and_not_at_all_a_volume_of_its_own() -> None:
    size = {"bytes": 256 * 1024}
    slow = {way.name: served(way, "disk", share=0.2, **size)["p95_slowdown"] for way in WAYS}

    assert slow[OPEN.name] > 1.5 > slow[LIMITED.name] > slow[VMS.name]
    assert slow[VMS.name] == pytest.approx(1.0, abs=1e-9)


def test_more_queued_writes_leave_less_for_the_others() -> None:
    few, many = (served(OPEN, "disk", threads=n, share=0.2, bytes=1e6) for n in (1, 16))

    assert few["p50_slowdown"] < many["p50_slowdown"]


def test_a_hog_of_memory_is_the_largest_and_dies_a_fork_bomb_is_many_small_ones_and_kills() -> None:
    """The kernel ends the largest process."""
    one, bomb = served(OPEN, "memory"), served(OPEN, "fork")
    limited = served(LIMITED, "fork")

    assert (one["killed"], one["hog_killed"]) == (0, 1)
    assert bomb["killed"] == 3
    assert limited["killed"] == 0
    assert served(VMS, "fork")["killed"] == 0


def test_what_raises_the_cpu_of_a_request_slows_it_in_proportion_where_none_waits() -> None:
    assert served(VMS, "cache", share=0.01, more_cpu=0.25)["p50_slowdown"] == pytest.approx(1.25)


def test_each_way_says_what_stands_between_for_each_resource() -> None:
    assert set(BETWEEN) == {way.name for way in WAYS}
    assert all(len(between) == 7 and all(between.values()) for between in BETWEEN.values())


def test_nobody_takes_what_was_not_measured_for_nothing() -> None:
    """The memory bus is 0 until it is measured: the range is simulated and said."""
    answer = sim.neighbours(bad="bandwidth", replications=1, window=2.0)

    assert all(row.p95_high is not None and row.p95_high > row.p95.value for row in answer.rows)
    assert any("neighbour.bandwidth was never measured" in note for note in answer.notes())


def test_apart_costs_the_places_that_whole_vcpus_take() -> None:
    answer = sim.neighbours(app="node", bad="disk", replications=1, window=2.0)
    places = [row.places for row in answer.rows]

    assert places[0] == places[1] == 8
    assert places[3] == 4
    assert "As VMs, 4 fit instead of 8." in answer.sentence()


def test_json_is_as_it_was_promised(tmp_path: Path) -> None:
    arguments = ["neighbours", "--bad", "network", "--replications", "1", "--window", "2s"]
    result = CliRunner().invoke(app, [*arguments, "--json", "--out", str(tmp_path)])
    ways = json.loads(result.stdout)["ways"]

    assert result.exit_code == 0
    assert [row["way"] for row in ways] == [way.name for way in WAYS]
    assert {"way", "p50_slowdown", "p95_slowdown", "killed", "between"} <= set(ways[0])
    assert len(list(tmp_path.glob("neighbours/latest/neighbours.png"))) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bad", "dsk"], "bad: 'dsk' is not known; did you mean 'disk'?"),
        (["--instance", "t3.nano"], "a victim and its neighbour are 2"),
        (["--load", "1.5"], "above 0 and below 1"),
        (["--cpu", "0.1m"], "window: 10 s is not allowed; 714.3 to "),
        (["--window", "10000h"], "window: 36,000,000 s is not allowed; 0.2858 to "),
    ],
)
def test_what_cannot_be_asked_is_told(arguments: list[str], message: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["neighbours", *arguments, "--out", str(tmp_path)])

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_where_nobody_is_served_the_slow_down_has_no_end() -> None:
    """And is no NaN, of which nobody knows what it means."""
    run = served(OPEN, "cpu", share=1e-9)

    assert run["p50_slowdown"] == run["p95_slowdown"] == float("inf")


def test_a_run_of_its_own_is_a_description() -> None:
    """Equal questions are equal runs: nothing in it depends on a clock."""
    first = served(LIMITED, "disk", bytes=1e6)

    assert first == served(replace(LIMITED), "disk", bytes=1e6)
