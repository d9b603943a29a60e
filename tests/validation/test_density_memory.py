"""Servers until memory ends it: what is read of a row, and what the model makes of it."""

from pathlib import Path

import pytest

from sim.units import MiB
from sim.validation import BadData, Judgement, validate
from sim.validation.cases.density_memory import last_fit
from sim.workload import App

FIT = "case,app,load,limit_mib,fit"
SPEC = "case,limit_mib,spec,limits,grows,victim"


def judged(folder: Path, *lines: str) -> Judgement:
    file = folder / "mine.csv"
    file.write_text("\n".join(("# a comment, with commas", *lines)) + "\n")
    return validate([file], shipped=False)


def test_the_bars_of_memory_are_held_also_by_rows_from_which_nothing_comes(
    shipped: Judgement,
) -> None:
    """How many fit: within 5% on each row that no figure comes from."""
    ours = [case for case in shipped.cases if case.group == "density in memory"]
    fit = [case for case in ours if "how many fit" in case.tags and case.split == "held out"]

    assert len(ours) == 30
    assert {case.case for case in fit} >= {"node-idle-2048", "redis-idle-512"}
    assert all(abs(case.error_pct or 0.0) <= 5.0 for case in fit)
    assert not [v for v in shipped.missed if v.group == "density in memory"]


def test_the_last_one_that_fits_has_collected_its_heap_and_keeps_no_file_in_memory() -> None:
    """1000 / (12 - 3 + 1): neither 1000 / 13, nor (1000 - 400) / 10."""
    app = App(
        name="a",
        private=12 * MiB,
        gives_back=3 * MiB,
        kernel_memory=1 * MiB,
        hot_files=400 * MiB,
    )

    assert last_fit(app, 1000 * MiB) == 100


def test_steps_on_the_way_are_read_from_the_name_of_the_case(tmp_path: Path) -> None:
    """200 idle ones hold 200 x (7.29 + 0.65); served ones give back once they fill their host."""
    rows = (
        "node-idle-2048,200,1435,122",
        "node-light-1024,50,583,40",
        "node-light-1024,110,900,80",
    )
    cases = judged(tmp_path, "case,n,rss_mib,kmem_mib", *rows).cases

    predicted = [case.predicted for case in cases]
    assert predicted == pytest.approx([200 * 7.94, 50 * 12.55, 110 * 9.06])
    with pytest.raises(BadData, match="case: 'node' is not APP-LOAD-MIB"):
        judged(tmp_path, "case,n,rss_mib,kmem_mib", "node,1,1,1")


def test_an_app_or_a_load_that_is_not_known_is_said(tmp_path: Path) -> None:
    """The first is a reason, the second a mistake."""
    (case,) = judged(tmp_path, FIT, "x,perl,idle,512,10").cases

    assert case.predicted is None and "perl" in case.reason
    with pytest.raises(BadData, match=r"line 3: load: 'heavy' is not allowed; idle or light"):
        judged(tmp_path, FIT, "x,node,heavy,512,10")


@pytest.mark.parametrize(
    ("spec", "victim"),
    [
        ("A:anon=300; B:anon=200; C:anon=10,step=5", "A"),
        ("A:anon=90,np=4; B:anon=240; C:anon=5,step=5", "B"),
        ("A:anon=180,fm=250,hot=1; B:anon=300; C:anon=5,step=5", "B"),
        ("A:anon=250; B:anon=150,adj=500; C:anon=5,step=5", "B"),
        ("A:anon=100; B:anon=90; C:anon=10,step=5", "C"),
    ],
)
def test_the_victim_is_the_process_with_the_highest_score(
    tmp_path: Path, spec: str, victim: str
) -> None:
    """By process, not by cgroup; file pages are gone by then; an adjustment is a share of RAM."""
    rows = [f'{who},700,"{spec}",,C,{who}(1 of 1 processes)' for who in "ABC"]
    right = {case.case[0]: case.predicted for case in judged(tmp_path, SPEC, *rows).cases}

    assert right == {who: float(who == victim) for who in "ABC"}


def test_a_tie_is_not_judged(tmp_path: Path) -> None:
    """Which of two equal processes dies is a matter of pages that nobody counts."""
    row = 'x,600,"A:anon=250; B:anon=250; C:anon=5,step=5",,C,A'
    (case,) = judged(tmp_path, SPEC, row).cases

    assert case.predicted is None and "tie" in case.reason


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('x,600,"A:anon=lots; C:anon=5,step=5",,C,A', "spec: 'A:anon=lots"),
        ('x,600,"A:anon=5",,C,A', "grows: 'C' is none of A"),
        ('x,600,"A:anon=5; C:anon=5",,C,A', "step of C"),
        ("x,600,\"A:anon=5; C:anon=5,step=5\",{'C': much},C,A", "limits"),
    ],
)
def test_a_spec_that_cannot_be_read_is_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(BadData, match=said):
        judged(tmp_path, SPEC, row)
