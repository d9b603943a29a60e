"""A description is finished when the first is made, or its fields are asked for."""

import pickle
import subprocess
import sys
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from threading import Barrier, Thread
from typing import ClassVar

import pytest
from pydantic import TypeAdapter
from pydantic.dataclasses import is_pydantic_dataclass
from pydantic.errors import PydanticSchemaGenerationError

from sim.core.cited import Cited
from sim.core.description import description
from sim.core.mistakes import BadDescription
from sim.host import Step


def unfinished(kind: type) -> bool:
    """Whether nothing was asked of it yet."""
    return hasattr(kind, "__unfinished__")


class Unknown:
    """A class that pydantic cannot check."""


@description
class Branch:
    """A description inside of itself."""

    weight: float = 1.0
    below: tuple["Branch", ...] = ()

    def total(self) -> float:
        """Of all."""
        return self.weight + sum(branch.total() for branch in self.below)


def test_importing_the_platforms_finishes_none_of_them() -> None:
    """A verb pays for those it makes: what is imported beside them costs their slots."""
    code = (
        "from sim.platforms import ECS, EKS, Docker\n"
        "print(all(hasattr(kind, '__unfinished__') for kind in (ECS, EKS, Docker)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "True\n"


def test_what_is_of_the_class_is_no_field() -> None:
    """Also where annotations are texts, as they all are behind `from __future__`."""

    @description
    class Rate:
        unit: ClassVar[str] = "1/s"
        of_old: "ClassVar[int]" = 3
        spelled: "typing.ClassVar[int]" = 4
        value: "float" = 1.0

    rate = Rate(value=2.0)

    assert [field.name for field in fields(Rate)] == ["value"]
    assert (rate.unit, rate.of_old, rate.spelled, rate.value) == ("1/s", 3, 4, 2.0)


def test_whoever_asks_for_its_fields_finishes_it() -> None:
    """Whichever way it is asked, it answers as one that was finished long ago."""

    def made() -> Iterator[type]:
        for _ in range(4):

            @description
            class Pair:
                left: int
                right: int = 2

            yield Pair

    first, second, third, fourth = made()

    assert all(map(unfinished, (first, second, third, fourth)))
    assert [field.name for field in fields(first)] == ["left", "right"]
    assert is_dataclass(second)
    assert is_pydantic_dataclass(second)
    assert TypeAdapter(third).validate_python({"left": 1}).right == 2
    assert fourth(left=5).left == 5
    assert not any(map(unfinished, (first, second, third, fourth)))


def test_one_that_is_unpickled_first_is_the_same() -> None:
    """A worker is sent descriptions of classes that it has only imported."""
    step = Step(wait=0.5)
    code = (
        "import pickle, sys; from sim.host import Step; late = hasattr(Step, '__unfinished__')\n"
        "step = pickle.loads(sys.stdin.buffer.read())\n"
        "print(late, step, hash(step) == hash(Step(wait=0.5)), step == Step(wait=0.5))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(step), capture_output=True, check=True
    )

    assert done.stdout.decode().strip() == f"True {step!r} True True"


def test_one_with_another_default_keeps_its_slots() -> None:
    """A field that is written again has a new default, and the place it had."""

    @description
    class Plain:
        size: int = 1
        name: str = "plain"

    @description
    class Large(Plain):
        size: int = 100
        more: bool = False

    class Named(Large):
        """Of the user's own, without the decorator."""

    assert (Large().size, Large().name, Plain().size) == (100, "plain", 1)
    assert replace(Large(), size=3).size == 3
    assert Named(size=7).more is False
    assert not hasattr(Large(), "__dict__")


def test_one_may_hold_its_own_kind() -> None:
    """It is built while it is being built."""
    tree = Branch(below=(Branch(weight=2.0), Branch(below=(Branch(weight=3.0),))))

    assert tree.total() == 7.0
    with pytest.raises(BadDescription, match="heavy"):
        Branch(below=({"weight": "heavy"},))  # type: ignore[arg-type]


def test_one_that_cannot_be_finished_says_so_each_time() -> None:
    """In the same words: nothing is left of the attempt."""

    @description
    class Wrong:
        part: Unknown | None = None

    told = []
    for _ in range(2):
        with pytest.raises(PydanticSchemaGenerationError, match="Unknown") as error:
            Wrong()
        told.append(str(error.value))

    assert told[0] == told[1]
    assert unfinished(Wrong)


def test_two_threads_may_make_the_first_at_once() -> None:
    """One finishes it, the other waits: neither meets half of one."""
    made: list[object] = []

    def make(kind: type, begun: Barrier) -> None:
        begun.wait()
        made.append(kind(size=4.0))

    for _ in range(10):

        @description
        class Shared:
            size: float
            figure: Cited | None = None

        begun = Barrier(4)
        threads = [Thread(target=make, args=(Shared, begun)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [one.size for one in made] == [4.0] * 40  # type: ignore[attr-defined]
