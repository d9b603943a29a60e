"""Packages whose names are imported when they are asked for.

A package writes what it offers once, in `if TYPE_CHECKING:`, where type checkers and editors read
it; `facade(__name__)` below makes Python read it there, too. So importing a floor, or a verb,
imports what it uses and nothing beside it.
"""

import re
import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_IMPORT = re.compile(r"^    from (\S+) import (?:\(([^)]*)\)|(.*))$", re.MULTILINE)


class _Facade(ModuleType):
    def __getattr__(self, name: str) -> Any:
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
        if isinstance(value, ModuleType):
            module, _ = _homes(self.__name__).get(name, (self.__name__, name))
            if module != self.__name__:
                return
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted(_homes(self.__name__))


def facade(package: str) -> None:
    """Make the imports that a package has in `if TYPE_CHECKING:` happen when they are needed."""
    sys.modules[package].__class__ = _Facade


@cache
def _homes(package: str) -> dict[str, tuple[str, str]]:
    """By each name that a package offers: its module, and its name there."""
    spec = sys.modules[package].__spec__
    source: str = spec.loader.get_source(package)  # type: ignore[union-attr]
    homes = {}
    for module, several, one in _IMPORT.findall(source):
        for item in (several or one).split(","):
            inner, _, name = item.partition("#")[0].strip().partition(" as ")
            if inner:
                homes[name or inner] = (module, inner)
    return homes
