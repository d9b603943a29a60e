"""Manifests that others wrote: what is read of them, and what is said where they are wrong."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from clocks import soon
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.image import BadManifest, Image, read_image
from sim.image.manifest.read import Reading, read

HERE = Path(__file__).parent / "manifests"
RATIO = 2.5


def reading(name: str, architecture: Any = "amd64") -> Reading:
    """One of the files beside this test."""
    return read(HERE / name, architecture=architecture, unpack_ratio=RATIO)


def image(name: str, architecture: Any = "amd64") -> Image:
    """Its image."""
    return reading(name, architecture).image


def mistakes(source: str | Path) -> str:
    """What is said of a wrong one."""
    with pytest.raises(BadManifest) as caught:
        read_image(source, architecture="amd64", unpack_ratio=RATIO)
    return str(caught.value)


def manifest(*layers: Any) -> dict[str, Any]:
    """An OCI manifest with these layers."""
    return {"schemaVersion": 2, "layers": list(layers)}


def layer(digit: str = "a", size: Any = 100, kind: str = "tar+gzip") -> dict[str, Any]:
    """A descriptor."""
    return {
        "mediaType": f"application/vnd.oci.image.layer.v1.{kind}",
        "digest": f"sha256:{digit * 64}",
        "size": size,
    }


def test_an_oci_manifest_tells_compressed_sizes_and_how_they_are_compressed() -> None:
    """A plain tar is as large unpacked as on the wire."""
    found = image("oci.json")

    assert found.name == "oci"
    assert [part.media_type for part in found.layers] == ["gzip", "zstd", "none"]
    assert [part.wire for part in found.layers] == [28e6, 40e6, 5e6]
    assert [part.unpacked for part in found.layers] == [70e6, 100e6, 5e6]
    assert found.wire == 73e6


def test_a_layer_that_stands_twice_is_moved_once() -> None:
    """Docker's manifests name the empty layer once for each instruction."""
    found = reading("docker.json")

    assert [part.wire for part in found.image.layers] == [28e6, 61e6, 32.0, 1200.0]
    assert "counted once" in found.notes[0]


def test_a_manifest_that_names_no_platform_is_taken_for_the_one_asked_for() -> None:
    """And it is said."""
    found = reading("docker.json", "arm64")

    assert found.image.architectures == ("arm64",)
    assert "taken for arm64" in " ".join(found.notes)


def test_foreign_layers_are_flagged() -> None:
    """They do not come from the registry."""
    assert "Foreign (non-distributable) layers, 1 in all" in reading("foreign.json").notes[0]


def test_a_layer_of_two_terabytes_is_read() -> None:
    """It is allowed, and finite."""
    assert image("two_terabytes.json").wire == 2e12


@pytest.mark.parametrize(
    ("architecture", "sizes"), [("amd64", [28e6, 12e6]), ("arm64", [27e6, 11e6])]
)
def test_all_platforms_in_one_file_give_the_one_asked_for(
    architecture: str, sizes: list[float]
) -> None:
    """Attestations between them are no images."""
    found = image("verbose.json", architecture)

    assert [part.wire for part in found.layers] == sizes
    assert found.architectures == ("amd64", "arm64")
    assert found.name == "docker.io/acme/shop:3"


@pytest.mark.parametrize("name", ["verbose_arm64.json", "skopeo.json"])
def test_an_image_for_arm64_stays_one_wherever_it_is_asked_for(name: str) -> None:
    """So that a start on amd64 fails as it does in the world."""
    found = reading(name, "amd64")

    assert found.image.architectures == ("arm64",)
    assert "exec format error" in found.notes[0]
    assert found.image.layers[0].wire == 27e6


@pytest.mark.parametrize(
    ("name", "architecture"),
    [("index.json", "amd64"), ("index.json", "arm64"), ("list.json", "amd64")],
)
def test_an_index_says_which_digest_to_fetch_and_how(name: str, architecture: Any) -> None:
    """It has no layers itself."""
    entries = json.loads((HERE / name).read_text(encoding="utf-8"))["manifests"]
    digest = next(e["digest"] for e in entries if e["platform"]["architecture"] == architecture)
    with pytest.raises(BadManifest) as caught:
        image(name, architecture)

    assert f"docker manifest inspect IMAGE@{digest}" in str(caught.value)
    assert f"linux/{architecture}" in str(caught.value)


def test_docker_image_inspect_gives_one_unpacked_size() -> None:
    """It stays exact; what is on the wire is an estimate, and said to be one."""
    found = reading("docker_inspect.json")

    assert found.image.name == "acme/shop:3"
    assert [part.unpacked for part in found.image.layers] == [161e6]
    assert found.image.wire == 64.4e6
    assert "one size for all 3 layers" in found.notes[0]
    assert "estimated" in found.notes[1]


def test_the_only_layer_of_an_inspected_image_has_its_own_digest() -> None:
    """Two images of that one layer share it."""
    listed = json.loads((HERE / "docker_inspect_one.json").read_text(encoding="utf-8"))

    assert image("docker_inspect_one.json").layers[0].digest == listed[0]["RootFS"]["Layers"][0]


def test_an_image_in_dockers_containerd_store_has_a_compressed_size() -> None:
    """The daemon counts other bytes there."""
    found = reading("docker_inspect_containerd.json")

    assert (found.image.wire, found.image.unpacked) == (64e6, 160e6)
    assert "containerd image store" in found.notes[1]


def test_docker_history_gives_unpacked_sizes_from_the_base_up() -> None:
    """Steps without files are no layers."""
    found = image("history.json")

    assert [part.unpacked for part in found.layers] == [77.4e6, 120e6, 1.5e6]
    assert [part.wire for part in found.layers] == [30.96e6, 48e6, 0.6e6]


def test_a_name_that_is_given_wins_and_text_is_read_like_a_file() -> None:
    """As from a program that holds the manifest already."""
    text = (HERE / "verbose.json").read_text(encoding="utf-8")
    found = read_image(text, architecture="amd64", unpack_ratio=RATIO, name="mine")

    assert found.name == "mine"
    assert found.layers == image("verbose.json").layers


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_does_no_harm(encoding: str, tmp_path: Path) -> None:
    """Windows shells write one."""
    path = tmp_path / "oci.json"
    path.write_text((HERE / "oci.json").read_text(encoding="utf-8"), encoding=encoding)

    assert read_image(path, architecture="amd64", unpack_ratio=RATIO) == image("oci.json")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("truncated", ["line ", "column ", "it is not JSON"]),
        ("same_digest", ["layers[1]: ", "one digest is one content"]),
        ("twice", ["layers[2].size: it stands there twice"]),
        ("schema_1", ["schema 1", "Push the image again"]),
        ("both", ["both layers and manifests"]),
        ("no_layers", ["it has no layers"]),
        ("config", ["configuration, which has no sizes", "crane manifest"]),
        ("other_platforms", ["linux/s390x", "allowed: linux/amd64, linux/arm64"]),
        ("skopeo_old", ["LayersData: it is missing", "--raw"]),
    ],
)
def test_a_broken_manifest_is_named_with_the_place_and_what_is_allowed(
    name: str, parts: list[str]
) -> None:
    """The file stands first."""
    message = mistakes(HERE / f"broken_{name}.json")

    assert message.startswith(str(HERE / f"broken_{name}.json: "))
    assert [part for part in parts if part not in message] == []


def test_all_wrong_layers_are_named_at_once() -> None:
    """No mistake hides another."""
    message = mistakes(HERE / "broken_sizes.json")

    for part in (
        "layers[0].size: -5 is not allowed; a whole number of bytes from 0 to 1 PiB",
        "layers[1].size: 9223372036854775808",
        "layers[2].size: '12'",
        "layers[3].size: true",
        "layers[4].size: 1.5",
        "layers[5].size: it is missing",
        "layers[6].digest: 'sha256:12'",
        "layers[6].mediaType: 'text/html'",
        "layers[7]: 7 is not allowed; an object",
    ):
        assert part in message


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"a":' * 200_000,
        "[" * 500 + "]" * 500,
        '{"schemaVersion": 2, "layers": [NaN]}',
        '{"schemaVersion": 2, "layers": [' + "9" * 5000 + "]}",
        '{"schemaVersion": 2, "layers": {"0": 1}}',
        '{"schemaVersion": "2", "layers": []}',
        '{"schemaVersion": true, "layers": []}',
        '{"manifests": 3, "schemaVersion": 2}',
        '{"schemaVersion": 2, "layers": [' + "1," * 20_000 + "1]}",
        "[" + "{}," * 1_000_000 + "{}]",
        "[]" * 200_000,
        "[]",
        "{}",
        "{} {}",
        '[{"\\ud800": 1, "\\ud800": 2}]',
    ],
)
def test_hostile_text_is_refused_in_one_printable_message(text: str) -> None:
    """Bombs of depth, numbers that are none, objects for lists."""
    message = mistakes(text)

    assert message.startswith("manifest: ")
    assert len(message) < 600
    message.encode("ascii")


def test_a_file_of_100_megabytes_is_refused_without_reading_it_all(tmp_path: Path) -> None:
    """Bounded in memory and in time."""
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(100 * 10**6)
    tracemalloc.start()
    with soon():
        message = mistakes(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert "larger than 16 MB" in message
    assert peak < 60e6


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """A missing file, a folder, bytes that are no text."""
    (tmp_path / "bytes").write_bytes(b"{\xff\xfe\xfa")

    assert "there is no such file" in mistakes(tmp_path / "none.json")
    assert "it cannot be read" in mistakes(tmp_path)
    assert "it is not text" in mistakes(tmp_path / "bytes")
    assert "it cannot be read" in mistakes("a\0b")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = [
    "schemaVersion",
    "mediaType",
    "manifests",
    "layers",
    "fsLayers",
    "Descriptor",
    "OCIManifest",
    "SchemaV2Manifest",
    "Ref",
    "platform",
    "architecture",
    "os",
    "digest",
    "size",
    "annotations",
    "RootFS",
    "Layers",
    "LayersData",
    "Size",
    "Id",
    "RepoTags",
    "Architecture",
    "Os",
    "Name",
    "Digest",
    "MIMEType",
    "CreatedBy",
    "config",
]
VALUES = (
    st.sampled_from([2, 1, "linux", "amd64", layer(), layer()["digest"], "12MB", [layer()]]) | ANY
)
LIKELY = st.recursive(
    VALUES,
    lambda inner: (
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=6) | st.lists(inner, max_size=3)
    ),
    max_leaves=25,
)


@settings(max_examples=120, deadline=None)
@given(st.lists(ANY | LIKELY, min_size=1, max_size=2))
def test_any_json_is_an_image_or_the_modules_own_error(values: list[Any]) -> None:
    """Never another exception."""
    text = "[]\n".join(json.dumps(value) for value in values)
    for source in (text, f"[{text}]"):
        try:
            found = read_image(source, architecture="amd64", unpack_ratio=RATIO)
        except BadManifest as error:
            str(error).encode()
        else:
            assert len(found.layers) > 0
            assert found.unpacked < float("inf")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(HERE.glob("*.json"))), st.data())
def test_a_manifest_cut_or_changed_anywhere_never_ends_in_a_traceback(
    path: Path, data: st.DataObject
) -> None:
    """As after a broken download."""
    text = path.read_text(encoding="utf-8")
    place = data.draw(st.integers(1, len(text) - 1))
    letters = data.draw(st.text(max_size=3))
    for changed in (text[:place], text[:place] + letters + text[place + 1 :]):
        try:
            found = read_image(changed, architecture="arm64", unpack_ratio=RATIO)
            assert found.layers
        except BadManifest as error:
            assert str(error)


@given(st.lists(st.tuples(st.sampled_from("0123456789abcdef"), st.integers(0, 2**50)), min_size=1))
def test_bytes_of_an_image_are_those_of_its_distinct_layers(parts: list[tuple[str, int]]) -> None:
    """Whatever stands there twice."""
    sizes = dict(parts)
    text = json.dumps(manifest(*[layer(digit, sizes[digit]) for digit, _ in parts]))

    assert read_image(text, architecture="amd64", unpack_ratio=1.0).wire == sum(sizes.values())
