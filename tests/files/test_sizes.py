"""Sizes by a ladder: the file, what was measured, the heap, the image, an assumption."""

import json
from pathlib import Path

import pytest
from reading import Reading

from sim import catalog
from sim.core.question import BadInput
from sim.units import GiB, MiB

HEAP = "environment: {JAVA_OPTS: -Xmx1g}"


@pytest.mark.parametrize(
    ("size", "source", "memory"),
    [
        (f"mem_limit: 3g, image: redis, {HEAP}", "file", 3 * GiB),
        (f"image: redis, container_name: seen, {HEAP}", "stats", 100 * MiB),
        (f"image: redis, {HEAP}", "heap", 1.5 * GiB + 64 * MiB),
        ("image: redis", "image", 128 * MiB),
        ("image: of-nobody", "assumed", 512 * MiB),
    ],
)
def test_the_first_that_knows_a_size_is_taken(
    reading: Reading, tmp_path: Path, size: str, source: str, memory: float
) -> None:
    """And the answer says which it was."""
    stats = tmp_path / "stats.json"
    stats.write_text('{"Name": "seen", "MemUsage": "100MiB / 2GiB", "CPUPerc": "12.5%"}')
    part = reading(f"services: {{web: {{{size}}}}}", sizes=stats).parts[0]

    assert (part.size_from, part.service.memory) == (source, memory)


DOCKER = "\n".join(
    json.dumps({"Name": f"shop-web-{n}", "CPUPerc": f"{n}0%", "MemUsage": f"{n}00MiB / 2GiB"})
    for n in (1, 2)
)
KRR = json.dumps(
    {
        "scans": [
            {
                "object": {"name": "x", "container": "web"},
                "recommended": {
                    "requests": {"cpu": {"value": 0.2}, "memory": {"value": 200 * MiB}}
                },
            }
        ]
    }
)
VERTICAL = (
    "kind: VerticalPodAutoscaler\nstatus: {recommendation: {containerRecommendations: "
    "[{containerName: web, target: {cpu: 200m, memory: 200Mi}}]}}\n"
)


@pytest.mark.parametrize("text", [DOCKER, KRR, VERTICAL])
def test_what_was_measured_is_found_by_name(reading: Reading, tmp_path: Path, text: str) -> None:
    """Of two copies the one that uses most; compose names them after project and service."""
    (tmp_path / "sizes").write_text(text)
    app = reading("name: shop\nservices: {web: {image: a}}", sizes=tmp_path / "sizes")
    part = app.parts[0]

    assert (part.size_from, part.cpu_from) == ("stats", "stats")
    assert (part.service.cpu, part.service.memory) == (0.2, 200 * MiB)


def test_sizes_of_another_kind_are_refused(reading: Reading, tmp_path: Path) -> None:
    """What they would have to be."""
    (tmp_path / "sizes").write_text("a: 1")
    with pytest.raises(BadInput, match="neither docker stats"):
        reading("services: {web: {image: a}}", sizes=tmp_path / "sizes")


@pytest.mark.parametrize(
    "flags",
    ["environment: [ES_JAVA_OPTS=-Xms1g -Xmx1g]", "command: java -Xmx512m -Xmx1024m -jar a.jar"],
)
def test_the_last_heap_counts(reading: Reading, flags: str) -> None:
    """As the JVM has it; nothing of the environment is kept."""
    part = reading(f"services: {{web: {{image: a, {flags}}}}}").parts[0]

    assert part.service.memory == 1.5 * GiB + 64 * MiB
    assert "Xmx" not in repr(part)


def test_a_known_image_brings_its_start_and_its_layers(reading: Reading) -> None:
    """Under the name that the file gives it; of one in too little room, the start alone."""
    app = reading("services: {db: {image: 'postgres:16'}, tiny: {image: postgres, mem_limit: 8m}}")
    db, tiny = (part.service for part in app.parts)
    known = catalog.known_image("postgres:16")

    assert known is not None and known.app is not None and known.image is not None
    assert db.app == known.app
    assert db.image is not None
    assert (db.image.name, db.image.layers) == ("postgres:16", known.image.layers)
    assert tiny.app.startup == known.app.startup
    assert tiny.working_set <= tiny.memory


def test_an_image_that_sets_a_heap_needs_more_than_it(reading: Reading) -> None:
    """1.5 times 512 MB and 64 MiB, known of the image."""
    part = reading("services: {kafka: {image: 'confluentinc/cp-kafka:7.5.0'}}").parts[0]

    assert (part.size_from, part.service.memory) == ("image", 1.5 * 512e6 + 64 * MiB)


def test_an_image_of_nobody_has_an_assumed_size(reading: Reading) -> None:
    """It is not 0, and it has a range."""
    image = reading("services: {web: {image: of-nobody}}").parts[0].service.image

    assert image is not None
    assert image.layers[0].compressed == catalog.figure("size.unknown.image")
    assert not image.layers[0].exact


@pytest.mark.parametrize("used", ["nanMB / 2GiB", "-5MB / 2GiB", "infGB / 2GiB", "1_0MB / 2GiB"])
def test_what_docker_would_not_print_is_no_size(
    reading: Reading, tmp_path: Path, used: str
) -> None:
    """Python would read each of them as a number."""
    stats = tmp_path / "stats.json"
    stats.write_text(json.dumps({"Name": "web", "MemUsage": used, "CPUPerc": "1%"}))
    with pytest.raises(BadInput, match=r"MemUsage: .* is not allowed; memory in use"):
        reading("services: {web: {image: a}}", sizes=stats)


def test_a_heap_that_no_jvm_would_start_with_says_nothing(reading: Reading) -> None:
    """Above 1 PiB."""
    part = reading(f"services: {{web: {{image: a, command: -Xmx{'9' * 300}m}}}}").parts[0]

    assert part.size_from == "assumed"


def test_a_tag_of_many_digits_is_a_tag(reading: Reading) -> None:
    """Its version is compared with others as a number."""
    assert reading(f"services: {{web: {{image: 'nginx:{'9' * 400}'}}}}").parts


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"Name": "web", "MemUsage": "1MiB / 2GiB", "CPUPerc": "99999%"}),
        json.dumps(
            {"scans": [{"object": {"name": "web"}, "recommended": {"requests": {"cpu": 1e3}}}]}
        ),
        json.dumps({"sizes": {"web": {"cpu": {"p95": 1e3}, "source": "a", "as_of": "2026"}}}),
    ],
)
def test_more_cpu_than_a_service_may_have_is_a_mistake_of_the_file_that_says_it(
    reading: Reading, tmp_path: Path, text: str
) -> None:
    """And not of the one whose containers it measured."""
    (tmp_path / "sizes.json").write_text(text)
    with pytest.raises(BadInput, match=r"sizes.json:1: .*at most 44800%|to 448"):
        reading("services: {web: {image: a}}", sizes=tmp_path / "sizes.json")
