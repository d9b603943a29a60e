"""Variables of compose: `$VAR`, `${VAR}`, defaults, alternatives, errors, `$$`.

Docker documentation, *Interpolation* (compose file reference).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from sim.files.text.place import PlacedList, PlacedMapping, Tagged, TextPlace

Put: TypeAlias = Callable[[str, TextPlace, str], str]

DEEPEST = 20
"""Variables in the defaults of each other."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_START = re.compile(r"\$(?:(\$)|\{|([A-Za-z_][A-Za-z0-9_]*))")
_OPERATOR = re.compile(r":?[-?+]|$")


class Unset(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """A variable that has to be set is not; the file's own message."""


class Interpolation:
    """Puts variables in; remembers those that were not set, and those that the shell had.

    Args:
        variables: by name.
        shell: those of the shell, which are taken first.
    """

    def __init__(
        self, variables: Mapping[str, str], shell: Mapping[str, str] | None = None
    ) -> None:
        self._variables = variables
        self._shell = shell or {}
        self.unset: dict[str, None] = {}
        self.of_the_shell: dict[str, None] = {}

    def text(self, text: str) -> str:
        """A text with its variables put in.

        Raises:
            Unset: one of them has to be set.
            ValueError: it is not written as a variable is.
        """
        if "$" not in text:
            return text
        parts, position = [], 0
        while (match := _START.search(text, position)) is not None:
            parts.append(text[position : match.start()])
            position = match.end()
            if match[1]:
                parts.append("$")
            elif match[2]:
                parts.append(self._value(match[2]))
            else:
                end = _closing(text, position)
                parts.append(self._braced(text[position:end]))
                position = end + 1
        return "".join([*parts, text[position:]])

    def _value(self, name: str) -> str:
        value = self._found(name)
        if value is None:
            self.unset.setdefault(name)
        return value or ""

    def _found(self, name: str) -> str | None:
        if name not in self._shell:
            return self._variables.get(name)
        if self._shell[name] != self._variables.get(name):
            self.of_the_shell.setdefault(name)
        return self._shell[name]

    def _braced(self, inside: str) -> str:
        name = _NAME.match(inside)
        operator = _OPERATOR.match(inside, name.end()) if name else None
        if name is None or operator is None:
            raise ValueError("a variable such as ${NAME} or ${NAME:-default}")
        rest, sign = inside[operator.end() :], operator[0]
        value = self._found(name[0])
        there = value is not None and (value != "" or not sign.startswith(":"))
        match sign[-1:]:
            case "":
                return self._value(name[0])
            case "-":
                return value or "" if there else self.text(rest)
            case "+":
                return self.text(rest) if there else ""
            case _:
                if not there:
                    raise Unset(f"{name[0]} is not set: {self.text(rest) or 'it is needed'}")
                return value or ""


def _closing(text: str, start: int) -> int:
    depth = 1
    for place in range(start, len(text)):
        if text[place] == "}":
            depth -= 1
        elif text.startswith("${", place):
            depth += 1
        if depth == 0:
            return place
        if depth > DEEPEST:
            raise ValueError(f"a variable with at most {DEEPEST} others in its default")
    raise ValueError("a variable such as ${NAME}; its } is missing")


def interpolated(value: Any, put: Put, place: TextPlace, path: str = "") -> Any:
    """A value with the variables of all its texts put in; keys are left as they are.

    Args:
        put: makes a text of a text, where it stands, and its path.
    """
    if isinstance(value, str):
        return put(value, place, path)
    if isinstance(value, Tagged):
        return Tagged(value.tag, interpolated(value.value, put, place, path))
    if isinstance(value, PlacedMapping):
        made = PlacedMapping()
        for key, inner in value.items():
            at, inside = value.places[key], f"{path}.{key}" if path else key
            made.put(key, interpolated(inner, put, at, inside), at)
        return made
    if isinstance(value, PlacedList):
        items = PlacedList()
        for number, (inner, at) in enumerate(zip(value, value.places, strict=True)):
            items.add(interpolated(inner, put, at, f"{path}[{number}]"), at)
        return items
    return value
