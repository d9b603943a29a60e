"""Tables that fit: what can be spared goes first, then text is folded, a name or a number never."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import TypeAlias

from rich.cells import cell_len
from rich.text import Text

from sim.cli.streams import takes_all_signs, visible
from sim.core.names import column_words

GAP = 2
"""Blanks between two columns."""
LEAST = 18
"""To which a column of text is folded, unless all its words are shorter."""
LONGEST = 300
"""Characters of a cell that are shown; the longest name that anybody gives has 255."""
NAMES = frozenset(
    {"platform", "host", "instance", "image", "parameter", "input", "case", "variant"}
)
"""Columns that tell rows apart; they are neither folded nor spared."""

Lines: TypeAlias = list[str]


class Styled(str):
    """A cell in a colour, where there are colours."""

    __slots__ = ("style",)
    style: str


def won(text: object) -> Styled:
    """The best of a column."""
    return _styled(text, "bold green")


def stops(text: object) -> Styled:
    """What stops, is missing or has failed."""
    return _styled(text, "yellow")


def _styled(text: object, style: str) -> Styled:
    cell = Styled(text)
    cell.style = style
    return cell


@dataclass(slots=True)
class _Column:
    head: str
    cells: list[str]
    right: bool
    body: int = field(init=False)
    width: int = field(init=False)

    def __post_init__(self) -> None:
        self.body = max((cell_len(line) for c in self.cells for line in c.split("\n")), default=0)
        self.width = max(self.body, cell_len(self.head))

    @property
    def folds(self) -> bool:
        """Whether its text may be broken between words."""
        return not self.right and self.head not in NAMES

    @property
    def least(self) -> int:
        """The narrowest it may get by folding."""
        words = [word for cell in (self.head, *self.cells) for word in cell.split()]
        return min(LEAST, max(map(cell_len, words), default=0))

    def with_head_folded(self) -> None:
        """As narrow as its cells and the words of its head allow."""
        self.width = max(self.body, max(map(cell_len, self.head.split()), default=0))

    def lines(self, text: str) -> Lines:
        """A cell, or the head, as it stands in so much room."""
        if cell_len(text) <= self.width and "\n" not in text:
            return [text]
        folded = (wrap(line, self.width, break_on_hyphens=False) for line in text.split("\n"))
        return [line for part in folded for line in (part or [""])]


def laid_out(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    most: int,
    right: str = "",
    spare: Sequence[str] = (),
) -> list[Text]:
    """The lines of a table: its head, a rule, its rows.

    Args:
        most: the room there is; a table of names and numbers alone may be wider.
        right: `r` or `l` for each column, as in LaTeX; left where it is shorter.
        spare: columns that may be left out where there is no room, the first of them first.
    """
    whole = [[*map(_clipped, row), *[""] * (len(heads) - len(row))] for row in rows]
    columns = [
        _Column(column_words(head), [row[at] for row in whole], right[at : at + 1] == "r")
        for at, head in enumerate(heads)
    ]
    columns = _fitted(columns, most, spare)
    rule = Text(("─" if takes_all_signs() else "-") * _wide(columns), style="dim")
    drawn = [*_drawn(columns, [column.head for column in columns], "bold"), rule]
    for at in range(len(rows)):
        drawn += _drawn(columns, [column.cells[at] for column in columns])
    return drawn


def _clipped(cell: str) -> str:
    shown = visible(cell)
    if shown == cell and len(cell) <= LONGEST:
        return cell  # in its colour
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 3]}..."


def _wide(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _fitted(columns: list[_Column], most: int, spare: Sequence[str]) -> list[_Column]:
    """Narrower in the order in which least is lost: heads, what can be spared, long texts."""
    if _wide(columns) <= most:
        return columns
    for column in columns:
        column.with_head_folded()
    for name in spare:
        if _wide(columns) > most:
            columns = [column for column in columns if column.head != name]
    folding = [column for column in columns if column.folds]
    while _wide(columns) > most:
        able = [column for column in folding if column.width > column.least]
        if not able:
            break
        max(able, key=lambda column: column.width).width -= 1
    return columns


def _drawn(columns: Sequence[_Column], cells: Sequence[str], style: str = "") -> Iterator[Text]:
    """The lines of a row."""
    parts = [column.lines(cell) for column, cell in zip(columns, cells, strict=True)]
    for number in range(max(map(len, parts))):
        line = Text(no_wrap=True, end="")
        for column, part, cell in zip(columns, parts, cells, strict=True):
            text = part[number] if number < len(part) else ""
            blank = " " * (column.width - cell_len(text))
            line.append(blank + text if column.right else text + blank, _style(cell) or style)
            line.append(" " * GAP)
        line.rstrip()
        yield line


def _style(cell: str) -> str:
    return cell.style if isinstance(cell, Styled) else ""
