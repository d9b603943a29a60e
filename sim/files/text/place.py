"""Values that know where they stand in a file."""

from typing import Any, NamedTuple


class TextPlace(NamedTuple):
    """Where something stands."""

    source: str
    """The file's name, or `standard input`."""
    line: int
    """From 1; 0: not known."""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


class PlacedMapping(dict[str, Any]):
    """A mapping that knows where each key stands."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[str, TextPlace] = {}

    def put(self, key: str, value: Any, place: TextPlace) -> None:
        """Set a key, and say where it stands."""
        self[key] = value
        self.places[key] = place


class PlacedList(list[Any]):
    """A list that knows where each item stands."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        super().__init__()
        self.places: list[TextPlace] = []

    def add(self, value: Any, place: TextPlace) -> None:
        """Append an item, and say where it stands."""
        self.append(value)
        self.places.append(place)


def place_of(field: str, node: Any, place: TextPlace) -> TextPlace:
    """Where a field of a value stands, such as `pod.sidecars.0.cpu`; as near as it is known.

    Args:
        place: of the value itself.
    """
    first, _, rest = field.partition(".")
    if isinstance(node, PlacedMapping) and field in node:  # keys of figures have dots
        return node.places[field]
    if isinstance(node, PlacedMapping) and first in node:
        return place_of(rest, node[first], node.places[first])
    if isinstance(node, PlacedList) and first.isdecimal() and int(first[:9]) < len(node):
        return place_of(rest, node[int(first)], node.places[int(first)])
    return place


def placed(plain: Any, place: TextPlace) -> Any:
    """Plain mappings and lists as they would be read where no line is known."""
    if isinstance(plain, dict):
        mapping = PlacedMapping()
        for key, inner in plain.items():
            mapping.put(key, placed(inner, place), place)
        return mapping
    if isinstance(plain, list):
        items = PlacedList()
        for inner in plain:
            items.add(placed(inner, place), place)
        return items
    return plain


def without_places(value: Any) -> Any:
    """The same as plain mappings and lists."""
    if isinstance(value, dict):
        return {key: without_places(inner) for key, inner in value.items()}
    return [without_places(inner) for inner in value] if isinstance(value, list) else value


class Tagged(NamedTuple):
    """A value under a tag of its own, such as `!Ref` or `!reset`."""

    tag: str
    """Without the exclamation mark."""
    value: Any

    def __repr__(self) -> str:
        return f"!{self.tag}" if self.value is None else f"!{self.tag} {self.value}"


class InWords(str):
    """Words that stand for a value in a message, and are not the value itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
