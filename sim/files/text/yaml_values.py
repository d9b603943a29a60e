"""YAML and JSON as values that know their lines, in one pass and within bounds.

PyYAML's events are put together here, not by its constructors: those expand no alias, so that a
file of a few lines may stand for more than a memory holds, recurse as deep as a file is nested,
and take `22:22` for a number (YAML 1.1). Scalars are those of YAML 1.2's core schema.
"""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from sim.core.mistakes import not_json, values_begun
from sim.core.question import BadInput
from sim.files.text.place import PlacedList, PlacedMapping, Tagged, TextPlace, placed
from sim.files.text.source import SourceText

MOST_NODES = 200_000
"""Values of one file, aliases expanded."""
MOST_SIGNS = 1_000_000
"""Signs in JSON that begin a value, those within texts counted, too."""
DEEPEST = 100
"""Mappings and lists within each other."""
MOST_ALIASES = 64
"""Aliases within each other."""

TEMPLATE = "; if it is a template, render it first: helm template ... | sim read -"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,300})")
_FLOAT = re.compile(r"[-+]?((\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)")
_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CORE = "tag:yaml.org,2002:"


def documents(source: SourceText) -> list[Any]:
    """The documents of a file; those that are empty are left out.

    Raises:
        BadInput: it is neither YAML nor JSON, or stands for more than is read.
    """
    if source.text.lstrip()[:1] in ("{", "["):
        return _json(source)
    return _yaml(source, source.text)


def scalar(text: str) -> str | int | float | bool | None:
    """A single value as YAML reads it; text that is none stays as it is."""
    try:
        read = _yaml(SourceText("", text, Path()), text)
    except BadInput:
        return text
    single = len(read) == 1 and isinstance(read[0], str | int | float | bool)
    if single:
        value: str | int | float | bool = read[0]
        return value
    return None if text in _WORDS else text


def _json(source: SourceText) -> list[Any]:
    """JSON is read as YAML, which tells lines, once it is known to be JSON."""
    refuse_crowded(source)
    try:
        plain = json.loads(source.text)
    except ValueError as error:
        return _yaml_after_all(source, error)
    except RecursionError:
        raise BadInput(f"{source.name}: it is nested too deep; at most {DEEPEST}") from None
    text = _PAIR.sub(_one_sign, source.text) if "\\u" in source.text else source.text
    try:
        return _yaml(source, text.replace("\t", " "))
    except _NotYaml:  # JSON that this YAML does not know, such as a long key
        _check(source, plain)
        return [placed(plain, TextPlace(source.name, 0))]


def refuse_crowded(source: SourceText, most: int = MOST_SIGNS) -> None:
    """Refuse a text of so many values that the JSON of Python would fill a memory with them.

    Raises:
        BadInput: it has.
    """
    if values_begun(source.text) > most:
        raise BadInput(f"{source.name}: more than {most:,} values; no more are read")


def _one_sign(pair: re.Match[str]) -> str:
    """What JSON writes as two escapes and YAML as one sign, or as it is."""
    sign: str = json.loads(f'"{pair[2]}"')
    return pair[1] + sign


def _yaml_after_all(source: SourceText, error: ValueError) -> list[Any]:
    """YAML may begin with a brace too, where it does not call itself JSON."""
    try:
        if source.name.endswith(".json"):
            raise _NotYaml
        return _yaml(source, source.text)
    except _NotYaml:
        if not isinstance(error, json.JSONDecodeError):
            raise BadInput(f"{source.name}: it is not JSON: {not_json(error)}") from None
        row = source.text[error.pos - error.colno + 1 :][:400].partition("\n")[0].strip()[:40]
        hint = f"; is {row!r} a placeholder?" if set("<{$") & set(row) else ""
        where = f"{source.name}:{error.lineno}: it is not JSON, column {error.colno}"
        raise BadInput(f"{where}: {error.msg}{hint}") from None


def _check(source: SourceText, plain: Any) -> None:
    """The bounds of YAML for a value that has not gone through it."""
    open_, nodes = [(plain, 1)], 0
    while open_:
        value, depth = open_.pop()
        nodes += 1
        if depth > DEEPEST:
            raise BadInput(f"{source.name}: it is nested too deep; at most {DEEPEST}")
        if nodes > MOST_NODES:
            raise _too_many(source.name)
        inner = value.values() if isinstance(value, dict) else value
        if isinstance(value, dict | list):
            open_ += [(each, depth + 1) for each in inner]
    if _SURROGATE.search(json.dumps(plain, ensure_ascii=False)):
        raise BadInput(f"{source.name}: it has half a character (a lone surrogate)")


class _NotYaml(BadInput):
    pass


def _yaml(source: SourceText, text: str) -> list[Any]:
    builder = _Builder(source.name)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        raise _not_yaml(source, error) from None
    return builder.documents


def _not_yaml(source: SourceText, error: yaml.YAMLError) -> BadInput:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or error).strip().partition("\n")[0]
    where = f":{mark.line + 1}" if mark else _line_of(source.text, error)
    column = f", column {mark.column + 1}" if mark else ""
    if "{{" in source.text:
        return _NotYaml(f"{source.name}{where}: it is not YAML{TEMPLATE}")
    return _NotYaml(f"{source.name}{where}: it is not YAML{column}: {problem}")


def _line_of(text: str, error: yaml.YAMLError) -> str:
    """Of a sign that no YAML has, whose place is counted in bytes or in signs."""
    sign = getattr(error, "character", None)
    before, found, _ = text.partition(chr(sign)) if isinstance(sign, int) else ("", "", "")
    return f":{before.count(chr(10)) + 1}" if found else ""


def _too_many(name: str) -> BadInput:
    return BadInput(f"{name}: more than {MOST_NODES:,} values, aliases put in; no more are read")


class _Measure:
    """How large a value is, its aliases expanded."""

    __slots__ = ("aliases", "height", "nodes")

    def __init__(self, nodes: int = 1, height: int = 1, aliases: int = 0) -> None:
        self.nodes = nodes
        self.height = height
        self.aliases = aliases

    def add(self, inner: "_Measure") -> None:
        self.nodes += inner.nodes
        self.height = max(self.height, inner.height + 1)
        self.aliases = max(self.aliases, inner.aliases)


class _Open:
    """A mapping or list whose end is not there yet."""

    __slots__ = ("anchor", "key", "measure", "merged", "place", "tag", "value")

    def __init__(self, value: PlacedMapping | PlacedList, event: Any, place: TextPlace) -> None:
        self.value = value
        self.anchor: str | None = event.anchor
        self.tag: str | None = event.tag
        self.place = place
        self.key: tuple[str, TextPlace, bool] | None = None
        self.merged: list[PlacedMapping] = []
        self.measure = _Measure()

    def take(self, value: Any, place: TextPlace) -> None:
        """An item, or what belongs to the key before it."""
        if isinstance(self.value, PlacedList):
            self.value.add(value, place)
        elif self.key is not None:
            (key, where, merge), self.key = self.key, None
            if merge:
                self.merged += _to_merge(value, where)
            else:
                self.value.put(key, value, where)


class _Builder:
    """Takes events, gives documents."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.documents: list[Any] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, _Measure]] = {}
        self._total = 0

    def take(self, event: Any) -> None:
        """One event of the parser."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind in (yaml.MappingStartEvent, yaml.SequenceStartEvent):
            self._begin(event, PlacedMapping() if kind is yaml.MappingStartEvent else PlacedList())
        elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            self._end()
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._anchors.clear()
            self._counted()

    def _place(self, event: Any) -> TextPlace:
        return TextPlace(self.name, event.start_mark.line + 1)

    def _refused(self, place: TextPlace, message: str) -> BadInput:
        return BadInput(f"{place}: {message}")

    def _begin(self, event: Any, value: PlacedMapping | PlacedList) -> None:
        place = self._place(event)
        if len(self._open) >= DEEPEST:
            raise self._refused(place, f"it is nested too deep; at most {DEEPEST}")
        if self._open and self._awaits_key():
            raise self._key_is_no_word(place)
        self._open.append(_Open(value, event, place))

    def _end(self) -> None:
        done = self._open.pop()
        if done.merged and isinstance(done.value, PlacedMapping):
            _merge(done.value, done.merged)
        self._finish(_tagged(done.tag, done.value), done.anchor, done.place, done.measure)

    def _scalar(self, event: Any) -> None:
        place = self._place(event)
        if self._open and self._awaits_key():
            self._keyed(event, place)
            return
        plain = event.implicit[0] or (event.tag or "").startswith(_CORE)
        value = _resolved(event) if plain else event.value
        tag = None if plain else event.tag
        self._finish(_tagged(tag, value), event.anchor, place, _Measure())

    def _keyed(self, event: Any, place: TextPlace) -> None:
        top = self._open[-1]
        merge = event.value == "<<" and event.implicit[0]
        if not merge and event.value in top.value:
            first = top.value.places[event.value]
            raise self._refused(
                place, f"{event.value!r} stands there twice; first in line {first.line}"
            )
        if event.anchor:
            self._anchors[event.anchor] = (event.value, _Measure())
        top.key = (event.value, place, merge)

    def _alias(self, event: Any) -> None:
        place = self._place(event)
        if event.anchor not in self._anchors:
            inside = any(each.anchor == event.anchor for each in self._open)
            what = "contains itself" if inside else "is not defined above it"
            raise self._refused(place, f"*{event.anchor} {what}")
        value, inner = self._anchors[event.anchor]
        if self._open and self._awaits_key():
            if not isinstance(value, str):
                raise self._key_is_no_word(place)
            self._open[-1].key = (value, place, False)
            return
        measure = _Measure(inner.nodes, inner.height, inner.aliases + 1)
        if measure.aliases > MOST_ALIASES:
            raise self._refused(place, f"aliases within aliases; at most {MOST_ALIASES}")
        self._finish(value, None, place, measure)

    def _awaits_key(self) -> bool:
        top = self._open[-1]
        return isinstance(top.value, PlacedMapping) and top.key is None

    def _key_is_no_word(self, place: TextPlace) -> BadInput:
        return _NotYaml(f"{place}: a key is a word, not a mapping or a list{TEMPLATE}")

    def _counted(self) -> None:
        self._total += 1
        if self._total > MOST_NODES:
            raise _too_many(self.name)

    def _finish(self, value: Any, anchor: str | None, place: TextPlace, measure: _Measure) -> None:
        self._counted()
        if anchor:
            self._anchors[anchor] = (value, measure)
        if not self._open:
            if value is not None:
                self.documents.append(value)
            return
        top = self._open[-1]
        top.measure.add(measure)
        if top.measure.nodes > MOST_NODES:
            raise _too_many(self.name)
        if top.measure.height > DEEPEST:
            raise self._refused(place, f"it is nested too deep; at most {DEEPEST}")
        top.take(value, place)


def _merge(into: PlacedMapping, others: list[PlacedMapping]) -> None:
    """`<<`: what is written beside it wins, then the first that is merged."""
    for other in others:
        for key, value in other.items():
            if key not in into:
                into.put(key, value, other.places[key])


def _to_merge(value: Any, where: TextPlace) -> list[PlacedMapping]:
    """What `<<` merges: a mapping, or a list of mappings, and nothing else."""
    merged = value if isinstance(value, PlacedList) else [value]
    if not merged or not all(isinstance(each, PlacedMapping) for each in merged):
        raise _NotYaml(f"{where}: << merges a mapping or a list of mappings, and nothing else")
    return list(merged)


def _tagged(tag: str | None, value: Any) -> Any:
    if tag is None or tag == "!" or tag.startswith(_CORE):
        return value
    return Tagged(tag.lstrip("!"), value)


def _resolved(event: Any) -> Any:
    """A plain scalar as the core schema reads it."""
    text = event.value
    if event.tag is not None and event.tag != f"{_CORE}null" and event.tag.endswith("str"):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-.0123456789":
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text
