"""A value of a file under its path: asked for what it should be, it says what is wrong with it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ParamSpec, TypeVar

from sim.core.mistakes import BadDescription
from sim.core.quantity import number_in
from sim.files.text.findings import Findings, not_allowed
from sim.files.text.place import InWords, PlacedList, PlacedMapping, Tagged, TextPlace

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_WORD = 500
"""Characters of what a parser is given; what is longer is none of its values."""

_TRUE, _FALSE = ("true", "yes", "on", "y"), ("false", "no", "off", "n")


class Value:
    """A value, where it stands, and who is told of mistakes."""

    __slots__ = ("findings", "path", "place", "value")

    def __init__(self, value: Any, place: TextPlace, findings: Findings, path: str = "") -> None:
        self.value = value
        self.place = place
        self.findings = findings
        self.path = path

    def __bool__(self) -> bool:
        """Whether there is something."""
        return self.value is not None

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def __getitem__(self, key: str) -> "Value":
        """A field of it; empty where there is none."""
        if not isinstance(self.value, dict):
            return self._below(key, None, self.place)
        places = self.value.places if isinstance(self.value, PlacedMapping) else {}
        return self._below(key, self.value.get(key), places.get(key, self.place))

    def at(self, *keys: str) -> "Value":
        """A field of a field of it; each has to be a mapping where it is there."""
        node = self
        for key in keys:
            node = node.mapping()[key]
        return node

    def _below(self, key: str, value: Any, place: TextPlace) -> "Value":
        return Value(value, place, self.findings, f"{self.path}.{key}" if self.path else key)

    def with_value(self, value: Any) -> "Value":
        """Another value that stands where this one stands."""
        return Value(value, self.place, self.findings, self.path)

    def with_place(self, place: TextPlace) -> "Value":
        """The same, said to stand elsewhere."""
        return Value(self.value, place, self.findings, self.path)

    def wrong(self, allowed: str = "", known: Iterable[str] = ()) -> None:
        """Its value is not allowed; what is."""
        if isinstance(self.value, Tagged):
            allowed, known = "a value, or a parameter with a default", ()
        self.say(not_allowed(_shown(self.value), allowed, known))

    def say(self, message: str) -> None:
        """A mistake of this field, in words of its own."""
        self.findings.mistake(self.place, self.path, message)

    def made(self, make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """The description that is made of it; None where that refuses it, which is its mistake.

        Whatever a file says becomes a description this way: bounds are the description's own, and
        where a mistake stands is known here alone.
        """
        try:
            return make(*args, **kwargs)
        except BadDescription as error:
            for line in str(error).splitlines():
                self.say(line)
            return None

    def mapping(self, allowed: str = "a mapping of names to values") -> "Value":
        """Itself if it is a mapping; else empty, and a mistake unless nothing is there."""
        if isinstance(self.value, dict):
            return self
        if self.value is not None:
            self.wrong(allowed)
        return self.with_value(None)

    def fields(
        self, allowed: str = "a mapping of names to values"
    ) -> Iterator[tuple[str, "Value"]]:
        """Its fields, by name."""
        for key in self.mapping(allowed).value or ():
            yield key, self[key]

    def items(self, allowed: str = "a list") -> Iterator["Value"]:
        """Its items."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            self.wrong(allowed)
            return
        places = self.value.places if isinstance(self.value, PlacedList) else None
        for number, item in enumerate(self.value):
            place = places[number] if places else self.place
            yield Value(item, place, self.findings, f"{self.path}[{number}]")

    def text(self, allowed: str = "a text") -> str | None:
        """Itself as text; None where nothing is there, or something else."""
        if self.value is None:
            return None
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if isinstance(self.value, str | int | float):
            return str(self.value)
        self.wrong(allowed)
        return None

    def parsed(self, parse: Callable[[str], T]) -> T | None:
        """What a parser makes of its text; the parser's `ValueError` says what is allowed."""
        text = self.text("a single value")
        if text is None:
            return None
        try:
            return parse(text if len(text) <= LONGEST_WORD else f"{text[:LONGEST_WORD]}...")
        except ValueError as error:
            self.wrong(str(error))
            return None

    def number(self, low: float, high: float, allowed: str = "") -> float | None:
        """A number of that range."""
        text = self.text("a number")
        if text is None:
            return None
        found = number_in(text)
        if found is None or not low <= found <= high:
            self.wrong(allowed or f"a number from {low:g} to {high:g}")
            return None
        return found

    def count(self, least: int = 0, most: int = 1_000_000) -> int | None:
        """A whole number of that range."""
        found = self.number(least, most, allowed := f"a whole number from {least} to {most:,}")
        if found is None or found == int(found):
            return None if found is None else int(found)
        self.wrong(allowed)
        return None

    def flag(self) -> bool:
        """Whether it is true; nothing is false."""
        text = self.text("true or false")
        if text is not None and text.lower() not in (*_TRUE, *_FALSE):
            self.wrong("true or false")
        return text is not None and text.lower() in _TRUE

    def one_of(self, words: Iterable[str]) -> str | None:
        """One of some words."""
        text, known = self.text(), list(words)
        if text is not None and text not in known:
            self.wrong("", known)
            return None
        return text


def _shown(value: Any) -> Any:
    """A value in a message, without its insides."""
    if isinstance(value, dict):
        return InWords(
            f"a mapping of {', '.join(list(value)[:3])}" if value else "an empty mapping"
        )
    return InWords(f"a list of {len(value)}") if isinstance(value, list) else value
