"""What is wrong with a description, in words: the field, the value, what is allowed."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import islice
from json import JSONDecodeError
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError

from sim.core.names import RULES, nearest, shown

UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")
"""Mistakes of pydantic's whose last part is the user's own word, whatever it looks like."""
IN_WORDS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number, and not such a long one",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "a text",
    "dict_type": "a mapping of names to values",
    "dataclass_type": "a mapping of names to values",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_unicode": "a text whose characters are whole",
    "finite_number": "a finite number",
    "path_type": "a path",
    "string_too_short": "a text with something in it",
    "too_short": "one or more",
}
"""What is allowed, where pydantic's own words are not those of a user."""
BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}
"""What is said before the bound of a number, and pydantic's name of the bound."""
LONGEST_PATH = 4096
"""Characters; no system has longer ones."""
MOST_GIVEN = 100_000
"""Things that are given for one argument."""
MOST_TOLD = 200
"""Mistakes that are told: each name that is not known is compared with those that are."""
_TIME = re.compile(r"\s*[-+]?[0-9.]+\s*[a-z]+\s*")
"""A number with a unit; `inf` and `nan` end in letters, too."""


class BadDescription(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """All that is wrong with the fields of a description, one mistake a line."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """Marks a field whose words are known only when it is read; its validator refuses others."""

    names: Callable[[], Iterable[str]]


def mistakes(
    error: ValidationError | BadDescription, described: type, *, in_python: bool = False
) -> list[str]:
    """A line a mistake.

    Args:
        described: the class of the description that was to be made.
        in_python: whether it was to be made in Python, where other descriptions are objects.
    """
    if isinstance(error, BadDescription):
        return str(error).splitlines()
    return [line for _, line in by_item(error, described, in_python=in_python)]


def by_item(
    error: ValidationError, described: type, *, in_python: bool = False
) -> list[tuple[Any, str]]:
    """As `mistakes`, each beside pydantic's own. Of what is wrong with every way to write a
    value, the one that comes nearest is told."""
    found: dict[str, list[Any]] = {}
    for item in error.errors()[:MOST_TOLD]:
        place = _place(item, described)
        alone = "" if place != [str(part) for part in item["loc"]] else str(len(found))
        found.setdefault(".".join(place) + alone, []).append(item)
    nearest_ = [min(items, key=_far) for items in found.values()]
    return [(item, _mistake(item, described, in_python)) for item in nearest_]


def _far(item: Any) -> int:
    """How far a value is from what it should have been: of another kind altogether is farthest."""
    kind: str = item["type"]
    return 2 * (kind == "dataclass_type") + kind.endswith("_type")


def without_a_name(called: str, value: object, first: str) -> TypeError:
    """The error for a value that was given by its place and has to be given by name."""
    given = shown(value)
    return TypeError(f"{called}: {given} is given without a name; write {called}({first}={given})")


def a_path(field: str, value: object) -> Path:
    """A path that somebody gave.

    Raises:
        ValueError: it is none.
    """
    path = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(path, str) or len(path) > LONGEST_PATH:
        raise ValueError(f"{field}: {shown(value)} is not allowed; a path")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise ValueError(f"{field}: {shown(value)} is not allowed; a name in UTF-8") from None
    return Path(path)


def texts_in(field: str, value: object) -> tuple[str, ...]:
    """Texts that somebody gave: several, or one.

    Raises:
        ValueError: it is something else.
    """
    several = [*with_ends({field: value})[field]] if may_be_endless(value) else several_of(value)
    if not several or not all(isinstance(each, str) for each in several):
        raise ValueError(f"{field}: {shown(value)} is not allowed; names")
    return tuple(several)


def several_of(value: object) -> list[Any]:
    """What somebody gave: several things, or one, as a text is.

    Raises:
        ValueError: they are too many, or have no end.
    """
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [value]
    try:
        found = list(islice(value, MOST_GIVEN + 1))
    except TypeError:  # an array without dimensions is one thing
        return [value]
    if len(found) > MOST_GIVEN:
        raise ValueError(f"{shown(value)} is not allowed; at most {MOST_GIVEN:,} of them")
    return found


def may_be_endless(value: object) -> bool:
    """Whether it makes one thing after the other, so that there may be any number of them."""
    return hasattr(value, "__next__") or isinstance(value, range)


def with_ends(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same by name; what gives one thing after the other, perhaps without end, is a list.

    Raises:
        ValueError: it gives too many.
    """
    made = {}
    for name, value in values.items():
        try:
            made[name] = several_of(value) if may_be_endless(value) else value
        except ValueError as error:
            raise BadDescription(f"{name}: {error}") from None
    return made


def values_begun(text: str) -> int:
    """How many values JSON may have at most, seen before a memory is filled with them: signs that
    begin one, those within texts counted, too."""
    return sum(map(text.count, "{[,"))


def not_json(error: Exception) -> str:
    """What is wrong with JSON that Python could not read, without Python's own words."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    if isinstance(error, JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    return "a number in it has thousands of digits"


def spoken(error: Exception) -> list[str]:
    """What is wrong, a line a mistake, without pydantic's own words."""
    if isinstance(error, ValidationError):
        return [item["msg"].removeprefix("Value error, ") for item in error.errors()]
    return str(error).splitlines()


def _mistake(item: Any, described: type, in_python: bool) -> str:
    kind = item["type"]
    place = _place(item, described)
    path = ".".join(place)
    if kind in UNKNOWN:
        known = _fields_at(described, place[:-1])
        near = nearest(place[-1], known)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        return f"{path}: there is no such field; {hint}"
    words = _literals(described, place)
    if kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        what = f"one of {', '.join(words)}" if words else "it is needed"
        return f"{path}: it is missing; {what}"
    given = shown(item["input"])
    if kind == "literal_error":
        near = nearest(item["input"], words)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{path}: {given} is not allowed; {_allowed(item['msg'])}{hint}"
    if kind == "value_error":
        return _said(path, item)
    message = _bound(item) if kind in BOUNDS else IN_WORDS.get(kind) or item["msg"]
    if kind == "dataclass_type" and in_python:
        message = f"an object of class {item['ctx']['class_name']}"
    if kind == "string_too_long":
        message = f"a text of at most {item['ctx']['max_length']} characters"
    if kind == "string_pattern_mismatch":
        message = RULES[item["ctx"]["pattern"]]
    return f"{path}: {given} is not allowed; {_allowed(message)}"


def _bound(item: Any) -> str:
    """The bound of a number as people write it, in seconds where a text had a unit of time: every
    other text with a unit is told its bounds by what reads it."""
    word, name = BOUNDS[item["type"]]
    bound, given = item["ctx"][name], item["input"]
    plain = bound == 0 or 1e-6 <= abs(bound) < 1e15
    shown = f"{bound:,.6f}".rstrip("0").rstrip(".") if plain else f"{bound:.6g}"
    return f"{word} {shown}{' s' if isinstance(given, str) and _TIME.fullmatch(given) else ''}"


def _said(path: str, item: Any) -> str:
    """What one of our own checks says; of a description inside, its fields stand below the path."""
    message = item["msg"].removeprefix("Value error, ")
    if not path:
        return str(message)
    inner = isinstance(item.get("ctx", {}).get("error"), BadDescription)
    lines = message.splitlines() if inner else [message]
    return "\n".join(f"{path}{'.' if inner else ': '}{line}" for line in lines)


def _place(item: Any, described: type) -> list[str]:
    """The path to a value, without the parts of pydantic's that name a way to check it."""
    place: list[str] = []
    for number, part in enumerate(map(str, item["loc"]), 1):
        last = number == len(item["loc"])
        own = last and item["type"] in UNKNOWN
        if own or not (_is_branch(part) or part in _alternatives(described, place)):
            place.append(part)
    return place


def _alternatives(described: type, place: list[str]) -> list[str]:
    """Names by which pydantic tells the types of a field apart, where it may have several."""
    if not place:
        return []
    types = {field.name: field.type for field in fields(_class_at(described, place[:-1]))}
    members = _members(types.get(place[-1]))
    return [getattr(kind, "__name__", "") for kind in members if len(members) > 1]


def _members(kind: Any) -> list[Any]:
    """The types in a union, however deep, without what is attached to them."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [each for inner in get_args(kind) for each in _members(inner)]
    return [] if kind is type(None) else [kind]


def _is_branch(part: str) -> bool:
    """Parts of pydantic's path that name a validator, not a field."""
    return "[" in part or "(" in part or part.startswith("constrained-")


def _class_at(described: type, place: list[str]) -> Any:
    """The description in which a path ends; items of lists and keys of mappings are passed by."""
    node: Any = described
    for part in place:
        kind = {f.name: f.type for f in fields(node)}.get(part)
        inner = _description_in(kind)
        node = node if inner is None else inner
    return node


def _description_in(kind: Any) -> Any:
    """The first description within a type, however deep: `Annotated[dict[str, Part], ...]`."""
    if is_dataclass(kind):
        return kind
    return next(filter(None, map(_description_in, get_args(kind))), None)


def _fields_at(described: type, place: list[str]) -> list[str]:
    return [field.name for field in fields(_class_at(described, place))]


def _literals(described: type, place: list[str]) -> list[str]:
    """The words of a `Literal`, or of a field that is `OneOf`."""
    types = {field.name: field.type for field in fields(_class_at(described, place[:-1]))}
    kind = types.get(place[-1]) if place else None
    if get_origin(kind) is Annotated:
        return [name for mark in get_args(kind) if isinstance(mark, OneOf) for name in mark.names()]
    return [str(value) for value in get_args(kind)] if get_origin(kind) is Literal else []


def _allowed(message: str) -> str:
    """pydantic's words for what is allowed, as they go on in a sentence."""
    text = message.removeprefix("Input should be ")
    return text[:1].lower() + text[1:]
