"""All shipped measurements, and those of a user, judged the same way."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import as_file
from os import PathLike
from pathlib import Path

from sim.catalog.data import DATA
from sim.core.mistakes import a_path, spoken
from sim.core.names import shown
from sim.experiment.running.progress import progress
from sim.validation.bars import ALL, GENERAL, OVERALL, Verdict, verdict
from sim.validation.case import Case, groups
from sim.validation.cases.apps import APPS
from sim.validation.cases.boots import FIRECRACKER
from sim.validation.cases.crowding import CROWDING, VM_NOISE
from sim.validation.cases.density_memory import (
    MEMORY_FIT,
    MEMORY_KILLED,
    MEMORY_SHARED,
    MEMORY_STEPS,
)
from sim.validation.cases.ec2 import EC2_STARTS
from sim.validation.cases.fargate import FARGATE_STARTS
from sim.validation.cases.linux import LINUX
from sim.validation.cases.memory import MEMORY
from sim.validation.cases.pulls import PULLS
from sim.validation.cases.requests import REQUESTS_SERVED
from sim.validation.cases.scale_out import BY_TIME, SCALE_OUT
from sim.validation.cases.storms import RUNC, RUND
from sim.validation.format import Format
from sim.validation.table import BadData, Table, TableRow, read, told

FORMATS: tuple[Format, ...] = (
    RUND,
    FIRECRACKER,
    RUNC,
    MEMORY,
    LINUX,
    APPS,
    PULLS,
    EC2_STARTS,
    FARGATE_STARTS,
    SCALE_OUT,
    REQUESTS_SERVED,
    CROWDING,
    MEMORY_FIT,
    MEMORY_STEPS,
    MEMORY_SHARED,
    MEMORY_KILLED,
    VM_NOISE,
)
"""In the order in which they are printed."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The cases, and which bars they hold."""

    cases: tuple[Case, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def missed(self) -> list[Verdict]:
        """The bars that were missed."""
        return [each for each in self.verdicts if not each.held]

    def plus(self, other: "Judgement") -> "Judgement":
        """This one and another."""
        return Judgement(self.cases + other.cases, self.verdicts + other.verdicts)


def validate(files: Sequence[Path] = (), *, shipped: bool = True) -> Judgement:
    """Judge the shipped measurements and those of further files.

    Args:
        shipped: whether those that ship with the catalogue are judged, too; bars are of one or
            the other, never of both together.

    Raises:
        BadData: a file cannot be read, or has no known format.
    """
    tables = [read(a_path("files", file)) for file in _several(files)]
    further = [(format_of(table), table) for table in tables]
    ours = _cases(_shipped()) if shipped else []
    theirs = _cases(further)
    verdicts = (*_verdicts(ours, ""), *_verdicts(theirs, "further files, " if shipped else ""))
    return Judgement((*ours, *theirs), verdicts)


def _several(files: object) -> Iterable[object]:
    if isinstance(files, str | PathLike) or not isinstance(files, Iterable):
        raise BadData(f"files: {shown(files)} is not allowed; a list of paths")
    return files


def format_of(table: Table) -> Format:
    """The format of a file, by its columns.

    Raises:
        BadData: they fit none.
    """
    for known in FORMATS:
        if set(known.needs) <= set(table.columns):
            return known
    known_ones = "\n".join(f"  {known.group}: {', '.join(known.needs)}" for known in FORMATS)
    raise BadData(
        f"{table.name}: its columns fit no known format: {told(table.columns) or 'none'}\n"
        f"known formats, by the columns that they need:\n{known_ones}"
    )


def _shipped() -> Iterator[tuple[Format, Table]]:
    with as_file(DATA / "measured") as folder:
        for known in FORMATS:
            for name in known.files:
                yield known, read(folder / name, shipped=True)


def _cases(tables: Iterable[tuple[Format, Table]]) -> list[Case]:
    rows = [(known, row) for known, table in tables for row in table.rows]
    cases = []
    with progress("comparing with measurements", "row", total=len(rows)) as told:
        for known, row in rows:
            cases += _judged(known, row)
            told.update()
    return cases


def _judged(known: Format, row: TableRow) -> list[Case]:
    """The cases of a row; what the model cannot be of such values is said of the row.

    Raises:
        BadData: some value of it is not allowed.
    """
    try:
        return list(known.judge(known, row))
    except BadData:
        raise
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        reason = next(iter(spoken(error)), "")
        raise BadData(f"{row.place}: its values are not allowed together; {reason}") from error


def _verdicts(cases: Sequence[Case], where: str) -> Iterator[Verdict]:
    """Each group against its bars, then all together."""
    bars = {known.group: known.bars for known in FORMATS}
    bars |= dict.fromkeys(BY_TIME.values(), GENERAL)
    for group, members in (*groups(cases), (ALL, list(cases))):
        for bar in OVERALL if group == ALL else bars.get(group, ()):
            found = verdict(where + group, bar, members)
            if found is not None:
                yield found
