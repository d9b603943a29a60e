"""A format of measurements: its columns, the bars of its group, and how a row is judged."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sim.validation.bars import GENERAL, ROWS, Bar
from sim.validation.case import Case, Split
from sim.validation.table import TableRow


@dataclass(frozen=True, slots=True)
class Format:
    """Files of one kind: from a row its inputs are read, never another measured column."""

    group: str
    needs: tuple[str, ...]
    """Columns (keys, in JSON) by which a file is recognised."""
    files: tuple[str, ...]
    """Those that ship with the catalogue."""
    judge: "Callable[[Format, TableRow], Iterator[Case]]"
    """The cases of one row."""
    bars: tuple[Bar, ...] = GENERAL
    row_bars: Mapping[Split, float] = field(default_factory=lambda: ROWS)
    """By split, percent."""

    def case(
        self,
        row: TableRow,
        name: str,
        unit: str,
        measured: float,
        predicted: float | None,
        *,
        reason: str = "",
        tags: Iterable[str] = (),
    ) -> Case:
        """The case on which a row is judged."""
        return Case(
            group=self.group,
            case=name,
            unit=unit,
            measured=measured,
            split=row.split,
            predicted=predicted,
            bar_pct=self.row_bars[row.split],
            reason=reason,
            tags=frozenset(tags),
        )

    def others(
        self, row: TableRow, name: str, figures: Iterable[tuple[str, str, float | None]]
    ) -> Iterator[Case]:
        """Other measured columns: column, unit, and what the model says; they have no bar."""
        for column, unit, predicted in figures:
            measured = row.measured(column)
            if measured is not None and predicted is not None:
                yield Case(
                    group=f"{self.group}: other columns",
                    case=f"{name}: {column}",
                    unit=unit,
                    measured=measured,
                    split=row.split,
                    predicted=predicted,
                )
