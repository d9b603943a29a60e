"""Questions: descriptions of what is asked, from Python and on a command line alike.

The fields of a question, with their types, defaults and docstrings, are the keywords of the
function that answers it, the options of its verb, and what is kept of it beside the answer.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache, update_wrapper
from pathlib import Path
from textwrap import fill
from typing import (
    Annotated,
    Any,
    NamedTuple,
    ParamSpec,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import ValidationError, ValidationInfo, model_validator
from pydantic_core import PydanticUndefined

from sim.core.description import description
from sim.core.mistakes import BadDescription, by_item, with_ends, without_a_name
from sim.core.names import UnknownName
from sim.docstrings import field_docstrings, home

P = ParamSpec("P")
Q = TypeVar("Q")
A = TypeVar("A")

_BY_NAME, _BY_PLACE = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD


class BadInput(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """All that is wrong with what was asked, one mistake a line."""


class NotKnown(BadInput, UnknownName):
    """All that is wrong are names that are not known."""


@dataclass(frozen=True, slots=True)
class Typed:
    """How a field is typed on a command line, where its name and its class do not say it."""

    name: str = ""
    """Name of the option without dashes; the field's unless given."""
    shape: str = ""
    """What stands for the value in the help: `<size>`."""
    argument: bool = False
    """Whether it is typed by its place, without a name."""
    repeats: bool = False
    """Whether it may be typed several times."""
    help: str | Callable[[], str] = ""
    """Its help where it has no docstring; a function where that may change."""
    shown: Callable[[Any], str] | None = None
    """How its default is typed; as Python shows it unless given."""
    short: str = ""
    """One letter for it: `f` is `-f`."""
    last: bool = False
    """Whether it is listed behind the others."""
    python: bool = False
    """Whether it is given in Python alone, and never typed."""


class Mistake(NamedTuple):
    """Fields of a question that do not go together; the first of them, if any, is named."""

    fields: tuple[str, ...]
    message: str


@description
class Question:
    """What all questions can do: say which of their fields do not go together."""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:  # noqa: ARG002 (for those that have)
        """Fields that contradict each other, or have no effect beside the others.

        Args:
            given: names of the fields that were typed, or in Python differ from their defaults.
        """
        yield from ()

    @model_validator(mode="after")
    def _agree(self, info: ValidationInfo) -> "Question":
        context = info.context or {}
        if context.get("partial"):
            return self
        lines = [
            _line(type(self), m) for m in self.conflicts(context.get("given", differing(self)))
        ]
        if lines:
            raise ValueError("\n".join(lines))
        return self


def differing(question: object) -> Set[str]:
    """Names of the fields whose values are not their defaults."""
    kind = type(question)
    return {name for name in names_of(kind) if getattr(question, name) != default(kind, name)}


def default(question: type, name: str) -> Any:
    """The default of a field; `MISSING` where it has none."""
    value = question.__pydantic_fields__[name].default  # type: ignore[attr-defined]
    return MISSING if value is PydanticUndefined else value


def without_effect(
    given: Set[str], names: Iterable[str], beside: str, reason: str
) -> Iterator[Mistake]:
    """A mistake for each of some fields that was given, and is idle for what another field says.

    Args:
        beside: the other field.
        reason: what goes on after *it has no effect*, such as `with --by reservation`.
    """
    for name in names:
        if name in given:
            yield Mistake((name, beside), f"not allowed {reason}, where it has no effect")


def typed(question: type, name: str) -> Typed:
    """How a field is typed."""
    marks = [mark for mark in metadata(question, name) if isinstance(mark, Typed)]
    joined = {"name": name.replace("_", "-")}
    for mark in marks:
        joined |= {key: value for key in Typed.__slots__ if (value := getattr(mark, key))}
    return Typed(**joined)  # type: ignore[arg-type]


def metadata(question: type, name: str) -> Iterator[object]:
    """What is attached to the type of a field, innermost first, also inside `X | None`."""
    yield from _marks(_marked(question)[name])


@cache
def _marked(question: type) -> Mapping[str, object]:
    """Types of all fields, with what is attached to them."""
    return get_type_hints(question, include_extras=True)


@cache
def kinds_of(question: type) -> Mapping[str, object]:
    """Types of all fields."""
    return get_type_hints(question)


def _marks(annotation: object) -> Iterator[object]:
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        yield from _marks(inner)
        yield from marks
    else:
        for inner in get_args(annotation):
            yield from _marks(inner)


def help_of(question: type) -> Mapping[str, str]:
    """The docstring of each field."""
    written = field_docstrings(question)
    return {name: written.get(name) or _computed(question, name) for name in names_of(question)}


def _computed(question: type, name: str) -> str:
    text = typed(question, name).help
    return text() if callable(text) else text


def names_of(question: type) -> tuple[str, ...]:
    """Names of the fields."""
    return tuple(question.__pydantic_fields__)  # type: ignore[attr-defined]


def ask(question: type[Q], values: Mapping[str, object], *, text: bool = False) -> Q:
    """Make a question of values by name.

    Args:
        text: whether the values were typed; then a size without a unit is refused.

    Raises:
        BadInput: all that is wrong, one mistake a line.
    """
    context: dict[str, object] = {"text": True, "given": set(values)} if text else {}
    if nothing := [name for name in values if _is_nothing(question, name, values[name], text)]:
        lines = [
            f"{typed(question, name).name}: '' is not allowed; it is empty" for name in nothing
        ]
        raise BadInput("\n".join(lines))
    try:
        return _made(question, with_ends(values), context)
    except BadDescription as error:
        raise BadInput(str(error)) from None
    except ValidationError as error:
        told = by_item(error, question, in_python=not text)
        lines = [_named(question, line, values) if item["loc"] else line for item, line in told]
        items = [item for item, _ in told]
        wrong = {str(item["loc"][0]) for item in items if item["loc"]}
        causes = [item.get("ctx", {}).get("error") for item in items]
    if wrong:
        lines += _conflicts_besides(question, values, wrong, context)
    unknown = len(causes) == len(lines) and all(isinstance(c, UnknownName) for c in causes)
    raise (NotKnown if unknown else BadInput)("\n".join(lines))


def _is_nothing(question: type, name: str, value: object, text: bool) -> bool:
    """Whether a value is empty where none can be: typed, or the name of a file.

    As a path it would be the folder that one is in, which nobody means who names nothing.
    """
    empty = (
        value == "" if isinstance(value, str) else isinstance(value, list | tuple) and "" in value
    )
    return empty and (text or Path in _parts(kinds_of(question).get(name)))


def _parts(kind: object) -> Iterator[object]:
    """A type, and all that it is made of."""
    yield kind
    for inner in get_args(kind):
        yield from _parts(inner)


def _made(question: type[Q], values: Mapping[str, object], context: dict[str, object]) -> Q:
    """By the validator that the class has already; an adapter would build it a second time."""
    kind: Any = question
    made: Q = kind.__pydantic_validator__.validate_python(dict(values), context=context)
    return made


def _conflicts_besides(
    question: type, values: Mapping[str, object], wrong: Set[str], context: dict[str, object]
) -> list[str]:
    """What does not go together besides fields that are wrong; nothing where one is needed."""
    if any(default(question, name) is MISSING for name in wrong & set(names_of(question))):
        return []
    rest = {name: value for name, value in values.items() if name not in wrong}
    try:
        part: object = _made(question, rest, {**context, "partial": True})
    except ValidationError:  # a check of the whole, which what is wrong is part of
        return []
    given = set(rest) if context else differing(part)
    conflicts = part.conflicts(given) if isinstance(part, Question) else ()
    return [_line(question, m) for m in conflicts if wrong.isdisjoint(m.fields)]


def _line(question: type, mistake: Mistake) -> str:
    named = f"{typed(question, mistake.fields[0]).name}: " if mistake.fields else ""
    return f"{named}{mistake.message}"


def _named(question: type, line: str, values: Mapping[str, object]) -> str:
    """Mistakes of one field under the name that is typed; a file is named by its own path."""
    path, colon, message = line.partition(": ")
    field = path.partition(".")[0]  # an item of a list has a number behind a dot
    if not colon or field not in names_of(question):
        return line
    mark = typed(question, field)
    name = mark.name
    if mark.argument and message.startswith(str(values.get(field))):
        return message
    lines = [one.removeprefix(f"{name}: ") for one in message.splitlines()]
    return "\n".join(f"{name}: {one}" for one in lines)


def _rank(question: type, field: Field[Any]) -> tuple[bool, int]:
    """Fields given by place come first, and those of a question before what it shares."""
    return bool(field.kw_only), question.__mro__.index(home(question, field.name))


def asking(question: Callable[P, Q], answer: Callable[[Q], A], name: str) -> Callable[P, A]:
    """The function that takes the fields of a question as keywords and answers it.

    Args:
        question: the class of the question, whose docstrings the function has.
        name: of the function.
    """
    described: Any = question
    kinds = kinds_of(described)
    parameters = []
    for field in sorted(fields(described), key=lambda field: _rank(described, field)):
        first = default(described, field.name)
        parameters.append(
            inspect.Parameter(
                field.name,
                _BY_NAME if field.kw_only else _BY_PLACE,
                default=inspect.Parameter.empty if first is MISSING else first,
                annotation=kinds[field.name],
            )
        )
    signature = inspect.Signature(parameters)
    by_place = [each.name for each in parameters if each.kind is _BY_PLACE]

    def function(*args: P.args, **kwargs: P.kwargs) -> A:
        if len(args) > len(by_place):
            raise without_a_name(name, args[len(by_place)], parameters[len(by_place)].name)
        known = {key: value for key, value in kwargs.items() if key in signature.parameters}
        return answer(
            ask(described, {**signature.bind_partial(*args, **known).arguments, **kwargs})
        )

    update_wrapper(function, answer)
    function.__name__ = function.__qualname__ = name
    function.__signature__ = signature  # type: ignore[attr-defined]
    lines = [
        fill(f"{key}: {text}", 96, initial_indent=" " * 4, subsequent_indent=" " * 8)
        for key, text in ((each.name, help_of(described)[each.name]) for each in parameters)
    ]
    head = inspect.getdoc(described) or ""
    raises = "Raises:\n    ValueError: all that is wrong with it, one mistake a line."
    function.__doc__ = "\n".join([head, "", "Args:", *lines, "", raises])
    return function
