"""A file of thousands of lines is answered on a few screens; the whole of it is in the JSON."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from sim.cli.screen import MOST_NOTES, MOST_ROWS

MANY = 300

COMPOSE = "services:\n" + "".join(
    f"  service-{number}:\n    image: node:20\n    strange_{number}: 1\n" for number in range(MANY)
)
DEPLOYMENTS = "---\n".join(
    f"{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: d{number}}}, "
    "spec: {template: {spec: {containers: [{name: c, image: node}]}}}}\n"
    for number in range(MANY)
)
MACHINES = "name,vcpu,memory_gib\n" + "".join(f"vm-{n},2,8\n" for n in range(MANY))


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("compose.yaml", COMPOSE, "services"),
        ("all.yaml", DEPLOYMENTS, "services"),
        ("machines.csv", MACHINES, "guests"),
    ],
)
def test_the_first_rows_are_shown_and_the_others_counted(
    name: str, text: str, key: str, tmp_path: Path
) -> None:
    """Three hundred of anything: forty rows, how many more there are, and where they are."""
    (tmp_path / name).write_text(text, encoding="utf-8")

    shown = CliRunner().invoke(app, ["read", str(tmp_path / name)])
    whole = CliRunner().invoke(app, ["read", str(tmp_path / name), "--json"])

    assert shown.exit_code == whole.exit_code == 0
    assert f"and {MANY - MOST_ROWS} more; --json has all." in shown.stdout
    assert len(shown.stdout) < 10_000
    assert shown.stdout.count("note: ") <= MOST_NOTES
    assert len(json.loads(whole.stdout)[key]) == MANY


def test_a_table_that_is_no_longer_than_that_is_whole(tmp_path: Path) -> None:
    """Nothing is said of more where there is no more."""
    lines = MACHINES.splitlines(keepends=True)[: MOST_ROWS + 1]
    (tmp_path / "machines.csv").write_text("".join(lines), encoding="utf-8")

    shown = CliRunner().invoke(app, ["read", str(tmp_path / "machines.csv")]).stdout

    assert shown.count("vm-") == MOST_ROWS
    assert "more" not in shown
