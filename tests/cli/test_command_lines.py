"""Whatever is typed behind a verb ends in a sentence of some length, and never in a traceback."""

import random
import re
import runpy
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any, NoReturn, get_type_hints

import pytest
import typer
from typer.testing import CliRunner

from sim import __version__
from sim.cli.app import MODULES, PLAIN, VERBS, app
from sim.cli.help import VerbCommand
from sim.cli.options import verb
from sim.experiment import load

HOSTILE = (
    *("", " ", "-", "--", "-1", "0", "nan", "inf", "-inf", "1e999", "0x10", "1_000", "007"),
    *("9" * 5000, "1" + "0" * 400, "½", "١٢", "🙂", "\x00", "\x1b[31m", "a\nb", "\udcff", "../x"),
    *("/dev/zero", "~", "m5.xlarge", "m5.xlarge,", "java", "docker", "all", "512MiB", "512 mib"),
    *("-512MiB", "1e3GiB", "30s", "30", "-30s", "1e300d", "0..0", "5..1 in 0s", "[1]", "{a: 1}"),
    *("a=b=c", "=", "a=", "p95<=", "%s", "{}", "null", "true", "None", "x" * 100_000, "tests"),
    *("pyproject.toml", "nothing.yaml"),
)
WORDS = ("--app", "--instance", "--cpu", "--memory", "--seed", "--out", "--jobs", "--nothing")


def silent(name: str) -> typer.Typer:
    """The verb as it is typed, which does nothing once its questions are understood."""
    module = import_module(f"sim.cli.{MODULES.get(name, name)}")

    def nothing(*_: Any) -> int:
        return 0

    nothing.__annotations__ = get_type_hints(module.command)
    alone = typer.Typer(**PLAIN)
    alone.command(name, cls=VerbCommand)(verb(nothing))
    return alone


def options(app: typer.Typer) -> list[str]:
    """What it takes."""
    return [name for one in typer.main.get_command(app).params for name in one.opts]


def line(names: list[str], draw: random.Random) -> list[str]:
    """One to four options, most with a hostile value, and an argument now and then."""
    words: list[str] = []
    for _ in range(draw.randint(1, 4)):
        words.append(draw.choice(names if names and draw.random() < 0.9 else list(WORDS)))
        if draw.random() < 0.85:
            words.append(draw.choice(HOSTILE))
    return words if draw.random() < 0.7 else [draw.choice(HOSTILE), *words]


def check(name: str, count: int, seed: int, shown: Callable[[str], str] = repr) -> None:
    app = silent(name)
    names = options(app)
    draw = random.Random(f"{name}/{seed}")
    for _ in range(count):
        words = line(names, draw)
        done = CliRunner().invoke(app, words)
        said = done.stdout + done.stderr
        where = f"sim {name} {' '.join(shown(word[:60]) for word in words)}"
        assert done.exception is None or isinstance(done.exception, SystemExit), where
        assert done.exit_code in (0, 2), f"{where}: {done.exit_code}"
        assert done.exit_code == 0 or 0 < len(said) <= 4000, f"{where}: {len(said)} characters"
        assert "Traceback" not in said, where


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder where nothing can be hurt."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", VERBS)
def test_a_few_lines_of_each_verb(name: str) -> None:
    check(name, 8, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("name", VERBS)
def test_hundreds_of_lines_of_each_verb(name: str) -> None:
    check(name, 400, seed=2)


def test_the_package_runs_as_a_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m sim` is what `sim` is."""
    monkeypatch.setattr(sys, "argv", ["sim", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("sim", run_name="__main__")

    assert ended.value.code == 0
    assert __version__ in capsys.readouterr().out


def test_a_checkout_that_is_not_installed_keeps_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A cluster, or somebody who only looks, has the sources on Python's path and nothing else."""

    def nothing(name: str) -> NoReturn:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.distribution", nothing)
    words = ["density", "--by", "reservation", "--out", str(tmp_path)]

    assert CliRunner().invoke(app, words).exit_code == 0
    assert load(tmp_path / "density").manifest["version"] == __version__


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["validate", "--data", "none"], "none: there is no such file"),
        (["lifecycle", "none"], "none: there is no such file"),
        (["read", "none"], "none: there is no such file"),
        (["run", "none"], "none: there is no such file"),
        (["migrate", "none"], "none: there is no such file"),
        (["density", "--host", "16x"], "host: '16x' has no memory; write such as 16x64GiB"),
        (["density", "--host", "16"], "host: '16' has no memory; write such as 16x64GiB"),
    ],
)
def test_what_is_not_there_is_told_in_the_same_words_everywhere(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is none has no line."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, words)

    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("calls", "app.yaml", "--rate", "1e12"),
        ("density", "--slowdown", "1e12"),
        ("density", "--cpu-overcommit", "1e12"),
        ("storm", "--cpus", "99999"),
        ("fail", "--surge", "2"),
    ],
)
def test_a_number_that_is_too_large_is_told_the_largest(words: tuple[str, ...]) -> None:
    """Who reads that 1e12 is not allowed because it has to be above 0 knows no more than before."""
    done = CliRunner().invoke(app, words)

    assert done.exit_code == 2
    assert re.search(r"(below|at most|to) [0-9,]+", done.stderr), done.stderr
