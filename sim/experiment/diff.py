"""How two descriptions differ: a walk over both, with a dotted path for every difference."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sim.core.cited import SCALES
from sim.core.quantity import shown_size
from sim.units import MiB

PASSPORT = {"key", "value", "unit", "grade", "source"}
"""By these a cited figure is known in plain data."""


class Differs(NamedTuple):
    """A place where two descriptions differ; `absent` where one has nothing."""

    path: str
    a: str
    b: str


def differences(a: Any, b: Any, path: str = "") -> Iterator[Differs]:
    """Every place where two plain descriptions differ, in the order of the first."""
    if a == b:
        return
    if _is_cited(a) or _is_cited(b) or type(a) is not type(b):
        yield Differs(path, _shown(a), _shown(b))
    elif isinstance(a, dict):
        for key in [*a, *(key for key in b if key not in a)]:
            inner = f"{path}.{key}" if path else str(key)
            yield from _both(a, b, key, inner)
    elif isinstance(a, list):
        for index in range(max(len(a), len(b))):
            place = _place(index, a, b)
            yield from _both(dict(enumerate(a)), dict(enumerate(b)), index, f"{path}[{place}]")
    else:
        yield Differs(path, _shown(a), _shown(b))


def shortest(paths: Sequence[str]) -> list[str]:
    """The end of each path from which on no other path ends alike."""
    split = [path.split(".") for path in paths]
    told = []
    for mine in split:
        others = [each for each in split if each != mine]
        ends = (mine[-count:] for count in range(1, len(mine) + 1))
        alone = (end for end in ends if all(each[-len(end) :] != end for each in others))
        told.append(".".join(next(alone, mine)))
    return told


def _place(index: int, *lists: list[Any]) -> str:
    """The name of what stands there, where it is the same in both; else its number."""
    names = {_name(each[index]) if index < len(each) else "" for each in lists}
    name = names.pop()
    return name if name and not names and "." not in name else str(index)


def _name(item: Any) -> str:
    """What a person called it, or the service that it is a part for."""
    if not isinstance(item, dict):
        return ""
    return str(item.get("name") or "") or _name(item.get("service"))


def _both(a: Mapping[Any, Any], b: Mapping[Any, Any], key: Any, path: str) -> Iterator[Differs]:
    if key in a and key in b:
        yield from differences(a[key], b[key], path)
    elif key in a:
        yield Differs(path, _shown(a[key]), "absent")
    else:
        yield Differs(path, "absent", _shown(b[key]))


def _shown(value: Any) -> str:
    """Plain data in a few words."""
    if _is_cited(value):
        scale = SCALES.get(value["unit"], 1.0)
        return f"{value['value'] / scale:.6g} {value['unit']} ({value['key']})"
    if isinstance(value, dict):
        return str(value.get("name", f"{len(value)} fields"))
    if isinstance(value, list):
        return f"{len(value)} items"
    if isinstance(value, float):
        whole_mib = value >= MiB and value % MiB == 0.0
        return shown_size(value) if whole_mib else f"{value:.12g}"
    return "none" if value is None else str(value)


def _is_cited(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() >= PASSPORT
