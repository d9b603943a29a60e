"""Which numbers matter: one rule and one number, with or without `--explain`."""

from collections.abc import Sequence
from functools import cache

import pytest

from sim import startup
from sim.core.cited import Cited, Grade, Number, plain
from sim.core.description import description
from sim.studies.influence import Assumed, assumed_line, change, explain, strongest
from sim.studies.startup.answer import StartupAnswer


@description
class Journey:
    """Two parts, one after the other."""

    ride: Number
    walk: Number


def cited(key: str, low: float, value: float, high: float, grade: Grade = "assumed") -> Cited:
    return Cited(key, value, "s", grade, "a test", "2026", low=low, high=high)


def takes(journeys: Sequence[Journey]) -> list[float]:
    return [plain(journey.ride) + plain(journey.walk) for journey in journeys]


def explained(ride: Cited, walk: Cited) -> list[Assumed]:
    journey = Journey(ride=ride, walk=walk)
    return explain("by bus", "s", journey, takes, base=takes([journey])[0]).assumed()


def test_five_per_cent_of_the_answer_matter_and_less_does_not() -> None:
    """100 s in all: a swing of 5 s is 5%."""
    found = explained(cited("ride", 78, 80, 83), cited("walk", 18, 20, 22.9))

    assert [str(each) for each in found] == ["ride 80 s (78 to 83) (by bus: -2 / +3 s)"]


def test_what_was_measured_is_not_among_the_assumed() -> None:
    measured = cited("ride", 40, 80, 120, "B")

    assert explained(measured, cited("walk", 20, 20, 20)) == []
    assert assumed_line([]) == "No assumed number changes it by 5% or more."


def test_each_number_is_said_once_where_it_is_the_largest_share() -> None:
    """10 s of 100 s are less than 5 s of 20 s."""
    long = explained(cited("ride", 80, 90, 90), cited("walk", 10, 10, 10))
    short = explained(cited("ride", 10, 15, 15), cited("walk", 5, 5, 5))

    assert strongest([*long, *short]) == short


def test_an_answer_that_is_there_is_not_asked_for_again() -> None:
    """Only the four ends are; half of two short runs may be the answer itself."""
    asked: list[Journey] = []

    def counted(journeys: Sequence[Journey]) -> list[float]:
        asked.extend(journeys)
        return takes(journeys)

    journey = Journey(ride=cited("ride", 40, 80, 120), walk=cited("walk", 10, 20, 40))
    found = explain("by bus", "s", journey, counted, base=takes([journey])[0])

    assert journey not in asked and len(asked) == 4
    assert [effect.base for effect in found.effects] == [100.0, 100.0]
    assert [(effect.at_low, effect.at_high) for effect in found.effects] == [(60, 140), (90, 120)]


CORE = "core.epyc-guest.speed"


@cache
def on_fargate(*, explain: bool) -> StartupAnswer:
    """Five starts of Node.js; the same question has the same answer, so it is asked once."""
    return startup(app="node", platform="fargate", replications=5, explain=explain)


@pytest.mark.parametrize("explain", [True, False])
def test_the_same_figure_has_one_number(explain: bool) -> None:
    """What `--explain` lists, the line of assumed numbers says in the same digits."""
    answer, listed = on_fargate(explain=explain), on_fargate(explain=True).explained

    assert listed is not None
    moved = {effect.cited.key: change(effect) for effect in listed[0].effects}
    said = f"{CORE} 1.43 of an m5 vCPU (0.91 to 2.26) (fargate-cold: {moved[CORE]} s)"
    assert said in answer.assumed_line()
    assert {each.effect.cited.key for each in answer.assumed} <= set(moved)
