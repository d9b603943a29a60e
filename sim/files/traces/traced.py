"""A span of a trace, whatever format it came in."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["", "server", "client", "producer", "consumer", "internal"]

KINDS: tuple[Kind, ...] = ("server", "client", "producer", "consumer", "internal")

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
    return " ".join(str(name).replace(".", "/").split()) or UNKNOWN


class BadSpan(ValueError):  # noqa: N818 (it is what is wrong, in the user's words)
    """A span that lacks something."""


def field(span: Mapping[str, Any], name: str) -> Any:
    """A field that has to be there.

    Raises:
        BadSpan: it is not.
    """
    if not isinstance(span, Mapping) or name not in span:
        raise BadSpan(f"{name}: it is missing")
    return span[name]


def a_number(span: Mapping[str, Any], name: str) -> float:
    """A field that has to be a number, also where it is written as a text.

    Raises:
        BadSpan: it is missing, or no number.
    """
    value = field(span, name)
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BadSpan(f"{name}: {value!r} is not allowed; a number") from None
