"""`sim app init`: an app of one's own, as a file to fill in."""

from pathlib import Path
from typing import Annotated, Literal

from sim.cli.options import Json
from sim.cli.screen import as_json, note, say, wrote
from sim.core.description import description
from sim.core.question import BadInput, Question, Typed
from sim.experiment.storage.whole_file import write_new
from sim.files.own.writing import example


@description
class AppQuestion(Question):
    """What does an app of my own look like, as a file that every verb takes?"""

    what: Annotated[Literal["init"], Typed(argument=True, shape="init")]
    """init: write a commented file to fill in."""
    file: Annotated[Path, Typed(argument=True, shape="FILE")] = Path("app.yaml")
    """Where to; one that is there already is left as it is."""


def command(question: AppQuestion, to: Json) -> int:
    """Write the file, unless one is there."""
    path = question.file
    text = example(path.stem, str(path))
    try:
        write_new(path, text)
    except FileExistsError:
        raise BadInput(f"{path}: it is there already, and is left as it is") from None
    if to.json:
        as_json({"file": str(path)})
        note(f"wrote {path}")
        return 0
    say(f"Fill in what you know of your app, then: sim read {path}")
    wrote(path)
    return 0
