"""The first second: a command imports what it uses, and nothing beside it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sim.studies.density.study import density

HEAVY = {"matplotlib", "numpy", "pandas", "pyarrow", "pydantic", "scipy", "simpy", "yaml"}

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


def test_help_imports_nothing_but_its_own_list() -> None:
    """No description is made, and none of the libraries is loaded, to print what is there."""
    modules = imported(typed("--help"))

    assert {m for m in modules if m.split(".")[0] == "sim"} == {
        "sim",
        "sim.cli",
        "sim.cli.app",
        "sim.cli.help",
        "sim.cli.streams",
        "sim.facade",
    }
    assert not HEAVY & modules


def test_the_options_of_density_are_shown_without_a_platform() -> None:
    """Names that are known are read when one is typed, not to list what can be."""
    modules = imported(typed("density", "--help"))

    assert not (HEAVY - {"pydantic", "simpy"}) & modules  # quotas are read beside figures
    assert not {"sim.studies.platforms", "sim.catalog.eks", "sim.sandbox"} & modules


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
    """It draws nothing, fits nothing and makes no frame; Parquet is written without pandas."""
    modules = imported(typed("density", "--by", "reservation", "--out", str(tmp_path)))

    assert not {"matplotlib", "pandas", "scipy", "yaml"} & modules
    assert len(modules) < 700
    assert [path.name for path in tmp_path.iterdir()] == ["density"]


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
