"""JSON that somebody else wrote: read within bounds, every mistake with the place it stands at."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sim.core.mistakes import values_begun
from sim.core.quantity import LARGEST_SIZE

LARGEST = 16 * 10**6
"""Bytes of a file; registries refuse a manifest above 4 MiB, a list of some has room."""
MOST_VALUES = 500_000
"""Objects, lists and commas in a file: its time and memory are bounded by them."""
MOST_ITEMS = 10_000
"""Elements of one list; a kernel mounts some hundred layers at most."""
MOST_MISTAKES = 10

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DOCKERFILE = re.compile(r"\s*(?:#.*\n\s*)*+(?:FROM|ARG)\s", re.IGNORECASE)


class BadManifest(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """The mistakes in a manifest, one a line: the file, the place, what is allowed."""


class Twice(dict[str, Any]):
    """An object that has one key twice; readers differ in which of the two they keep."""

    key = ""


class JsonValue:
    """A value in a document, and the path to it."""

    __slots__ = ("path", "value")

    def __init__(self, value: object, path: str = "") -> None:
        self.value = value
        self.path = path

    @property
    def place(self) -> str:
        """What to call it."""
        return self.path or "the document"

    def __contains__(self, key: str) -> bool:
        """Whether it is an object with that key, which is not null."""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def at(self, key: str) -> "JsonValue":
        """The value of a key.

        Raises:
            BadManifest: it is no object, or has no such key.
        """
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        inner = _joined(self.path, key)
        if key not in self.value:
            raise BadManifest(f"{inner}: it is missing")
        return JsonValue(self.value[key], inner)

    def items(self) -> list["JsonValue"]:
        """The elements of a list."""
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        if len(self.value) > MOST_ITEMS:
            raise BadManifest(
                f"{self.place}: it has {len(self.value):,} elements, too many to be real"
            )
        return [JsonValue(item, f"{self.path}[{place}]") for place, item in enumerate(self.value)]

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self.wrong("a string")
        return self.value

    def word(self, key: str) -> str:
        """The string under a key, or nothing where there is none."""
        return self.at(key).text() if key in self else ""

    def size(self) -> int:
        """A whole number of bytes."""
        whole = isinstance(self.value, int) and not isinstance(self.value, bool)
        if not whole or not 0 <= int(str(self.value)) <= LARGEST_SIZE:
            raise self.wrong("a whole number of bytes from 0 to 1 PiB")
        return int(str(self.value))

    def wrong(self, allowed: str) -> BadManifest:
        """The error for a value that is not allowed."""
        return BadManifest(f"{self.place}: {shown(self.value)} is not allowed; {allowed}")


def shown(value: object) -> str:
    """A value as it can be printed anywhere, shortened."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return ascii(value if len(value) <= 80 else f"{value[:77]}...")
    return str(json.dumps(value))[:40]


def text_of(source: str | Path) -> tuple[str, str]:
    """The text of a file, or of a string that is JSON itself, and what to call it.

    Raises:
        BadManifest: it cannot be read, is larger than is allowed, or is not text.
    """
    if isinstance(source, str) and source.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        data, label = source.encode("utf-8", "surrogatepass"), "manifest"
    else:
        label = str(source).encode("utf-8", "replace").decode()
        label = label if len(label) <= 300 and label.isprintable() else shown(label)
        data = _bytes_of(source, label)
    if len(data) > LARGEST:
        most = f"{LARGEST // 10**6} MB"
        raise BadManifest(f"{label}: it is larger than {most}, which no manifest is")
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff"), label
    except UnicodeDecodeError as error:
        raise BadManifest(f"{label}: it is not text ({error.reason}, byte {error.start})") from None


def documents(text: str, label: str) -> list[Any]:
    """The JSON documents in a text, one after the other; tools print one, or one a line.

    Raises:
        BadManifest: one is not JSON, or has a key twice.
    """
    if values_begun(text) > MOST_VALUES:
        raise BadManifest(
            f"{label}: it has more than {MOST_VALUES:,} values, which no manifest has"
        )
    decoder = json.JSONDecoder(
        object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_integer
    )
    values, place, blank = [], 0, re.compile(r"\s*")
    try:
        while (place := _end(blank, text, place)) < len(text):
            value, place = decoder.raw_decode(text, place)
            values.append(value)
    except json.JSONDecodeError as error:
        raise _no_json(text, label, error) from None
    except RecursionError:
        raise BadManifest(f"{label}: it is nested deeper than any manifest") from None
    except ValueError as error:
        raise BadManifest(f"{label}: it is not JSON: {error}") from None
    if not values:
        raise BadManifest(f"{label}: line 1, column 1: it is empty")
    for path, key in _doubles(values if len(values) > 1 else values[0]):
        raise BadManifest(f"{label}: {_joined(path, key)}: it stands there twice")
    return values


def _no_json(text: str, label: str, error: json.JSONDecodeError) -> BadManifest:
    if _DOCKERFILE.match(text):
        return BadManifest(f"{label}: this is a Dockerfile, no image; try sim lifecycle {label}")
    where = f"line {error.lineno}, column {error.colno}"
    cut = "; the file ends too early" if not text[error.pos :].strip() else ""
    return BadManifest(f"{label}: {where}: it is not JSON: {error.msg}{cut}")


def all_of(mistakes: list[str]) -> BadManifest:
    """One error of many mistakes."""
    more = len(mistakes) - MOST_MISTAKES
    rest = [f"and {more} more"] if more > 0 else []
    return BadManifest("\n".join(mistakes[:MOST_MISTAKES] + rest))


def _bytes_of(source: str | Path, label: str) -> bytes:
    try:
        path = Path(source)
        if path.exists() and not path.is_file():
            raise ValueError("it is a folder, a device or a pipe")
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        raise BadManifest(f"{label}: there is no such file") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadManifest(f"{label}: it cannot be read: {why}") from None


def _end(blank: re.Pattern[str], text: str, place: int) -> int:
    match = blank.match(text, place)
    return match.end() if match else place


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) == len(pairs):
        return unique
    double, seen = Twice(unique), set()
    for key, _ in pairs:
        if key in seen:
            double.key = key
            break
        seen.add(key)
    return double


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is no number of JSON")


def _integer(digits: str) -> int:
    if len(digits) > 30:
        raise ValueError(f"{digits[:12]}... is a number of {len(digits)} digits")
    return int(digits)


def _doubles(root: object) -> Iterator[tuple[str, str]]:
    """Path and key of each object with a key twice; no recursion, as the depth is the writer's."""
    left: list[tuple[object, tuple[Any, ...]]] = [(root, ())]
    while left:
        value, path = left.pop()
        if isinstance(value, Twice):
            yield _spelled(path), value.key
        if isinstance(value, dict):
            left += [(v, (path, k)) for k, v in value.items() if isinstance(v, dict | list)]
        elif isinstance(value, list):
            left += [(v, (path, n)) for n, v in enumerate(value) if isinstance(v, dict | list)]


def _spelled(path: tuple[Any, ...]) -> str:
    steps: list[Any] = []
    while path:
        path, step = path
        steps.append(step)
    text = ""
    for step in reversed(steps):
        text = f"{text}[{step}]" if isinstance(step, int) else _joined(text, step)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _joined(path: str, key: str) -> str:
    name = key if len(key) <= 80 and _WORD.fullmatch(key) else shown(key)
    return f"{path}.{name}" if path else name
