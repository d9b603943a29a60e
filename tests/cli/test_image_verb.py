"""`sim image`, and a manifest in a scenario file, as a user meets them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sim.cli.app import app
from sim.scenario_file import BadFile, load_scenario

MANIFESTS = Path(__file__).parents[1] / "image" / "manifests"


def call(*words: str | Path) -> Result:
    """Run the verb in this process."""
    return CliRunner().invoke(app, ["image", *map(str, words)], catch_exceptions=False)


def answer(*words: str | Path) -> dict[str, Any]:
    """The JSON on standard output."""
    result = call(*words, "--json")
    assert result.exit_code == 0
    assert "null" not in result.stdout
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_json_has_the_promised_keys_and_adds_up() -> None:
    """nginx on its base: one layer of seven."""
    found = answer("nginx:1-trixie", "--with", "debian:trixie")
    layers = found["layers"]

    assert list(found) == [
        "image",
        "architectures",
        "layers",
        "compressed_bytes",
        "unpacked_bytes",
        "shared_bytes",
        "shared_unpacked_bytes",
    ]
    assert set(layers[0]) == {
        "digest",
        "media_type",
        "compressed_bytes",
        "unpacked_bytes",
        "shared",
    }
    assert found["compressed_bytes"] == sum(row["compressed_bytes"] for row in layers) == 63_110_572
    assert found["unpacked_bytes"] == sum(row["unpacked_bytes"] for row in layers)
    assert found["shared_bytes"] == 29_780_905
    assert [row["shared"] for row in layers] == [True] + 6 * [False]


def test_the_sentence_says_what_is_pulled_where_the_other_image_is() -> None:
    """And the table has every layer."""
    shown = call("node:22", "--with", "debian:bookworm").stdout

    assert "node:22 has 8 layers: 408.5 MB on the wire" in shown
    assert "360.0 MB are pulled instead" in " ".join(shown.split())
    assert "48,503,440" in shown


def test_without_another_image_nothing_is_shared() -> None:
    """Zero, not null."""
    found = answer("mysql:8")

    assert found["shared_bytes"] == found["shared_unpacked_bytes"] == 0


def test_a_file_is_read_for_the_architecture_asked_for() -> None:
    """Notes go to standard error."""
    found = answer(MANIFESTS / "verbose.json", "--arch", "arm64")

    assert found["compressed_bytes"] == 38_000_000
    assert "taken for amd64" in call(MANIFESTS / "oci.json", "--json").stderr


def test_two_files_share_by_digest() -> None:
    """Whatever tool wrote them."""
    found = answer(MANIFESTS / "oci.json", "--with", MANIFESTS / "docker.json")

    assert found["shared_bytes"] == 28_000_000


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["node:21"], "image: 'node:21' is not known; did you mean 'node:22'"),
        (["none.json"], "image: none.json: there is no such file"),
        ([str(MANIFESTS)], "it cannot be read"),
        ([str(MANIFESTS / "broken_truncated.json")], "it is not JSON"),
        (["Dockerfile"], "image: Dockerfile: this is a Dockerfile, no image; try sim lifecycle"),
        ([str(MANIFESTS / "index.json")], "docker manifest inspect IMAGE@sha256:"),
    ],
)
def test_bad_input_is_exit_2_and_one_message(
    words: list[str], part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback, nothing on standard output."""
    monkeypatch.chdir(tmp_path)
    Path("Dockerfile").write_text("# it is small\nFROM node:22\nRUN npm ci\n")
    result = call(*words)

    assert result.exit_code == 2
    assert part in result.stderr
    assert result.stderr.count("error:") == 1
    assert result.stdout == ""


def test_all_mistakes_are_named_at_once() -> None:
    """Image, other image and architecture."""
    result = call("node:21", "--with", "mysql:9", "--arch", "x86")

    assert result.exit_code == 2
    for part in ("image: 'node:21'", "with: 'mysql:9'", "arch: 'x86'"):
        assert part in result.stderr


def scenario(folder: Path, image: str, more: str = "") -> Path:
    """A scenario file with that image."""
    path = folder / "scenario.yaml"
    path.write_text(f"name: x\nplatform: ecs\nimage: {image}\n{more}", encoding="utf-8")
    return path


def test_a_scenario_file_takes_a_manifest_from_its_own_folder(tmp_path: Path) -> None:
    """For the architecture of its host."""
    text = (MANIFESTS / "verbose.json").read_text(encoding="utf-8")
    (tmp_path / "shop.json").write_text(text, encoding="utf-8")
    path = scenario(tmp_path, "{file: shop.json}", "host: {instance: m7g.xlarge}\n")
    image = load_scenario(path).scenario.arrivals[0].service.image

    assert image is not None
    assert image.wire == 38e6


@pytest.mark.parametrize(
    ("image", "part"),
    [
        ("{file: none.json}", "none.json: there is no such file"),
        ("{file: 3}", "image.file: 3 is not allowed; the path of a manifest"),
        (f"{{file: {MANIFESTS}/broken_sizes.json}}", "layers[0].size: -5 is not allowed"),
        (f"{{file: {MANIFESTS}/oci.json, mib: 3}}", "image: mib and file are both given"),
    ],
)
def test_a_wrong_manifest_is_a_mistake_of_the_scenario_file(
    image: str, part: str, tmp_path: Path
) -> None:
    """Named with the field."""
    with pytest.raises(BadFile) as caught:
        load_scenario(scenario(tmp_path, image))

    assert part in str(caught.value)
