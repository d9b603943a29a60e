"""docs/validation.md is what the model says today."""

import re
from pathlib import Path

import pytest

from sim.validation import Judgement
from sim.validation.report import text, write

PAGE = Path("docs/validation.md")
ROW = re.compile(r"\| (?P<case>[^|]+) \| [^|]+ \| (?P<predicted>[0-9.]+) [A-Za-z]+ \| [^|]+%")


def predictions(page: str) -> dict[tuple[int, str], float]:
    """By place and case, what the tables say."""
    rows = [match for line in page.splitlines() if (match := ROW.match(line))]
    return {(n, row["case"]): float(row["predicted"]) for n, row in enumerate(rows)}


def test_the_page_is_current(shipped: Judgement) -> None:
    """Every case is there with its prediction: if not, `sim validate --docs docs` makes it anew."""
    committed, made = predictions(PAGE.read_text()), predictions(text(shipped))

    assert len(made) > 250
    assert list(committed) == list(made)
    for key, value in made.items():
        assert committed[key] == pytest.approx(value, rel=0.01), key


def test_the_page_says_which_bars_are_missed_and_names_no_case_twice(shipped: Judgement) -> None:
    """As many missed bars as there are, and every case in one table."""
    page = text(shipped)

    assert page.count("**missed**") == len(shipped.missed)
    outside = [case for case in shipped.cases if case.inside is False]
    assert page.count("**outside**") == len(outside)


def test_what_is_not_reproduced_is_said(shipped: Judgement) -> None:
    """In words, in the page."""
    assert "## What the model does not reproduce, and why" in text(shipped)


def test_page_and_pictures_are_written(shipped: Judgement, tmp_path: Path) -> None:
    """The pictures that the page shows are there."""
    page, *pictures = write(shipped, tmp_path / "docs")
    shown = re.findall(r"\((pictures/[^)]+)\)", page.read_text())

    assert {page.parent / name for name in shown} == set(pictures)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
