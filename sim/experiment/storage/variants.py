"""Descriptions of many variants: the first one whole, of the others what differs from it.

Ten thousand points of a sweep differ in a number or two; whole, they would be hundreds of megabytes
of manifest, and gigabytes in memory.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys and places from the outermost mapping on."""

LIKE, BUT = "$like", "$but"
"""How a variant is written that stands for another one with some changes."""

MANY = 20
"""Variants from which they are not written whole."""


def alike(one: Any, other: Any) -> Any:
    """The other, with the parts of the one that are equal: what is equal is in memory once."""
    if one is other:
        return one
    if isinstance(one, dict) and isinstance(other, dict):
        parts = {key: alike(one.get(key), value) for key, value in other.items()}
        same = [*one] == [*other] and all(parts[key] is one[key] for key in one)
        return one if same else parts
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        items = [alike(a, b) for a, b in zip(one, other, strict=True)]
        return one if all(a is b for a, b in zip(one, items, strict=True)) else items
    return one if _equal(one, other) else other


def _equal(one: Any, other: Any) -> bool:
    """Whether both are written alike: 1 is not 1.0, and 0.0 not -0.0, nor is another order."""
    return one is other or (one == other and repr(one) == repr(other))


def shared(described: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Descriptions by variant, whose equal parts are in memory once."""
    by_name: dict[str, Any] = {}
    first: Any = None
    for name, each in described:
        by_name[name] = alike(first, each)
        first = each if first is None else first
    return by_name


def canonical(described: Mapping[str, Any]) -> Iterator[str]:
    """What `json.dumps` makes of it with sorted keys and no blanks, a variant at a time."""
    begin = "{"
    for name in sorted(described):
        text = json.dumps(described[name], sort_keys=True, separators=(",", ":"))
        yield f"{begin}{json.dumps(name)}:{text}"
        begin = ","
    yield "}" if described else "{}"


def shortened(described: Mapping[str, Any]) -> dict[str, Any]:
    """As it is written."""
    if len(described) < MANY:
        return dict(described)
    name, first = next(iter(described.items()))
    return {
        each: value if each == name else {LIKE: name, BUT: [*_changes(first, value, ())]}
        for each, value in described.items()
    }


def whole(written: Mapping[str, Any]) -> dict[str, Any]:
    """As it was described.

    Raises:
        KeyError, TypeError, ValueError, IndexError: it was not written by `shortened`.
    """
    return {name: _whole(each, written) for name, each in written.items()}


def _whole(each: Any, written: Mapping[str, Any]) -> Any:
    if not (isinstance(each, dict) and each.keys() == {LIKE, BUT}):
        return each
    made = written[each[LIKE]]
    for path, value in each[BUT]:
        made = _with(made, path, value)
    return made


def _changes(one: Any, other: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """What to put where, so that the one becomes the other."""
    if one is other:
        return
    if isinstance(one, dict) and isinstance(other, dict) and [*one] == [*other]:
        for key, value in other.items():
            yield from _changes(one[key], value, (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, value in enumerate(other):
            yield from _changes(one[place], value, (*path, place))
    elif not _equal(one, other):
        yield path, other


def _with(one: Any, path: Path, value: Any) -> Any:
    """A copy with another value at a place; what is beside it is not copied."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    copy = one.copy()
    copy[key] = _with(one[key], rest, value)
    return copy
