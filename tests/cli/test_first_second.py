"""The first second: a command imports what it uses, and nothing beside it."""

import contextlib
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from sim.cli import help_pages, interrupt
from sim.cli.app import VERBS, app
from sim.cli.options import verb
from sim.studies.density.study import density

HEAVY = {"matplotlib", "numpy", "pandas", "pyarrow", "pydantic", "scipy", "simpy", "yaml"}

WORD = re.compile(r"init|(\[)?(SCENARIO.yaml|[A-Z_-]+)(\.\.\.)?(?(1)\])")
"""An argument in a usage line."""

AFTER = """
import contextlib, io, json, sys
{}
print(json.dumps(sorted(sys.modules)))
"""


def imported(code: str) -> set[str]:
    """Modules that are there after some code, in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", AFTER.format(code)], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def typed(*words: str) -> str:
    """Code that runs a command and prints nothing."""
    return (
        f"from sim.cli import main; sys.argv[1:] = {list(words)}\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main()"
    )


LIST = {
    "sim",
    "sim.cli",
    "sim.cli.app",
    "sim.cli.help",
    "sim.cli.help_pages",
    "sim.cli.interrupt",
    "sim.cli.streams",
    "sim.facade",
    "sim.version",
}


def test_help_imports_nothing_but_its_own_list() -> None:
    """No description is made, and none of the libraries is loaded, to print what is there."""
    modules = imported(typed("--help"))

    assert {m for m in modules if m.split(".")[0] == "sim"} == LIST
    assert not HEAVY & modules


def test_the_help_of_every_verb_imports_no_more_than_the_list_of_all() -> None:
    """What its options mean is kept beside the code."""
    modules = imported("\n".join(typed(verb, "--help") for verb in VERBS))

    assert {m for m in modules if m.split(".")[0] == "sim"} == LIST
    assert not HEAVY & modules


@pytest.mark.parametrize("verb", VERBS)
def test_arguments_are_written_as_in_manuals(verb: str) -> None:
    """A word; in brackets where it may be left out, with dots where there may be several."""
    usage = CliRunner().invoke(app, [verb, "--help"]).output.splitlines()[0]
    words = usage.removeprefix(f"Usage: sim {verb} [OPTIONS]").split()

    assert usage.isascii() and all(WORD.fullmatch(word) for word in words), usage


@pytest.mark.parametrize("verb", ["density", "image", "app"])  # options, arguments, few of them
def test_what_is_kept_of_a_help_is_printed_as_the_options_say_it(
    verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without what is kept, they are asked themselves."""
    short = CliRunner().invoke(app, [verb, "--help"])
    monkeypatch.setattr(help_pages, "KEPT", Path("none.json"))
    whole = CliRunner().invoke(app, [verb, "--help"])

    assert short.exit_code == whole.exit_code == 0
    assert short.output == whole.output
    assert "Examples:" in short.output


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        (("instances", "g*"), HEAVY - {"pydantic"}),
        (
            ("parameters", "app.node"),
            HEAVY - {"pydantic", "simpy"},
        ),  # quotas are read beside figures
    ],
)
def test_what_reads_the_catalogue_makes_no_machine(
    words: tuple[str, ...], spared: set[str]
) -> None:
    """Tables are printed without platforms, numbers or a clock."""
    assert not spared & imported(typed(*words))


def test_density_by_reservation_is_arithmetic(tmp_path: Path) -> None:
    """It draws nothing, fits nothing and makes no table; what was not run has no part files."""
    modules = imported(typed("density", "--by", "reservation", "--out", str(tmp_path)))

    assert modules & HEAVY <= {"pydantic", "simpy"}
    assert not {"sim.studies.density.by_use", "sim.studies.density.bench"} & modules
    assert len([m for m in modules if m.split(".")[0] == "sim"]) < 210  # others' change with them
    assert [path.name for path in tmp_path.iterdir()] == ["density"]
    assert not list(tmp_path.rglob("part-*"))


def test_its_folder_is_the_one_of_its_results(tmp_path: Path) -> None:
    """Written without pandas, byte for byte what pandas writes; the clock is in the manifest."""
    answer = density(by="reservation", instance="t3.small")
    short, whole = answer.save(tmp_path / "short"), answer.results().save(tmp_path / "whole")
    names = [path.relative_to(whole) for path in whole.rglob("*.*") if path.suffix != ".json"]

    assert {"summary.csv"} < {str(name) for name in names}
    assert all((short / name).read_bytes() == (whole / name).read_bytes() for name in names)


def test_no_verb_draws_before_it_is_asked() -> None:
    """All verbs with all their options, as their help and completion make them."""
    made = "from sim.cli.app import VERBS, made\nfor verb in VERBS: made(verb)"

    assert not {"matplotlib", "pandas", "pyarrow", "scipy"} & imported(made)


INTERRUPTED = """
import runpy, sys

class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            exec("raise KeyboardInterrupt")  # as where a dataclass is made

sys.meta_path.insert(0, CtrlC())
sys.argv = {words}
{run}
"""
SCRIPT = Path(__file__).parents[2] / "scenarios" / "ecs.py"


@pytest.mark.parametrize(
    ("words", "modules"),
    [
        (["sim", "density"], ["typer", "sim.cli.density", "sim.studies.density.study"]),
        ([str(SCRIPT)], ["argparse", "pydantic", "sim.catalog.ecs"]),
    ],
)
def test_ctrl_c_while_modules_are_read_is_130_and_no_traceback(
    words: list[str], modules: list[str], tmp_path: Path
) -> None:
    """Of a verb and of a script, from the first module that takes time on."""
    run = "from sim.cli import main; main()"
    if words[0] != "sim":
        run = f"runpy.run_path({words[0]!r}, run_name='__main__')"
    for module in modules:
        code = INTERRUPTED.format(module=module, words=words, run=run)
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
        )

        assert (module, done.returncode) == (module, 130)
        assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


ENDING = """
import os, signal, sys, threading

threading._register_atexit(lambda: os.kill(os.getpid(), signal.SIGINT))  # as where loky waits
sys.argv = ["it", *{words}]
{run}
"""
SMALL = """
from sim.cli.script import script

@script()
def main(replications, seed, out):
    print("berthsim")

main()
"""


@pytest.mark.parametrize(
    ("words", "run"), [(["--version"], "from sim.cli import main; main()"), ([], SMALL)]
)
def test_ctrl_c_while_python_ends_is_130_and_no_traceback(words: list[str], run: str) -> None:
    """After a whole answer, which is said to its end."""
    code = ENDING.format(words=words, run=run)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (130, "")
    assert done.stdout.startswith("berthsim")


def test_what_is_no_interrupt_is_told_as_ever() -> None:
    """A mistake in a script is not hidden by what waits for Ctrl-C."""
    code = "import sim.cli\nraise ZeroDivisionError('by nought')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "ZeroDivisionError: by nought" in done.stderr
    assert not interrupt.is_one(ZeroDivisionError("by nought"))
    assert interrupt.is_one(RuntimeError("KeyboardInterrupt: "))


@pytest.mark.parametrize(
    "error",
    [
        "MemoryError",
        "ImportError('libarrow.so: failed to map segment from shared object')",
        'RuntimeError("can\'t allocate lock")',
        'RuntimeError("can\'t start new thread")',
        "RuntimeError('Failed to launch worker thread: Resource temporarily unavailable')",
    ],
)
def test_too_little_memory_is_a_sentence(error: str) -> None:
    """Also where it is a library that finds none, in words of its own."""
    code = f"import sim.cli\nraise {error}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr.startswith("error: there is too little memory for this")
    assert done.stderr.count("\n") == 1


def test_an_error_that_a_library_makes_of_ctrl_c_is_stopped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As matplotlib does where it comes within its own C; with 130, and without a traceback."""

    def draw() -> int:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise ValueError("Invalid bounding box")

    with pytest.raises(typer.Exit) as ended:
        verb(draw)()

    assert ended.value.exit_code == interrupt.STOPPED
    assert capsys.readouterr().err == "stopped\n"
