"""The user's own code in a description: sources of the classes and functions that are not ours.

What a run gives depends on them as it does on the model. A module's text is read once, when it is
first met, and again when it has been reloaded: it is the text of what is loaded.
"""

import functools
import hashlib
import inspect
import linecache
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from numbers import Number
from pathlib import Path, PurePath
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple
from uuid import uuid4

from sim.core.description import field_names

PLAIN = (Number, str, bytes, PurePath, type(None))
"""Values that are what they look like; a description shows them."""

OURS = __name__.partition(".")[0]
INSTALLED = tuple({sysconfig.get_path(kind) for kind in ("purelib", "platlib")})

_READ: dict[str, tuple[object, object, str | None]] = {}
"""Texts by module, with the module and its spec, which is another one after a reload."""


MODEL = (
    "units.py",
    "clock.py",
    "start.py",
    "sharing",
    "core",
    "host",
    "image",
    "workload",
    "sandbox",
    "platforms",
    "experiment/running/scenario.py",
    "experiment/running/rollout.py",
    "experiment/running/run.py",
    "experiment/running/columns.py",
    "experiment/running/packed.py",
)
"""Files and folders, relative to the package, that decide what a run gives."""


class OwnCode(NamedTuple):
    """The user's own code in some descriptions."""

    digest: str
    """Fingerprint of all of it; empty where there is none, another one each time where a part of it
    has no source."""
    modules: dict[str, str]
    """Fingerprint of each module that a worker process imports by name."""
    unknown: tuple[str, ...]
    """Classes and functions without a source: made by `exec`, or not in Python."""


def own_code(descriptions: Iterable[object]) -> OwnCode:
    """The user's own code in descriptions, with the functions and modules it refers to."""
    search = _Search()
    for each in descriptions:
        search.value(each)
    modules = {name: module_digest(name) for name in search.modules if name != "__main__"}
    whole = "\0".join(f"{name}\0{text}" for name, text in sorted(search.texts.items()))
    digest = uuid4().hex[:16] if search.unknown else _digest(whole)
    return OwnCode(digest, modules, tuple(search.unknown))


def module_digest(name: str) -> str:
    """Fingerprint of a module as it is loaded here; empty where it has no source."""
    return _digest(_text(name) or "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""


def _text(name: str) -> str | None:
    """The text of a loaded module; None: it is not from a Python file."""
    module = sys.modules.get(name)
    if module is None:
        return None
    spec = getattr(module, "__spec__", None)
    was, was_spec, text = _READ.get(name, (None, None, None))
    if was is not module or was_spec is not spec:
        path = Path(getattr(module, "__file__", None) or "")
        readable = path.suffix == ".py" and path.is_file()
        text = path.read_text(encoding="utf-8") if readable else None
        _READ[name] = (module, spec, text)
    return text


def _covered(name: str) -> bool:
    """Whether a module is of this package or Python's: the model's fingerprint covers these.

    A study that is run is not part of the model; its text counts like that of the user's own code.
    """
    return name.partition(".")[0] in {OURS, *sys.stdlib_module_names} and not _study(name)


def _study(name: str) -> bool:
    return name.startswith(f"{OURS}.studies.")


def _closed(name: str) -> bool:
    """Whether what a module refers to is not looked at: a study, or an installed package."""
    file = getattr(sys.modules.get(name), "__file__", None) or ""
    return _study(name) or file.startswith(INSTALLED)


class _Search:
    """A walk over values, the classes they are of, and what the code of these refers to."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        """Sources and values by name."""
        self.modules: dict[str, None] = {}
        self.unknown: dict[str, None] = {}
        self._met: dict[int, object] = {}
        """What has been seen, by id; kept alive, so that no other thing gets that id."""

    def value(self, node: Any) -> None:
        """Something in a description, or that code refers to."""
        if isinstance(node, PLAIN) or id(node) in self._met:
            return
        self._met[id(node)] = node
        if isinstance(node, ModuleType):
            self._module(node.__name__)
        elif isinstance(node, type) or inspect.isroutine(node):
            self._code(node)
        else:
            self.value(type(node))
            for part in _parts(node):
                self.value(part)

    def _module(self, name: str) -> bool:
        """Note the text of a module; false: it has none."""
        text = None if _covered(name) else _text(name)
        if text is not None:
            self.texts[name] = text
            if not _closed(name):
                self.modules[name] = None
        return text is not None

    def _code(self, thing: Any) -> None:
        """A class or a function: the text of its module, and what it refers to."""
        module = getattr(thing, "__module__", None) or "builtins"
        if _covered(module):
            return
        whole = self._module(module)
        if _closed(module):
            return
        name = f"{module}.{thing.__qualname__}"
        file = getattr(sys.modules.get(module), "__file__", None)
        self.texts.setdefault(name, "")
        if isinstance(thing, type):
            for base in thing.__mro__[1:]:
                self.value(base)
        functions = list(_functions(thing))
        if not whole and (file or not (functions or isinstance(thing, type))):
            self.unknown[name] = None
        for function in functions:
            if function.__module__ != module:
                self.value(function)
            else:
                self._function(function, None if not whole else file)

    def _function(self, function: FunctionType, file: str | None) -> None:
        """Its own lines, where its module's file does not have them, and what it refers to."""
        code, name = function.__code__, f"{function.__module__}.{function.__qualname__}"
        if code.co_filename != file:
            lines = linecache.getlines(code.co_filename)  # a notebook's cells are there
            if lines:
                self.texts[name] = "".join(lines)
            elif code.co_filename != "<string>" or not _generated(function):
                self.unknown[name] = None
        for inner, value in _referred(function):
            if isinstance(value, PLAIN):
                self.texts[f"{name}: {inner}"] = repr(value)
            else:
                self.value(value)


def _parts(node: Any) -> Iterable[Any]:
    if isinstance(node, Mapping):
        return [*node.keys(), *node.values()]
    if isinstance(node, tuple | list | set | frozenset):
        return node
    if isinstance(node, functools.partial):
        return [node.func, *node.args, *node.keywords.values()]
    if names := field_names(node):
        return [getattr(node, name, None) for name in names]
    return list(getattr(node, "__dict__", {}).values())


def _functions(thing: Any) -> Iterator[FunctionType]:
    """The functions of a class, or the one that it is, without what wraps them."""
    for member in list(vars(thing).values()) if isinstance(thing, type) else [thing]:
        inner = [getattr(member, name, None) for name in ("__func__", "fget", "fset", "func")]
        for function in [member, *inner]:
            plain: Any = inspect.unwrap(function) if callable(function) else None
            if isinstance(plain, FunctionType):
                yield plain


def _generated(function: FunctionType) -> bool:
    """Whether `dataclass` wrote it: its fields, which the description has, say it all."""
    name = function.__name__
    return name.startswith("__") and name.endswith("__") and name != "__post_init__"


def _referred(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Global names that a function uses and values it is closed over, with what they stand for."""
    for name in sorted(_names(function.__code__)):
        if name in function.__globals__:
            yield name, function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if name != "__class__":
            yield name, cell.cell_contents


def _names(code: CodeType) -> set[str]:
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names, inner))


@functools.cache
def code_digest() -> str:
    """Fingerprint of the code that decides what a run gives."""
    home = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(path for part in MODEL for path in _sources(home / part)):
        digest.update(path.relative_to(home).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(part: Path) -> list[Path]:
    """The modules of a part of the model; a part that has moved must not leave the fingerprint."""
    files = [part] if part.is_file() else list(part.rglob("*.py"))
    if not files:
        raise FileNotFoundError(f"{part}: it belongs to the model and is not there")
    return files
