"""What images have in common, counted by hand on the real ones of the catalogue."""

from itertools import combinations

import pytest

from sim import catalog
from sim.image import Image, Layer
from sim.image.image import common_layers, distinct, same_size

SUMS = {
    "nginx:1-trixie": 29780905 + 33325076 + 626 + 955 + 403 + 1210 + 1397,
    "node:22": 48503440 + 24056077 + 64424271 + 211707818 + 3321 + 58553286 + 1250675 + 446,
    "mysql:8": 47931319 + 882 + 783555 + 6193401 + 2605 + 333 + 51637258 + 321 + 132432030 + 5224,
    "eclipse-temurin:21-jre": 41602703 + 394 + 26432501 + 53097833 + 159 + 2464,
}


@pytest.mark.parametrize(
    ("name", "base", "size"),
    [("nginx:1-trixie", "debian:trixie", 29_780_905), ("node:22", "debian:bookworm", 48_503_440)],
)
def test_an_image_shares_its_base_and_nothing_else(name: str, base: str, size: int) -> None:
    """The lowest layer, to the byte."""
    image = catalog.image(name)
    common = common_layers(image, catalog.image(base))

    assert common.layers == image.layers[:1]
    assert common.wire == size
    assert common.unpacked == image.layers[0].unpacked
    assert common_layers(catalog.image(base), image).wire == size


@pytest.mark.parametrize("pair", list(combinations(SUMS, 2)))
def test_images_on_different_bases_share_no_byte(pair: tuple[str, str]) -> None:
    """Not even their tiny layers of configuration."""
    first, second = map(catalog.image, pair)

    assert common_layers(first, second).layers == ()
    assert sum(layer.wire for layer in distinct([first, second])) == SUMS[pair[0]] + SUMS[pair[1]]


def test_a_host_with_all_of_them_holds_each_layer_once() -> None:
    """Four images and two bases take no more than the four images."""
    bases = [catalog.image("debian:trixie"), catalog.image("debian:bookworm")]
    images = [catalog.image(name) for name in SUMS]

    assert [image.wire for image in images] == list(SUMS.values())
    assert sum(layer.wire for layer in distinct([*images, *bases])) == sum(SUMS.values())


def test_what_two_images_share_and_what_they_do_not_is_all_of_one() -> None:
    """Saved and still to be moved."""
    mine = Image(name="a", layers=(_layer("x", 3e6), _layer("y", 5.0), _layer("x", 3e6)))
    other = Image(name="b", layers=(_layer("x", 3e6), _layer("z", 7e6)))

    assert common_layers(mine, other).wire == 3e6
    assert common_layers(mine, mine).wire == 3e6 + 5.0
    assert common_layers(mine, other).digests == {"x"}


def test_layers_of_one_size_under_two_names_are_pointed_at_and_not_counted() -> None:
    """A small layer may have the size of another by chance."""
    mine = Image(name="a", layers=(_layer("x", 29_780_905.0), _layer("y", 32.0)))
    other = Image(name="b", layers=(_layer("z", 29_780_905.0), _layer("w", 32.0)))

    assert same_size(mine, other) == mine.layers[:1]
    assert common_layers(mine, other).layers == ()


def test_layers_of_the_catalogue_are_gzip_on_the_wire() -> None:
    """As the tables they come from."""
    kinds = {layer.media_type for image in catalog.images().values() for layer in image.layers}

    assert kinds == {"gzip"}


def _layer(digest: str, size: float) -> Layer:
    return Layer(digest=digest, compressed=size, unpack_ratio=2.0)
