"""Requests that were measured on a real kernel, and what a file of them needs."""

import gzip
import math
from pathlib import Path

import pytest

from sim.units import ms
from sim.validation.cases import requests
from sim.validation.cases.requests import REQUESTS_SERVED, Served, quantiles
from sim.validation.judging import validate
from sim.validation.table import BadData
from sim.workload import Requests

COLUMNS = (
    "case,cpus,containers,threads,cpu_shares,quota_vcpu,busy_neighbours,neighbour_shares,"
    "seconds,requests,request_cpu_ms_measured,background_share,p50_ms,p95_ms,p99_ms"
)


def served(**rest: object) -> Served:
    """One cgroup with one thread on one CPU, at half load."""
    plain = {
        "cpus": 1.0,
        "shares": (1024.0,),
        "threads": 1.0,
        "quota": None,
        "period": 0.1,
        "loops": (),
        "rate": 50.0,
        "work": 0.01,
        "variation": 1.0,
        "seconds": 200.0,
    }
    return Served(**{**plain, **rest})  # type: ignore[arg-type]


def a_file(folder: Path, *rows: str) -> Path:
    """Measurements of requests with these rows."""
    path = folder / "mine.csv"
    path.write_text("# taken by hand\n" + "\n".join([COLUMNS, *rows]) + "\n", encoding="utf-8")
    return path


def test_one_thread_at_half_load_is_an_m_m_1_queue() -> None:
    """Quantile q of the sojourn is -ln(1 - q) S / (1 - rho): 13.9, 59.9 and 92.1 ms."""
    expected = [-math.log(1 - q) * 0.01 / 0.5 for q in (0.5, 0.95, 0.99)]

    assert quantiles(served()) == pytest.approx(expected, rel=0.1)


def test_recorded_arrivals_are_served_as_they_came() -> None:
    """Two requests of 10 ms, 5 ms apart, first come, first served: 10 and 15 ms."""
    recorded = [Requests((0.0, 0.005), (0.01, 0.01))]

    assert quantiles(served(), recorded)[0] == pytest.approx(0.0125)


def test_a_neighbour_that_never_rests_takes_half() -> None:
    """10 ms of work beside one endless loop of the same weight take 20 ms."""
    recorded = [Requests((0.0,), (0.01,))]

    assert quantiles(served(loops=(1024.0,)), recorded) == pytest.approx([0.02] * 3)
    assert quantiles(served(loops=(3072.0,)), recorded) == pytest.approx([0.04] * 3)


def test_others_make_work_longer_only_where_the_cpu_was_held_for_the_cgroups(
    tmp_path: Path,
) -> None:
    """With 5% of the CPU theirs, 10 ms become 10.5; 90% of an idle CPU were nobody's loss."""
    file = a_file(
        tmp_path,
        "held,1,1,1,1024,,0,,10,10,9.5,0.05,10,10,10",
        "idle,1,1,1,1024,,0,,10,10,9.5,0.90,10,10,10",
    )
    record = "case,container,arrival_s,cpu_ms\nheld,0,1.0,9.5\nidle,0,1.0,9.5\n"
    with gzip.open(tmp_path / "mine_requests.csv.gz", "wt", encoding="utf-8") as beside:
        beside.write(record)
    held, idle = (
        next(case for case in validate([file], shipped=False).cases if case.case == name)
        for name in ("held, p50", "idle, p50")
    )

    assert held.predicted == pytest.approx(9.5 / 0.95)
    assert idle.predicted == pytest.approx(9.5)


def test_without_a_record_arrivals_are_drawn_and_the_bar_says_so(tmp_path: Path) -> None:
    """A single run of a queue is off by its own chance: the bar is another."""
    file = a_file(tmp_path, "drawn,1,1,1,1024,,0,,200,10000,10,0,13.9,59.9,92.1")
    judged = validate([file], shipped=False)

    assert {tag for case in judged.cases for tag in case.tags} == {"arrivals drawn anew"}
    assert all(abs(case.error_pct or 100.0) < 12.0 for case in judged.cases)
    assert all(case.split == "held out" for case in judged.cases)


def test_a_request_file_is_recognised_by_its_columns(tmp_path: Path) -> None:
    """A quota, neighbours and a working set beside them are no hindrance."""
    file = a_file(tmp_path, "quota,1,1,1,1024,0.25,0,,30,200,10,0,12,100,200")
    judged = validate([file], shipped=False)

    assert {case.group for case in judged.cases} == {REQUESTS_SERVED.group}
    assert judged.cases[1].predicted == pytest.approx(
        1e3 * quantiles(served(quota=0.25, rate=200 / 30, work=10 * ms, seconds=30.0))[1]
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("x,1,2,1,1024;512;3,,0,,30,200,10,0,12,100,200", "cpu_shares"),
        ("x,1,1,1,-4,,0,,30,200,10,0,12,100,200", "cpu_shares"),
        ("x,1,0,1,1024,,0,,30,200,10,0,12,100,200", "containers"),
        ("x,1,1,1,1024,,2,,30,200,10,0,12,100,200", "neighbour_shares"),
        ("x,1,1,1,1024,,0,,30,200,,0,12,100,200", "request_cpu_ms_measured"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(tmp_path: Path, row: str, said: str) -> None:
    """With the place, the column and what is allowed."""
    with pytest.raises(BadData, match=said):
        validate([a_file(tmp_path, row)], shipped=False)


def test_a_damaged_record_is_said(tmp_path: Path) -> None:
    """Not read past, and not drawn instead."""
    file = a_file(tmp_path, "x,1,1,1,1024,,0,,30,200,10,0,12,100,200")
    (tmp_path / "mine_requests.csv.gz").write_bytes(b"no gzip at all")

    with pytest.raises(BadData, match=r"mine_requests\.csv\.gz"):
        validate([file], shipped=False)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (
            "case,container,arrival_s,cpu_ms\nx,0,nan,1\n",
            "request 1: arrival_s 'nan' and cpu_ms '1'",
        ),
        ("case,container,arrival_s,cpu_ms\nx,0,1\n", "request 1: .*cpu_ms are needed"),
        ("case,container\nx,0\n", "arrival_s and cpu_ms are needed"),
        ("case,container,arrival_s,cpu_ms\n" + "x,0,1,1\n" * 4, "than 3 requests"),
        ("\n" * (2**20 + 1), "more than 1 MiB"),
    ],
)
def test_a_record_with_mistakes_is_said(
    tmp_path: Path, record: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words, and before it fills a memory."""
    monkeypatch.setattr(requests, "LARGEST", 2**20)
    monkeypatch.setattr(requests, "MOST_REQUESTS", 3)
    file = a_file(tmp_path, "x,1,1,1,1024,,0,,30,200,10,0,12,100,200")
    with gzip.open(tmp_path / "mine_requests.csv.gz", "wt", compresslevel=1) as packed:
        packed.write(record)

    with pytest.raises(BadData, match=said):
        validate([file], shipped=False)
