"""A fit as YAML, which reads back as it was."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from sim.core.fitted import SPREAD, FittedFigure
from sim.experiment.storage.whole_file import write_whole
from sim.files.fitted.fit import Fit, FittedSize
from sim.workload.sizing.use import Use

HEAD = """\
# Figures fitted to records of your own: seconds, bytes and vCPUs, by their keys in the catalogue
# (sim parameters). For example: sim startup --with {name}
"""


def written(fit: Fit, name: str = "fit.yaml") -> str:
    """The text of the file; equal again once it is read.

    Args:
        name: of the file, which its first lines tell how to use.
    """
    whole: dict[str, Any] = {}
    figures = {figure.key: figure for figure in fit.fitted}
    of_medians = {key for key in figures if key + SPREAD in figures}
    if figures:
        whole["figures"] = {
            key: _figure(figure, figures.get(key + SPREAD))
            for key, figure in figures.items()
            if key.removesuffix(SPREAD) not in of_medians or key in of_medians
        }
    if fit.sizes:
        whole["sizes"] = {size.name: _size(size) for size in fit.sizes}
    text = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=98)
    return HEAD.format(name=name) + (text if whole else "figures: {}\n")


def write(fit: Fit, path: Path) -> None:
    """Write the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, written(fit, path.name))


def _figure(figure: FittedFigure, spread: FittedFigure | None) -> dict[str, Any]:
    return _said(
        value=figure.value,
        low=figure.low,
        high=figure.high,
        spread=None if spread is None else spread.value,
        n=figure.n,
        source=figure.source,
        as_of=figure.as_of,
        grade=figure.grade,
    )


def _size(size: FittedSize) -> dict[str, Any]:
    return _said(
        cpu=_use(size.cpu, size.cpu_request),
        memory=_use(size.memory, size.memory_request),
        rule=size.rule or None,
        n=size.n,
        source=size.source,
        as_of=size.as_of,
    )


def _use(use: Use, request: float | None) -> dict[str, Any] | None:
    """Quantiles, and not the readings of which they are."""
    seen = {field.name: getattr(use, field.name) for field in fields(use) if field.name != "series"}
    return _said(**seen, request=request) or None


def _said(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
