"""`sim parameters`: every figure with its passport."""

from typing import Annotated

from sim.catalog import core_speeds, figures
from sim.cli.options import Json
from sim.cli.screen import as_json, hint, say
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
    for cited in matches:
        say(f"{cited.key}: {cited.shown()}; grade {cited.grade}, {cited.as_of}")
        hint(_source(cited))
    count = "1 figure" if len(matches) == 1 else f"{len(matches)} figures"
    say(
        f"{count}. In brackets: the range of what is not known about it. Grades: A primary source "
        "or measured, B secondary source, C derived, D hearsay, assumed: a judgement. sim explain "
        "KEY says more of one; sim instances lists EC2 types."
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
