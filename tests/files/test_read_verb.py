"""`sim read`: what was understood, in words and as data."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from sim.core.question import BadInput
from sim.files import read

COMPOSE = """\
name: shop
services:
  web: {image: nginx, scale: 2, cpus: 0.5, mem_limit: 512M, depends_on: [db], restart: always}
  db: {image: "postgres:16", profiles: []}
  own: {image: shop/own}
"""


def run(*words: object, text: str | None = None) -> Any:
    """The verb, with what is typed on standard input."""
    return CliRunner().invoke(app, ["read", *map(str, words)], input=text)


def test_its_data_is_services_and_what_was_ignored() -> None:
    """From standard input; these keys and no others."""
    result = run("-", "--json", text=COMPOSE)
    data = json.loads(result.stdout)

    assert result.exit_code == 0
    assert set(data) == {"services", "ignored", "notes"}
    assert data["ignored"] == ["restart of a service (1)"]
    assert data["services"][2] == {
        "name": "web",
        "copies": 2,
        "cpu": 0.5,
        "memory_bytes": 512 * 2**20,
        "size_from": "file",
        "image": "nginx",
        "waits_for": ["db"],
    }
    assert [each["name"] for each in data["services"]] == ["db", "own", "web"]
    assert [each["size_from"] for each in data["services"]] == ["image", "assumed", "file"]


def test_its_words_say_how_well_sizes_are_known(tmp_path: Path) -> None:
    """A sentence, a row a service, notes with what they are true of."""
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    shown = run(tmp_path / "compose.yaml").output
    words = " ".join(shown.split())

    assert "shop is 3 services, 4 copies: 1.35 vCPU and 1.625 GiB." in words
    assert (
        "Memory is from the file for 1, known from the image for 1, assumed for 1 of 3 services."
        in words
    )
    assert "note: nothing says how much memory these need; 512 MiB (64 MiB to 2 GiB)" in words
    assert "db started" in words


def test_the_same_as_a_frame(tmp_path: Path) -> None:
    """`app.table()`."""
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    frame = read(tmp_path / "compose.yaml").table()

    assert list(frame["name"]) == ["db", "own", "web"]
    assert frame["copies"].sum() == 4


def test_services_and_definitions_may_stand_in_files_of_their_own(tmp_path: Path) -> None:
    """As `aws ecs describe-services` and `describe-task-definition` print them."""
    definition = {"family": "a", "containerDefinitions": [{"name": "x", "image": "nginx"}]}
    service = {"serviceName": "web", "taskDefinition": "a:2", "desiredCount": 4}
    (tmp_path / "one.json").write_text(json.dumps({"taskDefinition": definition}))
    (tmp_path / "two.json").write_text(json.dumps({"services": [service]}))

    assert [
        (p.name, p.copies) for p in read(tmp_path / "one.json", tmp_path / "two.json").parts
    ] == [("web", 4)]


@pytest.mark.parametrize(
    ("words", "text", "told"),
    [
        (["-"], "services: {a: {image: x, mem_limit: 5Q, scale: -1}}", "mem_limit: '5Q'"),
        (["-"], "", "it is empty"),
        (["-"], "[1, 2]", "it is not a mapping"),
        (["-"], "hello", "it is not a mapping"),
        (["nowhere.yaml", "-"], "hello", "nowhere.yaml: there is no such file"),
        (["-", "--as", "helm"], "a: 1", "'helm' is not allowed"),
        (["-", "--sizes", "nowhere"], "services: {a: {image: x}}", "there is no such file"),
        (["-", "--env", "nowhere"], "services: {a: {image: x}}", "there is no such file"),
        (["-", "--as", "ecs"], "kind: Pod", "it is missing"),
        (["-", "--as", "kubernetes"], "services: {a: {image: x}}", "an object needs a kind"),
    ],
)
def test_bad_input_is_a_sentence_and_2(words: list[str], text: str, told: str) -> None:
    """Never a traceback; all mistakes at once."""
    result = run(*words, text=text)

    assert result.exit_code == 2
    assert told in result.output
    assert "Traceback" not in result.output


def test_a_folder_in_which_nothing_is_read_says_of_each_file_why(tmp_path: Path) -> None:
    """By its name; one that is empty is told to be."""
    (tmp_path / "x.yaml").write_text("")
    (tmp_path / "y.yaml").write_text("a: 1")
    with pytest.raises(BadInput) as told:
        read(tmp_path)

    lines = str(told.value).splitlines()
    assert lines[0] == f"{tmp_path}: nothing in it is read"
    assert "x.yaml: it is empty" in lines[1]
    assert "y.yaml: this is neither compose" in lines[2]
