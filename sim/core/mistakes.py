"""What is wrong with a description, in words: the field, the value, what is allowed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import ValidationError

from sim.core.names import nearest


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


def _mistake(item: Any, described: type) -> str:
    place = [str(part) for part in item["loc"] if not _is_branch(str(part))]
    path, kind = ".".join(place), item["type"]
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        if _is_branch(name := str(item["loc"][-1])):  # the user's own word may look like one
            place.append(name)
            path = ".".join(place)
        known = _fields_at(described, place[:-1])
        near = nearest(place[-1], known)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        return f"{path}: there is no such field; {hint}"
    words = _literals(described, place)
    if kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        what = f"one of {', '.join(words)}" if words else "it is needed"
        return f"{path}: it is missing; {what}"
    message = item["msg"].removeprefix("Value error, ")
    shown = repr(item["input"])
    if kind == "literal_error":
        near = nearest(str(item["input"]), words)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{path}: {shown} is not allowed; {_allowed(message)}{hint}"
    if kind == "string_pattern_mismatch":
        message = "letters, digits, '.', '_' and '-', and no blank"
    if kind == "value_error":
        return f"{path}: {message}" if path else message
    return f"{path}: {shown} is not allowed; {_allowed(message)}"


def _is_branch(part: str) -> bool:
    """Parts of pydantic's path that name a validator, not a field."""
    return "[" in part or "(" in part


def _class_at(described: type, place: list[str]) -> Any:
    node: Any = described
    for part in place:
        if part.isdigit():  # an item of a list
            continue
        kind = {f.name: f.type for f in fields(node)}.get(part)
        inner = next(filter(is_dataclass, (kind, *get_args(kind))), None)
        if inner is None:
            return node
        node = inner
    return node


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
