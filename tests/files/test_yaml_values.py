"""YAML within bounds: what a value is, where it stands, and what is refused in a moment."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sim.core.question import BadInput
from sim.files.text.source import LARGEST, SourceText, source
from sim.files.text.yaml_values import documents


def value(text: str) -> Any:
    """The one document of a text."""
    (only,) = documents(SourceText("file.yaml", text, Path()))
    return only


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("22:22", "22:22"),  # YAML 1.1: 1342
        ("yes", "yes"),
        ("true", True),
        ("0.10", 0.1),
        ("1e3", 1000.0),
        ("012", "012"),
        ("'5'", "5"),
        ("~", None),
        ("!!str 5", "5"),
        ("2026-11-29", "2026-11-29"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, found: object) -> None:
    """The core schema, not the sexagesimal numbers and dates of YAML 1.1."""
    assert value(f"key: {text}") == {"key": found}


def test_what_is_merged_gives_way_to_what_is_written_beside_it() -> None:
    """`<<` of a list: the first wins; a key may come again where it was merged."""
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\n"

    assert value(text)["c"] == {"x": 3, "y": 1, "z": 2}


@pytest.mark.parametrize("merged", ["3", "text", "null", "[]", "[{a: 1}, 2]", "[[{a: 1}]]"])
def test_what_cannot_be_merged_is_refused(merged: str) -> None:
    """It would have no effect, without a word."""
    with pytest.raises(BadInput, match=r"file\.yaml:2: << merges a mapping or a list"):
        value(f"a:\n  <<: {merged}\n  b: 1\n")


def test_values_know_their_lines() -> None:
    """Keys and items."""
    found = value("a: 1\nb:\n  - x\n  - y\n")

    assert found.places["b"].line == 2
    assert found["b"].places[1].line == 4


leaves = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text("abc: #-'0", max_size=8)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner),
    max_leaves=10,
)


@given(trees)
def test_what_pyyaml_writes_is_read_as_it_was(tree: object) -> None:
    """PyYAML quotes whatever YAML 1.1 could take for something else."""
    assert documents(SourceText("f", yaml.safe_dump(tree), Path())) == (
        [] if tree is None else [tree]
    )


BOMB = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
LADDER = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 70))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "more than 200,000 values"),
        (LADDER, "file.yaml:66: aliases within aliases; at most 64"),
        ("a: &a [*a]", "file.yaml:1: *a contains itself"),
        ("a: *b", "file.yaml:1: *b is not defined above it"),
        ("[" * 5000 + "]" * 5000, "nested too deep"),
        ("a: 1\nb: 2\na: 3\n", "file.yaml:3: 'a' stands there twice; first in line 1"),
        ("a:\n\t- b", "file.yaml:2: it is not YAML"),
        ("replicas: {{ .Values.replicas }}", "render it first: helm template ... | sim read -"),
        ('{"family": <name>', "file.yaml:1: it is not JSON, column 12"),
    ],
)
def test_what_would_not_end_well_is_refused(text: str, words: str) -> None:
    """With the line, before memory is full."""
    with pytest.raises(BadInput) as caught:
        value(text)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xff\xfe", "it is not text"),
        (b"a: \0", "null bytes"),
        (b"a" * (LARGEST + 1), "larger than 16 MiB"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, words: str, tmp_path: Path) -> None:
    """Bytes of another kind, and too many of them."""
    (tmp_path / "file").write_bytes(data)

    with pytest.raises(BadInput, match=words):
        source(tmp_path / "file")


def test_json_that_is_no_yaml_is_read_and_bounded() -> None:
    """A pair of surrogates is a character; half of one is none."""
    deep = '{"a": "\\ud83d\\ude00", "b": ' + "[" * 300 + "]" * 300 + "}"

    assert value('{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}
    assert str(value('{"a": "\\ud83d\\ude00"}').places["a"]) == "file.yaml:1"
    assert value('{"a": "\\\\ud83d\\\\ude00"}') == {"a": "\\ud83d\\ude00"}
    for text, words in ((deep, "nested too deep"), ('{"a": "\\ud83d"}', "half a character")):
        with pytest.raises(BadInput, match=words):
            value(text)


def test_text_of_windows_is_text(tmp_path: Path) -> None:
    """A byte order mark goes, UTF-16 is read."""
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "file").write_bytes("a: 1\r\n".encode(encoding))

        assert documents(source(tmp_path / "file")) == [{"a": 1}]


def test_a_device_is_no_file() -> None:
    """`/dev/zero` has no end."""
    with pytest.raises(BadInput, match="device or pipe"):
        source(Path("/dev/zero"))
