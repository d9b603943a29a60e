"""Measurements judged: shipped ones against their targets, and those of a user."""

import csv
import json
from importlib.resources import as_file
from pathlib import Path

import numpy as np
import pytest

from sim.catalog.figures import DATA
from sim.core.world import World
from sim.studies.storm.study import storm
from sim.validation import BadData, Case, Judgement, judging, validate
from sim.validation.cases import apps, storms
from sim.validation.cases.linux import Cgroup, Task, finishes
from sim.validation.cases.pulls import PULLS, pull
from sim.validation.table import read


def errors(judgement: Judgement, group: str, tag: str = "") -> list[float]:
    return [
        abs(case.error_pct)
        for case in judgement.cases
        if case.group == group and case.error_pct is not None and (not tag or tag in case.tags)
    ]


def judged(folder: Path, text: str) -> list[Case]:
    """The cases of a user's file, without those of other columns."""
    path = folder / "mine.csv"
    path.write_text(text, encoding="utf-8")
    found = validate([path], shipped=False).cases
    return [case for case in found if "other columns" not in case.group]


def test_the_kernel_shares_cpu_as_the_model_says(shipped: Judgement) -> None:
    """Median within 1.3%, nine of ten within 8%, quotas within 3% in the median."""
    assert len(errors(shipped, "linux")) == 149
    assert np.median(errors(shipped, "linux")) <= 1.3
    assert np.quantile(errors(shipped, "linux"), 0.9) <= 8.0
    assert np.median(errors(shipped, "linux", "quota")) <= 3.0


def test_apps_start_under_a_quota_as_the_model_says(shipped: Judgement) -> None:
    """Within 10% in the median."""
    assert len(errors(shipped, "apps", "quota")) == 12
    assert np.median(errors(shipped, "apps", "quota")) <= 10.0


def test_images_are_unpacked_as_the_model_says(shipped: Judgement) -> None:
    """Within 25% in the median, and also where nothing was fitted to."""
    assert np.median(errors(shipped, "pulls")) <= 25.0
    held_out = [c for c in shipped.cases if c.group == "pulls" and c.split == "held out"]
    assert all(abs(case.error_pct or 100.0) <= 25.0 for case in held_out)


def test_nothing_is_left_out(shipped: Judgement) -> None:
    """A case for every row of every shipped file, for every task, and three for served requests.

    The CPU of a container alone on a core is what that of the others is judged against.
    """
    with as_file(DATA / "measured") as folder:
        rows = 0
        for path in folder.glob("*.csv"):
            lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
            alone = path.name.startswith("cpu_per_request") and sum("-n1-" in x for x in lines)
            each = 3 if path.name.startswith("requests_") else 1
            rows += each * (len(lines) - 1) - alone
        document = json.loads((folder / "measured_linux.json").read_text())
    rows += sum(len(case["tasks"]) for case in document["cases"])

    assert len([c for c in shipped.cases if "other columns" not in c.group]) == rows


def test_a_case_without_prediction_says_why(shipped: Judgement) -> None:
    """And none has a bar of its own held."""
    missing = [case for case in shipped.cases if case.predicted is None]

    assert all(case.reason and case.inside is None for case in missing)


@pytest.mark.parametrize(
    "name",
    ["measured_apps.csv", "pull_unpack.csv", "measured_containers.csv", "rund_empty_host.csv"],
)
def test_only_inputs_are_read(shipped: Judgement, tmp_path: Path, name: str) -> None:
    """With every measured column doubled, each prediction stays what it was."""
    inputs = {
        *("app", "quota_vcpu", "page_cache", "runtime", "running", "concurrency", "set", "disk"),
        *("layers", "unpacked_mb", "wire_mb"),
    }
    text = (DATA / "measured" / name).read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    every = csv.DictReader(lines)
    rows = [row for row in every if row.get("concurrency") != "100"]  # as of 1 and 10, and long
    for row in rows:
        for column, cell in row.items():
            if column not in inputs and cell.replace(".", "").isdigit():
                row[column] = str(2.0 * float(cell))
    doubled = [",".join(rows[0])] + [",".join(row.values()) for row in rows]
    before = {(case.group, case.case): case for case in shipped.cases}
    after = judged(tmp_path, "\n".join(doubled))

    assert len(after) == len(rows)
    for case in after:
        same = before[case.group, case.case]
        assert (case.predicted, case.measured) == (same.predicted, 2.0 * same.measured)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("runtime,running,concurrency,mean_ms\nrunk,0,1,5\n", "runk"),
        ("runtime,concurrency,lat_mean_ms\ngvisor,1,5\n", "gvisor"),
        ("runtime,running,host_used_mib\nlxc,1,5\n", "lxc"),
        ("app,quota_vcpu,page_cache,ready_s\nrails,1.0,warm,5\n", "rails"),
        ("host,scenario,mean_ms\nmine,serial-qemu,5\n", "mine"),
        ("host,scenario,mean_ms\nm5d.metal,serial-bochs,5\n", "bochs"),
        ("host,scenario,mean_ms\nm5d.metal,twice,5\n", "twice"),
    ],
)
def test_a_name_the_catalogue_lacks_is_a_row_with_the_reason(
    tmp_path: Path, text: str, name: str
) -> None:
    """Neither an error nor a guess."""
    (case,) = judged(tmp_path, text)

    assert case.predicted is None and case.inside is None
    assert name in case.reason


@pytest.mark.parametrize(
    "text",
    [
        "app,quota_vcpu,page_cache,ready_s\nredis,1.0,hot,5\n",
        "app,quota_vcpu,page_cache,ready_s\nredis,0,warm,5\n",
        "app,quota_vcpu,page_cache,ready_s\n,1.0,warm,5\n",
        "app,quota_vcpu,page_cache,ready_s\nredis,1.0,warm,0\n",
        "layers,unpacked_mb,pull_s_median\n0,49,1\n",
        "layers,unpacked_mb,pull_s_median\n3,,1\n",
        "runtime,running,concurrency,mean_ms\nrunc,0,0,5\n",
        '{"cases": [{"cpus": 1, "groups": 3, "tasks": []}]}',
        '{"cases": [{"cpus": 1, "groups": [], "tasks": [{"group": 0, "work_s": 1}]}]}',
        '{"cases": [{"cpus": 1, "groups": [{"parent": 0, "shares": 1}], "tasks": []}]}',
        '{"cases": [{"cpus": true, "groups": [], "tasks": []}]}',
    ],
)
def test_bad_cells_are_refused(tmp_path: Path, text: str) -> None:
    """With file and place."""
    with pytest.raises(BadData, match=r"mine\.csv: .+"):
        judged(tmp_path, text)


def test_a_row_that_was_not_measured_is_no_case(tmp_path: Path) -> None:
    """A blank is not a zero."""
    assert judged(tmp_path, "layers,unpacked_mb,pull_s_median\n3,49,\n") == []


def test_a_quota_of_a_row_is_read_and_a_blank_is_none(tmp_path: Path) -> None:
    """Tomcat's 3.5 core-seconds: two CPUs, or half of one."""
    free, held = judged(
        tmp_path,
        "app,quota_vcpu,page_cache,ready_s\ntomcat,,warm,2\ntomcat,0.5,warm,7\n",
    )

    assert free.predicted == pytest.approx(3.532 / 2 + 0.15, rel=0.05)
    assert held.predicted == pytest.approx(3.532 / 0.5, rel=0.05)


def test_a_cold_page_cache_costs_a_read(tmp_path: Path) -> None:
    """83.9 MiB of Node at 567 MB/s are 0.155 s."""
    warm, cold = judged(
        tmp_path,
        "app,quota_vcpu,page_cache,ready_s\nnode-express,,warm,1\nnode-express,,cold,1\n",
    )

    assert (cold.predicted or 0.0) - (warm.predicted or 0.0) == pytest.approx(0.155, abs=0.001)


def test_a_blank_wire_is_negligible() -> None:
    """It is never charged by what is unpacked."""
    assert pull(9, 2770e6, 0.0) == pytest.approx(pull(9, 2770e6, 3.4e6), rel=1e-6)


def test_equal_tasks_on_one_cpu_end_as_counted_by_hand() -> None:
    """0.4 and 0.5 core-seconds: both at half speed until 0.8, the rest alone."""
    groups = (Cgroup(None, 1024, None, 0.1), Cgroup(None, 1024, None, 0.1))

    assert finishes(1.0, groups, (Task(0, 0.0, 0.4), Task(1, 0.0, 0.5))) == pytest.approx(
        [0.8, 0.9]
    )


def test_the_mean_over_phases_is_that_of_the_closed_form() -> None:
    """K P + f s - (P - s)/P ((P - s)/2 + s (1 - f)) for K + f slices of s seconds each.

    The slice in which the thread wakes up lasts until a phase that is uniform over the period P.
    """
    period, quota, work = 0.1, 0.5, 0.27
    slices = work / (quota * period)
    whole, part, s = 5, slices - 5, quota * period
    expected = whole * period + part * s
    expected -= (period - s) / period * ((period - s) / 2 + s * (1 - part))
    (found,) = finishes(2.0, (Cgroup(None, 1024, quota, period),), (Task(0, 0.0, work),))

    assert found == pytest.approx(expected, abs=1e-3)


def test_further_files_stand_beside_the_shipped_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And have bars of their own: one bad row is never lost among many good ones."""
    with as_file(DATA / "measured") as folder:
        table = read(folder / "pull_unpack.csv", shipped=True)
    monkeypatch.setattr(judging, "_shipped", lambda: [(PULLS, table)])
    shipped = validate()
    path = tmp_path / "mine.csv"
    path.write_text("layers,unpacked_mb,pull_s_median\n9,1180,0.5\n")
    both = validate([path])

    assert both.cases[:-1] == shipped.cases
    assert [str(each) for each in both.verdicts if "further" not in each.group] == [
        str(each) for each in shipped.verdicts
    ]
    assert [f"{each.group}: {each.bar}" for each in both.missed if "further" in each.group] == [
        "further files, pulls: median at most 25%",
        "further files, all groups: median, held out, at most 15%",
        "further files, all groups: cases outside their bar, held out, at most 3.33%",
    ]


def test_the_targets_are_held(shipped: Judgement) -> None:
    """Every bar of the shipped measurements."""
    assert [str(each) for each in shipped.missed] == []


def test_rows_of_one_storm_share_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured a hundred times, it is simulated once; each row has the same prediction."""
    runs: list[str] = []

    def counted(runtime: str, **size: int) -> object:
        runs.append(runtime)
        return storm(runtime, **size)

    monkeypatch.setattr(storms, "storm", counted)
    rows = "\n".join(f"kata-fc,7,{150 + n}" for n in range(100))
    cases = judged(tmp_path, f"runtime,concurrency,lat_mean_ms\n{rows}\n")

    assert runs == ["kata-fc"]
    assert len(cases) == 100
    assert len({case.predicted for case in cases}) == 1


def test_equal_starts_share_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand rows of three kinds are simulated three times."""
    worlds: list[World] = []

    def counted(seed: int, number: int) -> World:
        worlds.append(World(seed, number))
        return worlds[-1]

    monkeypatch.setattr(apps, "World", counted)
    kinds = ("redis,0.73,warm", "redis,0.73,cold", "redis,0.02,warm")
    rows = "\n".join(f"{kinds[n % 3]},{1 + n / 1000}" for n in range(1000))
    cases = judged(tmp_path, f"app,quota_vcpu,page_cache,ready_s\n{rows}\n")

    assert len(worlds) == 3 * apps.STARTS
    assert len(cases) == 1000
    assert len({case.predicted for case in cases}) == 3
