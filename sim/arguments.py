"""What a function of ours is called with: an argument of another kind is told in a sentence.

Questions and descriptions check what they are given by themselves. The functions of a facade that
are plain ones (those of the catalogue, and the pictures) are checked here, by their annotations:
who imports the function itself, as the package does, pays nothing.
"""

import builtins
from collections.abc import Callable, Iterable, Mapping, Sized
from functools import wraps
from inspect import Parameter, signature
from math import isinf
from numbers import Integral, Real
from os import PathLike
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    Unpack,
    get_args,
    get_origin,
    get_type_hints,
)

from sim.core.names import first_of, listed, shown
from sim.core.quantity import number_in

F = TypeVar("F", bound=Callable[..., Any])


class Kind(NamedTuple):
    """What an argument may be."""

    takes: Callable[[object], bool]
    words: str


def _named(value: object) -> bool:
    """Whether it is a mapping, or a column of a table, which has names for its rows."""
    return isinstance(value, Mapping) or (hasattr(value, "keys") and getattr(value, "ndim", 0) == 1)


ANYTHING = Kind(lambda value: True, "anything")  # noqa: ARG005 (whatever it is)
PLAIN = {
    str: Kind(lambda value: isinstance(value, str), "a text"),
    bool: Kind(lambda value: isinstance(value, bool), "true or false"),
    int: Kind(lambda value: _number(value, Integral), "a whole number"),
    float: Kind(lambda value: _number(value, Real), "a number"),
    type(None): Kind(lambda value: value is None, ""),
}

HOLDING: dict[Any, Kind] = {
    Callable: Kind(callable, "a function"),
    Mapping: Kind(_named, "a mapping of names to values"),
    PathLike: Kind(lambda value: isinstance(value, PathLike), "a path"),
    type: Kind(lambda value: isinstance(value, type), "a class"),
}

SUCH_AS = {
    "Image": "catalog.image('python:3.12')",
    "Machine": "catalog.machine('m5.xlarge')",
    "Registry": "catalog.registry('ecr')",
    "Service": "catalog.service('java')",
}
"""Where one comes from that nobody makes by hand, by its class."""


def checked(function: F, package: str, name: str) -> F:
    """The same function, as a package offers it by this name.

    Raises:
        ValueError: when it is called, an argument is of another kind, or a table is without what is
            looked for in it.
    """
    kinds: dict[str, Kind] = {}
    parameters = list(signature(function).parameters.values())
    by_place = [p.name for p in parameters if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
    rest = [p.name for p in parameters if p.kind is Parameter.VAR_POSITIONAL]

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        if not kinds:
            kinds.update(_kinds(function))
        given = [*zip(by_place, args, strict=False), *kwargs.items()]
        given += [(rest[0], value) for value in args[len(by_place) :] if rest]
        for argument, value in given:
            kind = kinds.get(argument, ANYTHING)
            if not kind.takes(value):
                raise ValueError(f"{argument}: {shown(value)} is not allowed; {kind.words}")
        try:
            return function(*args, **kwargs)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            if told := _of_tables(dict(given), error):
                raise ValueError(told) from error
            raise

    called.__module__, called.__qualname__ = package, name  # where it is found when it is pickled
    return called  # type: ignore[return-value]


class _Attributes(type):
    def __getattr__(cls, name: str) -> Any:
        return Any


class _OfCheckersOnly(metaclass=_Attributes):
    """A name that only type checkers import, such as `pd`."""


class _Names(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, _OfCheckersOnly)


def _kinds(function: Callable[..., Any]) -> dict[str, Kind]:
    names = _Names(getattr(function, "__globals__", {}))
    hints = get_type_hints(function, names, names, include_extras=True)
    for hint in list(hints.values()):
        if get_origin(hint) is Unpack:  # the keywords that it hands on
            hints |= get_type_hints(get_args(hint)[0], include_extras=True)
    return {name: kind_of(hint) for name, hint in hints.items()} or {"": ANYTHING}


def kind_of(hint: Any) -> Kind:
    """What an annotation takes, and how one says it."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin is Annotated:
        return kind_of(inner[0])
    if origin is Literal:
        words = listed([*map(repr, inner)], "or")
        return Kind(lambda value: isinstance(value, str) and value in inner, words)
    if origin in (Union, UnionType):
        several = [kind_of(each) for each in inner]
        words = " or ".join(each.words for each in several if each.words)
        return Kind(lambda value: any(each.takes(value) for each in several), words)
    return _holding(origin, inner) if isinstance(origin, type) else _of_class(hint)


def _of_class(hint: Any) -> Kind:
    protocol = getattr(hint, "_is_protocol", False) or hint is _OfCheckersOnly
    if protocol or not isinstance(hint, type):
        return ANYTHING
    if issubclass(hint, PathLike):
        return HOLDING[PathLike]
    made = f", such as {SUCH_AS[hint.__name__]}" if hint.__name__ in SUCH_AS else ""
    words = f"an object of class {hint.__name__}{made}"
    return Kind(lambda value: isinstance(value, hint), words)


def _holding(origin: type, inner: tuple[Any, ...]) -> Kind:
    """Something that holds others: of a list, all of them are looked at."""
    for kind, held in HOLDING.items():
        if issubclass(origin, kind):
            return held
    if not issubclass(origin, Iterable):
        return ANYTHING
    several = [kind_of(each) for each in inner if each is not ...] or [ANYTHING]
    many = len(inner) if origin is tuple and inner and ... not in inner else None
    words = next((each.words for each in several if each.words), "")
    size = "a list" if many is None else f"a list of {many}"
    return Kind(
        lambda value: (
            _is_list(value, origin, many)
            and all(any(each.takes(item) for each in several) for item in value)  # type: ignore[attr-defined]
        ),
        f"{size}, of which each is {words}" if words != "anything" else size,
    )


def _is_list(value: object, origin: type, many: int | None) -> bool:
    """Whether others are in it, as many as there have to be, and can be looked at twice."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        return False
    if hasattr(value, "__next__") or isinstance(value, Mapping):
        return origin is Iterable
    if getattr(value, "ndim", 1) == 0:
        return False
    return many is None or (isinstance(value, Sized) and len(value) == many)


def _number(value: object, kind: type) -> bool:
    """Whether it is one that a float can be, too: no NaN, and infinity where all of them may be."""
    infinite = kind is Real and isinstance(value, float) and isinf(value)
    return isinstance(value, kind) and (infinite or number_in(value) is not None)


def _of_tables(given: Mapping[str, object], error: Exception) -> str:
    """What is wrong with a table that nothing can be made of; empty: there is none."""
    if _is_ours(error):
        return ""
    tables = {name: value for name, value in given.items() if hasattr(value, "columns")}
    for name, table in tables.items():
        if not len(table):  # type: ignore[arg-type]
            return f"{name}: a table without rows is not allowed"
    if not tables:
        return ""
    there = {name: list(map(str, table.columns)) for name, table in tables.items()}
    if isinstance(error, KeyError) and isinstance(error.args[0], str):
        missing = error.args[0]
        for name, columns in there.items():
            if missing not in columns:
                return f"{name}: there is no column {missing!r}; it has {first_of(columns)}"
    return f"{listed(list(there))}: nothing can be made of that table; {error}"


def _is_ours(error: Exception) -> bool:
    """Whether it is a sentence of our own."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    name = "" if at is None else str(at.tb_frame.f_globals.get("__name__"))
    return isinstance(error, ValueError) and name.startswith(f"{__name__.partition('.')[0]}.")
