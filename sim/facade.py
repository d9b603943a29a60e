"""Packages whose names are imported when they are asked for.

A package writes what it offers once, in `if TYPE_CHECKING:`, where type checkers and editors read
it; `facade(__name__)` below makes Python read it there, too. So importing a floor, or a verb,
imports what it uses and nothing beside it.
"""

import sys

TYPE_CHECKING = False
"""As type checkers know it: nothing is imported here that takes time, `typing` neither."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeGuard

_known: "dict[str, dict[str, tuple[str, str]]]" = {}
"""By package what it offers, as far as it was asked for."""
_checked: "set[str]" = set()
"""Packages whose functions are told what they are called with only here."""


class _Facade(type(sys)):  # type: ignore[misc]
    def __getattr__(self, name: str) -> "Any":
        from importlib import import_module
        from importlib.util import find_spec

        home = _homes(self.__name__).get(name)
        module, inner = home or (self.__name__, name)
        if home is None and find_spec(f"{module}.{inner}") is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        found = (
            import_module(f"{module}.{inner}")
            if module == self.__name__
            else getattr(import_module(module), inner)
        )
        if self.__name__ in _checked and _is_plain(found):
            from sim.arguments import checked

            found = checked(found, self.__name__, name)
        super().__setattr__(name, found)
        return found

    def __setattr__(self, name: str, value: object) -> None:
        """A function is not hidden by the module of its name, as `ecs` by `ecs.py`."""
        if isinstance(value, type(sys)):
            module, _ = _homes(self.__name__).get(name, (self.__name__, name))
            if module != self.__name__:
                return
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted(_homes(self.__name__))


def facade(package: str, *, checked: bool = False) -> None:
    """Make the imports that a package has in `if TYPE_CHECKING:` happen when they are needed.

    Args:
        checked: arguments of its functions are, by their annotations (`sim.arguments`).
    """
    sys.modules[package].__class__ = _Facade
    if checked:
        _checked.add(package)


def _is_plain(found: object) -> "TypeGuard[Callable[..., Any]]":
    """Whether it is a function before which nothing stands that checks what it is called with:
    one that asks a question has another signature."""
    return isinstance(found, type(facade)) and not hasattr(found, "__wrapped__")


def _homes(package: str) -> "dict[str, tuple[str, str]]":
    """By each name that a package offers: its module, and its name there."""
    if package not in _known:
        _known[package] = dict(_read(package))
    return _known[package]


def _read(package: str) -> "Iterator[tuple[str, tuple[str, str]]]":
    spec = sys.modules[package].__spec__
    source = spec.loader.get_data(spec.origin).decode()  # type: ignore[union-attr]
    for statement in source.replace("\r\n", "\n").split("\n    from ")[1:]:
        module, _, names = statement.partition(" import ")
        several = names.startswith("(")
        for item in (names[1:].partition(")") if several else names.partition("\n"))[0].split(","):
            inner, _, name = item.partition("#")[0].strip().partition(" as ")
            if inner:
                yield name or inner, (module, inner)
