"""Images that many people run: found by every name they go by, and nothing made up."""

from math import fsum

import pytest

from sim import catalog
from sim.catalog.data import rows
from sim.catalog.known_images import KnownImage
from sim.core.cited import Cited, plain
from sim.units import MiB


def known(reference: str) -> KnownImage:
    found = catalog.known_image(reference)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "reference",
    [
        "postgres:16-alpine",
        "library/postgres:16-alpine",
        "docker.io/library/postgres:16-alpine",
        "public.ecr.aws/docker/library/postgres:16-alpine@sha256:0123456789abcdef",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/postgres:16-alpine",
    ],
)
def test_an_image_is_the_same_under_all_its_names(reference: str) -> None:
    """Docker Hub, its copy in ECR Public, a pull-through cache, with a digest or without."""
    found = known(reference)

    assert found.exact
    assert found == known("postgres:16-alpine")


@pytest.mark.parametrize(
    ("reference", "layers_of"),
    [
        ("postgres", "postgres:17-trixie"),  # not the alpine, which is a third smaller
        ("postgres:15", "postgres:17-trixie"),
        ("node:20-alpine3.19", "node:22-alpine"),
        ("node:20-slim", "node:22-bookworm-slim"),
        ("eclipse-temurin:21-jre", "eclipse-temurin:21-jre"),
        ("python:3.12-slim-bookworm", "python:3.13-slim"),
    ],
)
def test_another_tag_gets_the_layers_of_the_nearest_of_its_kind(
    reference: str, layers_of: str
) -> None:
    """And says whose they are."""
    found = known(reference)

    assert found.image is not None
    assert found.image.name == layers_of
    assert found.exact == (reference == layers_of)


@pytest.mark.parametrize(
    "reference", ["golang:1.22", "eclipse-temurin:21-jre-alpine", "php:8.3-fpm", "tomcat:10"]
)
def test_an_image_of_another_kind_lends_no_layers(reference: str) -> None:
    """What is not known is not made up: an alpine is no stand-in for a Debian, a JRE for a JDK."""
    assert known(reference).image is None


@pytest.mark.parametrize("reference", ["acme/app:1", "localhost:5000/postgres:16", "${IMAGE}", ""])
def test_a_users_own_image_is_not_known(reference: str) -> None:
    """A registry of one's own may hold anything under a well-known name."""
    assert catalog.known_image(reference) is None


def test_layers_add_up_and_are_shared_by_digest() -> None:
    """The layers of an image's base are those of the base, where it was built on that very one."""
    ghost, node = known("ghost").image, known("node:22-bookworm-slim").image
    assert ghost is not None
    assert node is not None

    assert ghost.layers[: len(node.layers)] == node.layers
    for row in rows("known_images.csv"):
        if f"{row['image']}:{row['tag']}" in catalog.images():
            continue  # a newer build of it is known
        sizes = [float(size) for size in row["layer_bytes_compressed"].split(";")]
        assert all(size > 0.0 for size in sizes), row["image"]
        found = catalog.known_image(
            f"{row['image']}:{row['tag']}", "arm64" if row["arch"] == "arm64" else "amd64"
        )
        assert found is not None
        assert found.exact
        assert found.image is not None
        assert found.image.wire == fsum(sizes)


def test_a_program_is_the_same_whoever_packs_it() -> None:
    """Needs go with the program; layers do not."""
    repackaged, official = known("bitnami/redis:7"), known("redis:7")

    assert repackaged.app == official.app
    assert repackaged.image is None


def test_a_base_image_has_no_needs_of_its_own() -> None:
    """What runs in it is the user's program, of which nothing is known."""
    for reference in ("node:22", "python:3.13-slim", "debian:12", "eclipse-temurin:21-jre"):
        assert known(reference).app is None
        assert known(reference).memory is None


def test_what_a_server_needs_was_measured() -> None:
    """RabbitMQ holds 89 MiB and computes for three seconds; PostgreSQL starts in a tenth of one."""
    rabbit, postgres = known("rabbitmq:4"), known("postgres:16")
    assert rabbit.app is not None
    assert postgres.app is not None
    assert isinstance(rabbit.app.private, Cited)

    assert rabbit.app.private.value == 89 * MiB
    assert rabbit.app.private.standing == "measured"
    assert plain(rabbit.app.startup.cpu) == 3.03
    assert plain(postgres.app.startup.cpu) + postgres.app.startup.delay == pytest.approx(0.099)


def test_no_start_is_known_where_none_was_measured() -> None:
    """A request of a chart tells no start: the app is absent, not one that starts at once."""
    kafka = known("apache/kafka:3.9")

    assert kafka.app is None
    assert kafka.needs["memory.request"].note.startswith("a default of the chart")
    assert all(need.low is None or need.low <= need.value for need in kafka.needs.values())
