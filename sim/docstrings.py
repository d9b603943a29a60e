"""Docstrings of fields: the string below each, read from the source when somebody asks for it.

Pydantic can attach them to a class as it is made (`use_attribute_docstrings`), which reads and
tokenises its source then: a third of the first second of a verb that shows none of them.
"""

import ast
import inspect
import linecache
from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints


def field_docstrings(kind: type) -> Mapping[str, str]:
    """What is written below each field of a class and of those it inherits from, where any is."""
    written: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if each is not object and vars(each).get("__slots__", True):  # it has fields of its own
            written |= _classes(each.__module__, _source_of(each)).get(each.__qualname__, {})
    return written


def home(kind: type, field: str) -> type:
    """The class in which a field of a description is written, which `kind` may inherit from."""
    return next(each for each in kind.__mro__ if field in vars(each).get("__slots__", ()))


def _source_of(kind: type) -> str:
    """The file of a class; empty where it has none, as at a prompt."""
    try:
        return inspect.getsourcefile(kind) or ""
    except (TypeError, OSError):
        return ""


@cache
def _classes(module: str, path: str) -> dict[str, dict[str, str]]:  # noqa: ARG001 (one cell a module)
    """Docstrings by field, by qualified name of the class, of all classes of a file."""
    return dict(_walked(ast.parse("".join(linecache.getlines(path))), ""))


def _walked(node: ast.AST, prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield f"{prefix}{child.name}", dict(_of_fields(child))
            yield from _walked(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef):
            yield from _walked(child, f"{prefix}{child.name}.<locals>.")


def _of_fields(kind: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(kind.body, kind.body[1:], strict=False):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, inspect.cleandoc(text)


class FieldHelp(dict[str, str]):
    """The slots of a description: `help()` reads there what is known of each of its fields."""

    def __init__(self, kind: Any) -> None:
        super().__init__(dict.fromkeys(kind.__slots__, ""))
        self._kind = kind

    def __getitem__(self, name: str) -> str:
        field = self._kind.__pydantic_fields__[name]
        told = [_in_words(get_type_hints(self._kind, include_extras=True)[name])]
        if not field.is_required() and field.default_factory is None:
            told.append(f"{field.default!r} unless given")
        meaning = field_docstrings(self._kind).get(name, "")
        return "\n".join(filter(None, [", ".join(told), meaning]))


def _in_words(kind: Any) -> str:
    """A type as one says it: `float or Cited`."""
    inner = [_in_words(each) for each in get_args(kind)]
    match get_origin(kind):
        case None:
            return "None" if kind is type(None) else getattr(kind, "__name__", str(kind))
        case origin if origin is Annotated:
            return inner[0]
        case origin if origin is Literal:
            return " or ".join(map(repr, get_args(kind)))
        case origin if origin in (Union, UnionType):
            return " or ".join(dict.fromkeys(inner))
        case origin if origin is tuple:
            return f"tuple of {inner[0]}" if "..." in str(kind) else f"({', '.join(inner)})"
        case origin:
            return f"{origin.__name__} of {', '.join(inner)}"
