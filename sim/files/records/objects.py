"""The objects of a file, whatever holds them: one, a list, an object a line, a log with lines."""

import csv
import json
import re
from collections.abc import Callable
from itertools import islice
from typing import Any

from sim.core.question import BadInput
from sim.files.text.source import SourceText
from sim.files.text.yaml_values import MOST_SIGNS, documents, refuse_crowded
from sim.studies.fit.observed import Records

CARRIERS = ("message", "@message", "value", "Message", "output", "body", "detail")
"""Fields whose text holds another object: log events, queues, the history of a state machine."""
DEEPEST = 20
"""Objects within each other before a record comes."""
MOST_SKIPPED = 1000
"""Lines that are not JSON, and ten times those that are, after which a file is none of ours."""
MOST_ROWS = 200_000
LONGEST_HEAD = 10_000
"""Characters of a first line that tell what a file is."""
MOST_IN_VAIN = 4
"""Times its own length that a text is read for values which then have no end."""
_DECODER = json.JSONDecoder()
_OPENING = re.compile(r"[{\[]")
_JSON = re.compile(r'[{\[]\s*["{\[\]}]|\A\s*[{\[]')
_YAML = re.compile(r"\s*(---\s+)?(apiVersion|kind|items|tasks|failures)\s*:")


def objects(source: SourceText, records: Records) -> list[Any]:
    """What stands in a file: JSON, one value after the other, YAML, or rows of CSV.

    Raises:
        BadInput: it is none of these.
    """
    text = source.text
    if not text.strip():
        raise BadInput(f"{source.name}: it is empty")
    first = _first_line(source)
    if "created_to_pull_s" in first.rstrip().split(","):
        return _rows(source)
    if _YAML.match(first) or not _JSON.search(text):
        return documents(source)
    refuse_crowded(source, 2 * MOST_SIGNS)
    found, skipped = _json(text)
    if not found:
        raise BadInput(f"{source.name}: it is not JSON, as its beginning promises")
    if skipped:
        records.left_out["line that is not JSON"] += skipped
    return found


def _json(text: str) -> tuple[list[Any], int]:
    """Values one after the other; what precedes one on its line, as in a log, is skipped."""
    found, skipped, place, in_vain = [], 0, 0, 0
    text = _Uncounted(text)
    while (begin := _OPENING.search(text, place)) is not None:
        try:
            value, place = _DECODER.raw_decode(text, begin.start())
            found.append(value)
        except (ValueError, RecursionError) as error:
            in_vain += getattr(error, "pos", len(text)) - begin.start()
            place = _after_line(text, begin.start())
            skipped += 1
            if skipped > max(MOST_SKIPPED, 10 * len(found)) or in_vain > MOST_IN_VAIN * len(text):
                return [], skipped
    return found, skipped


class _Uncounted(str):
    """A text whose lines the JSON decoder does not count for a mistake that nobody is told."""

    __slots__ = ()

    def count(self, *_: object) -> int:
        return 0


def _after_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def _first_line(source: SourceText) -> str:
    """The first that says something."""
    said = (x for x in source.lines() if x.strip() not in ("", "---") and not x.startswith("#"))
    return next(said, "")[:LONGEST_HEAD]


def _rows(source: SourceText) -> list[Any]:
    lines = (line for line in source.lines() if not line.startswith("#"))
    try:
        found = list(islice(csv.DictReader(lines), MOST_ROWS + 1))
    except csv.Error as error:
        raise BadInput(f"{source.name}: its rows cannot be read ({error})") from None
    if len(found) > MOST_ROWS:
        raise BadInput(f"{source.name}: it has more than {MOST_ROWS:,} rows")
    return found


def visit(value: Any, known: Callable[[dict[str, Any]], bool], deep: int = 0) -> None:
    """Show every object within a value to `known`, and enter those that it does not know."""
    if deep > DEEPEST:
        return
    if isinstance(value, list):
        for each in value:
            visit(each, known, deep + 1)
    elif isinstance(value, dict) and not known(value):
        for key, each in value.items():
            visit(_opened(key, each), known, deep + 1)


def _opened(key: str, value: Any) -> Any:
    """The object in a text that carries one."""
    if key in CARRIERS and isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value


def mapping(value: Any) -> dict[str, Any]:
    """A value that should be an object; empty where it is something else."""
    return value if isinstance(value, dict) else {}


def objects_in(value: Any) -> list[dict[str, Any]]:
    """The objects in a value that should be a list; none where it is something else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
