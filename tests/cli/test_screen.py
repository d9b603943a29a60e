"""What fits on a screen of 80 columns, and what gives way where it does not."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from sim.cli import screen
from sim.cli.app import app
from sim.cli.columns import laid_out, stops, won

HEADS = ["platform", "fit", "", "stopped by", "n"]
ROWS = [["eks-fargate", "1", "========", "1 per microVM", "30"]]


def drawn(most: int, spare: Sequence[str] = ("", "n")) -> list[str]:
    lines = laid_out(HEADS, ROWS, most=most, right="lrllr", spare=spare)
    return [line.plain for line in lines]


@pytest.mark.parametrize(
    ("most", "heads"),
    [
        (80, ["platform", "fit", "stopped", "by", "n"]),
        (40, ["platform", "fit", "stopped", "by", "n"]),  # the bar has gone
        (33, ["platform", "fit", "stopped", "by"]),  # and then the count
    ],
)
def test_what_can_be_spared_goes_in_its_order(most: int, heads: list[str]) -> None:
    """Bars first, then counts; the key and what stops it stay."""
    lines = drawn(most)

    assert lines[0].split() == heads
    assert ("=" in lines[-1]) == (most == 80)
    assert max(map(cell_len, lines)) <= most


def test_a_text_is_folded_between_words_once_nothing_can_be_spared() -> None:
    lines = drawn(25)

    assert [line.split() for line in lines[-2:]] == [["eks-fargate", "1", "1", "per"], ["microVM"]]


words = st.text("abc", min_size=1, max_size=9)
texts = st.lists(words, min_size=1, max_size=6).map(" ".join)


@given(st.lists(st.tuples(words, texts, words), min_size=1, max_size=6), st.integers(40, 100))
def test_no_word_of_a_table_is_lost_and_it_fits_where_its_names_do(
    rows: list[tuple[str, str, str]], most: int
) -> None:
    """Whatever stands in it."""
    lines = laid_out(["platform", "why", "count"], rows, most=most, right="llr")
    seen = " ".join(line.plain for line in lines).split()

    assert max(cell_len(line.plain) for line in lines) <= most
    assert sorted(seen[3:]) == sorted(
        [lines[1].plain, *(word for row in rows for cell in row for word in cell.split())]
    )


def test_colours_are_there_for_who_wins_and_what_stops_and_only_on_a_terminal() -> None:
    """NO_COLOR takes them away."""
    (line,) = laid_out(["platform", "fit"], [[won("ecs"), stops("0")]], most=80)[2:]
    shown = {}
    for name, options in {
        "terminal": {"force_terminal": True, "color_system": "standard"},
        "no colour": {"force_terminal": True, "no_color": True},
        "pipe": {"force_terminal": False},
    }.items():
        console = Console(width=80, **options)  # type: ignore[arg-type]
        with console.capture() as captured:
            console.print(line)
        shown[name] = captured.get()

    assert "\x1b[1;32mecs" in shown["terminal"]
    assert "\x1b[33m0" in shown["terminal"]
    assert "32m" not in shown["no colour"]
    assert "\x1b" not in shown["pipe"]


def test_the_answer_is_said_again_where_it_has_scrolled_away(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Not where it still stands there."""
    for rows in (1, 30):
        screen.lead("The answer.")
        screen.table(["platform"], [["ecs"]] * rows)
        screen.wrote("a file")
        lines = capsys.readouterr().out.splitlines()

        assert lines[0] == "The answer."
        assert lines[-1] == ("wrote a file" if rows == 1 else "The answer.")


@pytest.mark.parametrize(
    "words",
    [
        "density --by reservation",
        "density --by reservation --explain",
        "startup --replications 2 --platform docker --platform fargate",
    ],
)
def test_a_verb_fits_in_80_columns(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the paths of files."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, words.split(), catch_exceptions=False).stdout

    assert said
    assert [line for line in said.splitlines() if cell_len(line) > 80] == []
