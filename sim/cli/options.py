"""What was typed, checked at once: one message names every mistake."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from sim.core.names import unknown

T = TypeVar("T")


class BadInput(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """Mistakes of a command line or a file, one a line."""


class Inputs:
    """Collects mistakes while options are read; `check` raises them together."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def read(self, field: str, text: str | None, parse: Callable[[str], T]) -> T | None:
        """The parsed value, or None where nothing was typed or it is wrong."""
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError as error:
            message = str(error)
            named = message.startswith(f"{field}:")
            self.mistakes.append(message if named else f"{field}: {message}")
            return None

    def choice(self, field: str, text: str, known: Iterable[str]) -> str:
        """One of the known words."""
        names = list(known)
        if text not in names:
            self.mistakes.append(str(unknown(field, text, names)))
        return text

    def integer(self, field: str, text: str, low: int) -> int:
        """A whole number of at least `low`."""
        value = int(text) if text.removeprefix("-").isdigit() else None
        if value is None or value < low:
            self.mistakes.append(f"{field}: {text!r} is not allowed; an integer of at least {low}")
            return low
        return value

    def number(
        self, field: str, text: str | None, allowed: str, good: Callable[[float], bool]
    ) -> float | None:
        """A number for which `good` holds; `allowed` says it in words."""
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not good(value):
            self.mistakes.append(f"{field}: {text!r} is not allowed; {allowed}")
        return value

    def folder(self, field: str, path: Path) -> Path:
        """A folder that is there, or can be made; it is not made yet."""
        there = next(place for place in (path, *path.absolute().parents) if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            allowed = "a folder that can be written"
            self.mistakes.append(f"{field}: {str(path)!r} is not allowed; {allowed}")
        return path

    def check(self) -> None:
        """Raise what was found wrong.

        Raises:
            BadInput: there was a mistake.
        """
        if self.mistakes:
            raise BadInput("\n".join(self.mistakes))
