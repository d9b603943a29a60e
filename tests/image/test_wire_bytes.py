"""Bytes are what they are: what a layer has on the wire and on disk, each known or with a range."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sim import catalog
from sim.core.cited import Cited
from sim.core.description import with_figure
from sim.image import BadDockerfile, BadManifest, Built, Image, Layer, build_file, read_image
from sim.image.dockerfile import archive
from sim.image.image import of_size

UNKNOWN = catalog.figure("image.unpack_ratio.unknown")
ZSTD = catalog.figure("image.unpack_ratio.zstd")
NOISE = Random(1).randbytes(10**6)


def built(folder: Path, text: str, **more: Any) -> Built:
    """A Dockerfile of that text, built on bases of 50 MB."""
    (folder / "Dockerfile").write_text(text)
    return build_file(
        folder / "Dockerfile", resolve=lambda name: of_size(name, 50e6, 2.0), ratio=UNKNOWN, **more
    )


def layer_of(folder: Path, text: str, **more: Any) -> Layer:
    """The last layer of that build."""
    return built(folder, text, **more).image.layers[-1]


DICE = Random(2)
VOCABULARY = ["".join(DICE.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(2000)]


def words(count: int) -> bytes:
    """Text as people write it, so many words of a vocabulary of 2,000."""
    return " ".join(Random(count).choices(VOCABULARY, k=count)).encode()


@pytest.mark.parametrize("megabytes", [1, 40])
def test_random_bytes_are_pushed_as_themselves(tmp_path: Path, megabytes: int) -> None:
    """Whether all of them are compressed, or a sample."""
    (tmp_path / "noise").write_bytes(NOISE * megabytes)
    layer = layer_of(tmp_path, "FROM scratch\nCOPY noise /")

    assert layer.unpacked == megabytes * 1e6
    assert layer.wire == pytest.approx(megabytes * 1e6, rel=1e-3)
    assert isinstance(layer.unpack_ratio, Cited)
    assert layer.unpack_ratio.standing == "measured"


def test_text_shrinks_as_gzip_shrinks_it(tmp_path: Path) -> None:
    """The tar of 200 files, compressed as a whole by somebody else: the same bytes within 2%."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for number in range(200):
            text = words(100 + number)
            (tmp_path / f"page-{number:03}.txt").write_bytes(text)
            info = tarfile.TarInfo(f"page-{number:03}.txt")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
    layer = layer_of(tmp_path, "FROM scratch\nCOPY *.txt /")

    assert layer.wire == pytest.approx(len(gzip.compress(made.getvalue(), 6)), rel=0.02)
    assert layer.unpacked > 2 * layer.wire


def test_a_sample_has_a_range_that_holds_the_whole(tmp_path: Path) -> None:
    """A folder of text and noise in turns, 16 MB; what all of it shrinks to lies in the range."""
    text, whole = words(60_000), 0
    for number in range(32):
        data = text if number % 2 else NOISE[: len(text)]
        (tmp_path / f"{number:02}.bin").write_bytes(data)
        whole += len(gzip.compress(data, 6))
    layer = layer_of(tmp_path, "FROM scratch\nCOPY *.bin /")
    again = layer_of(tmp_path, "FROM scratch\nCOPY *.bin /")

    assert layer.at("high").wire <= whole <= layer.at("low").wire
    assert layer.at("high").wire < layer.wire < layer.at("low").wire < 1.5 * layer.wire
    assert layer == again


def test_many_small_files_have_headers(tmp_path: Path) -> None:
    """1,000 files of 10 random bytes are far more than 10 kB on the wire."""
    (tmp_path / "many").mkdir()
    for number in range(1000):
        (tmp_path / "many" / f"{number}").write_bytes(NOISE[10 * number :][:10])
    layer = layer_of(tmp_path, "FROM scratch\nCOPY many /")

    assert layer.unpacked == 10_000
    assert 15_000 < layer.wire < 200_000


def test_what_is_not_seen_keeps_the_range_of_the_catalogue(tmp_path: Path) -> None:
    """RUN writes 26 MB: 10 MB on the wire, 26 at one end; its files do not move with the figure."""
    (tmp_path / "noise").write_bytes(NOISE)
    text = "FROM scratch\nCOPY noise /\nRUN make"
    made = built(tmp_path, text, run_sizes={1: 26e6})
    moved = with_figure(made.image, UNKNOWN.key, 1.0)

    assert [layer.wire for layer in moved.layers] == [made.image.layers[0].wire, 26e6]
    assert moved.unpacked == made.image.unpacked
    assert made.image.layers[1].wire == 10e6
    notes = " ".join(made.notes)
    assert "by gzip of the files themselves: line 2: 1.00." in notes
    assert "not seen (line 3) are assumed: 2.60 (1.00 to 4.50)" in notes


def test_copies_from_a_stage_shrink_as_they_did_there(tmp_path: Path) -> None:
    """Known files keep their ratio; all of a stage has that of its layers together."""
    (tmp_path / "noise").write_bytes(NOISE)
    stage = "FROM base AS a\nCOPY noise /n\nFROM scratch\n"
    one = layer_of(tmp_path, f"{stage}COPY --from=a /n /")
    whole = layer_of(tmp_path, f"{stage}COPY --from=a / /")

    assert one.wire == pytest.approx(1e6, rel=1e-3)
    assert (whole.unpacked, whole.wire) == pytest.approx((101e6, 51e6), rel=1e-3)


MEMBERS = {"bin/noise": NOISE[:300_000], "text": words(40_000), "empty": b""}


def tar_of(members: dict[str, bytes]) -> bytes:
    """A tar of those files, a folder and a link."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        folder, link = tarfile.TarInfo("bin"), tarfile.TarInfo("link")
        folder.type, link.type, link.linkname = tarfile.DIRTYPE, tarfile.SYMTYPE, "text"
        tar.addfile(folder)
        tar.addfile(link)
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.tar", bytes),
        ("a.tar.gz", gzip.compress),
        ("a.tgz", gzip.compress),
        ("a.tar.bz2", bz2.compress),
        ("a.tar.xz", lzma.compress),
        ("blob", gzip.compress),
    ],
)
def test_add_of_an_archive_adds_its_members(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    """However it is packed and called: the sum of its files, and their own bytes by gzip."""
    tar = tar_of(MEMBERS)
    (tmp_path / name).write_bytes(pack(tar))
    made = built(
        tmp_path, f"FROM scratch AS a\nADD {name} /x\nFROM scratch\nCOPY --from=a /x/text /"
    )
    added, copied = made.steps[0].layer, made.steps[1].layer
    kept = layer_of(tmp_path, f"FROM scratch\nADD --unpack=false {name} /x")

    assert added.unpacked == sum(map(len, MEMBERS.values()))
    assert added.wire == pytest.approx(len(gzip.compress(tar, 6)), rel=0.02)
    assert copied.unpacked == len(MEMBERS["text"])
    assert kept.unpacked == (tmp_path / name).stat().st_size


def test_a_file_that_is_no_tar_is_copied(tmp_path: Path) -> None:
    """Docker looks at what it is: a packed text stays packed."""
    data = gzip.compress(words(1000))
    (tmp_path / "dump.sql.gz").write_bytes(data)

    assert layer_of(tmp_path, "FROM scratch\nADD dump.sql.gz /").unpacked == len(data)


def test_a_later_member_of_the_same_path_takes_the_place_of_the_first(tmp_path: Path) -> None:
    """As unpacking does; one byte is left of 300,000."""
    first = tar_of({"a": NOISE[:300_000]})
    (tmp_path / "a.tar").write_bytes(
        first[: -(-300_000 // 512) * 512 + 3 * 512] + tar_of({"a": b"x"})
    )

    assert layer_of(tmp_path, "FROM scratch\nADD a.tar /").unpacked == 1.0


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _sized(data: bytes, size: bytes) -> bytes:
    """The first header with another size, and a checksum that is right."""
    head = data[:124] + size + data[136:148] + b" " * 8 + data[156:512]
    return head[:148] + b"%06o\0 " % sum(head) + head[156:] + data[512:]


def _scratched(data: bytes) -> bytes:
    return data[:100_000] + bytes(2000) + data[102_000:]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tar", _cut(tar_of(MEMBERS))),
        ("a.tar.gz", _cut(gzip.compress(tar_of(MEMBERS)))),
        ("a.tar.gz", _scratched(gzip.compress(tar_of(MEMBERS)))),
        ("a.tar.xz", _scratched(lzma.compress(tar_of(MEMBERS)))),
        ("a.tar.bz2", _cut(bz2.compress(tar_of(MEMBERS)))),
        ("a.tgz", b"no archive at all"),
        ("a.tar", _sized(tar_of({"a": b"x"})[1024:], b"\xff" * 10 + b"\x00\x00")),
        (
            "a.tar.gz",
            gzip.compress(_sized(tar_of({"a": b"x"})[1024:], b"\x80" + bytes(3) + b"\xff" * 8)),
        ),
        ("a.tar", tar_of({"a": b"x"})[: 512 * 4] + b"y" * 1024),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_damaged_archive_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    """With its line; told its size, it is taken for that."""
    (tmp_path / name).write_bytes(data)
    text = f"FROM scratch\nADD {name} /"
    with pytest.raises(BadDockerfile, match=r":2: the archive is damaged .*--copy-size 1"):
        built(tmp_path, text)
    told = layer_of(tmp_path, text, copy_sizes={1: 26e6})

    assert (told.unpacked, told.wire) == (26e6, 10e6)


def test_an_archive_that_never_ends_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 kB that unpack to 20 MB, where 10 are read."""
    monkeypatch.setattr(archive, "LARGEST", 10 * 10**6)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(tar_of({"a": bytes(20 * 10**6)})))
    with pytest.raises(BadDockerfile, match=r"unpacks to more than .* --copy-size 1"):
        built(tmp_path, "FROM scratch\nADD a.tar.gz /")


def manifest(compression: str, *sizes: int, digests: str = "abcdef", **more: Any) -> str:
    """An OCI manifest of layers of those bytes on the wire."""
    kind = "application/vnd.oci.image.layer.v1.tar" + (f"+{compression}" if compression else "")
    layers = [
        {"mediaType": kind, "digest": f"sha256:{mark * 64}", "size": size, **more}
        for mark, size in zip(digests, sizes, strict=False)
    ]
    kind = "application/vnd.oci.image.manifest.v1+json"
    return json.dumps({"schemaVersion": 2, "mediaType": kind, "layers": layers})


def read(text: str) -> Image:
    """The image, with the catalogue's ratios for what is not told."""
    return read_image(text, architecture="amd64", unpack_ratio=UNKNOWN, zstd_ratio=ZSTD)


def history(*sizes: str) -> str:
    """What `docker history` prints, from the base up; it prints the newest first."""
    return "\n".join(json.dumps({"CreatedBy": "RUN a", "Size": size}) for size in sizes[::-1])


FORMS = {
    "gzip": manifest("gzip", 2_230_000, 32),
    "zstd": manifest("zstd", 2_000_000, 17),
    "": manifest("", 4_500_000, 1024),
}


def test_the_three_forms_of_one_image_unpack_to_one_size() -> None:
    """With the history behind the manifest, whatever the wire has."""
    steps = "\n" + history("4.5MB", "0B", "0B")
    wires = []
    for text in FORMS.values():
        image = read(text + steps)
        wires.append(image.wire)
        assert image.unpacked == 4_500_000
        assert image.at("low") == image.at("high") == image
    assert wires == [2_230_032, 2_000_017, 4_501_024]


def test_without_a_history_the_range_holds_it() -> None:
    """A plain tar is what it is; the others have a range with the true size inside."""
    for compression, text in FORMS.items():
        image = read(text)
        low, high = image.at("low").unpacked, image.at("high").unpacked
        if not compression:
            assert low == image.unpacked == high == 4_501_024
        else:
            assert low < 4_500_000 < high
            figure = UNKNOWN if compression == "gzip" else ZSTD
            assert with_figure(image, figure.key, 2.0).unpacked == 2.0 * image.wire


def test_a_layer_may_tell_the_bytes_of_its_tar() -> None:
    """EStargz builders note them."""
    note = {"io.containers.estargz.uncompressed-size": "5000000"}
    assert read(manifest("gzip", 1_000_000, annotations=note)).unpacked == 5_000_000
    with pytest.raises(BadManifest, match="a whole number of bytes"):
        read(manifest("gzip", 10, annotations={**note, next(iter(note)): "-1"}))


@pytest.mark.parametrize("steps", [("4.5MB", "1MB", "1MB"), ("0B", "4.5MB"), ("1kB", "5kB")])
def test_a_history_of_another_image_is_refused(steps: tuple[str, ...]) -> None:
    """Too many steps, too few, or files far below their compressed bytes."""
    with pytest.raises(BadManifest, match="not of one image"):
        read(manifest("gzip", 9_000_000, 3_000_000) + history(*steps))


def test_a_layer_has_one_size_at_least() -> None:
    """Both are never unknown."""
    with pytest.raises(ValueError, match="compressed or files"):
        Layer(digest="a")
