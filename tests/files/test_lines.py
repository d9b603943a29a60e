"""A wrong value is told with the line that it stands in, whatever the file and the field."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_fits import fit
from test_mutants import FILES
from tree_mutants import _paths, _put

import sim
from sim.core.question import BadInput
from sim.files.fitted.writing import written
from sim.files.text.place import without_places
from sim.files.text.source import SourceText
from sim.files.text.yaml_values import documents
from sim.scenario_file import load_scenario

SCENARIO = """\
name: burst
platform: ecs
host: {instance: m5.large, count: 2, disk: 40GiB}
image: {mib: 120, warm: false}
service: {app: java, cpu: 0.5, memory: 1GiB, load: 0.3}
arrivals: {tasks: 3, at: 10s}
until: 30min
figures: {container.create: 0.5}
nodes: {}
"""
WRONG: tuple[Any, ...] = (
    *("\x01", [["q"]], {"zz": {"y": 1}}, -1, 1e300, "x" * 3000, "", True, "a b$c", 0, "nonsense"),
)
TEXTS = {
    **{name: text for name, text in FILES.items() if name != "template.yaml"},  # it has tags
    "fit.yaml": written(fit()),
    "scenario.yaml": SCENARIO,
}
OF_THE_WHOLE = re.compile(
    r": (this is neither|it is (no fit|empty|missing)|a scenario is|nothing in it|name: it is miss|"
    r"platform: it is miss)"
)
"""What is said of a file as a whole."""


def read(path: Path) -> object:
    """As the verb does that takes it."""
    return load_scenario(path) if path.name == "scenario.yaml" else sim.read(path)


def wrong(name: str, every: int, first: int) -> Iterator[str]:
    """The file with one value replaced, one of so many in turn."""
    found = [without_places(each) for each in documents(SourceText(name, TEXTS[name], Path()))]
    places = [(number, path) for number, each in enumerate(found) for path in _paths(each) if path]
    for turn, (number, path) in list(enumerate(places))[first::every]:
        for value in WRONG if every == 1 else WRONG[turn % len(WRONG) :][:1]:
            changed = copy.deepcopy(found)
            changed[number] = _put(changed[number], path, value)
            yield "\n---\n".join(json.dumps(each, indent=1) for each in changed)


def try_lines(name: str, every: int, first: int, folder: Path) -> int:
    """How many are refused, each mistake with its line."""
    (folder / "other.yaml").write_text("services: {cache: {image: redis}}")
    path, refused = folder / name, 0
    for text in wrong(name, every, first):
        path.write_text(text, encoding="utf-8")
        try:
            read(path)
        except (BadInput, ValueError) as error:
            lines = [line for line in str(error).splitlines() if not OF_THE_WHOLE.search(line)]
            refused += 1
            assert all(re.search(rf"{name}:\d+|and \d+ more", line) for line in lines), lines
    return refused


def test_a_wrong_value_names_its_line(tmp_path: Path) -> None:
    """One in seven of the values of each file."""
    assert sum(try_lines(name, 7, 0, tmp_path) for name in TEXTS) > 30


@pytest.mark.long
@pytest.mark.parametrize("name", TEXTS)
def test_every_wrong_value_names_its_line(name: str, tmp_path: Path) -> None:
    """All values, each replaced by all that is wrong."""
    assert try_lines(name, 1, 0, tmp_path) > 10


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("application: a\nparts: {web: {app: node}}\nentry: nobody\n", ":3: entry: operation"),
        ("application: a\nparts:\n web:\n  app: node\n  after: [nobody]\n", ":5: web: part: 'nob"),
        (
            "application: a\nparts:\n web:\n  get:\n   cpu_ms: 1\n   calls: [x]\n",
            ":6: web.get: cal",
        ),
        ("app: a\nlike: nobody\n", ":2: like: 'nobody' is not known"),
        ("x-a: 1\nname: " + "x" * 300 + "\nservices: {web: {image: a}}\n", ":2: name: 'xxx"),
        ("a: 1\nb: \x01\n", ":2: it is not YAML"),
        ("{apiVersion: v1, kind: A}\n---\napiVersion: v1\nkind: Pod\n", ":3: metadata.name: it is"),
    ],
)
def test_what_does_not_hang_together_names_a_line_too(text: str, told: str, tmp_path: Path) -> None:
    """Also where a mistake is found only once the whole is there."""
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(BadInput, match=re.escape(f"x.yaml{told}")):
        sim.read(tmp_path / "x.yaml")
