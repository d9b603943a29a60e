"""`sim.fit`: files of records in, figures of one's own out, and the file that keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from sim.core.fitted import SPREAD, FittedFigure
from sim.core.mistakes import a_path
from sim.core.names import first_of
from sim.core.question import BadInput, ask
from sim.files.fitted.fit import Fit, FittedSize, fitted_figure, source_name
from sim.files.fitted.reading import read_fit
from sim.files.fitted.writing import write
from sim.files.records.reading import read_records
from sim.files.text.source import STANDARD_INPUT
from sim.studies.fit.answer import FitAnswer, FittedGroup
from sim.studies.fit.estimates.phases import FittedPhase
from sim.studies.fit.figures import dates, key_of, less
from sim.studies.fit.question import FitQuestion
from sim.studies.fit.study import answer

if TYPE_CHECKING:
    import pandas as pd

NAMELESS = "records of one's own"
"""A source whose name may not leave the machine."""


@dataclass(frozen=True, slots=True)
class OwnFigures:
    """What `sim.fit` gives: a table to look at, and figures for scenarios and verbs."""

    answer: FitAnswer
    fit: Fit

    @property
    def figures(self) -> Mapping[str, FittedFigure]:
        """Figures of the catalogue by key, as they are in one's own cluster."""
        return self.fit.figures

    def table(self) -> pd.DataFrame:
        """One row a phase: n, median with its 95% interval, spread, and what it was before."""
        return self.answer.table()

    def json(self) -> dict[str, object]:
        """As `sim fit --json` prints it."""
        return self.answer.json()

    def save(self, path: str | PathLike[str] = "fit.yaml") -> Path:
        """Write the figures where `--with` and `--sizes` of the other verbs read them.

        Raises:
            BadInput: something else than a fit is there.
        """
        where = Path(path)
        if where.exists():
            try:
                read_fit(where)
            except BadInput as error:
                raise BadInput(f"{where}: it is there already, and is no fit ({error})") from None
        write(self.fit, where)
        return where


def fit(
    *files: str | PathLike[str],
    holdout: float = 0.3,
    rule: str = "vpa",
    sizes: bool = False,
    names: bool = False,
) -> OwnFigures:
    """The phases of one's own starts, and how far off they are.

    Args:
        files: records of ECS tasks, pods and events, `docker events` and `docker stats`, Container
            Insights, kube-burner, node-latency-for-k8s, ranges of Prometheus, recommendations of a
            vertical autoscaler or of KRR; `-` is standard input.
        holdout: share of the starts, the last in time, that nothing is fitted to.
        rule: how sizes are made of what containers use.
        sizes: fit what containers use alone, and no starts.
        names: keep the names of containers.

    Raises:
        BadInput: all that is wrong with the files, one mistake a line, or nothing in them is of
            use.
    """
    if not files:
        raise BadInput("files: it is missing; records of starts or of use")
    values = {"holdout": holdout, "rule": rule, "sizes": sizes, "names": names}
    return own_figures(ask(FitQuestion, values), [a_path("files", each) for each in files])


def own_figures(question: FitQuestion, paths: Sequence[Path]) -> OwnFigures:
    """What the records in files tell.

    Raises:
        BadInput: they cannot be read, or nothing in them is of use.
    """
    records = read_records(paths)
    try:
        found = answer(question, records)
    except BadInput as error:
        raise BadInput(f"{first_of([str(path) for path in paths], 3)}: {error}") from None
    source, read_at = _source(paths), _changed(paths)
    figures = [each for group in found.groups for each in _figures(group, source, read_at)]
    sizes = [
        FittedSize(
            name=size.name[:200],
            cpu=size.cpu,
            memory=size.memory,
            cpu_request=size.cpu_vcpu,
            memory_request=size.memory_bytes,
            rule=size.rule,
            n=max(1, size.n),
            source=source,
            as_of=read_at,
        )
        for size in found.sizes
    ]
    return OwnFigures(found, Fit(fitted=tuple(figures), sizes=tuple(sizes)))


def _figures(each: FittedGroup, source: str, read_at: str) -> Iterator[FittedFigure]:
    first, last = dates(each.group)
    as_of = read_at if not first else first if first == last else f"{first} to {last}"
    for phase in each.phases:
        key = key_of(each.group.where, phase.phase)
        if key and phase.median_s > less(key):
            yield from _figure(key, phase, source, as_of)


def _figure(key: str, phase: FittedPhase, source: str, as_of: str) -> Iterator[FittedFigure]:
    """The median with its interval, and its spread as a figure of its own."""
    off = less(key)
    low, high = (None if x is None else max(0.0, x - off) for x in (phase.low_s, phase.high_s))
    with suppress(ValueError):  # a second that no catalogue would believe is no figure
        yield fitted_figure(
            key, phase.median_s - off, low=low, high=high, n=phase.n, source=source, as_of=as_of
        )
        if phase.spread is not None:
            yield fitted_figure(key + SPREAD, phase.spread, n=phase.n, source=source, as_of=as_of)


def _source(paths: Sequence[Path]) -> str:
    """The bare name of the first file, if it may leave the machine."""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    first = "standard input" if str(paths[0]) == STANDARD_INPUT else paths[0].name
    try:
        return source_name(f"{first}{more}")
    except ValueError:
        return NAMELESS


def _changed(paths: Sequence[Path]) -> str:
    """The day on which the newest file was written; today for standard input."""
    times = []
    for path in paths:
        with suppress(OSError):
            times.append(path.stat().st_mtime)
    when = datetime.fromtimestamp(max(times), UTC) if times else datetime.now(UTC)
    return f"{when:%Y-%m-%d}"
