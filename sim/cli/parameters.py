"""`sim parameters`: every figure with its passport."""

from typing import Annotated

from sim.catalog import core_speeds, figures
from sim.cli.options import Json
from sim.cli.screen import as_json, say, table
from sim.core.cited import SCALES, Cited
from sim.core.description import description
from sim.core.names import unknown
from sim.core.question import BadInput, Typed


@description
class ParametersQuestion:
    """Which cited numbers are there, and where are they from?"""

    text: Annotated[str, Typed(argument=True, shape="WORD")] = ""
    """Part of a key, a source or a note."""


def command(question: ParametersQuestion, to: Json) -> int:
    """List the figures that match."""
    every = {**figures(), **core_speeds()}
    matches = [cited for cited in every.values() if question.text.lower() in _searched(cited)]
    if not matches:
        raise BadInput(str(unknown("parameter", question.text, every)))
    if to.json:
        as_json([_data(cited) for cited in matches])
        return 0
    rows = [[c.key, c.shown(), c.grade, c.as_of, _source(c)] for c in matches]
    table(["parameter", "value (range)", "grade", "as of", "source (what it is)"], rows)
    say(
        f"{len(matches)} figures. Grades: A primary or measured, B secondary, C derived, "
        "D anecdote, assumed: a judgement. Instances, images and sizes: sim instances."
    )
    return 0


def _source(cited: Cited) -> str:
    core = f"core {cited.core}" if cited.core else ""
    what = "; ".join(part for part in (cited.note, core) if part)
    return cited.source + (f" ({what})" if what else "")


def _searched(cited: Cited) -> str:
    return f"{cited.key} {cited.source} {cited.note} {cited.grade}".lower()


def _data(cited: Cited) -> dict[str, object]:
    scale = SCALES.get(cited.unit, 1.0)
    data: dict[str, object] = {
        "key": cited.key,
        "value": cited.value / scale,
        "unit": cited.unit,
        "grade": cited.grade,
        "source": cited.source,
        "as_of": cited.as_of,
        "note": cited.note,
    }
    if cited.core:
        data["core"] = cited.core
    for side in ("low", "high"):
        value = getattr(cited, side)
        if value is not None:
            data[side] = value / scale
    return data
