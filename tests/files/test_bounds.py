"""Files that would take forever are refused, or read, in a moment."""

import json
from pathlib import Path

import pytest
from clocks import soon
from reading import Reading

import sim
from sim.core.question import BadInput
from sim.files import read
from sim.files.inventory.reading import read_inventory
from sim.scenario_file import load_scenario

DEEP = "${A:-" * 5000 + "}" * 5000
SERVICES = "".join(f"  s{n}: {{image: a}}\n" for n in range(3000))
TASKS = "".join(
    f"- {{family: f{n}, containerDefinitions: [{{name: a, image: a}}]}}\n" for n in range(2001)
)
PODS = "".join(
    f"---\nkind: Pod\nmetadata: {{name: p{n}}}\nspec: {{containers: [{{name: a, image: b}}]}}\n"
    for n in range(2001)
)
KEYS = ", ".join(f"key{n}: 1" for n in range(19_999))
UNKNOWN = "".join(f"  s{n}: {{image: a, depends_on: [x{n}]}}\n" for n in range(300))
RESOURCES = "".join(f"  R{n}: {{Type: 'AWS::SQS::Queue'}}\n" for n in range(1500))


def test_many_notes_of_one_kind_are_taken_in_a_moment(reading: Reading, tmp_path: Path) -> None:
    """A hundred thousand lines that are no variables: each is looked up, not looked for."""
    (tmp_path / ".env").write_text("a: 1\n" * 100_000)
    with soon():
        app = reading("services: {a: {image: b}}")

    assert any(note.endswith("and 99,994 more") for note in app.notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"services: {{a: {{image: '{DEEP}'}}}}", "at most 20 others in its default"),
        (f"services:\n{SERVICES}", "3,000 services; at most 2,000"),
        (f"application: a\nparts:\n{SERVICES}", "3,000 services; at most 2,000"),
        (f"taskDefinitions:\n{TASKS}", "2,001 services; at most 2,000"),
        (f"services:\n{UNKNOWN}", "and 151 more"),
        (PODS, "more than 2,000 objects"),
        (f"Resources:\n{RESOURCES}", "more than 1,000 resources"),
        (f"services: {{a: {{image: b, depends_on: [{'x' * 100_000}]}}}}", "there is no service"),
        (f"services: {{a: {{image: b, mem_limit: '{'9' * 100_000}'}}}}", "services.a.mem_limit"),
        (f"services: {{a: {{image: b, {KEYS}}}}}", ""),
        ("a: " + "b: " * 10, "it is not YAML"),
        (f"services: {{a: {{image: '{'$' * 50_001}('}}}}", ""),
    ],
)
def test_what_would_take_long_does_not(reading: Reading, text: str, words: str) -> None:
    """By the number of services, mistakes, objects, resources; by depth and length."""
    with soon():
        if words:
            with pytest.raises(BadInput) as caught:
                reading(text)
            assert words in str(caught.value)
        else:
            assert reading(text).parts


def test_a_ring_of_files_ends(tmp_path: Path, reading: Reading) -> None:
    """Included and extended in a circle of three."""
    for one, two in (("b", "c"), ("c", "file")):
        (tmp_path / f"{one}.yaml").write_text(
            f"include: [{two}.yaml]\nservices: {{x: {{extends: {{file: {two}.yaml, service: x}}}}}}"
        )
    text = "include: [b.yaml]\nservices: {x: {extends: {file: b.yaml, service: x}}}"
    with soon(), pytest.raises(BadInput, match="itself"):
        reading(text)


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path) -> None:
    """Before one of them is read."""
    from sim.files import read

    for n in range(1001):
        (tmp_path / f"{n}.yaml").touch()
    with pytest.raises(BadInput, match="1001 files; at most 1000"):
        read(tmp_path)


def test_files_have_a_bound_together(tmp_path: Path) -> None:
    """Two of 9 MiB are within that of one file."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("services: {web: {image: nginx}}\n" + "#\n" * (9 * 2**19))

    with pytest.raises(
        BadInput, match=r"b\.yaml: with it, all files are together larger than 16 MiB"
    ):
        read(tmp_path)
    assert read(tmp_path / "a.yaml").parts


def test_a_row_of_blanks_in_a_file_of_variables_is_refused(tmp_path: Path) -> None:
    """What reads such files looks at each blank once for each other."""
    (tmp_path / "compose.yaml").write_text("services: {a: {image: b}}")
    (tmp_path / "my.env").write_text(f"A=1\nB=x{' ' * 60_000}y\n")

    with soon(), pytest.raises(BadInput, match=r"my\.env:2: a thousand blanks"):
        read(tmp_path / "compose.yaml", env=tmp_path / "my.env")


def test_many_unknown_fields_of_a_scenario_are_told_in_a_moment(tmp_path: Path) -> None:
    """Each is compared with those that are known; not all are told."""
    (tmp_path / "x.yaml").write_text(f"name: x\nplatform: ecs\nhost: {{{KEYS}}}\n")

    with soon(), pytest.raises(ValueError, match=r"host\.key0: there is no such field"):
        load_scenario(tmp_path / "x.yaml")


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ("512" + "\n" * 100_000 + "x", "mem_limit"),
        ("9" * 100_000 + "x", "mem_limit"),
        ("1" + " " * 100_000 + "m x", "mem_limit"),
    ],
)
def test_a_number_of_a_hundred_thousand_signs_is_refused_at_once(
    size: str, words: str, tmp_path: Path
) -> None:
    """Not tried in every way in which its signs could be shared out, in any dialect."""
    compose, task = tmp_path / "compose.yaml", tmp_path / "task.json"
    compose.write_text(json.dumps({"services": {"a": {"image": "a", "mem_limit": size}}}))
    task.write_text(json.dumps({"containerDefinitions": [{"name": "a", "memory": size}]}))
    scenario = tmp_path / "s.yaml"
    scenario.write_text(json.dumps({"platform": "ecs", "service": {"app": "java", "memory": size}}))

    with soon(), pytest.raises(BadInput, match=words):
        read(compose)
    with soon(), pytest.raises(BadInput, match="memory"):
        read(task)
    with soon(), pytest.raises(ValueError, match="memory"):
        load_scenario(scenario)


def test_documents_without_anything_in_them_are_counted_too(tmp_path: Path) -> None:
    """A file may begin a document in four characters."""
    (tmp_path / "many.yaml").write_text("---\n" * 201_000)

    with soon(), pytest.raises(BadInput, match=r"more than 200,000 values"):
        read(tmp_path / "many.yaml")


@pytest.mark.parametrize("line", ['{"a":1}\n{x\n', "[" + "1," * 6000 + "\n", "# a\n", "{},"])
def test_lines_of_a_log_that_are_nearly_json_are_read_once(line: str, tmp_path: Path) -> None:
    """Each mistake would count all lines before it, each list without an end read all after it."""
    (tmp_path / "log.json").write_text(line * (1_500_000 // len(line)))

    with soon(), pytest.raises(BadInput, match=r"log\.json: "):
        sim.fit(tmp_path / "log.json")


def test_machines_of_one_name_are_told_apart_without_looking_at_all_of_them(
    tmp_path: Path,
) -> None:
    """By their UUIDs; and tags in a cell that has no end."""
    rows = "".join(f"a,2,1024,u{n},,1\n" for n in range(19_999))
    tags = f"b,2,1024,ub,{'x' * 100_000},1\n"
    (tmp_path / "own.csv").write_text(
        f"HostName,CPU.NumberOfCores,RAM.TotalSizeInMB,ExternalId,Tags,OS.Version\n{rows}{tags}"
    )
    with soon():
        found = read_inventory(tmp_path / "own.csv")

    assert len(found.guests) == 20_000
