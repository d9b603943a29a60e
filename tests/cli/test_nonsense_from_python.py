"""What Python hands over by mistake ends in a sentence: field, value, what is allowed."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from worlds import docker, service

import sim
from sim.experiment import Burst, Scenario

NONSENSE: list[Any] = [None, math.nan, -1, [], {}, b"x", object(), [None], 10**30]
PYTHON_S = (
    "object is not iterable",
    "object is not call",
    "has no attribute",
    "expected str",
    "argument should",
    "NoneType'",
)
"""What Python says where nobody has looked at a value."""


def told(call: Callable[[], object]) -> str:
    """What it says of nonsense."""
    with pytest.raises((ValueError, TypeError)) as error:
        call()
    return str(error.value)


@pytest.mark.parametrize("value", NONSENSE, ids=lambda value: str(value)[:12])
def test_every_question_names_the_field_it_cannot_read(value: Any) -> None:
    """Each of the first fields of all that is asked, without an answer being looked for."""
    asked = {
        "application": lambda: sim.calls(value, rate=10.0),
        "platforms": lambda: sim.who_runs_it(platforms=value),
        "path": lambda: sim.load(value),
        "files": lambda: sim.fit(value),
        "instance": lambda: sim.density(instance=value),
        "inventory": lambda: sim.migrate(value),
        "app": lambda: sim.startup(app=value),
        "scenario": lambda: sim.replicate(value),
    }
    for field, ask in asked.items():
        said = told(ask)

        assert field in said, said
        assert not any(words in said for words in PYTHON_S), said
        assert len(said) < 2_000


@pytest.mark.parametrize("value", [math.nan, -1, [], b"x", object(), 10**30])
def test_how_often_and_where_to_is_checked_before_anything_runs(value: Any, tmp_path: Path) -> None:
    """Replications that nobody can wait for, and a folder that is none."""
    scenario = Scenario(name="x", platform=docker(), arrivals=(Burst(service=service()),))

    often = told(lambda: sim.replicate(scenario, times=value, out=tmp_path))

    assert "times: " in often or "replications: " in often
    assert "out: " in told(lambda: sim.replicate(scenario, times=1, out=value))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", ["measured.csv", None, [None], -1])
def test_what_is_judged_is_a_list_of_paths(value: Any) -> None:
    """One text is not a list of its letters."""
    assert "files: " in told(lambda: sim.validate(value))
