"""One compose file over another. Docker documentation, *Merge Compose files*.

Mappings are merged, lists appended, single values replaced; `!reset` takes away, `!override`
replaces. A list of names or `KEY=value` is a mapping, where both are allowed.
"""

from typing import Any

from sim.files.text.place import PlacedList, PlacedMapping, Tagged, TextPlace

_MAPPINGS = frozenset({
    "environment", "labels", "depends_on", "networks", "extra_hosts", "sysctls", "annotations",
    "additional_contexts", "args", "ulimits",
})  # fmt: skip
"""Fields that may be a list of what a mapping would say."""
_NAME = (str, int, float)
_NOWHERE = TextPlace("", 0)
_REPLACED = frozenset({"command", "entrypoint", "test"})
"""Lists that are replaced as a whole."""


def merged(base: Any, over: Any, key: str = "") -> Any:
    """`over` laid over `base`, both left as they were."""
    if isinstance(over, Tagged):
        return over.value if over.tag != "reset" else None
    base, over = _alike(cleaned(base), key), _alike(over, key)
    if over is None or base is None:
        return over if base is None else base
    if isinstance(base, PlacedMapping) and isinstance(over, PlacedMapping):
        return _mapping(base, over)
    if isinstance(base, PlacedList) and isinstance(over, PlacedList) and key not in _REPLACED:
        return _list(base, over, key)
    return over


def cleaned(value: Any) -> Any:
    """Without tags: what is `!reset` goes, what is `!override` stays."""
    if isinstance(value, Tagged):
        return cleaned(value.value) if value.tag != "reset" else None
    if isinstance(value, PlacedMapping):
        made = PlacedMapping()
        for key, inner in value.items():
            if not (isinstance(inner, Tagged) and inner.tag == "reset"):
                made.put(key, cleaned(inner), value.places[key])
        return made
    if isinstance(value, PlacedList):
        items = PlacedList()
        for inner, place in zip(value, value.places, strict=True):
            items.add(cleaned(inner), place)
        return items
    return value


def as_mapping(value: Any, key: str) -> Any:
    """A list of names, or of `KEY=value`, as the mapping that says the same; a list of anything
    else stays, for its reader to refuse."""
    names_only = isinstance(value, PlacedList) and all(isinstance(item, _NAME) for item in value)
    if not names_only:
        return value
    made = PlacedMapping()
    for item, place in zip(value, value.places, strict=True):
        name, sign, rest = str(item).partition("=")
        made.put(name, None if key in ("depends_on", "networks") or not sign else rest, place)
    return made


def _alike(value: Any, key: str) -> Any:
    """A value in the one form in which it can be merged."""
    if key in _MAPPINGS:
        return as_mapping(value, key)
    if key == "build" and isinstance(value, str):
        made = PlacedMapping()
        made["context"] = value
        return made
    return value


def _mapping(base: PlacedMapping, over: PlacedMapping) -> PlacedMapping:
    made = PlacedMapping()
    for each in (base, over):
        for key in each:
            made.places[key] = each.places.get(key) or next(iter(each.places.values()), _NOWHERE)
    for key in {**base, **over}:
        if isinstance(over.get(key), Tagged) and over[key].tag == "reset":
            made.places.pop(key)
        elif key in base and key in over:
            made[key] = merged(base[key], over[key], key)
        else:
            made[key] = over[key] if key in over else base[key]
    return made


def _list(base: PlacedList, over: PlacedList, key: str) -> PlacedList:
    """Appended; a volume of the same target, or the very same item, takes the other's place."""
    made = PlacedList()
    new = [_identity(item, key) for item in over]
    for item, place in zip(base, base.places, strict=True):
        if _identity(item, key) not in new:
            made.add(item, place)
    for item, place in zip(over, over.places, strict=True):
        made.add(item, place)
    return made


def _identity(item: Any, key: str) -> str:
    if key in ("volumes", "devices", "configs", "secrets"):
        if isinstance(item, dict):
            return str(item.get("target", item.get("source", item)))
        parts = str(item).split(":")
        return parts[1] if len(parts) > 1 else parts[0]
    return str(item)
