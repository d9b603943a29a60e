"""`sim report`: one page of a run, in one file that opens without a network."""

import webbrowser
from pathlib import Path
from typing import Annotated

from sim.cli.options import Json, refusals
from sim.cli.screen import as_json, wrote
from sim.core.description import description
from sim.core.question import Typed
from sim.experiment import load
from sim.report.page import write_page


@description
class ReportQuestion:
    """What does a run say, on one page?"""

    run: Annotated[str, Typed(argument=True, shape="RUN")]
    """A run's folder or id, or a scenario's folder (its latest run)."""
    page: Annotated[Path | None, Typed(name="out", shape="<path>")] = None
    """The file; report.html in the run's folder by default."""
    open: bool = False
    """Open it in the browser."""


def command(question: ReportQuestion, to: Json) -> int:
    """Write the page beside the tables of the run."""
    with refusals():
        path = write_page(load(question.run), question.page)
    if question.open:
        webbrowser.open(path.resolve().as_uri())
    if to.json:
        as_json({"page": str(path)})
    else:
        wrote(path)
    return 0
