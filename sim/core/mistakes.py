"""What is wrong with a description, in words: the field, the value, what is allowed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import ValidationError

from sim.core.names import nearest

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
}
"""What is allowed, where pydantic's own words are not those of a user."""
MOST_SHOWN = 80
"""Characters of a wrong value that are shown."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """Marks a field whose words are known only when it is read; its validator refuses others."""

    names: Callable[[], Iterable[str]]


def mistakes(error: ValidationError, described: type) -> list[str]:
    """A line a mistake.

    Args:
        described: the class of the description that was to be made.
    """
    return [_mistake(item, described) for item in error.errors()]


def spoken(error: Exception) -> list[str]:
    """What is wrong, a line a mistake, without pydantic's own words."""
    if isinstance(error, ValidationError):
        return [item["msg"].removeprefix("Value error, ") for item in error.errors()]
    return str(error).splitlines()


def _mistake(item: Any, described: type) -> str:
    kind = item["type"]
    *above, last = [str(part) for part in item["loc"]] or [""]
    place = [part for part in above if not _is_branch(part)]
    if kind in UNKNOWN or (last and not _is_branch(last)):
        place.append(last)
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
    message = IN_WORDS.get(kind) or item["msg"].removeprefix("Value error, ")
    shown = _shown(item["input"])
    if kind == "literal_error":
        near = nearest(str(item["input"]), words)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{path}: {shown} is not allowed; {_allowed(message)}{hint}"
    if kind == "string_pattern_mismatch":
        message = "letters, digits, '.', '_' and '-', and no blank"
    if kind == "value_error":
        return f"{path}: {message}" if path else message
    return f"{path}: {shown} is not allowed; {_allowed(message)}"


def _shown(value: object) -> str:
    """A value in a message, without its insides where it is large."""
    if isinstance(value, dict | list | tuple | set) and len(value) > 3:
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."


def _is_branch(part: str) -> bool:
    """Parts of pydantic's path that name a validator, not a field."""
    return "[" in part or "(" in part


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
