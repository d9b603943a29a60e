"""The objects of a file, whatever holds them: one, a list, an object a line, a log with lines."""

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

from sim.core.question import BadInput
from sim.files.text.source import SourceText
from sim.files.text.yaml_values import documents
from sim.studies.fit.observed import Records

CARRIERS = ("message", "@message", "value", "Message", "output", "body", "detail")
"""Fields whose text holds another object: log events, queues, the history of a state machine."""
DEEPEST = 20
"""Objects within each other before a record comes."""
MOST_SKIPPED = 1000
"""Lines that are not JSON, and ten times those that are, after which a file is none of ours."""
_DECODER = json.JSONDecoder()
_OPENING = re.compile(r"[{\[]")
_JSON = re.compile(r'[{\[]\s*["{\[\]}]|\A\s*[{\[]')
_YAML = re.compile(r"\s*(#.*\s+|---\s+)*(apiVersion|kind|items|tasks|failures)\s*:")


def objects(source: SourceText, records: Records) -> list[Any]:
    """What stands in a file: JSON, one value after the other, YAML, or rows of CSV.

    Raises:
        BadInput: it is none of these.
    """
    text = source.text
    if not text.strip():
        raise BadInput(f"{source.name}: it is empty")
    if _is_table(text):
        return _rows(source)
    if _YAML.match(text) or not _JSON.search(text):
        return documents(source)
    found, skipped = _json(text)
    if not found:
        raise BadInput(f"{source.name}: it is not JSON, as its beginning promises")
    if skipped:
        records.left_out["line that is not JSON"] += skipped
    return found


def _json(text: str) -> tuple[list[Any], int]:
    """Values one after the other; what precedes one on its line, as in a log, is skipped."""
    found, skipped, place = [], 0, 0
    while (begin := _OPENING.search(text, place)) is not None:
        try:
            value, place = _DECODER.raw_decode(text, begin.start())
            found.append(value)
        except (ValueError, RecursionError):
            place = _after_line(text, begin.start())
            skipped += 1
            if skipped > max(MOST_SKIPPED, 10 * len(found)):
                return [], skipped
    return found, skipped


def _after_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def _is_table(text: str) -> bool:
    head = next((x for x in text.splitlines() if x.strip() and not x.startswith("#")), "")
    return "created_to_pull_s" in head.split(",")


def _rows(source: SourceText) -> list[Any]:
    lines = [line for line in source.text.splitlines() if not line.startswith("#")]
    try:
        return list(csv.DictReader(io.StringIO("\n".join(lines))))
    except csv.Error as error:
        raise BadInput(f"{source.name}: its rows cannot be read ({error})") from None


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
