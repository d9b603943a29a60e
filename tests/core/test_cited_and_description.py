"""A number with a passport, and descriptions that can be walked, compared and moved."""

import copy
import pickle
import pydoc
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from worlds import PLATFORMS, docker, image, launch, machine, runtime, service

from sim.core.cited import Cited, plain
from sim.core.description import description, figures, with_figure
from sim.core.mistakes import BadDescription
from sim.experiment import Burst, Scenario
from sim.host import Machine, Step
from sim.platforms import Docker
from sim.units import MiB
from sim.workload import App


def cited(key: str = "a.b", value: float = 2 * MiB, **rest: Any) -> Cited:
    parts = {"unit": "MiB", "grade": "A", "source": "a paper", "as_of": "2026-01"}
    return Cited(key=key, value=value, **{**parts, **rest})


def test_a_figure_is_shown_in_its_sources_unit() -> None:
    """Base units inside, the source's outside, and what is not known beside it."""
    assert cited().shown() == "2 MiB"
    assert cited(low=1 * MiB, high=4 * MiB).shown() == "2 MiB (1 to 4)"
    assert cited(value=15.0, unit="s", low=8.0, high=30.0).shown() == "15 s (8 to 30)"
    assert cited(value=0.5, unit="").shown() == "0.5"


def test_plain_takes_the_value() -> None:
    """A cited figure has one, a bare number is one."""
    assert plain(cited()) == float(cited()) == 2 * MiB
    assert plain(3.0) == 3.0


def test_a_description_keeps_the_figure_and_not_its_value() -> None:
    """So that every number in it can be listed with its source."""
    step = Step(cpu=cited("work", 1.5, unit="core-s"), wait=0.5)

    assert isinstance(step.cpu, Cited)
    assert [(path, figure.key) for path, figure in figures(step)] == [("cpu", "work")]
    assert step.work == 1.5


def nested() -> Docker:
    shim, lost = cited("shim"), cited("lost", 9 * MiB)
    picture = image(1.0, 2.0, ratio=cited("ratio", 2.0))
    return docker(machine(memory_lost=lost), runtime=runtime(shim=shim), warm=(picture,))


def test_every_figure_is_found_wherever_it_is() -> None:
    """Through nested descriptions and tuples, with its path."""
    found = {path: figure.key for path, figure in figures(nested())}

    assert found == {
        "server.machine.memory_lost": "lost",
        "server.runtime.shim": "shim",
        "server.warm[0].layers[0].unpack_ratio": "ratio",
        "server.warm[0].layers[1].unpack_ratio": "ratio",
    }


def test_one_figure_is_moved_wherever_it_stands() -> None:
    """The rest is the same object still; the original does not change."""
    before = nested()
    after = with_figure(before, "ratio", 3.0)
    values = [figure.value for _, figure in figures(after) if figure.key == "ratio"]

    assert values == [3.0, 3.0]
    assert [f.value for _, f in figures(before) if f.key == "ratio"] == [2.0, 2.0]
    assert after.server.machine is before.server.machine
    assert with_figure(after, "ratio", 2.0) == before


def test_a_figure_inside_a_scenario_can_be_moved() -> None:
    """The sensitivity study is this walk."""
    scenario = Scenario(name="s", platform=nested(), arrivals=(Burst(service=service()),))
    moved = with_figure(scenario, "shim", 5 * MiB)

    assert moved.platform.server.runtime.shim.value == 5 * MiB
    assert moved != scenario


def test_an_unknown_figure_is_refused_with_those_there_are() -> None:
    """A slip in a key must not change nothing in silence."""
    with pytest.raises(ValueError, match=r"'shin' is not in this description; it has .*shim"):
        with_figure(nested(), "shin", 1.0)


@pytest.mark.parametrize("name", PLATFORMS)
def test_descriptions_are_values(name: str) -> None:
    """Equal when written alike, hashable, picklable, copyable, frozen."""
    platform = PLATFORMS[name]

    assert pickle.loads(pickle.dumps(platform)) == platform
    assert copy.deepcopy(platform) == platform
    assert hash(platform) == hash(copy.deepcopy(platform))
    with pytest.raises(FrozenInstanceError):
        setattr(platform, fields(platform)[0].name, None)


def test_running_a_description_does_not_change_it() -> None:
    """Live objects are built from it and never leak back."""
    platform = docker()
    launch(platform, service())

    assert platform == docker()


def test_all_mistakes_are_told_at_once() -> None:
    """Each with its field."""
    with pytest.raises(BadDescription) as error:
        Machine(name="m", vcpu=-1, memory=0, enis=0, colour="red")  # type: ignore[call-arg]

    fields_ = [line.partition(":")[0] for line in str(error.value).splitlines()]
    assert sorted(fields_) == ["colour", "enis", "memory", "vcpu"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Step(cpu=-1), "cpu: -1 is not allowed; at least 0"),
        (lambda: Step(cpu="many"), "cpu: 'many' is not allowed; a number"),
        (lambda: Step(wiat=1), "wiat: there is no such field; did you mean 'wait'?"),
        (App, "name: it is missing; it is needed"),
        (
            lambda: App(name="a", startup=1),
            "startup: 1 is not allowed; an object of class Step",
        ),
        (
            lambda: App(name="a", startup={"cpu": -1}),
            "startup.cpu: -1 is not allowed; at least 0",
        ),
    ],
)
def test_a_mistake_in_python_is_said_as_on_the_command_line(
    make: Callable[[], object], words: str
) -> None:
    """Field, value, what is allowed; of a number or a cited figure one sentence, not two."""
    with pytest.raises(BadDescription) as error:
        make()

    assert str(error.value) == words


def test_help_shows_each_field_with_its_meaning_and_nothing_of_how_it_is_checked() -> None:
    """Type, default and docstring; no name of pydantic's."""
    shown = " ".join(pydoc.plain(pydoc.render_doc(App)).replace("|", "").split())

    assert "*, name, startup=Step(" in shown
    assert "float or Cited, 0.0 unless given" in shown
    assert "Bytes of the image's files that it has mapped" in shown
    assert "pydantic" not in shown
    assert "__" not in shown
    assert all(field.name in shown for field in fields(App))


def test_fields_are_given_by_name_only() -> None:
    """A description reads like a sentence."""
    with pytest.raises(TypeError, match="without a name; write Step"):
        Step(1.0)  # type: ignore[misc]


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), "many"])
def test_a_figure_below_zero_is_refused(wrong: Any) -> None:
    """Numbers about the world are at least 0."""
    with pytest.raises(BadDescription):
        Step(cpu=wrong)


def test_a_description_is_compared_by_its_fields() -> None:
    """Two that differ in one figure differ."""

    @description
    class Pair:
        """Two numbers."""

        a: float
        b: float = 0.0

    assert Pair(a=1.0) == Pair(a=1.0, b=0.0)
    assert replace(Pair(a=1.0), b=2.0) != Pair(a=1.0)


@pytest.mark.parametrize(
    ("unit", "value", "words"),
    [
        ("s", -1.0, "a number from 0 to"),
        ("s", float("nan"), "a number from 0 to"),
        ("s", float("inf"), "a number from 0 to"),
        ("MiB", 1e308, "a number from 0 to"),
        ("MB/s", 0.0, "a number from"),
        ("of an m5 vCPU", 0.0, "a number from"),
        ("fraction of nominal", 1.1, "a fraction from 0 to 1"),
        ("of the median", 1e308, "a spread from 0 to 10"),
    ],
)
def test_a_figure_is_moved_to_what_its_unit_can_be(unit: str, value: float, words: str) -> None:
    """A time is not negative, a rate not 0, a fraction at most 1, and all are finite."""
    with pytest.raises(ValueError, match=r"a\.b: .* is not allowed; " + words):
        cited(value=0.5, unit=unit).moved(value)

    assert cited(value=0.5, unit=unit).moved(0.25).value == 0.25


def test_descriptions_are_compared_as_dataclasses_are() -> None:
    """By class and by value, also what equals nothing but itself; equal ones have one hash."""

    @description
    class Alone:
        value: float

    @description
    class Other(Alone):
        name: str = "other"

    one, same, nan = Alone(value=1.0), Alone(value=1.0), Alone(value=float("nan"))

    assert one == same and hash(one) == hash(same)
    assert one not in (Alone(value=2.0), Other(value=1.0), (1.0,), 1.0)
    assert nan == copy.copy(nan) and nan != Alone(value=float("-inf"))
    assert len({Other(value=1.0), Other(value=1.0, name="x"), Other(value=1.0)}) == 2
