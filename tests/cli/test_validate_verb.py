"""`sim validate` as a user sees it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli.app import app

GOOD = "layers,unpacked_mb,wire_mb,pull_s_median\n9,1180,,6.6\n"
BAD = "layers,unpacked_mb,wire_mb,pull_s_median\n9,1180,,1.0\n"


def run(*words: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["validate", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.csv"


def test_a_file_of_ones_own_is_judged(file: Path) -> None:
    """Inside its bars: 0; and the table says measured, predicted, error, split and bar."""
    file.write_text(GOOD)
    code, out, _ = run("--no-shipped", "--cases", "--data", file)

    assert code == 0
    for word in ("9 layers, 1180 MB", "6.60 s", "held out", "50%", "inside", "All 3 bars are met"):
        assert word in out


def test_a_missed_bar_ends_with_1(file: Path) -> None:
    """And says so."""
    file.write_text(BAD)
    code, out, _ = run("--no-shipped", "--data", file)

    assert code == 1
    assert "outside: 9 layers" in out and "MISSED" in out


def test_json_is_a_list_of_cases(file: Path) -> None:
    """Cases of several files after one --data."""
    other = file.with_name("apps.csv")
    file.write_text(GOOD)
    other.write_text("app,quota_vcpu,page_cache,ready_s\nrails,,warm,1.0\n")
    code, out, _ = run("--no-shipped", "--json", "--data", file, other)
    pull, rails = json.loads(out)

    assert code == 0
    assert pull["inside"] is True and pull["bar_pct"] == 50.0 and pull["split"] == "held out"
    assert pull["error_pct"] == pytest.approx(100.0 * (pull["predicted"] / 6.6 - 1.0))
    assert rails["case"] == "rails, no quota, warm" and "predicted" not in rails
    assert "'rails' is not known" in rails["reason"]


def test_a_file_without_a_known_format_ends_with_2(file: Path) -> None:
    """Naming file, columns found and formats known; no traceback."""
    file.write_text("a,b\n1,2\n")
    code, out, err = run("--data", file)

    assert (code, out) == (2, "")
    assert "mine.csv" in err and "a, b" in err and "pulls: layers" in err


def test_a_file_needs_the_word_data(file: Path) -> None:
    """A bare name is a mistake, not ignored."""
    code, _, err = run(file)

    assert code == 2 and "--data" in err


def test_live_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no cgroup can be made: 0, an empty list, and the reason beside it."""
    from sim.validation.live import measure as live

    def unable(**_: object) -> None:
        raise live.Unable("no cgroup can be made here")

    monkeypatch.setattr(live, "measure", unable)
    code, out, err = run("--live", "--json")

    assert (code, json.loads(out)) == (0, [])
    assert "skipped: no cgroup can be made here" in err
