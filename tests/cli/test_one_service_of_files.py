"""Verbs about one service take it from files of one's own."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sim.cli.app import app

SHOP = """
services:
  web:
    image: node:22-slim
    deploy: {resources: {limits: {cpus: "0.5", memory: 256M}}}
  db:
    image: postgres:17
    deploy: {resources: {limits: {cpus: "1", memory: 1G}}}
"""


def call(verb: str, folder: Path, *words: str) -> Result:
    """Run a verb on the files of a shop."""
    path = folder / "compose.yaml"
    path.write_text(SHOP, encoding="utf-8")
    return CliRunner().invoke(app, [verb, str(path), *words, "--out", str(folder / "out")])


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("fail", ["--tasks", "4", "--platform", "ecs", "--replications", "1"]),
        ("neighbours", ["--bad", "cpu", "--window", "1s", "--replications", "1"]),
    ],
)
def test_a_service_of_files_is_meant_by_its_name(
    verb: str, words: list[str], tmp_path: Path
) -> None:
    """Its size is the file's; which one is asked where there are several."""
    meant = call(verb, tmp_path, "--service", "web", *words)
    missing = call(verb, tmp_path, *words)
    sized = call(verb, tmp_path, "--service", "web", "--cpu", "2", *words)

    assert meant.exit_code == 0, meant.output
    assert "of web" in meant.stdout
    assert (missing.exit_code, sized.exit_code) == (2, 2)
    assert "service: missing; --service with one of db, web" in missing.stderr
    assert "cpu: not allowed beside files" in sized.stderr
