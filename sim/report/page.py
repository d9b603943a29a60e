"""The page of a run: one HTML file with everything in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.core.names import column_words
from sim.experiment.frames import outcomes
from sim.experiment.storage.whole_file import write_whole
from sim.report.figures import figures_of, numeric
from sim.report.said import ANSWER

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment import Results

PAGE = "report.html"
MOST_ROWS = 500
"""Rows of a table that the page holds; the files beside it have all."""
MOST_TEXT = 100_000
"""Characters of a description that the page holds."""


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table of the page: text for the eye, numbers for the sorting."""

    title: str
    open: bool
    """Whether it is seen at once."""
    columns: list[str]
    numeric: list[bool]
    rows: list[list[tuple[str, str]]]
    left_out: int


def page(results: Results) -> str:
    """The page as text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sim.report"), autoescape=True, undefined=StrictUndefined
    )
    said = _said(results)
    return environment.get_template("page.html").render(
        name=str(results.manifest["scenario"]),
        run_id=results.run_id,
        sentence=said["sentence"],
        lines=said["lines"],
        figures=list(figures_of(results)),
        tables=list(_tables(results)),
        facts=_facts(results),
        asked=_asked(results),
    )


def write_page(results: Results, path: Path | None = None) -> Path:
    """Write the page; it opens without a network.

    Args:
        path: of whoever asks; None: in the run's folder, where no link is followed.

    Raises:
        ValueError: what the run's folder holds is damaged.
    """
    text = page(results)
    if path is not None:
        write_whole(path, text)
        return path
    assert results.folder is not None  # it was loaded from there
    write_whole(results.folder / PAGE, text)
    return results.folder / PAGE


def _asked(results: Results) -> str:
    """The description of what was run, where it can be read."""
    text = json.dumps(results.scenario, indent=2, ensure_ascii=False)
    return text if len(text) <= MOST_TEXT else "It is long: manifest.json beside this page has it."


def _said(results: Results) -> dict[str, Any]:
    """The answer in the verb's own words, or what became of the starts."""
    kept = None if results.folder is None else results.folder / ANSWER
    if kept is not None and kept.exists():
        said = _kept(kept)
        if said.get("code") == results.manifest.get("code"):
            return said
    return {"sentence": _became_of(results), "lines": []}


def _kept(path: Path) -> dict[str, Any]:
    try:
        said = {"sentence": "", "lines": [], **json.loads(path.read_text(encoding="utf-8"))}
        if not all(isinstance(each, str) for each in (said["sentence"], *said["lines"])):
            raise TypeError
    except (ValueError, TypeError, RecursionError):
        raise ValueError(f"{path} is damaged; the same command writes it again") from None
    return said


def _became_of(results: Results) -> str:
    """What became of the starts; empty where none was made."""
    if "tasks" not in results.runs or not results.runs["tasks"].sum():
        return ""
    told = "variant" in results.summary or results.summary.empty
    return results.sentence() if told else f"{outcomes(results.runs)}."


def _tables(results: Results) -> list[PageTable]:
    tables = [_table("The answer", results.summary, seen=True)]
    if len(results.runs):
        tables.append(_table("Every run", results.runs, seen=False))
    return tables


def _table(title: str, frame: pd.DataFrame, *, seen: bool) -> PageTable:
    shown = frame.head(MOST_ROWS)
    return PageTable(
        title=title,
        open=seen,
        columns=[column_words(str(column)) for column in frame.columns],
        numeric=numeric(frame),
        rows=[[_cell(value) for value in row] for row in shown.itertuples(index=False)],
        left_out=len(frame) - len(shown),
    )


def _cell(value: object) -> tuple[str, str]:
    """As it is read, and as it is sorted by."""
    if value is None or value != value:  # noqa: PLR0124 (NaN)
        return "-", ""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}", repr(value)
    return str(value), str(value)


def _facts(results: Results) -> list[tuple[str, str]]:
    """What it can be made again from."""
    known = ("run_id", "seed", "version", "code", "catalogue", "written")
    found = [(name, str(results.manifest[name])) for name in known if name in results.manifest]
    return [("runs", str(len(results.runs))), *found]
