"""`--plot` of verbs that draw only where that is asked for."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli.app import app


@pytest.fixture
def dotless() -> None:
    """Here they are drawn to the last dot."""


@pytest.mark.parametrize(
    ("command", "drawn"),
    [
        ("density --by reservation", {"density", "memory"}),
        ("startup --app node --platform docker --replications 3", {"ready", "phases"}),
        ("storm --starts 20 --replications 1", {"ready", "phases"}),
    ],
)
def test_a_verb_draws_in_both_formats_and_says_where(
    command: str, drawn: set[str], tmp_path: Path
) -> None:
    """Without the option there is no picture."""
    words = [*command.split(), "--out", str(tmp_path)]
    plain = CliRunner().invoke(app, words, catch_exceptions=False)
    before = list(tmp_path.rglob("*.png"))
    plotted = CliRunner().invoke(app, [*words, "--plot"], catch_exceptions=False)
    (folder,) = {path.parent for path in tmp_path.glob("*/*/*.png") if "latest" not in path.parts}

    assert plain.exit_code == plotted.exit_code == 0
    assert before == []
    assert {path.stem for path in folder.glob("*.png")} == drawn
    assert {path.stem for path in folder.glob("*.svg")} == drawn
    assert all(f"{folder / name}.png" in plotted.stdout for name in drawn)
    assert all(path.stat().st_size > 10_000 for path in folder.glob("*.png"))


def test_json_beside_pictures_says_on_standard_error_where_they_are(tmp_path: Path) -> None:
    """They are drawn all the same, and standard output stays JSON."""
    words = ["density", "--by", "reservation", "--json", "--plot", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    (folder,) = {path.parent for path in tmp_path.glob("*/*/*.png") if "latest" not in path.parts}

    assert json.loads(result.stdout)
    assert f"wrote {folder}/density.png" in result.stderr
