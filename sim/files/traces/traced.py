"""A span of a trace, whatever format it came in."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from sim.core.quantity import number_in

Kind: TypeAlias = Literal["", "server", "client", "producer", "consumer", "internal"]

KINDS: tuple[Kind, ...] = ("server", "client", "producer", "consumer", "internal")

MOST = 1e20
"""Of any time in a trace: nanoseconds of the epoch have 19 digits."""
LONGEST_NAME = 200
"""Characters of a service or an operation that are kept."""
UNKNOWN = "unknown"
"""A service whose name the trace does not tell."""


class TracedSpan(NamedTuple):
    """Work of one service for one request."""

    trace: str
    id: str
    parent: str
    """Empty: it is the first of its trace."""
    service: str
    operation: str
    start: float
    """Seconds, from anywhere."""
    seconds: float
    kind: Kind = ""
    instance: str = ""
    """What tells the copies of a service apart; empty: not told."""
    waited_for: bool = True
    """Whether its parent depends on it, as far as the trace says."""

    @property
    def end(self) -> float:
        return self.start + self.seconds


def kind_of(word: object) -> Kind:
    """The kind that a word such as `SPAN_KIND_SERVER`, `CLIENT` or `2` means."""
    text = str(word).lower().removeprefix("span_kind_")
    by_number: dict[str, Kind] = {
        "1": "internal",
        "2": "server",
        "3": "client",
        "4": "producer",
        "5": "consumer",
    }
    return next((kind for kind in KINDS if kind == text), by_number.get(text, ""))


def dotless(name: object) -> str:
    """A name as operations have it: without the dot that parts them from their service."""
    whole = str(name).encode("utf-8", "replace").decode()  # JSON may have half a character
    return " ".join(whole.replace(".", "/").split())[:LONGEST_NAME] or UNKNOWN


class BadSpan(ValueError):  # noqa: N818 (it is what is wrong, in the user's words)
    """A span that lacks something."""


def field(span: Mapping[str, Any], name: str) -> Any:
    """A field that has to be there.

    Raises:
        BadSpan: it is not.
    """
    if name not in span:
        raise BadSpan(f"{name}: it is missing")
    return span[name]


def an_object(value: Any, name: str) -> dict[str, Any]:
    """An object of JSON; an empty one where nothing is there.

    Raises:
        BadSpan: it is something else.
    """
    if not isinstance(value or {}, dict):
        raise BadSpan(f"{name}: {str(value)[:40]!r} is not allowed; an object")
    return value or {}


def objects(value: Any, name: str) -> list[dict[str, Any]]:
    """A list of objects; an empty one where nothing is there.

    Raises:
        BadSpan: it is something else.
    """
    if not isinstance(value or [], list):
        raise BadSpan(f"{name}: {str(value)[:40]!r} is not allowed; a list")
    return [an_object(each, f"{name}[{at}]") for at, each in enumerate(value or [])]


def a_number(span: Mapping[str, Any], name: str) -> float:
    """A field that has to be a number, also where it is written as a text.

    Raises:
        BadSpan: it is missing, or no number.
    """
    value = field(span, name)
    found = number_in(value)
    if found is None or abs(found) > MOST:
        raise BadSpan(f"{name}: {str(value)[:40]!r} is not allowed; a number")
    return found
