"""`sim example`: scripts come along, and one that was copied runs."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli.app import app

SCRIPTS = {path.stem for path in Path("scenarios").glob("*.py")}


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["example", *words])
    return done.exit_code, done.stdout + done.stderr


def test_all_scripts_are_listed_with_their_question() -> None:
    code, said = run()

    assert code == 0
    assert all(name in said for name in SCRIPTS)


def test_a_copy_has_what_it_reads_and_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = run("microservices")
    helped = subprocess.run(
        [sys.executable, "microservices.py", "--help"], capture_output=True, text=True, check=False
    )

    assert code == 0
    assert "wrote microservices.py" in said
    assert {path.name for path in tmp_path.iterdir()} >= {"microservices.py", "shop.yaml"}
    assert helped.returncode == 0


def test_what_is_there_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ecs.py").write_text("mine", encoding="utf-8")
    code, said = run("ecs")

    assert code == 2
    assert "ecs.py: there already" in said
    assert (tmp_path / "ecs.py").read_text(encoding="utf-8") == "mine"


def test_a_name_that_is_none_is_refused_with_the_nearest() -> None:
    code, said = run("microservice")

    assert code == 2
    assert "did you mean 'microservices'" in said
