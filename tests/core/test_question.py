"""Questions: one description gives a signature, a docstring, checks and messages."""

import inspect
import re
from collections.abc import Callable, Iterator, Set
from typing import Annotated

import pytest
from pydantic import Field

import sim
from sim.core.description import as_json, description
from sim.core.names import UnknownName
from sim.core.quantity import Bytes
from sim.core.question import BadInput, Mistake, Question, Typed, ask, asking
from sim.studies.kinds import Count, among
from sim.units import MiB


@description
class CrateQuestion(Question):
    """How many crates fit?"""

    ship: Annotated[str, among("ship", ("cog", "hulk"))] = Field(kw_only=False)
    """Which ship."""
    crates: Annotated[Count, Typed(name="boxes")] = 3
    """How many of them, in `ship`."""
    size: Bytes | None = None
    """Size of one."""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """A cog is small."""
        if self.ship == "cog" and self.crates > 5:
            yield Mistake(("crates", "ship"), "not allowed in a cog")
        if "size" in given and self.crates == 3:
            yield Mistake(("size", "crates"), "not allowed without --boxes")


def _stowed(question: CrateQuestion) -> str:
    return f"{question.crates} in a {question.ship}"


stow = asking(CrateQuestion, _stowed, "stow")


def test_the_function_takes_the_fields_and_says_what_they_are() -> None:
    """One by its place, as the field says; the others by name."""
    assert stow("cog") == stow(ship="cog", crates=3) == "3 in a cog"
    assert stow.__name__ == "stow"
    assert str(inspect.signature(stow)).startswith("(ship: str, *, crates: int = 3, size:")
    assert "    crates: How many of them, in `ship`." in str(stow.__doc__)
    with pytest.raises(TypeError):
        stow("cog", 4)  # type: ignore[misc]


def test_mistakes_of_fields_and_between_them_come_together() -> None:
    """Under the names that are typed; what hangs on a wrong field is not said."""
    with pytest.raises(BadInput) as told:
        ask(CrateQuestion, {"ship": "cog", "crates": "7", "size": "1"}, text=True)
    lines = str(told.value).splitlines()

    assert [line.partition(":")[0] for line in lines] == ["size", "boxes"]
    with pytest.raises(BadInput, match=r"^boxes: 'x' is not allowed; an integer of at least 1$"):
        ask(CrateQuestion, {"ship": "cog", "crates": "x", "size": "1MiB"}, text=True)


def test_a_default_that_is_typed_is_given_and_one_in_python_is_not() -> None:
    """Scripts may hand all arguments on."""
    assert stow("hulk", size=None, crates=3) == "3 in a hulk"
    with pytest.raises(BadInput, match="size: not allowed without --boxes"):
        stow("hulk", size=1 * MiB)


def test_only_unknown_names_are_an_unknown_name() -> None:
    """Whoever asks for something that may not be there can tell."""
    with pytest.raises(UnknownName, match="ship: 'hulc' is not known; did you mean 'hulk'"):
        stow("hulc")
    with pytest.raises(BadInput) as told:
        stow("hulc", crates=0)
    assert not isinstance(told.value, UnknownName)


def test_what_is_kept_is_the_whole_question() -> None:
    """Also the defaults."""
    assert as_json(CrateQuestion(ship="cog")) == '{"crates":3,"ship":"cog","size":null}'
    with pytest.raises(ValueError, match="boxes: not allowed in a cog"):
        CrateQuestion(ship="cog", crates=6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sim.calls(None, rate=1), "application: None is not allowed; an Application"),
        (lambda: sim.calls(None), "rate: it is missing"),
        (lambda: sim.startup(platform=-1), "platform: -1 is not known"),
        (lambda: sim.scale_out(quotas=1.5), "quota: 1.5 is not allowed; NAME=VALUE"),
        (lambda: sim.read(5), "files: 5 is not allowed; a text or a path"),
        (lambda: sim.read_fit(5), "path: 5 is not allowed; a text or a path"),
        (lambda: sim.read_traces("x", cpu_share="a"), "cpu_share: 'a' is not allowed"),
        (lambda: sim.RelativeHalfWidth("a"), "target: 'a' is not allowed; a number"),
        (lambda: sim.sweep(dict, "a"), "design: 'a' is not allowed; a mapping"),
        (lambda: sim.compare("a", times=1, seed=1), "scenarios: 'a' is not allowed; a mapping"),
    ],
)
def test_a_value_of_another_kind_is_named_with_what_is_allowed(
    call: Callable[[], object], words: str
) -> None:
    """In Python as on a command line, and not in the words of what would have used it."""
    with pytest.raises(ValueError, match=re.escape(words)):
        call()
