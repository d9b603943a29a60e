"""Packages whose names are imported when they are asked for.

A package writes what it offers once, in `if TYPE_CHECKING:`, where type checkers and editors read
it; `facade(__name__)` below makes Python read it there, too. So importing a floor, or a verb,
imports what it uses and nothing beside it.
"""

import sys

TYPE_CHECKING = False
"""As type checkers know it: nothing is imported here that takes time, `typing` neither."""

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_known: "dict[str, dict[str, tuple[str, str]]]" = {}
"""By package what it offers, as far as it was asked for."""


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


def facade(package: str) -> None:
    """Make the imports that a package has in `if TYPE_CHECKING:` happen when they are needed."""
    sys.modules[package].__class__ = _Facade


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
