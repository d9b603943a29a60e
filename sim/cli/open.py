"""`sim open`: the page of a run, in the browser."""

import sys
import webbrowser
from pathlib import Path
from typing import Annotated

from sim.cli.options import Json, refusals
from sim.cli.screen import as_json, say
from sim.core.description import description
from sim.core.question import Typed
from sim.experiment import load
from sim.report.page import PAGE, write_page


@description
class OpenQuestion:
    """Where is a run, and what does its page say?"""

    run: Annotated[str, Typed(argument=True, shape="RUN")] = "latest"
    """latest, a scenario's name such as startup, a run id, or a folder."""


def command(question: OpenQuestion, to: Json) -> int:
    """Write the page of a run if it has none yet, say where it is, and open it on a desktop."""
    with refusals():
        results = load(question.run)
    folder = Path(question.run) if results.folder is None else results.folder
    page = folder / PAGE
    if not page.is_file():
        with refusals():
            write_page(results)
    if to.json:
        as_json({"run": str(folder), "page": str(page)})
        return 0
    say(str(page))
    if sys.stdout.isatty():
        webbrowser.open(page.resolve().as_uri())
    return 0
