"""--with and --sizes: what was fitted to one's own records, on every verb that takes it."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import get_type_hints

import pytest
from typer.testing import CliRunner, Result

from sim.cli.app import MODULES, VERBS, app
from sim.cli.options import Simulated

FIT = """\
figures:
  fargate.provision:
    {value: 100, low: 90, high: 110, spread: 0, n: 18, source: tasks.json, as_of: 2026-11}
sizes:
  web: {cpu: {p95: 0.5}, memory: {peak: 2.0e+8, request: 300000000}, n: 9, source: s, as_of: 2026}
"""
SIMULATE = set(
    [
        "calls",
        "demo",
        "density",
        "fail",
        "isolation",
        "lifecycle",
        "migrate",
        "neighbours",
        "plan",
        "run",
        "scale",
        "sensitivity",
        "startup",
        "storm",
        "sweep",
    ]
)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fit, an application and a scenario in the folder where verbs run."""
    monkeypatch.chdir(tmp_path)
    Path("fit.yaml").write_text(FIT)
    Path("app.yaml").write_text(
        "services:\n  web: {image: nginx}\n  db: {image: redis, profiles: [all]}\n"
    )
    Path("one.yaml").write_text("name: one\nplatform: fargate\nfit: fit.yaml\n")
    yield


def call(*words: str) -> Result:
    """Run a verb in this process."""
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_that_simulates_takes_a_fit(verb: str) -> None:
    """And none that does not."""
    command = import_module(f"sim.cli.{MODULES.get(verb, verb)}").command

    kinds = [kind for kind in get_type_hints(command).values() if isinstance(kind, type)]
    assert any(issubclass(kind, Simulated) for kind in kinds) == (verb in SIMULATE)


def test_an_answer_with_a_fit_says_what_stood_in_for_what() -> None:
    """Beside the numbers that moved it, and as a note."""
    words = ["startup", "--platform", "fargate", "--replications", "2", "--explain"]
    fitted = call(*words, "--with", "fit.yaml")
    lines = [line.strip() for line in fitted.stdout.splitlines()]

    assert "fitted from 18 starts" in lines
    assert "was derived 13.77 s (12.4 to 21.2)" in lines
    assert "with fit.yaml: fargate.provision 100 s (90 to 110), fitted from 18" in fitted.stderr


def test_a_fit_that_changes_nothing_says_so() -> None:
    """Nothing of Fargate is in a storm."""
    told = call("storm", "--with", "fit.yaml", "--replications", "1", "--starts", "2")

    assert told.exit_code == 0
    assert "none of its figures is asked for here; it changes nothing" in told.stderr


def test_a_fit_that_cannot_be_read_is_told_with_all_else() -> None:
    """One message, and exit code 2."""
    told = call("startup", "--with", "app.yaml", "--tasks", "0")

    assert told.exit_code == 2
    assert "app.yaml: it is no fit" in told.stderr
    assert "tasks: '0' is not allowed" in told.stderr


def test_a_scenario_file_names_its_fit() -> None:
    """As of the folder of the scenario; it is wrong at its own lines."""
    rows = json.loads(call("run", "one.yaml", "--replications", "2", "--json").stdout)
    provision = [row["p50_s"] for row in rows if row.get("phase") == "provision"]
    Path("fit.yaml").write_text("figures: {fargate.provison: {value: 1}}\n")
    wrong = call("run", "one.yaml")

    assert provision == [100.0]
    assert wrong.exit_code == 2
    assert "did you mean 'fargate.provision'" in wrong.stderr


@pytest.mark.parametrize(
    ("verb", "more"),
    [
        ("read", ""),
        ("density", "--instance m5.large"),
        ("startup", "--platform docker --replications 2"),
        ("plan", "--platform docker --replications 1"),
    ],
)
def test_fitted_sizes_and_profiles_are_read_beside_files(verb: str, more: str) -> None:
    """What a rule asks for, else what was seen; with the parts of a profile."""
    told = call(verb, "app.yaml", "--sizes", "fit.yaml", "--profile", "all", *more.split())
    wanting = call(verb, "--sizes", "fit.yaml")

    assert told.exit_code == 0, told.stderr
    assert "profile is off" not in told.stdout
    assert wanting.exit_code == 2


def test_a_fitted_size_is_taken_before_what_is_known_of_an_image() -> None:
    """Its request, where a rule gave one; else p95 of CPU."""
    read = json.loads(call("read", "app.yaml", "--sizes", "fit.yaml", "--json").stdout)["services"]

    assert [(each["cpu"], each["memory_bytes"], each["size_from"]) for each in read] == [
        (0.5, 3e8, "stats")
    ]
