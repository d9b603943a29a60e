"""Documents that are almost right: a driver that changes good ones as trees, and writes them out.

Beside `mutants`, which changes letters and words: here a value is of another type, a key stands
twice, nodes are merged, referred to or nested, and the text has another encoding or another end.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

Path: TypeAlias = tuple[Any, ...]
Change: TypeAlias = Callable[[Any, random.Random], Any]


class Raw(str):
    """Written as it is."""

    __slots__ = ()


class Again(str):
    """A key that may stand beside its equal."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


NUMBERS = (
    *("1_000", "0x1F", "0o17", "017", "1:30", "1e400", "1e-400", ".nan", "-.inf", "NaN", "1e308"),
    *("-0", "5.", ".5", "1,000", "½", "²", "١٢", "0", "-1", "3.7", "9" * 19, "9" * 400, "9" * 5000),
    *("5e-324", "9007199254740993", "2026-11-30", "2026-13-45", "yes", "null", "~", "Infinity"),
)
WORDS = (
    *('""', '"\\0"', '"\\ud800"', '"\\u202e"', '"\\x1b[31m"', '"a\\nb"', "!!int x", "!!set {a}"),
    *("!Ref X", "!reset null", "!", "&a 1", "*nowhere", "[]", "{}", "[[]]", "{a: }", '{"": 1}'),
    *('{"a[0]": 1}', "{? [x] : 1}", "512mib", "5Q", "1e3Mi", "1024Ei", "100n", "-30s", "1h1h"),
    *("${X}", "${X:?no}", "${X", "$$", "{{ x }}", "%s", "../..", "/dev/zero", "x" * 300, "💯"),
    *("x" * 100_000, "80-90", "90-80", "70000", "nginx:" + "9" * 400, "-Xmx" + "9" * 300 + "m"),
)
MERGED = ("3", "null", "[]", "[1]", "{a: 1}", "[{a: 1}, {b: 2}]", "*nowhere", "[[{a: 1}]]", "true")
MARKS = ("\0", "\ud800", "\u202e", "\x1b", "\x85", "\u2028", "\x0c", "\t", "\xa0", "\U0010ffff")
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7")


def _paths(node: Any, at: Path = ()) -> Iterator[Path]:
    yield at
    if not isinstance(node, dict | list):
        return
    for key, inner in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield from _paths(inner, (*at, key))


def _at(root: Any, path: Path) -> Any:
    for step in path:
        root = root[step]
    return root


def _put(root: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    _at(root, path[:-1])[path[-1]] = value
    return root


def _some(root: Any, draw: random.Random, kind: type = object) -> Path:
    return draw.choice([p for p in _paths(root) if isinstance(_at(root, p), kind)] or [()])


def _value(root: Any, draw: random.Random) -> Any:
    return _put(root, _some(root, draw), Raw(draw.choice(draw.choice((NUMBERS, WORDS)))))


def _type(root: Any, draw: random.Random) -> Any:
    path = _some(root, draw)
    old = _at(root, path)
    return _put(root, path, draw.choice(([old], {"a": old}, [old, old], {}, [], None, True, 1.5)))


def _moved(root: Any, draw: random.Random) -> Any:
    return _put(root, _some(root, draw), copy.deepcopy(_at(root, _some(root, draw))))


def _key(root: Any, draw: random.Random) -> Any:
    """One that is renamed, gone, or there twice."""
    box = _at(root, _some(root, draw, dict))
    if isinstance(box, dict) and box:
        key = draw.choice(list(box))
        kept = draw.choice((box[key], box.pop(key)))
        box[draw.choice((Again(key), key.upper(), f"{key}s", "", "a[0]", "k" * 3000))] = kept
    return root


def _merged(root: Any, draw: random.Random) -> Any:
    box = _at(root, _some(root, draw, dict))
    if isinstance(box, dict):
        box[Again("<<")] = Raw(draw.choice(MERGED))
    return root


def _nested(root: Any, draw: random.Random) -> Any:
    deep, sign = draw.choice((5, 99, 101, 2000)), draw.choice(("[]", '{"a":}'))
    return _put(root, _some(root, draw), Raw(sign[:-1] * deep + "1" + sign[-1] * deep))


def _many(root: Any, draw: random.Random) -> Any:
    box = _at(root, _some(root, draw, dict))
    if isinstance(box, dict):
        box.update({f"k{n}": 1 for n in range(draw.choice((50, 5000)))})
    return root


CHANGES: tuple[Change, ...] = (_value, _value, _type, _moved, _key, _merged, _nested, _many)


def _written(node: Any) -> str:
    """In flow style, which YAML and JSON share."""
    if isinstance(node, Raw):
        return node
    if isinstance(node, dict):
        return f"{{{', '.join(f'{_name(key)}: {_written(v)}' for key, v in node.items())}}}"
    if isinstance(node, list):
        return f"[{', '.join(map(_written, node))}]"
    return json.dumps(node)


def _name(key: str) -> str:
    return "<<" if key == "<<" else json.dumps(key)


def _encoded(text: str, draw: random.Random) -> bytes:
    """As text of this or that kind, of which one in ten is spoilt."""
    if draw.random() < 0.1:
        place = draw.randrange(len(text) + 1)
        text = text[:place] + draw.choice(MARKS) + text[place:]
    if draw.random() < 0.1:
        ends = ("\r\n---\r\n", "\n---\n" + text, "\n...\n", "\n# " + "x" * 100_000)
        text += draw.choice(ends)
    if draw.random() < 0.1:
        return text.encode(draw.choice(ENCODINGS), "replace")
    return text.encode("utf-8", "surrogatepass")


def mutants(tree: Any, count: int, seed: int) -> Iterator[bytes]:
    """Files that differ from a good document by one to three changes."""
    draw = random.Random(f"tree/{seed}")
    for _ in range(count):
        root = copy.deepcopy(tree)
        for _ in range(draw.choice((1, 1, 2, 3))):
            if isinstance(root, dict | list):
                root = draw.choice(CHANGES)(root, draw)
        yield _encoded(_written(root), draw)
