"""Expressions over attributes of a host, in the cluster query language of ECS (`memberOf`)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

Attributes: TypeAlias = Mapping[str, str]
_Test: TypeAlias = Callable[[Attributes], bool]

_TOKEN = re.compile(
    r"""\s*(?P<token>\(|\)|\[|\]|,|&&|\|\||==|!=|>=|<=|=~|!~|>|<|!(?=\s*(?:exists|in)\b)|!"""
    r"""|"[^"]*"|'[^']*'|[^\s()\[\],=!<>&|~]+(?:[.*+?][^\s()\[\],&|]*)*)"""
)
_OPERATORS = {
    **dict.fromkeys(("==", "equals"), "=="),
    **dict.fromkeys(("!=", "not_equals"), "!="),
    **dict.fromkeys(("=~", "matches"), "=~"),
    **dict.fromkeys(("!~", "not_matches"), "!~"),
    **dict.fromkeys((">", "greater_than"), ">"),
    **dict.fromkeys((">=", "greater_than_equal"), ">="),
    **dict.fromkeys(("<", "less_than"), "<"),
    **dict.fromkeys(("<=", "less_than_equal"), "<="),
    "in": "in",
    "not_in": "!in",
    "exists": "exists",
    "not_exists": "!exists",
}
"""Each operator under its two names."""
_EXAMPLE = "such as attribute:ecs.instance-type =~ m5.*"


@dataclass(frozen=True, slots=True)
class AttributeExpression:
    """An expression that has been read."""

    text: str
    names: frozenset[str]
    """Attributes it asks for."""
    met_by: _Test
    """Whether a host with these attributes meets it."""


def attribute_expression(text: str) -> AttributeExpression:
    """Read an expression: comparisons of `attribute:NAME`, with and, or, not and parentheses.

    Raises:
        ValueError: it cannot be read, or asks for what is no attribute.
    """
    reader = _Words(text)
    test = reader.alternatives()
    if reader.rest:
        raise reader.wrong(f"{reader.rest[0]!r} is one word too many")
    return AttributeExpression(text, frozenset(reader.names), test)


class _Words:
    """The words of an expression, taken one after the other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: set[str] = set()
        self.rest = self._words()

    def wrong(self, why: str) -> ValueError:
        return ValueError(f"{self.text!r} is not allowed: {why}; {_EXAMPLE}")

    def alternatives(self) -> _Test:
        """Terms joined by `or`."""
        tests = [self._terms()]
        while self._take("or", "||"):
            tests.append(self._terms())
        return lambda attributes: any(test(attributes) for test in tests)

    def _terms(self) -> _Test:
        tests = [self._term()]
        while self._take("and", "&&"):
            tests.append(self._term())
        return lambda attributes: all(test(attributes) for test in tests)

    def _term(self) -> _Test:
        if self._take("not", "!"):
            negated = self._term()
            return lambda attributes: not negated(attributes)
        if self._take("("):
            inner = self.alternatives()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> _Test:
        subject = self._next("an attribute")
        name = subject.removeprefix("attribute:")
        if name == subject or not name:
            raise self.wrong(f"{subject!r} is not modelled, attributes are")
        self.names.add(name)
        word = self._next("an operator")
        negated = word == "!"
        operator = _OPERATORS.get(self._next("exists or in") if negated else word)
        if operator is None:
            raise self.wrong(f"{word!r} is no operator; {', '.join(_OPERATORS)}")
        operator = f"!{operator}" if negated else operator
        if operator.endswith("exists"):
            return lambda attributes: (name in attributes) == (operator == "exists")
        return self._compared(name, operator)

    def _compared(self, name: str, operator: str) -> _Test:
        if operator.endswith("in"):
            values = self._list()
            return lambda attributes: (attributes.get(name) in values) == (operator == "in")
        value = self._next("a value")
        if operator.endswith("~"):
            try:
                pattern = re.compile(value)
            except re.error as error:
                raise self.wrong(f"{value!r} is no pattern ({error})") from None
            return lambda attributes: (
                (pattern.fullmatch(attributes.get(name, "")) is not None) == (operator == "=~")
            )
        return lambda attributes: _holds(attributes.get(name), operator, value)

    def _list(self) -> tuple[str, ...]:
        self._expect("[")
        values = [self._next("a value")]
        while self._take(","):
            values.append(self._next("a value"))
        self._expect("]")
        return tuple(values)

    def _words(self) -> list[str]:
        words, place = [], 0
        text = self.text.rstrip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise self.wrong(f"{text[place : place + 20]!r} cannot be read")
            words.append(match["token"])
            place = match.end()
        return words

    def _take(self, *words: str) -> bool:
        if self.rest and self.rest[0] in words:
            self.rest.pop(0)
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self.wrong(f"{word!r} is missing")

    def _next(self, what: str) -> str:
        if not self.rest:
            raise self.wrong(f"{what} is missing")
        word = self.rest.pop(0)
        return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"" else word


def _holds(mine: str | None, operator: str, value: str) -> bool:
    """Whether an attribute compares so; one that a host does not have differs from everything."""
    if operator in ("==", "!="):
        return (mine == value) == (operator == "==")
    try:
        left, right = float(mine or "nan"), float(value)
    except ValueError:
        return False
    return {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}[
        operator
    ]


def _readable(text: str) -> str:
    attribute_expression(text)
    return text


MemberOf: TypeAlias = Annotated[str, AfterValidator(_readable)]
"""An expression as it is written."""
