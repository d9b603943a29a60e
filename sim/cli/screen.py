"""What is printed: a sentence, a table, the files; or JSON and nothing else."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any, NoReturn

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

WIDTH = 108
WIDEST = 10_000
WHOLE = ("platform", "host", "instance", "parameter", "input")
"""Columns of names, which are not folded either."""


SIGPIPE = 141
"""What a shell makes of a program whose reader has gone; 1 would be a requirement not met."""


def reader_has_gone() -> NoReturn:
    """End quietly, and let nothing that is still buffered complain."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(SIGPIPE)


class Screen(Console):
    """Standard output; it ends quietly when nobody reads any more (`sim density | head`)."""

    def on_broken_pipe(self) -> None:
        """Write no more."""
        reader_has_gone()


def console() -> Console:
    """Standard output, wide enough for the tables where it is not a terminal."""
    if sys.stdout is not None and sys.stdout.isatty():
        return Screen(highlight=False, soft_wrap=False)
    return Screen(width=WIDTH, highlight=False)


def say(text: str) -> None:
    """A sentence of the answer."""
    console().print(text, markup=False, emoji=False)


def hint(text: str) -> None:
    """A line below a table, indented where it is folded."""
    console().print(Padding(Text(text), (0, 0, 0, 2)))


def note(text: str) -> None:
    """A remark, on standard error."""
    Console(stderr=True, highlight=False).print(text, markup=False, emoji=False, soft_wrap=True)


def as_json(data: Any) -> None:
    """The answer as JSON, and nothing else on standard output."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", right: str = ""
) -> None:
    """A plain table; numbers are never folded, headers only between words.

    Args:
        right: `r` or `l` for each column, as in LaTeX; left where it is shorter.
    """
    screen, cells = console(), [[str(cell) for cell in row] for row in rows]
    lines = None if title else _lines(columns, cells, right, screen.width)
    if lines:
        blank, header, *rest = lines
        screen.out(blank)
        screen.out(header, style="table.header", highlight=False)
        screen.out("\n".join(rest), highlight=False)
        return
    drawn = _table(columns, cells, title, right, folded=False)
    if _measured(screen, drawn).maximum > screen.width:
        drawn = _table(columns, cells, title, right, folded=True)
    screen.print(drawn, width=max(screen.width, _measured(screen, drawn).minimum), crop=False)


def _lines(
    columns: Sequence[str], rows: list[list[str]], right: str, most: int
) -> list[str] | None:
    """What rich would make of a table that folds nowhere, which takes it 4 ms a row; else None."""
    heads = [column.replace("_", " ") for column in columns]
    every = [heads, *(row + [""] * (len(heads) - len(row)) for row in rows)]
    widths = [max(len(row[place]) for row in every) for place in range(len(heads))]
    wide = sum(widths) + 3 * len(widths) - 1
    if wide > most or not all(cell.isascii() and "[" not in cell for row in every for cell in row):
        return None
    signs = [">" if right[place : place + 1] == "r" else "<" for place in range(len(heads))]
    form = (
        " "
        + "   ".join(f"{{:{sign}{width}}}" for sign, width in zip(signs, widths, strict=True))
        + " "
    )
    head, *body = [form.format(*row) for row in every]
    return [" " * wide, head, " " + "─" * (wide - 2) + " ", *body, " " * wide]


def _measured(screen: Console, drawn: Table) -> Measurement:
    return screen.measure(drawn, options=screen.options.update(max_width=WIDEST))


def _table(
    columns: Sequence[str], rows: list[list[str]], title: str, right: str, *, folded: bool
) -> Table:
    drawn = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for place, column in enumerate(columns):
        lines = [line for row in rows for line in "".join(row[place : place + 1]).split("\n")]
        longest = max(map(len, lines), default=0)
        words = column.replace("_", " ").split(" ")
        room = max(longest, *map(len, words))
        rigid = right[place : place + 1] == "r" or column in WHOLE
        drawn.add_column(
            fill(" ".join(words), room) if folded and rigid else " ".join(words),
            justify="right" if right[place : place + 1] == "r" else "left",
            overflow="fold",
            no_wrap=rigid,
            min_width=room if rigid else max(map(len, words)),
        )
    for row in rows:  # a short row is filled up with blanks
        drawn.add_row(*row)
    return drawn


def wrote(*paths: Path | str) -> None:
    """Where the files are."""
    for path in paths:
        say(f"wrote {path}")


def bar(value: float, longest: float, width: int = 20) -> str:
    """A bar of equals signs, as long as `value` is of `longest`."""
    return "=" * round(width * value / longest) if longest > 0 else ""
