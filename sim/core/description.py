"""The decorator of all descriptions: frozen, keyword-only, validated, open to inspection.

A description is what a user writes (a service, a platform, a scenario), in Python or in YAML.
All its mistakes are reported at once, each with its path. A run never changes it.
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import cache
from operator import attrgetter
from threading import RLock
from typing import Any, ClassVar, TypeVar, dataclass_transform, get_origin

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from sim.core.cited import CHECKED, Cited
from sim.core.mistakes import BadDescription, may_be_endless, mistakes, with_ends, without_a_name
from sim.core.names import shown
from sim.docstrings import FieldHelp

T = TypeVar("T")

PLAIN = (float, int, str, type(None))
"""Values that hold nothing else; numbers of this kind are not cited."""


class DescribedClass(type):
    """The class of all descriptions: what is wrong with one is said in a sentence for each field,
    and `help()` shows its fields, and nothing of how they are checked."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make one, or say all that is wrong with it."""
        if args:
            _refuse_without_names(cls, args)
        if hasattr(cls, "__unfinished__"):
            _finish(cls)
        if any(map(may_be_endless, kwargs.values())):
            kwargs = with_ends(kwargs)
        try:
            return super().__call__(*args, **kwargs)
        except ValidationError as error:
            raise BadDescription("\n".join(mistakes(error, cls, in_python=True))) from None

    def __dir__(cls) -> list[str]:
        return [name for name in super().__dir__() if not name.startswith("_")]

    @property
    def __signature__(cls) -> inspect.Signature:
        kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        shown = [
            inspect.Parameter(name, kinds[field.kw_only is not False], default=_default(field))
            for name, field in _checked(cls)
        ]
        return inspect.Signature(sorted(shown, key=lambda parameter: parameter.kind))

    @__signature__.setter
    def __signature__(cls, _: object) -> None:
        """Pydantic's own, with the types of its checks, is not kept."""


def _refuse_without_names(kind: type, args: tuple[Any, ...]) -> None:
    by_place = [name for name, field in _checked(kind) if field.kw_only is False]
    if len(args) > len(by_place):
        first = next(name for name, _ in _checked(kind) if name not in by_place)
        raise without_a_name(kind.__name__, args[len(by_place)], first)


def _checked(kind: Any) -> list[tuple[str, Any]]:
    return list(kind.__pydantic_fields__.items())


def _default(field: Any) -> object:
    if field.default_factory is not None:
        return field.default_factory()
    return inspect.Parameter.empty if field.is_required() else field.default


class _Later:
    """What a description has when it is finished; whoever asks for it finishes it.

    The names and defaults of its fields are had without the checks, which take most of the time.
    """

    def __set_name__(self, kind: type, name: str) -> None:
        self._kind, self._name = kind, name

    def __get__(self, instance: object, owner: type) -> Any:
        _finish(self._kind, checks=self._name != "__pydantic_fields__")
        return getattr(owner if instance is None else instance, self._name)


LATER = (
    *("__match_args__", "__dataclass_fields__", "__dataclass_params__"),
    *("__is_pydantic_dataclass__", "__pydantic_complete__", "__pydantic_fields__"),
    *("__pydantic_core_schema__", "__pydantic_validator__", "__pydantic_serializer__"),
)

CHECKED_LATER: ConfigDict = {**CHECKED, "defer_build": True}

_FINISHING = RLock()

_CLASS_VAR = re.compile(r"\s*(\w+\s*\.\s*)?ClassVar\b")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(Field,))
def description(cls: type[T]) -> type[T]:
    """Make `cls` a frozen, keyword-only, slotted pydantic dataclass that forbids unknown names.

    It has its methods and its slots at once. The rest is made when the first one is, or when
    somebody asks for its fields: a verb uses a few of a hundred classes.
    """
    body = {
        name: part for name, part in vars(cls).items() if name not in ("__dict__", "__weakref__")
    }
    inherited = {slot for base in cls.__mro__[1:-1] for slot in vars(base).get("__slots__", ())}
    own = [name for name in _annotated(cls) if name not in inherited]
    defaults = {name: body.pop(name) for name in (*own, *inherited) if name in body}
    body = {"__eq__": _equal, "__hash__": _hash} | body
    body |= {"__slots__": tuple(own), "__getstate__": _state, "__setstate__": _set_state}
    body |= {"__unfinished__": defaults, **{name: _Later() for name in LATER}}
    made: Any = DescribedClass(cls.__name__, cls.__bases__, body)
    made.__slots__ = FieldHelp(made)
    return made  # type: ignore[no-any-return]


def _annotated(cls: type) -> list[str]:
    """Names of the fields that are written in a class."""
    if sys.version_info >= (3, 14):
        import annotationlib

        kinds = annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    else:
        kinds = vars(cls).get("__annotations__", {})
    return [name for name, kind in kinds.items() if not _of_the_class(kind)]


def _of_the_class(kind: object) -> bool:
    """Whether an annotation says `ClassVar`; with postponed annotations it is a text."""
    if isinstance(kind, str):
        return _CLASS_VAR.match(kind) is not None
    return kind is ClassVar or get_origin(kind) is ClassVar


def _finish(kind: Any, *, checks: bool = True) -> None:
    """Make what a description does not have yet, and what those have not that it inherits from.

    One that fails is as it was, and fails again with the same words. Another thread waits.

    Args:
        checks: whether it is about to be made; else pydantic makes the checks when it is.
    """
    with _FINISHING:
        for base in kind.__mro__[:0:-1]:
            if "__unfinished__" in vars(base):
                _finish(base, checks=False)
        before = dict(vars(kind))
        if before.get("__unfinished__") is None:  # finished, or about to be, further out
            return
        try:
            _make_dataclass(kind, before, CHECKED if checks else CHECKED_LATER)
        except BaseException:
            for name in vars(kind).keys() - before:
                delattr(kind, name)
            _put_back(kind, before, before)
            raise


def _make_dataclass(kind: Any, before: Mapping[str, Any], config: ConfigDict) -> None:
    """With its defaults in the place of its slots, where pydantic looks for them."""
    defaults = kind.__unfinished__
    kind.__unfinished__ = None
    for name in LATER:
        delattr(kind, name)
    for name, default in defaults.items():
        setattr(kind, name, default)
    dataclass(frozen=True, kw_only=True, eq=False, config=config)(kind)
    for name in defaults.keys() - before:  # a field that is inherited with another default
        delattr(kind, name)
    _put_back(kind, before, defaults.keys() & before)
    del kind.__unfinished__


def _put_back(kind: type, before: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if vars(kind).get(name, MISSING) is not before[name]:
            setattr(kind, name, before[name])


@cache
def _reader(kind: Any) -> Callable[[Any], object]:
    """Reads all that a description is compared by."""
    names = [field.name for field in fields(kind) if field.compare]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _equal(self: Any, other: Any) -> Any:
    """As a dataclass has it; made once for all of them, which would compile it for each."""
    kind: Any = type(self)
    if type(other) is not type(self):
        return NotImplemented
    read = _reader(kind)
    return read(self) == read(other)


def _hash(self: Any) -> int:
    """As a dataclass has it."""
    kind: Any = type(self)
    return hash(_reader(kind)(self))


def _state(self: Any) -> list[object]:
    """What is pickled of a description: its values, in the order of its fields."""
    return [getattr(self, field.name) for field in fields(self)]


def _set_state(self: Any, state: list[object]) -> None:
    if hasattr(type(self), "__unfinished__"):
        _finish(type(self))
    for field, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


def as_json(node: object) -> str:
    """A description as JSON with sorted keys; equal descriptions have equal texts."""
    plain = json.loads(TypeAdapter(type(node)).dump_json(node, fallback=_attributes))
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _attributes(node: object) -> dict[str, object]:
    """An object of a plain class of the user's own, which is as good as a description."""
    try:
        held = vars(node)
    except TypeError:
        raise ValueError(
            f"{type(node).__name__}: what it holds cannot be read; make it a @description"
        ) from None
    return {"class": type(node).__qualname__, **held}


def field_names(node: object) -> tuple[str, ...]:
    """Names of the fields of a description; none of what is no description."""
    kind: Any = type(node)
    return _field_names(kind)


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    """Looked up once a class: a sensitivity study walks over hundreds of descriptions."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def figures(node: object, path: str = "") -> Iterator[tuple[str, Cited]]:
    """Every cited figure inside a description, with its path."""
    if isinstance(node, Cited):
        yield path, node
    elif isinstance(node, tuple):
        for index, item in enumerate(node):
            yield from figures(item, f"{path}[{index}]")
    else:
        for name in field_names(node):
            if not isinstance(part := getattr(node, name), PLAIN):
                yield from figures(part, f"{path}.{name}" if path else name)


def with_figure(node: T, key: str, value: float) -> T:
    """A copy of a description in which one cited figure is moved to `value` (base units).

    Raises:
        ValueError: no figure of that key is in the description.
    """
    return with_figures(node, {key: value})


def with_figures(node: T, values: Mapping[str, float]) -> T:
    """A copy of a description in which several cited figures are moved, by key (base units).

    Raises:
        ValueError: no figure of such a key is in the description, or it cannot have that value.
    """
    met = set()

    def change(part: Any) -> Any:
        if not isinstance(part, Cited) or part.key not in values:
            return part
        met.add(part.key)
        return part.moved(values[part.key])

    try:
        moved: T = mapped(node, change)
    except BadDescription as error:
        reasons = str(error).splitlines()
        named = [reason for reason in reasons if reason.partition(":")[0] in values]
        told = ", ".join(f"{key}: {value!r}" for key, value in values.items())
        raise ValueError(named[0] if named else f"{told} is not allowed; {reasons[0]}") from None
    for key in values:
        if key not in met:
            there = ", ".join(sorted({figure.key for _, figure in figures(node)}))
            raise ValueError(f"figure: {key!r} is not in this description; it has {there}")
    return moved


def with_value(node: T, path: str, value: object) -> T:
    """A copy of a description in which one field is replaced, validated again.

    Args:
        path: names of fields, such as `arrivals[0].service.cpu`.
        value: a number that takes the place of a cited figure keeps its passport.

    Raises:
        ValueError: there is no such field, or the value is not allowed there.
    """
    steps = [int(s) if s.isdecimal() and len(s) < 10 else s for s in re.findall(r"[^.\[\]]+", path)]
    try:
        replaced: T = _replaced(node, steps, value)
    except BadDescription as error:
        reason = str(error).partition(": ")[2].partition("\n")[0]
        raise ValueError(f"{path}: {shown(value)} is not allowed; {reason}") from error
    except LookupError as error:
        raise ValueError(f"{path}: there is no such field; {error.args[0]}") from error
    return replaced


def _replaced(node: Any, steps: list[str | int], value: object) -> Any:
    if not steps:
        passport = isinstance(node, Cited) and isinstance(value, int | float)
        return node.moved(value) if passport else value
    step, rest = steps[0], steps[1:]
    if isinstance(node, tuple):
        if not isinstance(step, int) or step >= len(node):
            raise LookupError(f"{step!r} is not one of 0 to {len(node) - 1}")
        return (*node[:step], _replaced(node[step], rest, value), *node[step + 1 :])
    known = [field.name for field in fields(node)] if is_dataclass(node) else []
    if step not in known:
        near = get_close_matches(str(step), known, n=1)
        raise LookupError(f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}")
    return replace(node, **{str(step): _replaced(getattr(node, str(step)), rest, value)})


def mapped(node: T, change: Callable[[Any], Any]) -> T:
    """A copy of a description in which each part is what `change` makes of it, from outside in.

    A plain number or text is left. What nothing was changed in is the same object.
    """
    found: T = _mapped(node, change)
    return found


def _mapped(node: Any, change: Callable[[Any], Any]) -> Any:
    """As `mapped`."""
    if isinstance(node, tuple):
        items = tuple(_mapped(item, change) for item in node)
        return node if all(new is old for new, old in zip(items, node, strict=True)) else items
    node = change(node)
    if isinstance(node, Cited):
        return node
    changed = {}
    for name in field_names(node):
        part = getattr(node, name)
        if not isinstance(part, PLAIN) and (new := _mapped(part, change)) is not part:
            changed[name] = new
    return replace(node, **changed) if changed else node
