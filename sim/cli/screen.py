"""What is printed: the answer, tables, the files, the answer again; or JSON and nothing else."""

import json
import math
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from rich.console import Console
from rich.text import Text

from sim.cli.streams import lead_nowhere, reader_has_gone, takes_all_signs, visible, visible_in_json

WIDTH = 108
FAR = 12
"""Lines above which an answer has scrolled away, so that it is said again at the end."""
FEW = 3
"""Pictures of an answer that are named one by one."""
MOST_ROWS, MOST_NOTES = 40, 20
"""Rows of a table that is as long as a file, and remarks on a file; more are counted."""
IN_JSON = "--json has all"
DASH = "does not apply, or there are too few runs to say"


class Screen(Console):
    """Standard output; it ends quietly when nobody reads any more (`sim density | head`)."""

    def on_broken_pipe(self) -> None:
        """Write no more."""
        reader_has_gone()


class Remarks(Console):
    """Standard error; the answer does not hang on whether anybody reads it."""

    def on_broken_pipe(self) -> None:
        """Go on."""
        lead_nowhere(sys.stderr)


def console() -> Console:
    """Standard output, wide enough for the tables where it is not a terminal."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    if terminal or os.environ.get("COLUMNS", "").isdecimal():
        return Screen(highlight=False, soft_wrap=False)
    return Screen(width=WIDTH, highlight=False)


class _Answer:
    """The answer that was said first, and how much has been printed since."""

    def __init__(self) -> None:
        self.text, self.lines_since = "", 0


_last = _Answer()


def lead(text: str) -> None:
    """The answer; `wrote` and `again` repeat it where it has scrolled away."""
    _last.text, _last.lines_since = text, 0
    _print(text, style="bold")
    _last.lines_since = 0


def begin() -> None:
    """Nothing has been said yet; a verb may have ended before, in the same process."""
    _last.text, _last.lines_since = "", 0


def again() -> None:
    """The answer once more, where much was printed since."""
    if _last.text and _last.lines_since > FAR:
        _print("")
        _print(_last.text, style="bold")
    _last.text = ""


def say(text: str) -> None:
    """A sentence on its own line."""
    _print(text)


def hint(text: str) -> None:
    """A line below a table, indented where it is folded."""
    _print(text, indent=2)


def notes(texts: Iterable[str], *, explain: bool = True) -> None:
    """What was understood otherwise than it was written; unless asked, only what is missing."""
    from sim.workload.application import NO_EFFECT, NOT_IN_IT

    told = [text for text in texts if explain or text.startswith((NO_EFFECT, NOT_IN_IT))]
    for text in told[:MOST_NOTES]:
        hint(f"note: {text}.")
    if len(told) > MOST_NOTES:
        hint(f"and {len(told) - MOST_NOTES:,} more notes.")


def aside(text: str) -> None:
    """What to do to see more."""
    _print(text, style="dim")


def _print(text: str, *, indent: int = 0, style: str = "") -> None:
    screen, margin = console(), " " * indent
    folded = fill(
        visible(text),
        screen.width,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    _last.lines_since += folded.count("\n") + 1
    screen.print(Text(folded, style=style), soft_wrap=True)


def note(text: str) -> None:
    """A remark, on standard error."""
    screen = Remarks(stderr=True, highlight=False)
    screen.print(visible(text), markup=False, emoji=False, soft_wrap=True)


def as_json(data: Any) -> None:
    """The answer as JSON, and nothing else on standard output."""
    plain = not takes_all_signs()
    text = json.dumps(_finite(data), indent=2, ensure_ascii=plain, allow_nan=False)
    sys.stdout.write(visible_in_json(text) + "\n")


def _finite(data: Any) -> Any:
    """The same with null for what is no number: JSON has no other word for it."""
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "",
    right: str = "",
    spare: Sequence[str] = (),
    dash: str = DASH,
    rest: str = "",
) -> None:
    """A plain table; numbers and names are never folded, headers only between words.

    Args:
        right: `r` or `l` for each column, as in LaTeX; left where it is shorter.
        spare: columns that may be left out on a narrow screen, the first of them first.
        dash: what a bare `-` in it means; it is said below.
        rest: where all rows are, of a table that is as long as what somebody has: its first ones
            are shown.
    """
    from sim.cli.columns import laid_out

    screen = console()
    cells = [[cell if isinstance(cell, str) else str(cell) for cell in row] for row in rows]
    every = len(cells)
    cells = cells[:MOST_ROWS] if rest else cells
    drawn = laid_out(columns, cells, most=screen.width, right=right, spare=spare)
    _last.lines_since += len(drawn)
    _print("")
    if title:
        _print(title, style="italic")
    screen.print(Text("\n").join(drawn), soft_wrap=True)
    if every > len(cells):
        _print(f"and {every - len(cells):,} more; {rest}.", indent=2)
    if dash and any(cell == "-" for row in cells for cell in row):
        _print(f"-: {dash}", indent=2, style="dim")


def wrote(*paths: Path | str) -> None:
    """Where the files are; then the answer again, where it has scrolled away."""
    for path in _written(paths):  # whole, so that it can be copied
        _last.lines_since += 1
        console().print(Text(visible(f"wrote {path}")), soft_wrap=True)
    again()


def wrote_aside(*paths: Path | str) -> None:
    """Where the files are, on standard error: JSON is alone on standard output."""
    for path in _written(paths):
        note(f"wrote {path}")


def _written(paths: Sequence[Path | str]) -> list[str]:
    """The paths; many pictures of one folder are one pattern that a shell opens."""
    drawn = [path for path in map(Path, paths) if path.suffix == ".png"]
    folders = {path.parent for path in drawn}
    if len(drawn) <= FEW or len(folders) > 1:
        return [str(path) for path in paths]
    others = [str(path) for path in paths if Path(path).suffix != ".png"]
    return [*others, f"{folders.pop() / '*.png'} ({len(drawn)} pictures)"]


def bar(value: float, longest: float, width: int = 20) -> str:
    """A bar of equals signs, as long as `value` is of `longest`."""
    return "=" * round(width * value / longest) if longest > 0 else ""
