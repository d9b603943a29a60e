"""A fit: figures and working sets of somebody's own records, and nothing that names them."""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field

from sim.catalog.figures import filed
from sim.core.cited import Cited, Grade
from sim.core.description import description
from sim.core.fitted import SPREAD, FittedFigure, StandIns, standing_in
from sim.core.names import unknown
from sim.workload.sizing.use import Amount, Use

_SECRET = re.compile(r"arn:|\d{12}|[/\\]")
_DATE = re.compile(r"\d{4}(-\d{2}){0,2}( to \d{4}(-\d{2}){0,2})?")


def source_name(text: str) -> str:
    """A name that may leave the machine.

    Raises:
        ValueError: it has a folder, an ARN or an account number in it.
    """
    if not text or len(text) > 200 or _SECRET.search(text):
        raise ValueError("the bare name of a file, without folders, ARNs or account numbers")
    return text


def dated(text: str) -> str:
    """A date of records.

    Raises:
        ValueError: it is none.
    """
    if not _DATE.fullmatch(text):
        raise ValueError("a date such as 2026-11, or 2026-11-02 to 2026-11-30")
    return text


SourceName = Annotated[str, AfterValidator(source_name)]
Dated = Annotated[str, AfterValidator(dated)]


@description
class FittedSize:
    """What one container was seen to use, and what a rule gives it for that."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    cpu: Use = Field(default_factory=Use)
    """vCPUs."""
    memory: Use = Field(default_factory=Use)
    """Bytes."""
    cpu_request: Amount | None = None
    memory_request: Amount | None = None
    rule: str = ""
    """The rule that the requests are of: `vpa`."""
    n: Annotated[int, Field(ge=1)] = 1
    """Readings."""
    source: SourceName
    as_of: Dated


@description
class Fit:
    """What `sim fit` finds, and other verbs take with `--with` and `--sizes`."""

    fitted: tuple[FittedFigure, ...] = ()
    sizes: tuple[FittedSize, ...] = ()

    @property
    def figures(self) -> Mapping[str, FittedFigure]:
        """The figures by their keys in the catalogue."""
        return {figure.key: figure for figure in self.fitted}

    def standing_in(self) -> AbstractContextManager[StandIns]:
        """Let its figures stand in for the catalogue's in all that is asked within."""
        return standing_in(self.fitted)


def fitted_figure(
    key: str,
    value: float,
    *,
    low: float | None = None,
    high: float | None = None,
    n: int,
    source: str,
    as_of: str,
    grade: Grade = "C",
) -> FittedFigure:
    """A figure of the catalogue as it was fitted; what it stands in for is kept with it.

    Args:
        key: of the catalogue; or of a spread, such as `fargate.provision.spread`.
        value: in base units (s, byte, vCPU), as `low` and `high`.
        n: starts, or readings.
        source: bare name of a file.

    Raises:
        UnknownName: the catalogue has no such figure.
        ValueError: it cannot have that value.
    """
    known = filed_of(key)
    known.moved(value)
    _refuse_range(key, value, low, high)
    figure = FittedFigure(
        key=key,
        value=float(value),
        unit=known.unit,
        grade=grade,
        source=source_name(source),
        as_of=dated(as_of),
        low=low,
        high=high,
        core=known.core,
        n=n,
        was=f"{known.standing} {known.shown()}",
    )
    return replace(figure, note=figure.whence())


def filed_of(key: str) -> Cited:
    """The catalogue's own figure; a spread that it does not have is that of all control planes.

    Raises:
        UnknownName: there is none.
    """
    if key in filed():
        return filed()[key]
    if key.endswith(SPREAD) and key.removesuffix(SPREAD) in filed():
        return replace(filed()["spread.control_plane"], key=key)
    raise unknown("figure", key, filed())


def _refuse_range(key: str, value: float, low: float | None, high: float | None) -> None:
    if low is None and high is None:
        return
    if low is None or high is None or not 0.0 <= low <= value <= high:
        raise ValueError(
            f"{key}: {low} to {high} is not allowed; a range around {value:g}, or none"
        )
