"""What Python hands to what we offer: an answer, or a sentence that names the argument."""

import inspect
import itertools
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from value_mutants import Call, called, mutants

import sim
from sim import catalog, plots
from sim.core.names import shown

PYTHONS_OWN = re.compile(
    r"validation error|object has no|not iterable|unhashable|subscriptable|has no len|ambiguous|"
    r"not supported between|string conversion|cannot convert|expected str|unexpected keyword"
)
"""Words of Python and its libraries, which no message has."""
NODE, MACHINE = catalog.service("node"), catalog.machine("m5.xlarge")
DOCKER = catalog.docker(MACHINE)
SCENARIO = sim.Scenario(name="s", platform=DOCKER, arrivals=(sim.Burst(service=NODE, tasks=2),))
GOOD: dict[str, Any] = {
    **{name: "m5.xlarge" for name in ("type_", "types")},
    **{"platform": DOCKER, "server": MACHINE, "machine_": MACHINE, "service": NODE, "vcpu": 4.0},
    **{"key": "container.create", "region": "us-east-1", "runtime": "runc", "text": "10"},
    **{"memory": 1e9, "reference": "nginx", "tier": "xl", "pattern": "m5*", "name": "node"},
    **{"field": "f", "known": ["a"]},
}
"""Arguments of the catalogue's functions, as far as they have no default."""
OF_ITS_OWN: dict[str, dict[str, Any]] = {
    "ec2": {"type_": MACHINE},
    "fleet": {"type_": MACHINE},
    "image": {"name": "python:3.12"},
    "official": {"name": "python:3.12"},
}
DESCRIPTIONS: dict[str, dict[str, Any]] = {
    "App": {"name": "a"},
    "Application": {"name": "a", "parts": (sim.Part(service=NODE),)},
    "Burst": {"service": NODE},
    "Call": {"to": "a"},
    "EntryPoint": {"to": "a"},
    "LatinHypercube": {"ranges": {"a": (1, 2)}},
    "Load": {"share": 0.5, "request_cpu": 0.01},
    "Machine": {"name": "a", "vcpu": 4, "memory": 1e9},
    "Operation": {"name": "a", "cpu": 0.1},
    "Part": {"service": NODE},
    "Poisson": {"service": NODE, "tasks": 3, "per_second": 1.0},
    "RelativeHalfWidth": {},
    "Scenario": {"name": "s", "platform": DOCKER, "arrivals": SCENARIO.arrivals},
    "Service": {"name": "x", "app": NODE.app, "cpu": 1.0, "memory": 1e9},
    "Sobol": {"ranges": {"a": (1, 2)}},
    "Step": {"cpu": 1.0},
}
QUESTIONS: dict[str, dict[str, Any]] = {
    "calls": {"application": None, "rate": 1.0},
    "density": {"by": "reservation"},
    "fail": {"tasks": 4, "replications": 1, "platform": "ecs"},
    "isolation": {"tasks": 2, "replications": 1},
    "load": {"path": "nothing"},
    "neighbours": {"replications": 1, "window": 1.0},
    "read": {"files": "nothing"},
    "read_fit": {"path": "nothing"},
    "read_traces": {"files": "nothing"},
    "fit": {"files": "nothing"},
    "replicate": {"scenario": SCENARIO, "times": 1, "jobs": 1},
    "compare": {"scenarios": {"a": SCENARIO}, "times": 1, "jobs": 1},
    "sweep": {"scenario": lambda **_: SCENARIO, "design": {"a": [1, 2]}, "times": 1, "jobs": 1},
    "scale_in": {"begin": 3, "to": 2, "replications": 1, "platform": "ecs-asg"},
    "startup": {"replications": 1, "app": "node", "platform": "docker"},
    "storm": {"starts": 3, "replications": 1},
}
RESULTS: dict[str, dict[str, Any]] = {
    "estimate": {"metric": "time_to_ready_s"},
    "steady": {"metric": "time_to_ready_s"},
}


def of_the_catalogue() -> dict[str, Call]:
    """Its functions, each with arguments that are good."""
    found: dict[str, Call] = {}
    for name in catalog.__all__:
        function = getattr(catalog, name)
        parameters = inspect.signature(function).parameters if inspect.isfunction(function) else {}
        needed = {key for key, each in parameters.items() if each.default is each.empty}
        if parameters and needed <= GOOD.keys():
            found[name] = function, {key: GOOD[key] for key in needed} | OF_ITS_OWN.get(name, {})
    return found


def of_pictures() -> dict[str, Call]:
    """Those that draw; a table of something else is what they are given."""
    table = pd.DataFrame({"variant": ["a"], "run": [0], "task": [0], "time_to_ready_s": [1.0]})
    others = {"part": "app", "x": "a", "base": 1.0, "bar": 0.2, "steps": [("a", 1.0)]}
    found: dict[str, Call] = {}
    for name in plots.__all__:
        function = getattr(plots, name)
        if not inspect.isfunction(function) or name == "save":
            continue
        needed = [
            k for k, p in inspect.signature(function).parameters.items() if p.default is p.empty
        ]
        found[name] = function, {key: others.get(key, table) for key in needed}
    return found


def kinds() -> dict[str, dict[str, Call]]:
    """All that is offered, by kind."""
    results = sim.replicate(SCENARIO, times=2, jobs=1)
    return {
        "descriptions": {name: (getattr(sim, name), good) for name, good in DESCRIPTIONS.items()},
        "questions": {name: (getattr(sim, name), good) for name, good in QUESTIONS.items()},
        "results": {name: (getattr(results, name), good) for name, good in RESULTS.items()},
        "catalogue": of_the_catalogue(),
        "pictures": of_pictures(),
    }


def attack(calls: dict[str, Call], count: int, seed: int) -> int:
    """Make so many of each; how many were refused."""
    refused = 0
    for name, call in calls.items():
        for given in mutants(call, count, seed):
            told = f"{name}: { {key: shown(value) for key, value in given.items()} }"
            begun = time.process_time()
            try:
                called(call[0], given)
            except (ValueError, OSError) as error:
                refused += 1
                assert not PYTHONS_OWN.search(str(error)), f"{told}: {error}"
                assert re.match(r"[^:]+: .", str(error)), f"{told}: {error}"
                assert len(str(error)) < 2000, told
            except TypeError as error:  # of Python itself, about names
                assert "missing" in str(error), f"{told}: {error}"
            except Exception as error:
                raise AssertionError(told) from error
            assert time.process_time() - begun < 10.0, told
    return refused


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is written goes there; and no theme is left behind."""
    monkeypatch.chdir(tmp_path)
    with mpl.rc_context():
        yield


@pytest.mark.usefixtures("elsewhere")
def test_a_strange_value_is_an_answer_or_a_sentence() -> None:
    """A few values for each of the descriptions, questions, functions and pictures."""
    every = kinds()
    quick = ("load", "density", "read", "replicate")
    every["questions"] = {name: every["questions"][name] for name in quick}

    assert all(attack(calls, 3, seed=1) for calls in every.values())
    assert len(every["catalogue"]) > 40
    assert len(every["pictures"]) > 30


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.usefixtures("elsewhere")
def test_ten_thousand_strange_values(seed: int) -> None:
    """The same, for long."""
    assert all(attack(calls, 20, seed=seed + 2) for calls in kinds().values())


def test_a_value_that_cannot_be_shown_is_told_by_its_class() -> None:
    """Whatever its own repr does, and in a line that can be read."""
    deep: list[Any] = []
    for _ in range(3000):
        deep = [deep]

    assert shown(deep) == "something of class list"
    assert shown(10**5000) == "something of class int"
    assert shown("x" * 10**6) == f"'{'x' * 76}..."
    assert "\n" not in shown(pd.DataFrame({"a": [1, 2]}))


def test_what_never_ends_is_refused_wherever_several_are_taken() -> None:
    """A list is made of what gives one after the other, of so many at most."""
    given: Any
    for given in (itertools.count(), range(10**9)):
        with pytest.raises(ValueError, match=r"faults: .* is not allowed; at most 100,000 of them"):
            sim.Scenario(name="s", platform=DOCKER, arrivals=SCENARIO.arrivals, faults=given)
        with pytest.raises(ValueError, match=r"platform: .*at most 100,000 of them"):
            sim.fail(platform=given)
    given = (each for each in SCENARIO.arrivals)
    made = sim.Scenario(name="s", platform=DOCKER, arrivals=given)

    assert made == SCENARIO


def test_a_table_of_something_else_is_told_by_what_it_lacks() -> None:
    """The argument, the column that is looked for, and those that are there."""
    with pytest.raises(ValueError, match="table: there is no column 'platform'; it has a"):
        plots.density_bars(pd.DataFrame({"a": [1]}))
    with pytest.raises(ValueError, match="table: a table without rows is not allowed"):
        plots.density_bars(pd.DataFrame())


def test_a_design_of_too_many_points_is_refused_before_they_are_made() -> None:
    """Ten values of ten fields are ten thousand million points."""
    with pytest.raises(
        ValueError, match=r"points: 10,000,000,000 are not allowed; at most 100,000"
    ):
        sim.sweep(SCENARIO, {f"figures.f{n}": list(range(10)) for n in range(10)}, times=1)


def test_numbers_of_numpy_are_numbers() -> None:
    """As notebooks have them."""
    memory: Any = np.int64(2**29)
    given: Any = {"times": np.int64(1), "seed": np.uint32(3)}

    assert catalog.service("node", cpu=np.float64(0.5), memory=memory).cpu == 0.5
    assert sim.replicate(SCENARIO, jobs=1, **given).manifest["seed"] == 3


def test_a_pair_of_axes_is_two() -> None:
    """And the sentence says so: it ended in Python's words of what it cannot unpack."""
    samples = sim.replicate(SCENARIO, times=1, jobs=1).samples
    for few in ((), (Figure().subplots(),), [1, 2]):
        with pytest.raises(ValueError, match=r"^ax: .* is not allowed; a list of 2, of which each"):
            plots.host_timeline(samples, ax=few)
